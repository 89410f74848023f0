"""Group rules at work: moments, delays, restarts, and what is refused."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from detectors.engine import Engine
from detectors.group import in_order
from ganzhi.records import ReadingBlock, Rule, Tier, Transition
from tests.detectors.stream import NAN, START, S, block, cut, engine, group, rule, run, told, weather

NONE, BLUE, YELLOW, ORANGE, RED = Tier
LIMITS = [10, 20, 30, 40]
Course = list[tuple[str, float, Tier]]


def base(points: Iterable[int] = range(4)) -> Rule:
    return rule("value", LIMITS, points=tuple(points), name="high")


def course(transitions: Iterable[Transition], *ids: str) -> Course:
    """Rule, seconds after START, new tier, of the rules named."""
    return [(t.rule, (t.time - START) / S, t.new) for t in transitions if t.rule in ids]


def values(second: float, *levels: float, now: float | None = None, received: float | None = None) -> ReadingBlock:
    """One reading of each point at a second."""
    n = len(levels)
    arrived = second if received is None else received
    return block([second] * n, levels, point=np.arange(n), received=arrived, now=now)


def test_what_is_told_at_one_moment_counts_together() -> None:
    detect = engine(base(), group("counting", ("high",), [range(4)], name="item"), n_points=4)
    found = run(detect, [values(0, 12, 12, 12, 12, now=1)])
    assert course(found, "item") == [("item", 0.0, YELLOW)]
    assert found[-1].evidence == {
        "blue": 4.0,
        "yellow": 0.0,
        "orange": 0.0,
        "red": 0.0,
        "worst_1": 0.0,
        "worst_2": 1.0,
        "worst_3": 2.0,
        "points": 4.0,
        "own": 1.0,
    }
    assert (found[-1].point, found[-1].old, found[-1].score, found[-1].limit) == (0, NONE, 2.0, 2.0)


def test_a_moment_is_judged_when_it_is_over_and_not_before() -> None:
    detect = engine(base(), group("worst", ("high",), [range(4)], name="all"), n_points=4)
    assert course(run(detect, [values(0, 12, 0, 0, 0)]), "all") == []
    assert course(run(detect, [block([], [], point=[], now=1)]), "all") == [("all", 0.0, BLUE)]


def test_delays_are_met_by_the_clock_when_nothing_more_is_told() -> None:
    held = group("at_least", ("high",), [range(4)], limits=[2, NAN, NAN, NAN], on_delay_s=5, off_delay_s=3, name="two")
    detect = engine(base(), held, n_points=4)
    found = run(detect, [values(0, 12, 12, 0, 0), *(block([], [], point=[], now=s) for s in range(1, 9))])
    assert course(found, "two") == [("two", 5.0, BLUE)]
    assert course(run(detect, [values(9, 0, 12, 0, 0)]), "two") == []
    found = run(detect, [block([], [], point=[], now=s) for s in range(10, 19)])
    assert course(found, "two") == [("two", 12.0, NONE)]


def test_a_short_agreement_is_not_told_when_there_is_an_on_delay() -> None:
    held = group("at_least", ("high",), [range(4)], limits=[2, NAN, NAN, NAN], on_delay_s=5, name="two")
    detect = engine(base(), held, n_points=4)
    found = run(detect, [values(0, 12, 12, 0, 0), values(4, 12, 0, 0, 0), block([], [], point=[], now=14)])
    assert course(found, "two") == []


def test_the_dam_counts_its_items_when_groups_stand_on_groups() -> None:
    item = group("counting", ("high",), [(0, 1), (2, 3)], counts="2 blue -> yellow", name="item")
    dam = group("counting", ("item",), [range(4)], counts="2 yellow -> orange", name="dam")
    detect = engine(dam, item, base(), n_points=4)
    found = run(detect, [values(0, 12, 12, 12, 0), values(1, 12, 12, 12, 12), values(2, 0, 0, 0, 0, now=3)])
    assert course(found, "dam") == [("dam", 0.0, YELLOW), ("dam", 1.0, ORANGE), ("dam", 2.0, NONE)]
    [worst] = [t for t in found if t.rule == "dam" and t.new == ORANGE]
    assert (worst.evidence["yellow"], worst.evidence["points"]) == (2.0, 2.0)
    assert (worst.evidence["worst_1"], worst.evidence["worst_2"]) == (0.0, 2.0)


def test_units_of_a_score_are_members_like_points_when_a_group_reads_it() -> None:
    ring = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0))
    out = rule("fence", [0, NAN, NAN, NAN], units=[(0, 1), (2, 3)], options={"polygons": ((ring,),)}, name="out")
    fleet = group("at_least", ("out",), [range(4)], limits=[1, 2, NAN, NAN], name="fleet")
    detect = engine(out, fleet, n_points=4)
    found = run(detect, [values(0, 0.5, 0.5, 2, 0.5), values(1, 2, 0.5, 2, 0.5), values(2, 0.5, 0.5, 2, 0.5, now=3)])
    assert course(found, "fleet") == [("fleet", 0.0, BLUE), ("fleet", 1.0, YELLOW), ("fleet", 2.0, BLUE)]
    assert [t.evidence["points"] for t in found if t.rule == "fleet"] == [2.0, 2.0, 2.0]


def test_a_kind_of_item_that_the_unit_does_not_have_is_not_counted() -> None:
    rules = [
        base([0, 1]),
        rule("value", LIMITS, points=(1, 2), name="also"),
        rule("value", LIMITS, points=(4,), name="x"),
    ]
    dam = group("counting", ("high", "also", "x"), [(0, 1, 2), (3, 4)], items=True, counts="2 blue -> red", name="dam")
    found = run(engine(*rules, dam, n_points=5), [values(0, 12, 12, 0, 0, 12), values(1, 0, 12, 12, 0, 0, now=2)])
    mine = [t for t in found if t.rule == "dam"]
    assert [(t.point, t.new) for t in mine] == [(0, RED), (3, BLUE), (3, NONE)]
    assert [t.evidence["points"] for t in mine] == [2.0, 1.0, 1.0]


def test_late_readings_do_not_count() -> None:
    detect = engine(base(), group("worst", ("high",), [range(4)], name="all"), n_points=4)
    found = run(detect, [values(10, 0, 0, 0, 0), values(5, 45, 45, 45, 45, received=11, now=12)])
    assert [t.retrospective for t in found] == [True] * 4


def test_a_group_is_simulated_as_long_as_a_simulated_member_is_in_colour() -> None:
    detect = engine(base([0, 1]), group("worst", ("high",), [(0, 1)], name="all"), n_points=2)
    made_up = block([0, 1, 2], [12, 25, 12], point=[0, 1, 1], quality=[0x80, 0, 0x80])
    found = run(detect, [made_up, values(3, 0, 12), values(4, 0, 25), values(5, 0, 0, now=6)])
    assert [(t.new, t.simulated) for t in found if t.rule == "all"] == [
        (BLUE, True),
        (YELLOW, True),
        (BLUE, True),
        (YELLOW, False),
        (NONE, False),
    ]


def test_units_may_share_points_when_neighbours_are_asked() -> None:
    near = group(
        "raised", ("high",), [(0, 1, 2), (0, 1), (0, 2, 3), (2, 3)], middles=(0, 1, 2, 3), agree=2, name="near"
    )
    detect = engine(base(), near, n_points=4)
    found = run(detect, [values(0, 25, 12, 0, 12), values(1, 25, 12, 12, 12), values(2, 25, 12, 12, 12, now=3)])
    assert [(t.point, t.new) for t in found if t.rule == "near"] == [(0, ORANGE), (2, YELLOW)]


def grouped(points: list[int], units: list[list[int]]) -> list[Rule]:
    return [
        base(points),
        group("counting", ("high",), units, counts="2 blue -> yellow", on_delay_s=2, name="item"),
        group("worst", ("item",), [sorted({p for unit in units for p in unit})], name="dam"),
    ]


def adopted(before: Engine, after: Engine, came_from: list[int], held: dict[tuple[str, int], Tier]) -> list[str]:
    return after.adopt(before.snapshot(), np.array(came_from, np.int32), held)


@pytest.mark.parametrize("seed", range(8))
def test_nothing_is_noticed_when_nothing_changed(seed: int) -> None:
    whole = weather(seed)
    first, second = cut(whole, [len(whole) // 2])

    def detect() -> Engine:
        rules = [rule("value", [52, 55, 60, 85], points=range(4), name="high"), *grouped([0], [[0, 1], [2, 3]])[1:]]
        return engine(*rules, n_points=4)

    straight, before, after = detect(), detect(), detect()
    straight.update(first)
    before.update(first)
    assert adopted(before, after, [0, 1, 2, 3], {}) == []
    assert told(after.update(second)) == told(straight.update(second))
    assert {k: v.tolist() for k, v in after.snapshot().items()} == {
        k: v.tolist() for k, v in straight.snapshot().items()
    }


def test_a_group_does_not_forget_its_members_when_points_come_and_all_move() -> None:
    before = engine(*grouped([0, 1, 2, 3], [[0, 1], [2, 3]]), n_points=4)
    found = run(before, [values(0, 12, 12, 12, 0), values(3, 12, 12, 12, 0, now=4)])
    assert course(found, "item") == [("item", 2.0, YELLOW), ("item", 2.0, BLUE)]
    # A new point comes first, and is in the unit of the last two.
    after = engine(*grouped([0, 1, 2, 3, 4], [[1, 2], [0, 3, 4]]), n_points=5)
    held = {("high", 1): BLUE, ("high", 2): BLUE, ("high", 3): BLUE, ("item", 1): YELLOW, ("dam", 0): YELLOW}
    held |= {("item", 0): BLUE}
    assert adopted(before, after, [-1, 0, 1, 2, 3], held) == ["dam", "high", "item"]
    quiet = [values(5, 0, 12, 12, 12, 0), block([], [], point=[], now=8)]
    assert course(run(after, quiet), "item", "dam") == []
    # One more blue in the changed unit: the one from before still counts.
    found = run(after, [values(9, 0, 12, 12, 12, 12), block([], [], point=[], now=15)])
    assert [(t.point, t.new) for t in found if t.rule == "item"] == [(0, YELLOW)]


def test_open_alarms_of_members_count_when_there_is_no_saved_state() -> None:
    detect = engine(*grouped([0, 1, 2, 3], [[0, 1], [2, 3]]), n_points=4)
    held = {("high", 0): BLUE, ("high", 1): BLUE, ("item", 0): YELLOW, ("item", 2): YELLOW, ("dam", 0): YELLOW}
    assert detect.seed({**held, ("item", 1): RED}) == [("item", 1)]
    found = run(detect, [block([], [], point=[], now=s) for s in range(4)])
    assert [(t.rule, t.point, t.new) for t in found] == [("item", 2, NONE)]
    found = run(detect, [values(5, 0, 12, 0, 0, now=6)])
    assert course(found, "high", "item", "dam") == [("high", 5.0, NONE), ("item", 5.0, BLUE), ("dam", 5.0, BLUE)]


def test_a_restart_between_the_rows_of_a_moment_changes_nothing() -> None:
    def detect() -> Engine:
        return engine(base(), group("counting", ("high",), [range(4)], name="item"), n_points=4)

    before, after = detect(), detect()
    run(before, [block([0, 0], [12, 12], point=[0, 1])])
    after.restore(before.snapshot())
    assert course(run(after, [block([0, 0], [12, 12], point=[2, 3], now=1)]), "item") == [("item", 0.0, YELLOW)]


def test_a_circle_and_a_rule_that_is_not_there_are_refused() -> None:
    one, two = group("worst", ("two",), [(0,)], name="one"), group("worst", ("one",), [(0,)], name="two")
    with pytest.raises(ValueError, match="one: group rules go round in a circle: one -> two -> one"):
        engine(one, two)
    with pytest.raises(ValueError, match="one: there is no rule 'two'"):
        engine(one)
    with pytest.raises(ValueError, match="self -> self"):
        engine(group("worst", ("self",), [(0,)], name="self"))


def test_rules_come_after_those_that_they_read() -> None:
    top = group("worst", ("middle", "high"), [(0,)], name="top")
    middle = group("worst", ("high",), [(0,)], name="middle")
    assert [each.id for each in in_order([top, middle, base()])] == ["middle", "top"]


def test_a_group_without_units_or_members_is_refused() -> None:
    with pytest.raises(ValueError, match="it needs units"):
        engine(base([0]), rule("worst", LIMITS, options={"rules": ("high",)}))
    with pytest.raises(ValueError, match="rules must be the ids"):
        engine(rule("worst", LIMITS))
    with pytest.raises(ValueError, match="must be one of its members"):
        engine(base([0, 1]), group("worst", ("high",), [(0,)], middles=(1,)), n_points=2)
