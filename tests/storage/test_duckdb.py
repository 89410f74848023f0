"""The embedded store: exact rows, exact position, over restarts, kills and a full disk."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pytest

from ganzhi.clock import NS_PER_S
from ganzhi.records import Alarm, Change, Tier, tick
from storage.curve import Curve
from storage.duckdb import DuckDBStore
from storage.names import ALARM_TEXTS
from tests.storage.plant import T0, alarm, block, catalogue, colour, event, numbered

PLANT = catalogue("LT 1", "LT,2", "温度=3")
DAY_S = 86_400.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "readings.duckdb"


@pytest.fixture
def store(path: Path) -> Iterator[DuckDBStore]:
    with DuckDBStore(path, PLANT) as store:
        yield store


def points_of(curve: Curve) -> list[tuple[int, float, int]]:
    return list(zip(*(column.tolist() for column in curve), strict=True))


def kept(path: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(path) as connection:
        return connection.execute(query).fetchall()


def test_every_reading_is_kept_exactly(path: Path) -> None:
    sent = [(1, T0 + 1, -0.0, 0x81, T0 + 9), (0, T0 - 5, 5e-324, 3, T0 + 9), (2, T0 + 123_456_789, 1e308, 0, T0 + 10)]
    with DuckDBStore(path, PLANT) as store:
        assert store.write(block(sent, T0 + 10), 7).size == 0
    columns = "epoch_ns(time), value, quality + 128 * simulated::INT, epoch_ns(received)"
    assert kept(path, f"SELECT point, {columns} FROM telemetry ORDER BY value") == [
        ("plant.LT,2", T0 + 1, -0.0, 0x81, T0 + 9),
        ("plant.LT 1", T0 - 5, 5e-324, 3, T0 + 9),
        ("plant.温度=3", T0 + 123_456_789, 1e308, 0, T0 + 10),
    ]


def test_a_repeated_seq_is_written_once(path: Path) -> None:
    with DuckDBStore(path, PLANT) as store:
        assert store.position() == 0
        assert store.write(numbered(3), 5).size == 0
        assert store.write(numbered(3), 5).size == 0
        assert store.write(tick(T0), 6).size == 0
        assert store.write(numbered(0), 6).size == 0
        assert (store.count(), store.position()) == (3, 6)
    with DuckDBStore(path, PLANT) as store:
        assert store.position() == 6
        assert store.write(numbered(3), 6).size == 0
        assert store.write(numbered(2, 3), 8).size == 0
        assert store.count() == 5


def test_readings_follow_their_points_when_the_catalogue_changes(path: Path) -> None:
    with DuckDBStore(path, PLANT) as store:
        store.write(block([(0, T0, 1.0, 0, T0), (2, T0, 3.0, 0, T0)], T0), 1)
    with DuckDBStore(path, catalogue("温度=3", "new", "LT 1")) as store:
        store.write(block([(1, T0, 4.0, 0, T0), (2, T0 + 1, 5.0, 0, T0)], T0), 2)
        assert points_of(store.curve(0, T0, T0 + 9, 10)) == [(T0, 3.0, 0)]
        assert points_of(store.curve(1, T0, T0 + 9, 10)) == [(T0, 4.0, 0)]
        assert points_of(store.curve(2, T0, T0 + 9, 10)) == [(T0, 1.0, 0), (T0 + 1, 5.0, 0)]


def test_what_is_told_of_a_point_is_brought_up_to_date(path: Path) -> None:
    with DuckDBStore(path, PLANT) as store:
        store.write(numbered(1), 1)
    moved = catalogue("LT 1")
    point = moved.points[0]
    renamed = type(point)(point.id, "plant", "tank area 9", "LT 1", "level", "mm", 0, 16_000, 1, 1.0)
    with DuckDBStore(path, type(moved)(moved.enterprises, moved.sources, (renamed,))):
        pass
    assert kept(path, "SELECT DISTINCT source, unit FROM telemetry") == [("tank area 9", "mm")]


def test_a_point_outside_the_catalogue_is_refused_and_nothing_kept(store: DuckDBStore) -> None:
    with pytest.raises(ValueError, match="outside the catalogue"):
        store.write(block([(0, T0, 1.0, 0, T0), (3, T0, 1.0, 0, T0)], T0), 1)
    assert (store.count(), store.position()) == (0, 0)
    assert store.write(numbered(1), 1).size == 0


def test_curve_gives_rows_within_its_bounds_in_the_order_of_time(store: DuckDBStore) -> None:
    late = block([(0, T0 + 30, 3.0, 0, T0), (0, T0 + 10, 1.0, 1, T0), (1, T0 + 20, 9.0, 0, T0)], T0)
    store.write(late, 1)
    store.write(block([(0, T0 + 20, 2.0, 0x80, T0)], T0), 2)
    assert points_of(store.curve(0, T0 + 10, T0 + 30, 3)) == [
        (T0 + 10, 1.0, 1),
        (T0 + 20, 2.0, 0x80),
        (T0 + 30, 3.0, 0),
    ]
    assert points_of(store.curve(0, T0 + 11, T0 + 29, 3)) == [(T0 + 20, 2.0, 0x80)]
    assert points_of(store.curve(2, T0, T0 + 99, 3)) == []
    with pytest.raises(ValueError, match="at least 2"):
        store.curve(0, T0, T0 + 99, 1)


def test_a_thinned_curve_keeps_every_peak(store: DuckDBStore) -> None:
    number = np.arange(10_000)
    value = np.sin(number / 500)
    value[1_234], value[7_777] = 99.0, -99.0
    time = T0 + number * NS_PER_S
    store.write(block([(0, int(t), float(v), 0, T0) for t, v in zip(time, value, strict=True)], T0), 1)
    thin = points_of(store.curve(0, 0, 2**62, 200))
    assert 100 <= len(thin) <= 200
    assert (int(time[1_234]), 99.0, 0) in thin
    assert (int(time[7_777]), -99.0, 0) in thin
    assert set(thin) <= set(zip(time.tolist(), value.tolist(), [0] * 10_000, strict=True))
    assert [row[0] for row in thin] == sorted(row[0] for row in thin)


def test_curves_are_read_while_another_thread_writes(store: DuckDBStore) -> None:
    def write() -> None:
        for seq in range(1, 60):
            store.write(numbered(100, (seq - 1) * 100, points=1), seq)

    writer = threading.Thread(target=write)
    writer.start()
    lengths = []
    while writer.is_alive():
        lengths.append(len(store.curve(0, 0, 2**62, 10_000)[0]))
    writer.join()
    assert lengths == sorted(lengths)
    assert all(length % 100 == 0 for length in lengths)
    assert len(store.curve(0, 0, 2**62, 10_000)[0]) == 5_900


def test_values_are_recalled_by_point_and_time(path: Path) -> None:
    number = np.append(np.random.default_rng(1).integers(-50, 3_050, 2_000), [7, 7])
    point, time = (number % 3).astype(np.int32), T0 + number * NS_PER_S
    with DuckDBStore(path, PLANT) as store:
        assert np.isnan(store.recall(point, time)).all()
        store.write(numbered(3_000), 1)
        expected = np.where((number >= 0) & (number < 3_000), number, np.nan)
        np.testing.assert_array_equal(store.recall(point, time), expected)
        assert store.recall(point[:0], time[:0]).shape == (0,)
    with DuckDBStore(path, catalogue("new", "温度=3")) as store:
        asked = np.array([0, 1], np.int32), np.array([T0 + 2 * NS_PER_S] * 2)
        np.testing.assert_array_equal(store.recall(*asked), [np.nan, 2.0])


def test_events_and_colours_are_kept_once(path: Path) -> None:
    raised = event(1, alarm())
    cleared = event(2, alarm(tier=Tier.NONE, score=1.5), Change.CLEARED)
    with DuckDBStore(path, PLANT) as store:
        store.record([raised], [colour(T0)])
        store.record([raised, cleared], [colour(T0), colour(T0 + 1, Tier.RED)])
        store.record([], [])
    assert kept(path, "SELECT epoch_ns(time), seq, point, change, tier, score, simulated FROM alarm ORDER BY seq") == [
        (raised.noted, 1, "plant.LT 1", "raised", 3, None, True),
        (cleared.noted, 2, "plant.LT 1", "cleared", 0, 1.5, True),
    ]
    texts = ", ".join(ALARM_TEXTS)
    expected: Alarm = raised.alarm
    assert kept(path, f"SELECT {texts} FROM alarm WHERE seq = 1") == [
        (
            "a1",
            "raised",
            "unacknowledged",
            "level, high",
            "液位高",
            'Level "high"',
            expected.text.zh,
            expected.text.en,
            "李工",
            "m",
        )
    ]
    assert kept(path, "SELECT epoch_ns(time), source, tier, blue, yellow, orange, red FROM risk ORDER BY time") == [
        (T0, "tank area, 1", 2, 1, 2, 0, 0),
        (T0 + 1, "tank area, 1", 4, 1, 2, 0, 0),
    ]


def test_the_pipelines_counters_are_kept(path: Path) -> None:
    with DuckDBStore(path, PLANT) as store:
        store.record_pipeline(T0, {"received": 5, "backlog": 2, "delay_p50_ms": 1.25, "delay_p99_ms": float("nan")})
    columns = "epoch_ns(time), received, accepted, backlog, delay_p50_ms, delay_p99_ms"
    assert kept(path, f"SELECT {columns} FROM pipeline") == [(T0, 5, None, 2, 1.25, None)]


def test_prune_deletes_what_is_older_than_the_retention(path: Path) -> None:
    now = T0 + int(DAY_S) * NS_PER_S + 3 * NS_PER_S
    with DuckDBStore(path, PLANT, retention_s=DAY_S) as store:
        store.write(numbered(5), 1)
        store.record([], [colour(T0), colour(now)])
        assert store.prune(now) == 3
        assert store.count() == 2
    with DuckDBStore(path, PLANT) as store:
        assert store.prune(now + 10**18) == 0
    assert kept(path, "SELECT count(*) FROM risk") == [(1,)]


def test_ages_must_be_above_zero(path: Path) -> None:
    with pytest.raises(ValueError, match="retention_s"):
        DuckDBStore(path, PLANT, retention_s=0)
