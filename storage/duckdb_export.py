"""Readings and rollups as Parquet files, which DuckDB, pyarrow, pandas and Spark read without us."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from ganzhi.clock import NS_PER_S
from storage.duckdb_rollup import DAY_NS, LEVELS, between, merged, named

EXTENT = """
SELECT epoch_ns(min(first)), epoch_ns(max(last)) FROM (
    SELECT min(time) AS first, max(time) AS last FROM reading
    UNION ALL SELECT min(time), max(time) FROM rollup_1h
    UNION ALL SELECT min(time), max(time) FROM rollup_recent)
"""


def export(cursor: duckdb.DuckDBPyConnection, folder: Path, start: int, end: int) -> list[Path]:
    """Files of the UTC days of [start, end), in the order of time; none of a day without rows.

    `reading-2026-01-01.parquet` has whole readings, `rollup_1m-…` and `rollup_1h-…` the windows that begin that day;
    of a part of a day the name also has its hours: `reading-2026-01-01T080000-090000.parquet`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for begin, stop in _days(cursor, start, end):
        queries = {"reading": f"SELECT * FROM telemetry WHERE {between(begin, stop)}"}
        for level in LEVELS:
            width = level.width_ns
            windows = between(-(-begin // width) * width, -(-stop // width) * width)
            queries[level.table] = f"{named(merged(level, _rolled(cursor), windows))} ORDER BY point, time"
        for table, query in queries.items():
            path = folder / f"{table}-{_span(begin, stop)}.parquet"
            if _write(cursor, query, path):
                written.append(path)
    return written


def _days(cursor: duckdb.DuckDBPyConnection, start: int, end: int) -> list[tuple[int, int]]:
    first, last = cursor.execute(EXTENT).fetchone() or (None, None)
    if first is None:
        return []
    days = range(max(start, first) // DAY_NS, -(-min(end, last + 1) // DAY_NS))
    return [(max(start, day * DAY_NS), min(end, (day + 1) * DAY_NS)) for day in days]


def _rolled(cursor: duckdb.DuckDBPyConnection) -> str:
    [(rolled,)] = cursor.execute("SELECT rolled FROM progress").fetchall()
    return str(rolled)


def _span(begin: int, stop: int) -> str:
    first, last = (datetime.fromtimestamp(time // NS_PER_S, UTC) for time in (begin, stop))
    whole = begin % DAY_NS == 0 and stop - begin == DAY_NS
    return f"{first:%Y-%m-%d}" if whole else f"{first:%Y-%m-%dT%H%M%S}-{last:%H%M%S}"


def _write(cursor: duckdb.DuckDBPyConnection, query: str, path: Path) -> bool:
    part = path.with_name(path.name + ".part")
    try:
        target = str(part).replace("'", "''")
        [(rows,)] = cursor.execute(f"COPY ({query}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)").fetchall()
        if rows:
            with part.open("rb") as file:
                os.fsync(file.fileno())
            part.replace(path)
        return bool(rows)
    finally:
        part.unlink(missing_ok=True)
