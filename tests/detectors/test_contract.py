"""What every kind of score owes the engine, whatever it measures."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import GROUPS, KINDS, OPTIONS, GroupSpec, KindSpec
from detectors.engine import Engine
from detectors.jointmodel import JointModel, Space
from ganzhi.records import ReadingBlock, Rule, Tier, Transition
from tests.detectors.stream import (
    NAN,
    block,
    crowd,
    crowded,
    cut,
    engine,
    forecast,
    group,
    rule,
    run,
    told,
    weather,
)

N = 4
EVERY_KIND: Mapping[str, KindSpec | GroupSpec] = {**KINDS, **GROUPS}
EVERY = tuple(range(N))
SOME = (2, 0)
SKEWED = np.array([[1.0, 0.5], [0.25, -2.0]])


def joint_model(channels: int, *, lags: int = 0, weight: float = 0.0) -> JointModel:
    """A model around 50, with directions that mix the channels."""
    mixed = np.kron(np.eye(channels * (lags + 1)), SKEWED)[::2, :-1]
    return JointModel(
        channels=tuple(f"point-{k}" for k in range(channels)),
        period_s=1.0,
        centre=np.full(channels, 50.0),
        scale=np.full(channels, 8.0),
        lags=lags,
        weight=weight,
        now=Space(mixed, 1, 4.0, 9.0),
        lasting=Space(np.eye(channels), 1, 2.0, 3.0) if weight else None,
    )


PAIRED = [(point, point + N) for point in EVERY]
SQUARE = (((45.0, 20.0), (55.0, 20.0), (55.0, 30.0), (45.0, 30.0), (45.0, 20.0)),)
ISLAND = (((60.0, 20.0), (61.0, 20.0), (60.5, 30.0), (60.0, 20.0)),)
LADDER = "100 in 12s, 200 in 12s, 200 in 6s, 400 in 6s"

AROUND = [(0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3)]


RULES: dict[str, Callable[[], list[Rule]]] = {
    "value": lambda: [
        rule("value", [52, 55, 60, 85], points=EVERY, deadband=1, name="plain"),
        rule("value", [52, 55, 60, 85], points=SOME, deadband=1, on_delay_s=2, off_delay_s=3, name="held"),
        rule("value", [48, NAN, 40, 20], points=EVERY, side="low", on_delay_s=1, name="low"),
    ],
    "rate": lambda: [
        rule("rate", [5, 20, NAN, NAN], points=EVERY, deadband=1, options={"window_s": 16}, name="rise"),
        rule(
            "rate", [-5, NAN, NAN, NAN], points=SOME, side="low", off_delay_s=2, options={"window_s": 30}, name="fall"
        ),
    ],
    "forecast": lambda: [
        forecast([60, 1, NAN, 0.2], points=EVERY, deadband=0.1, target=90.0, window_s=16),
    ],
    "stale": lambda: [
        rule("stale", [3, 8, NAN, NAN], points=EVERY, name="plain"),
        rule("stale", [2, 5, 6, 7], points=SOME, on_delay_s=1.5, off_delay_s=1, name="held"),
    ],
    "accumulate": lambda: [
        rule("accumulate", [1, 2, 3, 4], points=EVERY, deadband=0.1, options={"steps": LADDER}, name="increment"),
        rule(
            "accumulate",
            [0.5, 1, NAN, NAN],
            points=SOME,
            options={"steps": "20 in 10s or 60 in 20s", "reading": "counter"},
            name="counter",
        ),
    ],
    "profile": lambda: [
        rule(
            "profile",
            [2, 6, NAN, NAN],
            points=EVERY,
            deadband=0.5,
            options={"cell_s": 2, "cells": 3, "visits": 2},
            name="more",
        ),
        rule(
            "profile",
            [-2, NAN, NAN, NAN],
            points=SOME,
            side="low",
            options={"cell_s": 5, "cells": 2, "visits": 1},
            name="less",
        ),
    ],
    "creep": lambda: [
        rule("creep", [40, 60, 85, NAN], points=EVERY, deadband=1, options={"window_s": 16, "settle_s": 1}, name="up"),
        rule(
            "creep",
            [46, 50, NAN, NAN],
            points=SOME,
            options={"window_s": 20, "settle_s": 1, "direction": "low", "confidence": 0.6},
            name="down",
        ),
    ],
    "spike": lambda: [
        rule("spike", [4, 12, NAN, NAN], points=EVERY, options={"window": 5, "longest": 1}, name="short"),
        rule("spike", [4, 8, NAN, NAN], points=SOME, options={"window": 7}, off_delay_s=3, name="longer"),
    ],
    "spread": lambda: [
        rule("spread", [0.9, 1.5, NAN, NAN], points=EVERY, options={"window": 8, "reference_s": 60}, name="wide"),
        rule("spread", [0.8, NAN, NAN, NAN], points=SOME, side="low", options={"window": 10}, name="narrow"),
    ],
    "shift": lambda: [
        rule(
            "shift",
            [0.2, 0.5, NAN, NAN],
            points=EVERY,
            options={"warmup": 8, "slack_sigma": 0.1, "reference_s": 60},
            name="cusum",
        ),
        rule("shift", [0.5, 1, NAN, NAN], points=SOME, options={"warmup": 10, "method": "ewma"}, name="ewma"),
    ],
    "stuck": lambda: [
        rule(
            "stuck",
            [0.02, 0.1, NAN, NAN],
            points=EVERY,
            options={"changes": 8, "learn_s": 5, "memory_s": 100},
            name="still",
        ),
    ],
    "fence": lambda: [
        rule("fence", [-3e5, 0, 2e5, NAN], units=PAIRED, options={"polygons": (SQUARE,), "wait": 200}, name="in"),
        rule(
            "fence",
            [-1e5, 0, NAN, NAN],
            units=PAIRED[:2],
            on_delay_s=1,
            options={"polygons": (SQUARE, ISLAND), "stay": "outside", "wait": 200},
            name="out",
        ),
    ],
    "joint": lambda: [
        rule(
            "joint",
            [1, 3, NAN, NAN],
            units=[EVERY],
            deadband=0.2,
            options={"model": (joint_model(4, lags=1, weight=0.3),), "wait": 200},
            name="all",
        ),
        rule("joint", [1, 2, NAN, NAN], units=[SOME], options={"model": (joint_model(2),), "wait": 200}, name="two"),
        rule(
            "joint",
            [1, 3, NAN, NAN],
            units=[(0,), (1, 3)],
            off_delay_s=2,
            options={"model": (joint_model(1, weight=0.5), joint_model(2, lags=2)), "wait": 200},
            name="apart",
        ),
        group("worst", ("all", "apart"), [EVERY], name="read"),
    ],
    "worst": lambda: [
        *members(),
        group("worst", ("a", "c"), [EVERY], name="plain"),
        group("worst", ("a", "b"), [(0, 2), (1, 3)], on_delay_s=1, off_delay_s=1.5, name="held"),
    ],
    "at_least": lambda: [
        *members(),
        group("at_least", ("a", "b"), [EVERY], limits=[2, 3, NAN, NAN], name="any"),
        group(
            "at_least", ("a",), [(0, 1, 2), (1, 3)], limits=[1, 2, NAN, NAN], off_delay_s=2, tier="yellow", name="some"
        ),
    ],
    "raised": lambda: [
        *members(),
        group("raised", ("a", "b"), AROUND, middles=EVERY, agree=1, name="one"),
        group("raised", ("a",), AROUND, middles=EVERY, agree=2, tier="blue", on_delay_s=0.5, name="two"),
    ],
    "counting": lambda: [
        *members()[:2],
        group("counting", ("a", "b"), [(0, 1), (2, 3)], counts="2 blue -> yellow, 2 yellow → red", name="item"),
        group("counting", ("item",), [(0, 2)], counts="2 yellow -> orange", on_delay_s=1, off_delay_s=1, name="dam"),
        group("counting", ("a", "b"), [EVERY], counts="2 blue -> yellow", items=True, name="items"),
    ],
    "novelty": lambda: [
        rule(
            "novelty",
            [0.8, 1.2, NAN, NAN],
            points=EVERY,
            options={"pace": 1.5, "warmup": 8, "memory_s": 20, "rhythm": "none"},
            name="forgetful",
        ),
        rule("novelty", [0.8, NAN, NAN, NAN], points=SOME, options={"pace": 2, "warmup": 10}, name="daily"),
    ],
}


def members() -> list[Rule]:
    return [
        rule("value", [52, 55, 60, 85], points=EVERY, deadband=1, on_delay_s=1, name="a"),
        rule("value", [48, 45, 40, 20], points=(0, 1, 3), side="low", name="b"),
        rule("stale", [3, 8, NAN, NAN], points=EVERY, name="c"),
    ]


def hears(kind: str) -> bool:
    """Whether bad quality can move it: rows that say nothing of the process still arrive."""
    return any(KINDS[each.kind].arrivals for each in RULES[kind]() if each.kind in KINDS)


def detect(kind: str) -> Engine:
    return engine(*RULES[kind](), n_points=2 * N, resolution=0.01)


def doubled(kind: str, whole: ReadingBlock) -> ReadingBlock:
    """For a fence, with a latitude of 25 degrees after every longitude."""
    if kind != "fence":
        return whole
    twice = whole.rows(np.repeat(np.arange(len(whole)), 2))
    second = np.tile([False, True], len(whole))
    value = np.where(second, 25.0, twice.value)
    return replace(twice, point=(twice.point + N * second).astype(np.int32), value=value)


def stream(kind: str, seed: int, *, one_arrival: bool = False) -> ReadingBlock:
    """Weather that the kind can read."""
    return doubled(kind, weather(seed, one_arrival=one_arrival))


kinds = pytest.mark.parametrize("kind", EVERY_KIND)
seeds = st.integers(0, 2**32 - 1)
places = st.lists(st.integers(1, 159), max_size=30)


def test_every_kind_is_under_contract() -> None:
    assert RULES.keys() == EVERY_KIND.keys()
    assert {kind: spec.options for kind, spec in EVERY_KIND.items()} == OPTIONS


@kinds
def test_the_stream_of_these_tests_says_something(kind: str) -> None:
    found = [t for seed in range(8) for t in run(detect(kind), [stream(kind, seed)])]
    assert {t.rule for t in found} == {r.id for r in RULES[kind]()}
    assert {Tier.NONE, Tier.BLUE, Tier.YELLOW} <= {t.new for t in found}
    assert any(t.simulated for t in found)


@kinds
@settings(deadline=None, max_examples=60)
@given(seed=seeds, places=places)
def test_cutting_the_stream_otherwise_changes_nothing(kind: str, seed: int, places: list[int]) -> None:
    whole = stream(kind, seed)
    expected = detect(kind).update(whole)
    assert told(run(detect(kind), cut(whole, places))) == told(expected)
    assert expected == sorted(expected, key=lambda t: (t.time, [r.id for r in RULES[kind]()].index(t.rule), t.point))


@kinds
def test_row_by_row_equals_one_block(kind: str) -> None:
    whole = stream(kind, 7)
    assert told(run(detect(kind), cut(whole, range(len(whole))))) == told(detect(kind).update(whole))


CROWD = 128
"""Sets of points whose rounds are wide whatever the stream; those of a single set are narrow."""


POINT_KINDS = [kind for kind in KINDS if not any(one.units for one in RULES[kind]())]
point_kinds = pytest.mark.parametrize("kind", POINT_KINDS)


def crowd_of(kind: str) -> Engine:
    return engine(*(crowded(one, N, CROWD) for one in RULES[kind]()), n_points=N * CROWD, resolution=0.01)


@point_kinds
@settings(deadline=None, max_examples=6)
@given(seed=seeds)
def test_many_points_at_once_tell_what_one_alone_does(kind: str, seed: int) -> None:
    whole = weather(seed)
    found = crowd_of(kind).update(crowd(whole, N, CROWD))
    expected = detect(kind).update(whole)
    assert told(replace(t, point=t.point % N) for t in found) == sorted(told(expected) * CROWD)


@point_kinds
@settings(deadline=None, max_examples=20)
@given(seed=seeds, places=places)
def test_points_may_come_alone_and_among_many_by_turns(kind: str, seed: int, places: list[int]) -> None:
    whole = weather(seed)
    detector = crowd_of(kind)
    pieces = [crowd(piece, N, CROWD if k % 2 else 1) for k, piece in enumerate(cut(whole, places))]
    found = [t for t in run(detector, pieces) if t.point < N]
    assert told(found) == told(detect(kind).update(whole))


@kinds
@settings(deadline=None, max_examples=30)
@given(seed=seeds)
def test_points_may_be_interleaved_in_any_way(kind: str, seed: int) -> None:
    whole = stream(kind, seed, one_arrival=True)
    shuffled = np.random.default_rng(seed).permutation(len(whole))
    # Each point keeps the order of its own rows and only the places between the points are shuffled.
    places = whole.point[shuffled]
    order = np.empty(len(whole), np.intp)
    for point in range(2 * N):
        order[places == point] = np.flatnonzero(whole.point == point)
    later = doubled(kind, block([200] * N, 50, point=EVERY))
    assert told(run(detect(kind), [whole.rows(order), later])) == told(run(detect(kind), [whole, later]))


@kinds
@settings(deadline=None, max_examples=30)
@given(seed=seeds, place=st.integers(1, 159))
def test_a_restart_in_the_middle_changes_nothing(kind: str, seed: int, place: int) -> None:
    first, second = cut(stream(kind, seed), [place])
    before = detect(kind)
    expected = told(run(before, [first]))
    file = io.BytesIO()
    np.savez(file, **before.snapshot())  # type: ignore[arg-type]
    file.seek(0)
    after = detect(kind)
    with np.load(file, allow_pickle=False) as saved:
        after.restore(saved)
    expected_later = told(run(before, [second]))
    assert told(run(after, [second])) == expected_later
    assert sorted(expected + expected_later) == told(run(detect(kind), [stream(kind, seed)]))


INDEX = np.array([4, -1, 3, 0], np.int32)
NEW = (1, 2)
"""Where points 0 to 3 are when point 1 is gone and two new ones came."""


def moved(one: Rule) -> Rule:
    """The rule over the points that stay, wherever they are now, and over the new ones."""
    kept = np.flatnonzero(INDEX[one.points] >= 0)
    rows = np.append(kept, kept[:2])
    options = {name: o[rows] if isinstance(o, np.ndarray) else o for name, o in one.options.items()}
    points = np.append(INDEX[one.points[kept]], np.array(NEW, np.int32))
    return replace(one, points=points, limits=one.limits[rows], deadband=one.deadband[rows], options=options)


@point_kinds
@settings(deadline=None, max_examples=20)
@given(seed=seeds, place=st.integers(1, 159))
def test_points_that_come_and_go_leave_the_others_as_they_are(kind: str, seed: int, place: int) -> None:
    first, second = cut(weather(seed), [place])
    before = detect(kind)
    before.update(first)
    after = engine(*(moved(one) for one in RULES[kind]()), n_points=5, resolution=0.01)
    after.adopt(before.snapshot(), np.array([3, -1, -1, 2, 0], np.int32), {})
    expected = [replace(t, point=int(INDEX[t.point])) for t in before.update(second) if t.point != 1]
    found = after.update(replace(second, point=np.where(second.point == 1, np.int32(1), INDEX[second.point])))
    assert told(t for t in found if t.point not in NEW) == told(expected)


@kinds
def test_what_was_saved_does_not_change_later(kind: str) -> None:
    detector = detect(kind)
    first, second = cut(stream(kind, 3), [80])
    detector.update(first)
    saved = detector.snapshot()
    copies = {name: array.copy() for name, array in saved.items()}
    detector.update(second)
    for name, array in saved.items():
        assert np.array_equal(array, copies[name], equal_nan=array.dtype.kind == "f"), name


@kinds
def test_bad_quality_says_nothing_of_the_process(kind: str) -> None:
    whole = stream(kind, 11)
    bad = ReadingBlock(
        whole.point, whole.time, whole.value, np.full(len(whole), 4, np.uint8), whole.received, whole.now
    )
    found = detect(kind).update(bad)
    assert (found != []) == hears(kind)
    if not hears(kind):
        fresh = detect(kind).snapshot()
        changed = {n for n, a in _after(kind, bad).items() if not np.array_equal(a, fresh[n])}
        assert changed == {"newest", "clock"}


def _after(kind: str, *blocks: ReadingBlock) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]]:
    detector = detect(kind)
    run(detector, blocks)
    return detector.snapshot()


@kinds
def test_late_and_repeated_rows_leave_what_is_known_as_it_was(kind: str) -> None:
    seconds = np.arange(60.0)
    regular = doubled(kind, block(seconds, 50 + 0.1 * seconds, received=60))
    again = doubled(kind, block([10, 59, 3, 59], [900, -900, 1e300, 5], received=60))
    before, after = _after(kind, regular), _after(kind, regular, again)
    own = {name for name in before if not name.split(".")[-1].startswith("late_")}
    for name in own:
        assert np.array_equal(before[name], after[name]), name


NOISE = np.random.default_rng(5).normal(0, 1, 400)
SECONDS = np.arange(400.0)

SILENCES: dict[str, tuple[Callable[[], Rule], np.ndarray[tuple[int], np.dtype[np.float64]], int, bool]] = {
    # A rule, readings, how many of them come after the silence, and whether it is then that these raise an alarm.
    "value": (lambda: rule("value", [60, NAN, NAN, NAN], on_delay_s=60), np.full(20, 70.0), 10, True),
    "rate": (
        lambda: rule("rate", [5, NAN, NAN, NAN], on_delay_s=47, options={"window_s": 16}),
        SECONDS[:60] + 0.1 * NOISE[:60],
        6,
        False,
    ),
    "forecast": (
        lambda: replace(forecast([60, NAN, NAN, NAN], target=900.0, window_s=16), on_delay_s=46),
        SECONDS[:60] + 0.1 * NOISE[:60],
        6,
        False,
    ),
    "stale": (lambda: rule("stale", [3, NAN, NAN, NAN]), np.full(20, 70.0), 10, True),
    "accumulate": (
        lambda: rule("accumulate", [1, NAN, NAN, NAN], options={"steps": "10 in 12s"}),
        np.where(SECONDS[:40] < 28, 0.0, 1.0),
        4,
        False,
    ),
    "profile": (
        lambda: rule("profile", [6, NAN, NAN, NAN], on_delay_s=8, options={"cell_s": 10, "cells": 3, "visits": 2}),
        np.where(SECONDS[:160] < 150, 0.0, 30.0) + NOISE[:160],
        4,
        False,
    ),
    "creep": (
        lambda: rule("creep", [60, NAN, NAN, NAN], on_delay_s=26, options={"window_s": 16, "settle_s": 60}),
        np.maximum(0.1 * SECONDS[:140], 10 + 2 * (SECONDS[:140] - 100)) + 0.01 * NOISE[:140],
        6,
        False,
    ),
    "spike": (lambda: rule("spike", [6, NAN, NAN, NAN]), NOISE[:60] + 50 * (SECONDS[:60] == 54), 5, False),
    "spread": (
        lambda: rule("spread", [1.75, NAN, NAN, NAN], on_delay_s=33, options={"window": 16, "reference_s": 130}),
        NOISE[:200] * np.where(SECONDS[:200] < 160, 1.0, 10.0),
        6,
        False,
    ),
    "shift": (
        lambda: rule("shift", [8, NAN, NAN, NAN], on_delay_s=24, options={"warmup": 40, "reference_s": 200}),
        NOISE[:120] + np.where(SECONDS[:120] < 90, 0.0, 6.0),
        4,
        False,
    ),
    "novelty": (
        lambda: rule("novelty", [3.5, NAN, NAN, NAN], options={"pace": 4, "warmup": 40, "rhythm": "none"}),
        0.1 * NOISE[:120] + np.where(SECONDS[:120] < 117, 0.0, 5.0),
        3,
        False,
    ),
    "stuck": (
        lambda: rule("stuck", [4, NAN, NAN, NAN], options={"changes": 8, "learn_s": 60, "memory_s": 1000}),
        np.where(SECONDS[:330] < 300, SECONDS[:330] // 10, 30.0),
        6,
        True,
    ),
}
"""What hours without a reading change although as many readings come."""


def test_hours_of_silence_are_tried_for_every_kind_of_score_of_a_point() -> None:
    assert set(POINT_KINDS) <= SILENCES.keys()


@pytest.mark.parametrize("kind", SILENCES)
def test_hours_of_silence_age_what_is_known_by_time_and_not_by_count(kind: str) -> None:
    made, values, count, when_apart = SILENCES[kind]
    before, after = values[:-count], values[-count:]

    def told_with(silence_s: int) -> bool:
        detector = engine(made())
        start = len(before) + silence_s
        quiet = [block([], [], now=second) for second in range(len(before), start, 10)]
        found = run(detector, [block(np.arange(len(before)), before), *quiet])
        assert silence_s or not found
        found += run(detector, [block(start + np.arange(count), after)])
        return any(t.new > t.old for t in found)

    assert (told_with(0), told_with(6 * 3600)) == (not when_apart, when_apart)


EXTREMES = {
    "flat": [50.0],
    "zero": [0.0],
    "huge": [1e300, -1e300, 1e300, 9e299],
    "largest": [1.7e308, -1.7e308],
    "tiny": [1e-300, -3e-300, 2e-300],
    "denormal": [5e-324, 0.0, 1e-323, -5e-324, 1e-310],
    "mixed": [50.0, 1e300, 1e-300, -1e300],
}


@kinds
@pytest.mark.parametrize("pattern", EXTREMES)
def test_extreme_signals_are_survived(kind: str, pattern: str) -> None:
    n = 300
    with np.errstate(all="raise"):
        detector = detect(kind)

        def judged(*blocks: ReadingBlock) -> list[Transition]:
            return run(detector, [doubled(kind, each) for each in blocks])

        judged(block(np.arange(n), np.resize(EXTREMES[pattern], n)), block(n, EXTREMES[pattern][0]))
        # After a silence all is as if nothing had been: a level, its rise, silence again, a dip, and rest.
        level = block(n + 1000 + np.arange(60), 45)
        rise = np.arange(60.0)
        dip_and_rest = [block(n + 1128, 20), block(n + 1129 + rise, 63)]
        found = judged(level, block(n + 1060 + rise, 45 + 0.3 * rise), *dip_and_rest)
    assert any(t.new > t.old for t in found)
    for name, array in detector.snapshot().items():
        assert array.dtype.kind != "f" or name.endswith(".terms") or np.isfinite(array).all(), name


@point_kinds
@pytest.mark.parametrize("pattern", EXTREMES)
def test_extreme_signals_of_many_points_tell_what_those_of_one_do(kind: str, pattern: str) -> None:
    n = 150
    signal = block(np.arange(n), np.resize(EXTREMES[pattern], n))
    later = block(n + 60 + np.arange(60), 45 + 0.3 * np.arange(60.0))
    with np.errstate(all="raise"):
        alone = run(detect(kind), [signal, later])
        many = run(crowd_of(kind), [crowd(each, N, CROWD) for each in (signal, later)])
    assert told(replace(t, point=t.point % N) for t in many) == sorted(told(alone) * CROWD)


@kinds
def test_an_unknown_option_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="no option windows"):
        engine(rule(kind, [1, NAN, NAN, NAN], options={"windows": 3}))
