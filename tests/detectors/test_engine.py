"""What holds for the engine as a whole."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.engine import Engine
from ganzhi.records import Quality, Tier, Transition, tick
from tests.detectors.stream import NAN, START, S, block, course, engine, rule, run

HIGH = rule("value", [10, 20, NAN, NAN], name="high")
NONE, BLUE, YELLOW = Tier.NONE, Tier.BLUE, Tier.YELLOW


def test_transitions_are_sorted_by_time_then_rule_then_point() -> None:
    both = [rule("value", [10, NAN, NAN, NAN], points=[0, 1, 2], name=name) for name in ("z", "a")]
    found = engine(*both, n_points=3).update(block([3, 2, 3, 4], [15, 15, 15, 5], point=[2, 1, 0, 0], received=5))
    assert [((t.time - START) // S, t.rule, t.point) for t in found] == [
        *((2, "z", 1), (2, "a", 1)),
        *((3, "z", 0), (3, "z", 2), (3, "a", 0), (3, "a", 2)),
        *((4, "z", 0), (4, "a", 0)),
    ]


def test_a_late_row_is_judged_by_itself_and_changes_nothing() -> None:
    detect = engine(HIGH)
    detect.update(block([10], [5]))
    late = detect.update(block([4], [25], received=11))
    assert late == [
        Transition("high", 0, START + 4 * S, NONE, YELLOW, 25.0, 20.0, 25.0, {}, simulated=False, retrospective=True)
    ]
    assert course(detect.update(block([12], [15]))) == [(12, NONE, BLUE)]


def test_a_row_of_the_same_time_is_ignored() -> None:
    detect = engine(HIGH)
    assert course(detect.update(block([10, 10, 10], [5, 25, 15]))) == []
    assert course(detect.update(block([10], [25], received=11))) == []


def test_late_rows_of_bad_quality_say_nothing() -> None:
    detect = engine(HIGH)
    detect.update(block([10], [5]))
    assert detect.update(block([4], [25], received=11, quality=Quality.IN_CALIBRATION)) == []


@pytest.mark.parametrize("quality", Quality)
def test_only_good_and_uncertain_rows_raise(quality: Quality) -> None:
    found = engine(HIGH).update(block([1], [25], quality=quality))
    assert bool(found) == (quality in {Quality.GOOD, Quality.UNCERTAIN})


def test_a_bad_row_is_the_newest_of_its_point_all_the_same() -> None:
    detect = engine(HIGH)
    detect.update(block([10], [5], quality=Quality.DEVICE_FAULT))
    assert [t.retrospective for t in detect.update(block([9], [25], received=10))] == [True]


def test_open_alarms_are_held_from_the_start() -> None:
    detect = engine(rule("value", [10, 20, NAN, NAN], deadband=1, off_delay_s=2, points=[1], name="high"), n_points=2)
    left = detect.seed({("high", 1): YELLOW, ("high", 0): BLUE, ("gone", 1): BLUE})
    assert left == [("high", 0), ("gone", 1)]
    assert course(detect.update(block([0, 1], [19.5, 25], point=1))) == []
    assert course(detect.update(block([2, 3, 4], [9.5, 9.5, 9.5], point=1))) == [(4, YELLOW, BLUE)]
    detect.seed({("high", 1): NONE})
    assert course(detect.update(block([5], [15], point=1))) == [(5, NONE, BLUE)]


def test_ticks_change_nothing_for_the_process() -> None:
    detect = engine(HIGH)
    detect.update(block([0], [15]))
    before = detect.snapshot()
    assert detect.update(tick(START + S)) == []
    assert [name for name, array in detect.snapshot().items() if not np.array_equal(array, before[name])] == ["clock"]


def test_a_block_larger_than_the_fast_sort_gives_the_same() -> None:
    n = 70_000
    value = np.where(np.arange(n) % 1000 < 500, 5.0, 15.0)
    whole = block(np.arange(n) // 2, value, point=np.arange(n) % 2)
    watched = rule("value", [10, NAN, NAN, NAN], points=[0, 1], name="high")
    pieces = [whole.rows(slice(k, k + 7000)) for k in range(0, n, 7000)]
    found = engine(watched, n_points=2).update(whole)
    assert len(found) == 278
    assert found == run(engine(watched, n_points=2), pieces)


def test_a_snapshot_of_other_rules_is_refused() -> None:
    two = [rule("value", [1, NAN, NAN, NAN], points=[0, 1], name=name) for name in ("a", "b")]
    saved = engine(*two, n_points=2).snapshot()
    swapped = rule("value", [1, NAN, NAN, NAN], points=[1, 0], name="b")
    other = rule("rate", [1, NAN, NAN, NAN], points=[0, 1], name="b")
    held = rule("value", [1, NAN, NAN, NAN], points=[0, 1], name="b", on_delay_s=1)
    for wrong in ([two[0]], [two[0], swapped], [two[0], other], [two[0], held]):
        detect = engine(*wrong, n_points=2)
        before = detect.snapshot()
        with pytest.raises(ValueError, match="snapshot"):
            detect.restore(saved)
        assert all(np.array_equal(array, before[name]) for name, array in detect.snapshot().items())
    with pytest.raises(ValueError, match="does not fit: newest"):
        engine(*two, n_points=3).restore(saved)
    detect = engine(*reversed(two), n_points=2)
    detect.restore(saved)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: engine(rule("values", [1, 2, 3, 4])),
            "kind must be one of value, rate, .*, not 'values'",
        ),
        (lambda: engine(HIGH, HIGH), "two rules have one id"),
        (lambda: engine(rule("value", [1, 2, 3, 4], points=[1])), "points must be from 0 to 0"),
        (lambda: engine(rule("value", [1, 2, 3, 4], points=[-1])), "points must be from 0 to 0"),
        (lambda: engine(rule("value", [1, 2, 3, 4], points=[0, 0])), "value: a point is named twice"),
        (lambda: engine(HIGH, period_s=0.0), "sampling periods must be above 0"),
        (lambda: engine(HIGH, resolution=NAN), "resolutions not below"),
        (lambda: Engine([], period_s=np.ones(2), resolution=np.ones(3)), "one number for each point"),
    ],
)
def test_what_cannot_work_is_refused_at_the_start(make: object, words: str) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=words):
        make()


def test_no_rules_and_no_points_are_possible() -> None:
    assert engine().update(block([1], [1])) == []
    assert engine(rule("value", np.empty((0, 4)), points=[])).update(block([1], [1])) == []
    assert Engine([], period_s=np.empty(0), resolution=np.empty(0)).update(tick(START)) == []
