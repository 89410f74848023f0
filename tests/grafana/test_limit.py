"""Limits as threshold steps, and the fewest overrides that draw every point right."""

from __future__ import annotations

import re

from ganzhi.records import Tier
from grafana.limit import Limit, limits_of, overrides, steps
from grafana.view import PAINT
from tests.grafana.city import CATALOGUE, RULES

BLUE, YELLOW, ORANGE, RED = (PAINT[tier] for tier in (Tier.BLUE, Tier.YELLOW, Tier.ORANGE, Tier.RED))
CLEAR = "transparent"


def drawn(*limits: Limit) -> list[tuple[object, object]]:
    return [(step["value"], step["color"]) for step in steps(limits)]


def test_steps_when_limits_are_high_rise_from_transparent() -> None:
    assert drawn(Limit(14.4, "high", Tier.RED), Limit(13.6, "high", Tier.ORANGE)) == [
        (None, CLEAR),
        (13.6, ORANGE),
        (14.4, RED),
    ]


def test_steps_when_limits_are_low_end_in_transparent() -> None:
    assert drawn(Limit(1.6, "low", Tier.ORANGE), Limit(3.2, "low", Tier.BLUE)) == [
        (None, ORANGE),
        (1.6, BLUE),
        (3.2, CLEAR),
    ]


def test_steps_when_limits_are_on_both_sides_leave_the_middle_transparent() -> None:
    assert drawn(Limit(19.5, "low", Tier.RED), Limit(23.5, "high", Tier.RED)) == [
        (None, RED),
        (19.5, CLEAR),
        (23.5, RED),
    ]


def test_steps_when_a_milder_limit_lies_beyond_a_worse_one_do_not_ease() -> None:
    assert drawn(Limit(10.0, "high", Tier.RED), Limit(12.0, "high", Tier.YELLOW)) == [(None, CLEAR), (10.0, RED)]


def test_steps_when_there_is_no_limit_are_transparent() -> None:
    assert drawn() == [(None, CLEAR)]


def test_limits_when_several_rules_watch_a_point_come_together() -> None:
    limits = limits_of(RULES, len(CATALOGUE.points))[CATALOGUE.index["haihe-storage.LT-101"]]
    assert limits == (Limit(1.6, "low", Tier.YELLOW), Limit(13.6, "high", Tier.ORANGE), Limit(14.4, "high", Tier.RED))


def test_overrides_when_one_tank_differs_name_only_that_tank() -> None:
    patterns = [pattern for pattern, _ in overrides(CATALOGUE, RULES)]
    assert patterns == [
        "/^level /",
        r"/^level (?:haihe-storage\.LT-201) /",
        "/^temperature /",
        "/^pressure /",
        "/^combustible_gas /",
        "/^ammonia /",
        "/^oxygen /",
    ]


def test_overrides_when_applied_in_order_give_each_point_its_own_limits() -> None:
    def lines_of(series: str) -> list[object]:
        found: list[object] = []
        for pattern, properties in overrides(CATALOGUE, RULES):
            if re.search(pattern.strip("/"), series):
                (value,) = [item.value for item in properties if item.id_val == "thresholds"]
                assert isinstance(value, dict)
                found = [step["value"] for step in value["steps"]]
        return found

    assert lines_of("level haihe-storage.LT-101 平均") == [None, 1.6, 13.6, 14.4]
    assert lines_of("level haihe-storage.LT-201 平均") == [None, 1.6, 12.0, 13.0]
    assert lines_of("combustible_gas binhai-chem.GD-03 最高") == [None, 25.0, 50.0]
    assert lines_of("ammonia binhai-chem.AD-01 平均") == [None]


def test_overrides_when_a_point_is_drawn_say_its_unit_decimals_gap_and_axis() -> None:
    properties = next(iter(overrides(CATALOGUE, RULES)))[1]
    plain = {item.id_val: item.value for item in properties if item.id_val != "thresholds"}
    assert plain == {
        "unit": "suffix:m",
        "decimals": 2,
        "custom.spanNulls": 3000,
        "custom.axisSoftMin": 0.8,
        "custom.axisSoftMax": 15.2,
    }
