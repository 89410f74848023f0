"""Curves are readings, all of them when they are few; when they are many no peak is missing, from whatever level."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from ganzhi.clock import NS_PER_HOUR, NS_PER_S
from ganzhi.records import Floats, Int64s, ReadingBlock
from storage.duckdb import DuckDBStore
from storage.duckdb_rollup import DAY_NS, MINUTE_NS
from tests.storage.plant import T0, block, catalogue

PLANT = catalogue("dense", "half a minute", "bursts", "seldom", "never")
DAYS = 3
FIRST = T0 + 17 * MINUTE_NS + 123
"""In the middle of an hour and of a minute."""


@dataclass(frozen=True)
class Stored:
    """A store, and what is in it by point."""

    store: DuckDBStore
    time: list[Int64s]
    value: list[Floats]

    def within(self, point: int, start: int, end: int) -> tuple[Int64s, Floats]:
        inside = (self.time[point] >= start) & (self.time[point] <= end)
        return self.time[point][inside], self.value[point][inside]


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stored]:
    rng = np.random.default_rng(5)
    span = DAYS * DAY_NS
    minutes = np.arange(0, span, 7 * NS_PER_HOUR)
    since = [
        np.arange(0, span, NS_PER_S),
        np.arange(0, span, 30 * NS_PER_S),
        (minutes[:, None] + np.arange(40) * NS_PER_S).ravel(),
        np.arange(0, span, 5 * NS_PER_HOUR) + 77,
        np.empty(0, np.int64),
    ]
    time = [FIRST + part for part in since]
    value = [np.round(rng.normal(0, 1, len(part)).cumsum(), 2) for part in time]
    point = np.repeat(np.arange(5, dtype=np.int32), [len(part) for part in time])
    sent, values = np.concatenate(time), np.concatenate(value)
    late = np.where(rng.random(len(sent)) < 0.01, rng.integers(0, 9_000, len(sent)), 0) * NS_PER_S
    order = np.argsort(sent + late, kind="stable")
    path = tmp_path_factory.mktemp("curves") / "readings.duckdb"
    with DuckDBStore(path, PLANT) as store:
        for seq, rows in enumerate(np.array_split(order, 200), 1):
            quality = (point[rows] + 0x80).astype(np.uint8)
            now = int((sent + late)[rows[-1]])
            received = np.full(len(rows), now)
            store.write(ReadingBlock(point[rows], sent[rows], values[rows], quality, received, now), seq)
        yield Stored(store, time, value)


@pytest.mark.parametrize("most", [2, 10, 200, 1_000])
@pytest.mark.parametrize("span_ns", [20 * NS_PER_S, 40 * MINUTE_NS, 5 * NS_PER_HOUR, 26 * NS_PER_HOUR, 4 * DAY_NS])
@pytest.mark.parametrize("point", range(5))
def test_a_curve_keeps_to_its_bounds_and_misses_no_peak(stored: Stored, point: int, span_ns: int, most: int) -> None:
    for start in np.random.default_rng(most).integers(T0 - NS_PER_HOUR, T0 + DAYS * DAY_NS, 3).tolist():
        end = start + span_ns
        every_time, every_value = stored.within(point, start, end)
        time, value, quality = stored.store.curve(point, start, end, most)
        assert len(time) <= most
        assert (quality == point + 0x80).all()
        assert (np.diff(time) > 0).all()
        at = np.searchsorted(every_time, time)
        np.testing.assert_array_equal(every_time[at], time)
        np.testing.assert_array_equal(every_value[at], value)
        if len(every_time) <= most:
            assert len(time) == len(every_time)
            continue
        assert (value.min(), value.max()) == (every_value.min(), every_value.max())
        width = (every_time[-1] - every_time[0]) // (most // 2) + MINUTE_NS
        for bucket in np.split(np.arange(len(every_time)), np.flatnonzero(np.diff(every_time // width)) + 1):
            near = (time >= every_time[bucket[0]] - 2 * width) & (time <= every_time[bucket[-1]] + 2 * width)
            assert value[near].max() >= every_value[bucket].max()
            assert value[near].min() <= every_value[bucket].min()


def test_a_point_that_speaks_seldom_shows_every_row(stored: Stored) -> None:
    np.testing.assert_array_equal(stored.store.curve(3, 0, 2**62, 500)[0], stored.time[3])
    np.testing.assert_array_equal(stored.store.curve(2, 0, 2**62, 500)[0], stored.time[2])
    np.testing.assert_array_equal(stored.store.curve(1, 0, 2**62, 10_000)[0], stored.time[1])


def test_dense_rows_of_more_than_six_hours_come_from_rollups(stored: Stored) -> None:
    start, end = FIRST + NS_PER_HOUR, FIRST + 9 * NS_PER_HOUR
    time, _, _ = stored.store.curve(0, start, end, 100_000)
    assert 2 * 8 * 60 <= len(time) <= 3 * 8 * 60 + 120
    start, end = FIRST + NS_PER_HOUR, FIRST + 6 * NS_PER_HOUR
    np.testing.assert_array_equal(stored.store.curve(0, start, end, 100_000)[0], stored.within(0, start, end)[0])


def test_many_short_bursts_come_from_rollups(tmp_path: Path) -> None:
    with DuckDBStore(tmp_path / "readings.duckdb", PLANT) as store:
        rows = [(0, T0 + h * NS_PER_HOUR + i * NS_PER_S, float(i), 0, T0) for h in range(24) for i in range(10)]
        store.write(block(rows, T0 + DAY_NS), 1)
        assert store.curve(0, T0, T0 + DAY_NS, 500)[1].tolist() == [0.0, 9.0] * 24
        assert store.curve(0, T0, T0 + 20 * NS_PER_HOUR - 1, 500)[1].tolist() == [float(i) for i in range(10)] * 20


def test_a_window_whose_readings_are_deleted_may_have_nothing_within_narrow_bounds(tmp_path: Path) -> None:
    with DuckDBStore(tmp_path / "readings.duckdb", PLANT, retention_s=3_600) as store:
        rows = [(0, T0 + i * NS_PER_S, float(i), 0, T0) for i in range(60)]
        store.write(block(rows, T0 + 60 * NS_PER_S), 1)
        assert store.prune(T0 + 3 * NS_PER_HOUR) == 60
        assert len(store.curve(0, T0 + 20 * NS_PER_S, T0 + 30 * NS_PER_S, 10)[0]) == 0
        assert store.curve(0, T0 - NS_PER_HOUR, T0 + NS_PER_HOUR, 10)[1].tolist() == [0.0, 59.0]
        assert len(store.curve(0, T0 + NS_PER_HOUR, T0 + 2 * NS_PER_HOUR, 10)[0]) == 0
        assert len(store.curve(0, T0 + 30 * MINUTE_NS, T0 + 40 * MINUTE_NS, 10)[0]) == 0
