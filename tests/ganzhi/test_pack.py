"""The packs that come with Ganzhi: every rule can be built, and says what its sector expects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

import simulators
from config import load_rules
from config.settings import PACKS, packs_known
from detectors.engine import Engine
from ganzhi.clock import NS_PER_S
from ganzhi.kind import KINDS
from ganzhi.records import Catalogue, Enterprise, Point, ReadingBlock, Rule, Source, Text, Tier, Transition

START = 1_760_000_000 * NS_PER_S
TOWN = Enterprise("a", Text("甲", "A"))

Wanted = tuple[str, str, float, float, int]
"""Quantity, unit, range, and how many points there are."""

SITES: dict[str, tuple[Wanted, ...]] = {
    "gas_detection": (
        ("combustible_gas", "%LEL", 0, 100, 6),
        ("ammonia", "mg/m3", 0, 300, 4),
        ("oxygen", "%VOL", 0, 30, 1),
    ),
    "tailings": (
        ("phreatic_depth", "m", 0, 40, 6),
        ("dry_beach", "m", 0, 400, 4),
        ("pond_level", "m", 30, 40, 1),
        ("displacement", "mm", 0, 200, 4),
        ("deep_displacement", "mm", 0, 100, 2),
        ("seepage", "L/s", 0, 100, 1),
        ("rainfall", "mm", 0, 100, 1),
    ),
    "slope": (
        ("displacement", "mm", -2000, 2000, 3),
        ("crack_width", "mm", -500, 500, 1),
        ("rainfall", "mm", 0, 100, 1),
    ),
    "rainfall": (("rainfall", "mm", 0, 100, 2),),
    "power_use": (("power", "kW", 0, 1000, 2),),
}


NO_RANGES: Mapping[str, float] = {}


def test_every_pack_is_under_test() -> None:
    assert SITES.keys() | {"tank_farm", "skab_rig"} == set(packs_known())


def site(sector: str, ranges: Mapping[str, float] = NO_RANGES) -> Catalogue:
    """One source of a sector, its points ten metres apart; `ranges`: the upper end of a quantity, where another."""
    points = []
    for quantity, unit, low, usual, count in SITES[sector]:
        high = ranges.get(quantity, usual)
        for k in range(count):
            tag = f"{quantity}-{k}"
            place = 117.7, 38.98 + 0.00009 * k
            points.append(Point(f"a.{tag}", "a", "s", tag, quantity, unit, low, high, 0.001, 60.0, *place))
    return Catalogue({"a": TOWN}, {"s": Source("s", "a", Text("源", "Source"), sector)}, tuple(points))


def rules_of(sector: str, ranges: Mapping[str, float] = NO_RANGES) -> tuple[Rule, ...]:
    rules, warnings = load_rules([PACKS / f"{sector}.toml"], site(sector, ranges), KINDS)
    assert warnings == ()
    return rules


def engine(sector: str, ranges: Mapping[str, float] = NO_RANGES) -> Engine:
    points = site(sector, ranges).points
    return Engine(
        rules_of(sector, ranges),
        period_s=np.array([point.period_s for point in points]),
        resolution=np.array([point.resolution for point in points]),
    )


def readings(minutes: float, index: Sequence[int], values: Sequence[float]) -> ReadingBlock:
    """These points at a moment; the block is closed a second later."""
    at = np.full(len(index), START + round(minutes * 60 * NS_PER_S))
    quality = np.zeros(len(index), np.uint8)
    return ReadingBlock(np.array(index, np.int32), at, np.array(values, float), quality, at, int(at[0]) + NS_PER_S)


def course(found: Sequence[Transition], rule: str) -> list[tuple[int, Tier]]:
    return [(t.point, t.new) for t in found if t.rule == rule]


@pytest.mark.parametrize("sector", SITES)
def test_every_rule_is_built_when_its_points_are_there(sector: str) -> None:
    assert engine(sector).update(readings(0, [0], [1.0])) is not None


def test_a_colour_is_raised_when_neighbouring_detectors_agree() -> None:
    detect = engine("gas_detection")
    alone = detect.update(readings(0, [0, 1, 2, 3, 4, 5], [30, 0, 0, 0, 0, 30]))
    assert course(alone, "gas.combustible.neighbours") == []
    together = detect.update(readings(0.1, [0, 1, 2, 3, 4, 5], [30, 30, 30, 0, 0, 30]))
    assert course(together, "gas.combustible.neighbours") == [(0, Tier.ORANGE), (1, Tier.ORANGE), (2, Tier.ORANGE)]


def test_the_dam_follows_the_clause_when_points_and_items_worsen() -> None:
    detect = engine("tailings")
    index = [*range(10), *range(11, 15)]
    dam: list[list[tuple[int, Tier]]] = []
    for minute, (blue_depths, short_beaches, blue_moved) in enumerate([(0, 0, 0), (3, 0, 0), (4, 0, 0), (4, 4, 4)]):
        depths = [11.0] * blue_depths + [20.0] * (6 - blue_depths)
        beaches = [150.0] * short_beaches + [300.0] * (4 - short_beaches)
        moved = [90.0] * blue_moved + [10.0] * (4 - blue_moved)
        dam.append(course(detect.update(readings(minute, index, depths + beaches + moved)), "tailings.dam"))
    # 3 blue points are blue and 4 are a yellow item; a yellow item is a yellow dam, and 3 of them an orange one.
    assert dam == [[], [(0, Tier.BLUE)], [(0, Tier.YELLOW)], [(0, Tier.ORANGE)]]
    normal = [20.0] * 6 + [300.0] * 4 + [10.0] * 4
    ends = [t for s in range(0, 1200, 5) for t in detect.update(readings(5 + s / 60, index, normal))]
    # Points have an off-delay of five minutes, and the dam of ten.
    [over] = [t for t in ends if t.rule == "tailings.dam"]
    assert (over.new, (over.time - START) / 60 / NS_PER_S) == (Tier.NONE, 20.0)


FENCE = """
[[rule]]
id = "vessel.fence"
name = { zh = "越出航行区", en = "Outside its waters" }
kind = "fence"
select = { quantity = ["latitude", "longitude"] }
limits = { blue = -500, yellow = 0 }
options = { polygons = "fence.geojson" }
basis = "engineering default"
"""
GEOJSON = (
    '{"type": "Polygon", "coordinates": [[[117.7, 38.9], [117.8, 38.9], [117.8, 39.0], [117.7, 39.0], [117.7, 38.9]]]}'
)


def test_a_fence_reads_longitude_and_latitude_whichever_comes_first_in_the_list(tmp_path: Path) -> None:
    (tmp_path / "pack.toml").write_text(FENCE, encoding="utf-8")
    (tmp_path / "fence.geojson").write_text(GEOJSON, encoding="utf-8")
    points = tuple(
        Point(f"a.{tag}", "a", "s", tag, quantity, "°", -180, 180, 1e-5, 10.0)
        for tag, quantity in (("B", "latitude"), ("L", "longitude"))
    )
    vessel = Source("s", "a", Text("一号船", "Vessel 1"), "waterway")
    (rule,), warnings = load_rules([tmp_path / "pack.toml"], Catalogue({"a": TOWN}, {"s": vessel}, points), KINDS)
    assert warnings == ()
    assert [unit.members.tolist() for unit in rule.units] == [[1, 0]]
    detect = Engine([rule], period_s=np.full(2, 10.0), resolution=np.full(2, 1e-5))
    assert course(detect.update(readings(0, [0, 1], [38.95, 117.75])), "vessel.fence") == []
    assert course(detect.update(readings(1, [0, 1], [38.95, 117.81])), "vessel.fence") == [(1, Tier.YELLOW)]


def accident(sector: str, happens: tuple[str, str], minutes: float, days: tuple[int, int]) -> list[Transition]:
    """What a pack says of its simulator: so many quiet days, and so many after the accident began."""
    ranges = {"phreatic_depth": 25.0}  # so that the blue limit is 7.5 m, where the simulated dam has 10 or more
    points = site(sector, ranges).points
    model = simulators.KINDS[sector](points=points, rng=np.random.default_rng(3))
    detect = engine(sector, ranges)
    found: list[Transition] = []
    begins, ends = (round(day * 1440 / minutes) for day in (days[0], sum(days)))
    for step in range(ends):
        if step == begins:
            model.start(*happens)
        values = model.step(minutes * 60)
        found += detect.update(readings(step * minutes, range(len(points)), [values[point.tag] for point in points]))
    return found


def test_a_slope_that_runs_to_its_failure_goes_through_the_colours_days_ahead() -> None:
    found = [t for t in accident("slope", ("failure", "displacement-1"), 60, (12, 20)) if t.rule.endswith("creep")]
    assert {t.point for t in found if t.new >= Tier.ORANGE} == {1}
    first = {tier: next(t for t in found if t.point == 1 and t.new >= tier) for tier in (Tier.YELLOW, Tier.RED)}
    failed = START + 12 * 86_400 * NS_PER_S
    assert first[Tier.YELLOW].time > failed
    assert first[Tier.RED].time - first[Tier.YELLOW].time > 2 * 86_400 * NS_PER_S


def test_a_blocked_drain_is_foreseen_before_the_phreatic_line_is_at_its_limit() -> None:
    found = accident("tailings", ("blocked", "drain"), 30, (8, 8))
    soon = {t.point: t.time for t in reversed(found) if t.rule == "tailings.phreatic.forecast" and t.new}
    high = {t.point: t.time for t in reversed(found) if t.rule == "tailings.phreatic.low" and t.new}
    assert soon.keys() >= high.keys() != set()
    assert min(soon.values()) > START + 8 * 86_400 * NS_PER_S
    assert all(high[point] - soon[point] > 86_400 * NS_PER_S for point in high)
