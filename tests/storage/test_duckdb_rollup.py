"""Rollups are what the readings come to, whenever these came, and whatever was deleted, killed or migrated since."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from ganzhi.clock import NS_PER_HOUR, NS_PER_S
from ganzhi.records import ReadingBlock
from storage.duckdb import DuckDBStore
from storage.duckdb_rollup import MINUTE_NS, MOST_WAITING
from tests.storage.plant import T0, block, catalogue, numbered

PLANT = catalogue("LT 1", "LT,2", "温度=3")
DAY_S = 86_400.0

TRUTH = """
SELECT p.id, time_ns // {width} * {width} AS n, min(value), max(value),
       sum(value) FILTER (quality & 127 <= 1), count(*), count(*) FILTER (quality & 127 <= 1),
       arg_max(value, time_ns), max(time_ns)
FROM (SELECT *, epoch_ns(time) AS time_ns FROM reading) JOIN point p ON p.key = point_key GROUP BY ALL ORDER BY ALL
"""
TOLD = """
SELECT point, epoch_ns(time), "min", "max", mean * good_count, "count", good_count, last, epoch_ns(last_time)
FROM {view} ORDER BY ALL
"""
EXTREMES_THAT_ARE_NO_READINGS = """
SELECT count(*) FROM {view} v WHERE NOT EXISTS (
    FROM telemetry t WHERE t.point = v.point AND t.time = v.{which}_time AND t.value = v."{which}")
"""


def require_exact(path: Path) -> int:
    """Compare the rollups with what the readings come to; how many partial rows the table of minutes has."""
    with duckdb.connect(path, read_only=True) as file:
        for view, width in (("telemetry_1m", MINUTE_NS), ("telemetry_1h", NS_PER_HOUR)):
            expected = file.execute(TRUTH.format(width=width)).fetchall()
            found = file.execute(TOLD.format(view=view)).fetchall()
            assert len(found) == len(expected)
            for row, true in zip(found, expected, strict=True):
                assert row[:4] + row[5:] == true[:4] + true[5:]
                assert row[4] == pytest.approx(true[4], rel=1e-9) if true[4] is not None else row[4] is None
            for which in ("min", "max"):
                query = EXTREMES_THAT_ARE_NO_READINGS.format(view=view, which=which)
                assert file.execute(query).fetchall() == [(0,)]
        return int(file.execute("SELECT count(*) FROM rollup_1m").fetchall()[0][0])


def mixed(rng: np.random.Generator, number: int, now: int) -> ReadingBlock:
    """Rows of which some are late by up to two hours, of all qualities, with ties; no point and time twice."""
    n = int(rng.integers(1, 400))
    late = np.where(rng.random(n) < 0.1, rng.integers(0, 7_200, n), 0) * NS_PER_S
    return ReadingBlock(
        rng.integers(0, 3, n).astype(np.int32),
        now - late - np.arange(n) - number * 1_000,
        np.round(rng.normal(0, 1, n), 1),
        rng.choice([0, 0, 0, 1, 2, 5, 0x80, 0x81, 0x84], n).astype(np.uint8),
        np.full(n, now),
        now,
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rollups_agree_with_the_readings_at_any_moment(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "readings.duckdb"
    rng = np.random.default_rng(seed)
    now = T0
    for opened in range(4):
        with DuckDBStore(path, PLANT) as store:
            for number in range(40):
                now += int(rng.exponential(90 * NS_PER_S))
                store.write(mixed(rng, number, now), opened * 40 + number + 1)
        rows = require_exact(path)
    assert rows > 0


def test_one_row_is_enough_and_one_late_row_counts(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    with DuckDBStore(path, PLANT) as store:
        store.write(block([(0, T0, 1.0, 0, T0)], T0), 1)
    require_exact(path)
    with DuckDBStore(path, PLANT) as store:
        store.write(block([(0, T0 + 3 * NS_PER_HOUR, 2.0, 5, T0)], T0 + 3 * NS_PER_HOUR), 2)
        store.write(block([(0, T0 + 1, 9.0, 0, T0)], T0 + 3 * NS_PER_HOUR + 1), 3)
        store.write(block([], T0 + 4 * NS_PER_HOUR), 4)
    require_exact(path)
    with duckdb.connect(path) as file:
        query = 'SELECT "min", "max", mean, last, "count" FROM telemetry_1h ORDER BY time'
        assert file.execute(query).fetchall() == [(1.0, 9.0, 5.0, 9.0, 2), (2.0, 2.0, None, 2.0, 1)]
        assert file.execute("SELECT seq, rolled FROM progress").fetchall() == [(4, 4)]


def test_the_greatest_numbers_do_not_stop_the_writer(tmp_path: Path) -> None:
    huge = float(np.finfo(np.float64).max)
    with DuckDBStore(tmp_path / "readings.duckdb", PLANT) as store:
        for seq in range(1, 5):
            store.write(block([(0, T0 + seq, huge, 0, T0), (1, T0 + seq, -huge, 0, T0)], T0 + seq * NS_PER_HOUR), seq)
        assert store.curve(0, 0, 2**62, 10)[1].tolist() == [huge] * 4


def test_readings_are_rolled_even_when_our_clock_stands_still(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    with DuckDBStore(path, PLANT) as store:
        rows = 1 << 19
        for seq in range(1, 2 + -(-MOST_WAITING // rows)):
            later = numbered(rows, seq * rows)
            store.write(ReadingBlock(later.point, later.time, later.value, later.quality, later.received, T0), seq)
    with duckdb.connect(path) as file:
        [(rolled, last)] = file.execute("SELECT rolled, seq FROM progress").fetchall()
    assert rolled >= last - 1


def test_rollups_outlive_their_readings_and_go_by_their_own_age(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    hours = 72
    with DuckDBStore(path, PLANT, retention_s=DAY_S, rollup_retention_s=2 * DAY_S) as store:
        for seq in range(hours):
            store.write(numbered(3_600, seq * 3_600, points=1), seq + 1)
        now = T0 + hours * NS_PER_HOUR
        assert store.prune(now) == 48 * 3_600
        assert store.count() == 24 * 3_600
        time, value, _ = store.curve(0, T0, now, 10_000)
        assert time[0] == T0 + 24 * NS_PER_HOUR
        assert value[0] == 24 * 3_600
        old = store.curve(0, T0 + 30 * NS_PER_HOUR, T0 + 30 * NS_PER_HOUR + 90 * NS_PER_S, 500)[1]
        assert old.tolist() == [108_000.0, 108_059.0, 108_060.0]
        assert store.prune(now) == 0
    with duckdb.connect(path) as file:
        for view in ("telemetry_1m", "telemetry_1h"):
            assert file.execute(f'SELECT sum("count")::BIGINT FROM {view}').fetchall() == [(48 * 3_600,)]
    with pytest.raises(ValueError, match="rollup_retention_s"):
        DuckDBStore(path, PLANT, retention_s=DAY_S, rollup_retention_s=DAY_S / 2)
    with pytest.raises(ValueError, match="rollup_retention_s"):
        DuckDBStore(path, PLANT, rollup_retention_s=DAY_S)


def test_what_waits_to_be_rolled_is_rolled_before_it_is_deleted(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    with DuckDBStore(path, PLANT, retention_s=DAY_S) as store:
        now = T0 + 30 * NS_PER_HOUR
        store.write(block([(0, now, 1.0, 0, now)], now), 1)
        store.write(block([(0, T0, 2.0, 0, now)], now + 1), 2)
        assert store.prune(now + 2) == 1
        assert store.curve(0, 0, 2**62, 10)[1].tolist() == [2.0, 1.0]


VERSION_1 = """
CREATE TABLE schema_version (version INTEGER);
INSERT INTO schema_version VALUES (1);
CREATE TABLE point (key INTEGER PRIMARY KEY, id VARCHAR NOT NULL, enterprise VARCHAR, source VARCHAR, tag VARCHAR,
    quantity VARCHAR, unit VARCHAR);
