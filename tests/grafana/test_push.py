"""Pushing to a real Grafana, and to what is none."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import httpx
import pytest

from ganzhi.errors import Refused, Unavailable
from grafana import GrafanaServer, InfluxSource
from grafana.push import Pushed, push
from tests.grafana.city import CATALOGUE, RULES
from tests.grafana.conftest import ZONE
from tests.grafana.test_influxql import NOW_MS, START_MS, put_in_variables
from tests.servers import Server, free_port, wait_until

INFLUX = InfluxSource("http://influxdb.invalid:8086", "ganzhi")


def pushed(server: GrafanaServer, influx: InfluxSource = INFLUX) -> tuple[Pushed, ...]:
    return push(server, catalogue=CATALOGUE, rules=RULES, zone=ZONE, influx=influx)


def test_push_when_nobody_listens_is_unavailable() -> None:
    server = GrafanaServer(f"http://127.0.0.1:{free_port()}", "admin:admin")
    with pytest.raises(Unavailable, match="does not answer") as caught:
        pushed(server)
    assert caught.value.retry_after_s > 0


def test_push_when_something_else_answers_says_that_it_is_not_grafana(influxdb1_server: Server) -> None:
    with pytest.raises(Refused) as caught:
        pushed(GrafanaServer(influxdb1_server.url, "admin:admin"))
    assert "不是 Grafana 接口" in caught.value.zh
    assert "not Grafana's API" in caught.value.en


def test_push_when_the_prefix_is_wrong_says_so(grafana_server: GrafanaServer) -> None:
    with pytest.raises(Refused, match="path prefix"):
        pushed(GrafanaServer(f"{grafana_server.base}/nothing-here", grafana_server.credential))


def test_push_when_the_token_is_wrong_says_so(grafana_server: GrafanaServer) -> None:
    with pytest.raises(Refused, match="does not accept the token"):
        pushed(GrafanaServer(grafana_server.base, "glsa_not_a_token"))


@pytest.fixture
def viewer(grafana_server: GrafanaServer) -> Iterator[GrafanaServer]:
    """The same Grafana, with the token of someone who may only look."""
    with grafana_server.client() as client:
        account = {"name": f"viewer-{uuid.uuid4()}", "role": "Viewer"}
        number = client.post("/api/serviceaccounts", json=account).raise_for_status().json()["id"]
        token = client.post(f"/api/serviceaccounts/{number}/tokens", json={"name": "test"}).raise_for_status().json()
        yield GrafanaServer(grafana_server.base, token["key"], grafana_server.timeout_s)
        client.delete(f"/api/serviceaccounts/{number}").raise_for_status()


def test_push_when_the_token_may_only_look_says_which_role_it_needs(viewer: GrafanaServer) -> None:
    with pytest.raises(Refused, match="role Admin") as caught:
        pushed(viewer)
    assert "Admin 角色" in caught.value.zh


def test_push_when_done_twice_changes_nothing(grafana_server: GrafanaServer) -> None:
    with grafana_server.client() as client:
        for path in ("dashboards/uid/ganzhi-overview", "dashboards/uid/ganzhi-overview-en", "folders/ganzhi"):
            client.delete(f"/api/{path}")
        client.delete("/api/datasources/uid/ganzhi-influxdb")
        first = pushed(grafana_server)
        versions = [version(client, uid) for uid in ("ganzhi-overview", "ganzhi-overview-en")]
        second = pushed(grafana_server)
        assert [version(client, uid) for uid in ("ganzhi-overview", "ganzhi-overview-en")] == versions
        sources = [item for item in client.get("/api/datasources").json() if item["uid"] == "ganzhi-influxdb"]
    assert [(item.what, item.uid, item.action) for item in first] == [
        ("data source", "ganzhi-influxdb", "created"),
        ("folder", "ganzhi", "created"),
        ("dashboard", "ganzhi-overview", "created"),
        ("dashboard", "ganzhi-overview-en", "created"),
    ]
    assert [item.action for item in second] == ["updated", "unchanged", "unchanged", "unchanged"]
    assert first[2].url == f"{grafana_server.base}/d/ganzhi-overview"
    assert [(item["access"], item["url"], item["jsonData"]["version"]) for item in sources] == [
        ("proxy", INFLUX.url, "InfluxQL")
    ]


def version(client: httpx.Client, uid: str) -> int:
    board = client.get(f"/api/dashboards/uid/{uid}").raise_for_status().json()
    assert board["meta"]["folderUid"] == "ganzhi"
    return int(board["dashboard"]["version"])


def test_push_when_a_dashboard_was_edited_by_hand_puts_it_back(grafana_server: GrafanaServer) -> None:
    pushed(grafana_server)
    with grafana_server.client() as client:
        board = client.get("/api/dashboards/uid/ganzhi-overview").json()["dashboard"]
        body = {"dashboard": {**board, "title": "edited"}, "folderUid": "ganzhi", "overwrite": True}
        client.post("/api/dashboards/db", json=body).raise_for_status()
        assert [item.action for item in pushed(grafana_server)] == ["updated", "unchanged", "updated", "unchanged"]
        assert client.get("/api/dashboards/uid/ganzhi-overview").json()["dashboard"]["title"] == "一网统管总览"


def test_queries_when_executed_by_grafanas_backend_return_frames(
    grafana_server: GrafanaServer, city_source: InfluxSource, boards: dict[str, dict[str, object]]
) -> None:
    """Grafana 9 sends InfluxQL from the browser, later ones from the server: this is their way."""
    pushed(grafana_server, city_source)
    queries = [text for board in boards.values() for text in influxql_of(board)]
    assert len(queries) == 2 * 12
    with grafana_server.client() as client:
        # Grafana keeps a data source for a few seconds before it notices the new address
        wait_until(lambda: bool(frames(client, queries[0])), "the data source")
        assert [text for text in queries if not frames(client, text)] == []


def influxql_of(board: dict[str, object]) -> Iterator[str]:
    panels = board["panels"]
    assert isinstance(panels, list)
    for panel in panels:
        for target in panel.get("targets", []):
            if target["datasource"]["type"] == "influxdb":
                yield put_in_variables(target["query"])


def frames(client: httpx.Client, text: str) -> list[dict[str, object]]:
    """What Grafana's server makes of a query over the city's range; it puts in range and interval itself."""
    query = {
        "refId": "A",
        "datasource": {"type": "influxdb", "uid": "ganzhi-influxdb"},
        "query": text,
        "rawQuery": True,
        "intervalMs": 60_000,
    }
    body = {"from": str(START_MS), "to": str(NOW_MS), "queries": [query]}
    result = client.post("/api/ds/query", json=body).json()["results"]["A"]
    found: list[dict[str, object]] = result.get("frames", [])
    return found
