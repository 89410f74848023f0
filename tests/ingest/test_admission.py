"""Admission against a plain loop that judges one reading at a time."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ganzhi.records import Floats, Int32s, Int64s
from ingest.admission import EARLIEST, NEVER, Admission

POINTS = 4
NOW = 1_790_000_000_000_000_000
AHEAD = 300_000_000_000


class Memory:
    """A log's memory of what was let in."""

    def __init__(self) -> None:
        self.kept: dict[tuple[int, int], float] = {}

    def recall(self, point: Int32s, time: Int64s) -> Floats:
        keys = zip(point.tolist(), time.tolist(), strict=True)
        return np.array([self.kept.get(key, np.nan) for key in keys], np.float64)


def plain(
    rows: list[tuple[int, int, float]], newest: dict[int, int], keys: dict[tuple[int, int], float]
) -> dict[str, int]:
    """One reading at a time, as the words of the design say it."""
    names = ("accepted", "late", "duplicate", "conflict", "not_finite", "clock_ahead", "clock_not_set")
    ends = dict.fromkeys(names, 0)
    for point, time, value in rows:
        if not np.isfinite(value):
            ends["not_finite"] += 1
        elif time > NOW + AHEAD:
            ends["clock_ahead"] += 1
        elif time < EARLIEST:
            ends["clock_not_set"] += 1
        elif (point, time) in keys:
            ends["duplicate"] += 1
            ends["conflict"] += keys[point, time] != value
        else:
            keys[point, time] = value
            ends["accepted" if time > newest.get(point, NEVER) else "late"] += 1
            newest[point] = max(time, newest.get(point, NEVER))
    return ends


TIMES = st.one_of(
    st.integers(0, 12).map(lambda n: NOW - n * 1_000_000_000),
    st.sampled_from([0, EARLIEST - 1, NOW + AHEAD, NOW + AHEAD + 1]),
)
VALUES = st.sampled_from([0.0, 1.5, float("nan"), float("inf")])
ROWS = st.lists(st.tuples(st.integers(0, POINTS - 1), TIMES, VALUES), max_size=30)


@settings(max_examples=300)
@given(st.lists(ROWS, max_size=6))
def test_ends_equal_the_plain_loop_when_batches_are_random(batches: list[list[tuple[int, int, float]]]) -> None:
    memory = Memory()
    admission = Admission(newest=np.full(POINTS, NEVER, np.int64), ahead_ns=AHEAD, recall=memory.recall)
    newest: dict[int, int] = {}
    keys: dict[tuple[int, int], float] = {}
    for rows in batches:
        point = np.array([row[0] for row in rows], np.int32)
        time = np.array([row[1] for row in rows], np.int64)
        value = np.array([row[2] for row in rows], np.float64)
        verdict = admission.judge(point, time, value, np.zeros(len(rows), np.uint8), NOW)
        expected = plain(rows, newest, keys)
        found = {"accepted": verdict.accepted, "late": verdict.late, "duplicate": verdict.duplicates}
        for reason in ("not_finite", "clock_ahead", "clock_not_set"):
            found[reason] = len(verdict.refused.get(reason, ()))
        assert sum(found.values()) == len(rows)
        assert found | {"conflict": len(verdict.conflicts)} == expected
        block = verdict.block
        for *key, value in zip(block.point.tolist(), block.time.tolist(), block.value.tolist(), strict=True):
            memory.kept[key[0], key[1]] = value
        assert memory.kept == keys
        assert {p: t for p, t in enumerate(admission.newest.tolist()) if t != NEVER} == newest


def test_good_readings_pass_when_one_clock_is_two_days_off() -> None:
    admission = Admission(newest=np.full(2, NEVER, np.int64), ahead_ns=AHEAD, recall=Memory().recall)
    two_days = 2 * 86_400_000_000_000
    point, time = np.array([0, 1], np.int32), np.array([NOW + two_days, NOW], np.int64)
    verdict = admission.judge(point, time, np.ones(2), np.zeros(2, np.uint8), NOW)
    assert verdict.block.point.tolist() == [1]
    assert {reason: rows.tolist() for reason, rows in verdict.refused.items()} == {"clock_ahead": [0]}
    verdict = admission.judge(point[:1], np.array([NOW - two_days]), np.ones(1), np.zeros(1, np.uint8), NOW)
    assert verdict.accepted == 1