INSERT INTO point VALUES (0, 'plant.LT 1', 'plant', 'tank area, 1', 'LT 1', 'level', 'm'),
    (1, 'plant.gone', 'plant', 'tank area, 1', 'gone', 'level', 'm');
CREATE TABLE reading (point_key INTEGER NOT NULL, time TIMESTAMP_NS NOT NULL, value DOUBLE NOT NULL,
    quality UTINYINT NOT NULL, received TIMESTAMP_NS NOT NULL);
INSERT INTO reading SELECT i % 2, make_timestamp_ns({start} + i * 1000000000), i, i % 3, make_timestamp_ns({start})
    FROM range(100000) t(i);
CREATE TABLE progress (seq BIGINT NOT NULL);
INSERT INTO progress VALUES (41);
CREATE VIEW telemetry AS
    SELECT p.id AS point, p.enterprise, p.source, p.tag, p.quantity, p.unit, r.time, r.value,
           r.quality & 127 AS quality, r.quality >= 128 AS simulated, r.received
    FROM reading r JOIN point p ON p.key = r.point_key;
"""


def test_a_file_of_version_1_gets_rollups_of_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "old.duckdb"
    with duckdb.connect(path) as file:
        file.execute(VERSION_1.format(start=T0))
    with DuckDBStore(path, PLANT) as store:
        assert (store.position(), store.count()) == (41, 100_000)
        assert len(store.curve(0, 0, 2**62, 500)[0]) > 200
    require_exact(path)
    now = T0 + 100_000 * NS_PER_S
    with DuckDBStore(path, PLANT) as store:
        assert store.write(block([(0, T0 + 1, 5.5, 0, now), (2, now, 1.0, 0, now)], now), 42).size == 0
    require_exact(path)
    with duckdb.connect(path) as file:
        assert file.execute("SELECT version FROM schema_version").fetchall() == [(2,)]
