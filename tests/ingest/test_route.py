"""Routes and the look-up of gateways."""

from __future__ import annotations

import pytest

from ingest.route import MOST_GATEWAYS, Route, Router


def router(*patterns: str) -> Router:
    routes = [Route(pattern, "json") for pattern in patterns]
    return Router(routes, tags={"e": {"T-1": 0}}, units={"e": {"T-1": "m"}})


@pytest.mark.parametrize(
    ("pattern", "filter_", "watched"),
    [
        ("ganzhi/v1/{enterprise}/{gateway}/data", "ganzhi/v1/+/+/data", "ganzhi/v1/#"),
        ("{enterprise}/{gateway}", "+/+", "+/+"),
        ("plant/{enterprise}/x{gateway}", "plant/+/x+", "plant/#"),
    ],
)
def test_route_subscribes_to_what_it_may_meet_when_built(pattern: str, filter_: str, watched: str) -> None:
    if "x{" in pattern:
        with pytest.raises(ValueError, match="whole level"):
            Route(pattern, "json")
        return
    route = Route(pattern, "json")
    assert (route.filter, route.watched) == (filter_, watched)


@pytest.mark.parametrize(
    "pattern", ["a/+/{gateway}/{enterprise}", "a/{gateway}", "a/{enterprise}/{enterprise}/{gateway}"]
)
def test_route_is_refused_when_its_pattern_cannot_work(pattern: str) -> None:
    with pytest.raises(ValueError, match="route"):
        Route(pattern, "json")


def test_gateway_is_found_once_when_its_topic_comes_again() -> None:
    gateways = router("ganzhi/v1/{enterprise}/{gateway}/data")
    found = gateways.find(b"ganzhi/v1/e/g/data")
    assert found is not None
    assert (found.enterprise, found.name, dict(found.tags)) == ("e", "g", {"T-1": 0})
    assert gateways.find(b"ganzhi/v1/e/g/data") is found
    assert gateways.find(b"ganzhi/v1/e/g/dta") is None
    assert gateways.find(b"ganzhi/v1/e//data") is None


def test_memory_stays_small_when_topics_are_made_up() -> None:
    gateways = router("{enterprise}/{gateway}")
    for k in range(MOST_GATEWAYS + 10):
        assert gateways.find(b"e/%d" % k) is not None
    assert len(gateways.gateways) == MOST_GATEWAYS


def test_layouts_stay_few_when_a_gateway_makes_up_tags() -> None:
    gateway = router("{enterprise}/{gateway}").find(b"e/g")
    assert gateway is not None
    for k in range(1000):
        assert gateway.indices((f"X-{k}",)) is None
    assert len(gateway.layouts) <= 64
    found = gateway.indices(("T-1",))
    assert found is not None
    assert found.tolist() == [0]
