"""What a rule judges: the points of a source, of an enterprise, of the site, or neighbours, as one unit."""

from __future__ import annotations

import math
import time
from pathlib import Path

import numpy as np
import pytest

from config import load_catalogue, load_rules
from config.subject import EARTH_M, within
from ganzhi.records import Rule, Text
from tests.config.site import KINDS, POINTS, write_site

RULE = """
[[rule]]
id = "together"
name = {{ zh = "联合", en = "Together" }}
kind = "{kind}"
select = {select}
side = "high"
limits = {{ yellow = 8, red = 12 }}
deadband = 1
basis = "engineering default"
"""


def rule_of(folder: Path, more: str = "", *, kind: str = "joint", select: str = "{}", points: str = POINTS) -> Rule:
    write_site(folder, points=points, rules=RULE.format(kind=kind, select=select) + more)
    (rule,), warnings = load_rules([folder / "rules.toml"], load_catalogue(folder), KINDS)
    assert warnings == ()
    return rule


def told(rule: Rule) -> list[tuple[str, str, int, list[int]]]:
    return [(unit.id, unit.name.zh, unit.point, unit.members.tolist()) for unit in rule.units]


def test_each_point_is_for_itself_when_nothing_else_is_said(tmp_path: Path) -> None:
    rule = rule_of(tmp_path, kind="rate", select='{ quantity = "level" }')
    assert rule.units == ()
    assert rule.subjects.tolist() == rule.points.tolist() == [0, 1]


def test_a_source_is_one_when_the_kind_judges_sources(tmp_path: Path) -> None:
    rule = rule_of(tmp_path)
    assert told(rule) == [("tanks", "罐区", 0, [0, 1, 2]), ("shop", "车间", 3, [3])]
    assert rule.units[0].members.dtype == np.int32
    assert rule.points.tolist() == [0, 1, 2, 3]
    assert rule.subjects.tolist() == [0, 3]
    np.testing.assert_array_equal(rule.limits, [[np.nan, 8, np.nan, 12]] * 2)
    assert rule.deadband.tolist() == [1.0, 1.0]


def test_only_selected_points_are_members_when_a_unit_is_made(tmp_path: Path) -> None:
    rule = rule_of(tmp_path, 'per = "source"', select='{ quantity = ["pressure", "combustible_gas"] }')
    assert told(rule) == [("tanks", "罐区", 2, [2]), ("shop", "车间", 3, [3])]


def test_the_whole_site_is_one_when_the_rule_says_all(tmp_path: Path) -> None:
    assert told(rule_of(tmp_path, 'per = "all"')) == [("all", "全站", 0, [0, 1, 2, 3])]


def test_members_are_in_the_order_of_the_kind_when_it_asks_for_one_of_each(tmp_path: Path) -> None:
    rule = rule_of(tmp_path, kind="pair", select='{ enterprise = "acme", tags = ["LT-1", "PT-1"] }')
    assert told(rule) == [("acme", "甲公司", 2, [2, 0])]
    assert rule.points.tolist() == [0, 2]


def test_a_unit_is_made_around_each_point_when_neighbours_are_judged(tmp_path: Path) -> None:
    # 0.001 degrees of latitude are 111 m.
    points = POINTS.replace("500ms,,,", "500ms,117.7,38.981,").replace("1s,117.7,38.98,\n", "1s,117.7,38.982,\n")
    rule = rule_of(tmp_path, 'per = "neighbours"\ndistance_m = 120', points=points)
    assert told(rule) == [
        ("acme.LT-1", "罐区 一号罐液位(LT-1)周边", 0, [0, 1, 2]),
        ("acme.LT-2", "罐区 LT-2周边", 1, [0, 1, 2, 3]),
        ("acme.PT-1", "罐区 PT-1周边", 2, [0, 1, 2]),
        ("bravo.LT-1", "车间 LT-1周边", 3, [1, 3]),
    ]
    assert rule.units[3].name == Text("车间 LT-1周边", "Shop, around LT-1")


@pytest.mark.parametrize("distance_m", [50.0, 2_000.0, 800_000.0])
def test_neighbours_are_those_of_a_plain_search_when_places_are_many(distance_m: float) -> None:
    random = np.random.default_rng(3)
    lon, lat = 117 + random.normal(0, 0.05, 700), 39 + random.normal(0, 0.05, 700)
    lon[5], lat[5] = lon[6], lat[6]
    found = within(lon, lat, distance_m)
    for i in range(0, 700, 7):
        away = [_haversine_m(lon[i], lat[i], lon[j], lat[j]) for j in range(700)]
        assert found[i].tolist() == [j for j in range(700) if away[j] <= distance_m]


def test_neighbours_are_found_across_the_date_line_when_there_are_any() -> None:
    found = within(np.array([179.9999, -179.9999, 0.0]), np.zeros(3), 30.0)
    assert [near.tolist() for near in found] == [[0, 1], [0, 1], [2]]


def test_neighbours_are_found_at_once_when_points_are_many() -> None:
    random = np.random.default_rng(1)
    begun = time.process_time()
    found = within(117 + random.random(20_000), 38 + random.random(20_000), 50.0)
    assert len(found) == 20_000
    assert time.process_time() - begun < 20


def _haversine_m(lon: float, lat: float, to_lon: float, to_lat: float) -> float:
    one, other = math.radians(lat), math.radians(to_lat)
    across = math.cos(one) * math.cos(other) * math.sin(math.radians(to_lon - lon) / 2) ** 2
    return 2 * EARTH_M * math.asin(math.sqrt(math.sin((other - one) / 2) ** 2 + across))
