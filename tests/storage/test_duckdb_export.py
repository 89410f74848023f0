"""Parquet files hold what was asked for, whole or not at all, and DuckDB alone reads them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from ganzhi.clock import NS_PER_HOUR, NS_PER_S
from ganzhi.errors import Unavailable
from storage.duckdb import DuckDBStore
from storage.duckdb_rollup import DAY_NS
from tests.full_disk import no_file_above
from tests.storage.plant import T0, block, catalogue, numbered

PLANT = catalogue("LT 1", "LT,2", "温度=3")


def read(paths: list[Path], query: str) -> list[tuple[object, ...]]:
    return duckdb.execute(f"SELECT {query} FROM read_parquet(?)", [[str(path) for path in paths]]).fetchall()


def of(table: str, paths: list[Path]) -> list[Path]:
    return [path for path in paths if path.name.startswith(f"{table}-")]


def test_a_day_is_a_file_of_readings_and_of_each_rollup(tmp_path: Path) -> None:
    folder = tmp_path / "it's here"
    with DuckDBStore(tmp_path / "readings.duckdb", PLANT) as store:
        store.write(numbered(100_000), 1)
        store.write(block([(1, T0 + 5 * DAY_NS, -1.0, 0x81, T0)], T0), 2)
        paths = store.export(folder, 0, 2**62)
        days = ("2026-01-01", "2026-01-02", "2026-01-06")
        names = [f"{table}-{day}.parquet" for day in days for table in ("reading", "rollup_1m", "rollup_1h")]
        assert [path.name for path in paths] == names
        assert sorted(path.name for path in folder.iterdir()) == sorted(names)
        assert store.export(folder, 0, 2**62) == paths
    query = "count(*), count(DISTINCT value), min(point), any_value(unit), max(value), bool_or(simulated)"
    assert read(of("reading", paths), query) == [(100_001, 100_001, "plant.LT 1", "m", 99_999.0, True)]
    assert read(of("reading", paths)[1:2], "epoch_ns(min(time)), min(value)") == [(T0 + DAY_NS, 86_400.0)]
    for table in ("rollup_1m", "rollup_1h"):
        assert read(of(table, paths), 'sum("count")::BIGINT, min("min"), max("max")') == [(100_001, -1.0, 99_999.0)]
    codecs = duckdb.execute("SELECT DISTINCT compression FROM parquet_metadata(?)", [str(paths[1])])
    assert codecs.fetchall() == [("ZSTD",)]


def test_a_part_of_a_day_has_its_hours_in_its_name(tmp_path: Path) -> None:
    with DuckDBStore(tmp_path / "readings.duckdb", PLANT) as store:
        store.write(numbered(20_000), 1)
        start, end = T0 + NS_PER_HOUR + 30 * NS_PER_S, T0 + 2 * NS_PER_HOUR
        paths = store.export(tmp_path, start, end)
        assert store.export(tmp_path, T0 - DAY_NS, T0) == []
        assert store.export(tmp_path, end, start) == []
    assert [path.name for path in paths] == [
        "reading-2026-01-01T010030-020000.parquet",
        "rollup_1m-2026-01-01T010030-020000.parquet",
    ]
    assert read(paths[:1], "epoch_ns(min(time)), epoch_ns(max(time)), count(*)") == [(start, end - NS_PER_S, 3_570)]
    assert read(paths[1:], 'epoch_ns(min(time)), sum("count")::BIGINT') == [(start + 30 * NS_PER_S, 3_540)]


def test_an_empty_store_has_nothing_to_export(tmp_path: Path) -> None:
    with DuckDBStore(tmp_path / "readings.duckdb", PLANT) as store:
        assert store.export(tmp_path / "out", 0, 2**62) == []


def test_no_room_leaves_no_half_file(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    with DuckDBStore(tmp_path / "readings.duckdb", PLANT) as store:
        store.write(numbered(200_000), 1)
        store.close()
        store.position()
        with no_file_above(10_000), pytest.raises(Unavailable):
            store.export(folder, 0, 2**62)
        assert list(folder.iterdir()) == []
        assert len(store.export(folder, 0, 2**62)) == 9
        assert store.count() == 200_000
