"""Going on although rules or points have changed: what did not change must not notice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detectors.engine import Engine
from ganzhi.records import Int32s, ReadingBlock, Rule, Tier
from tests.detectors.stream import NAN, block, course, cut, engine, forecast, rule, run, told, weather

POINTS = 4
ALL = range(POINTS)


def rules(points: list[int]) -> list[Rule]:
    """One of every kind, with delays for some, over these points."""
    return [
        rule("value", [60, 70, 80, 90], points=points, deadband=2, on_delay_s=1, off_delay_s=2),
        rule("rate", [5, 10, NAN, NAN], points=points, options={"window_s": 20.0}),
        forecast([2, 1, NAN, NAN], points=points, target=90.0, window_s=20.0),
        rule("stale", [3, 10, NAN, NAN], points=points),
        rule("accumulate", [1, 2, NAN, NAN], points=points, options={"steps": "100 in 12s, 200 in 6s"}),
        rule("profile", [2, 6, NAN, NAN], points=points, options={"cell_s": 2, "cells": 3, "visits": 2}),
        rule("creep", [46, 80, NAN, NAN], points=points, deadband=1, options={"window_s": 16, "settle_s": 4}),
        rule("spike", [4, 12, NAN, NAN], points=points, options={"window": 5, "longest": 1}),
        rule("spread", [0.9, 1.5, NAN, NAN], points=points, options={"window": 8, "reference_s": 60}),
        rule("shift", [0.2, 0.5, NAN, NAN], points=points, options={"warmup": 8, "slack_sigma": 0.1}),
        rule("stuck", [0.02, 0.1, NAN, NAN], points=points, options={"changes": 8, "learn_s": 5}),
    ]


def renamed(whole: ReadingBlock, index: Int32s) -> ReadingBlock:
    """The block as the catalogue names its points after a change: `index` (n_old,) of each old one."""
    return replace(whole, point=index[whole.point])


def adopted(before: Engine, after: Engine, came_from: list[int]) -> list[str]:
    return after.adopt(before.snapshot(), np.array(came_from, np.int32), {})


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_noticed_when_nothing_changed(seed: int) -> None:
    whole = weather(seed)
    first, second = cut(whole, [len(whole) // 2])
    straight, before, after = (engine(*rules([*ALL]), n_points=POINTS) for _ in range(3))
    straight.update(first)
    before.update(first)
    assert adopted(before, after, [*ALL]) == []
    assert told(after.update(second)) == told(straight.update(second))
    one, other = straight.snapshot(), after.snapshot()
    assert all(np.array_equal(one[name], other[name], equal_nan=one[name].dtype.kind == "f") for name in one)


@pytest.mark.parametrize("seed", range(12))
def test_points_go_on_when_others_come_and_go_and_all_move(seed: int) -> None:
    whole = weather(seed)
    first, second = cut(whole, [len(whole) // 2])
    straight, before = (engine(*rules([*ALL]), n_points=POINTS) for _ in range(2))
    straight.update(first)
    before.update(first)
    # Points 3, new, 1, 2 are now 0 to 3; point 0 is gone.
    index = np.array([-1, 2, 3, 0], np.int32)
    after = engine(*rules([0, 2, 3, 1]), n_points=4)
    assert adopted(before, after, [3, -1, 1, 2]) == sorted(each.kind for each in rules([*ALL]))
    second = second.rows(second.point != 0)
    expected = {repr(replace(t, point=int(index[t.point]))) for t in straight.update(second) if t.point != 0}
    found = {repr(t) for t in after.update(renamed(second, index)) if t.point != 1}
    assert found == expected


def test_other_limits_and_delays_keep_what_was_learned() -> None:
    rising = block(np.arange(40.0), np.arange(40.0) * 0.1)
    before = engine(rule("rate", [3, NAN, NAN, NAN], options={"window_s": 20.0}))
    assert [new for _, _, new in course(before.update(rising))] == [Tier.BLUE]
    after = engine(rule("rate", [7, NAN, NAN, NAN], options={"window_s": 20.0}, on_delay_s=1))
    assert adopted(before, after, [0]) == []
    [(at, old, new)] = course(run(after, [block([40.0, 41.0], [4.0, 4.1])]))
    assert (at, old, new) == (40.0, Tier.BLUE, Tier.NONE)


def test_other_options_begin_anew_and_hold_what_is_held() -> None:
    rising = block(np.arange(40.0), np.arange(40.0) * 0.1)
    before = engine(rule("rate", [3, NAN, NAN, NAN], options={"window_s": 20.0}))
    before.update(rising)
    after = engine(rule("rate", [3, NAN, NAN, NAN], options={"window_s": 30.0}))
    held = {("rate", 0): Tier.BLUE, ("gone", 0): Tier.RED}
    assert after.adopt(before.snapshot(), np.array([0], np.int32), held) == ["rate"]
    flat = block(np.arange(40.0, 120.0), np.full(80, 4.0))
    assert [(old, new) for _, old, new in course(after.update(flat))] == [(Tier.BLUE, Tier.NONE)]


def test_an_option_by_point_begins_anew_only_where_it_changed() -> None:
    def two(targets: list[float]) -> Engine:
        return engine(forecast([5, NAN, NAN, NAN], points=[0, 1], target=np.array(targets), window_s=20.0), n_points=2)

    before, after = two([10.0, 10.0]), two([10.0, 12.0])
    point = np.tile([0, 1], 40)
    before.update(block(np.repeat(np.arange(40.0), 2), np.repeat(np.arange(40.0) * 0.1, 2), point=point))
    assert adopted(before, after, [0, 1]) == ["forecast"]
    state = after.snapshot()
    name = next(name for name in state if name.endswith(".heard"))
    assert [bool(time > 0) for time in state[name].tolist()] == [True, False]


def test_a_new_point_is_silent_from_now_on_and_not_since_ever() -> None:
    before = engine(rule("stale", [3, NAN, NAN, NAN]))
    before.update(block([0.0, 1.0], 1.0))
    after = engine(rule("stale", [3, NAN, NAN, NAN], points=[0, 1]), n_points=2)
    assert adopted(before, after, [0, -1]) == ["stale"]
    assert course(run(after, [block([2.0, 3.0], 1.0, received=[2.0, 3.0])])) == []
    found = after.update(block([4.0, 5.0], 1.0, received=[4.0, 5.0]))
    assert [(t.point, round((t.time - found[0].time) / 1e9, 6)) for t in found] == [(1, 0.0)]
    assert course(found)[0][0] == 4.0


def test_a_score_begins_anew_when_another_version_remembered_something_else() -> None:
    rising = block(np.arange(40.0), np.arange(40.0) * 0.1)
    before = engine(rule("rate", [3, NAN, NAN, NAN], options={"window_s": 20.0}))
    before.update(rising)
    saved = before.snapshot()
    memory = saved["rate.score.memory"]
    other = saved | {"rate.score.memory": np.column_stack([memory, memory])}
    after = engine(rule("rate", [3, NAN, NAN, NAN], options={"window_s": 20.0}))
    assert after.adopt(other, np.array([0], np.int32), {("rate", 0): Tier.BLUE}) == ["rate"]
    fresh = engine(rule("rate", [3, NAN, NAN, NAN], options={"window_s": 20.0})).snapshot()
    assert all(np.array_equal(array, fresh[name]) for name, array in after.snapshot().items() if ".score." in name)
