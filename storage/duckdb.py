"""The embedded telemetry store: one DuckDB file, columns in, one insert a block."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import numpy as np
from numpy.typing import NDArray

from ganzhi.clock import NS_PER_HOUR, NS_PER_S
from ganzhi.errors import ConfigError, Fault, Unavailable
from ganzhi.records import AlarmEvent, Catalogue, Floats, Int32s, Int64s, ReadingBlock, RiskColour
from storage.curve import Curve
from storage.delivery import Rejected
from storage.duckdb_curve import read_curve
from storage.duckdb_export import export
from storage.duckdb_file import DuckDBFile
from storage.duckdb_rollup import TABLES, Rollups, roll_stored
from storage.duckdb_schema import (
    INSERT_ALARM,
    INSERT_PIPELINE,
    INSERT_RISK,
    SCHEMA,
    TO_2,
    VERSION,
    VERSIONED,
    alarm_row,
)
from storage.keys import NONE, PointKeys
from storage.names import PIPELINE_FLOATS, PIPELINE_INTEGERS, pipeline_fields, risk_fields
from storage.recall import clusters

MEMORY_LIMIT = "512MB"
"""DuckDB's own default is four fifths of the machine, which the rest of the service needs."""

RECALL = """
SELECT keys.row, reading.value FROM reading JOIN keys ON reading.point_key = keys.point_key AND reading.time = keys.time
WHERE reading.time BETWEEN make_timestamp_ns(?) AND make_timestamp_ns(?)
"""

READINGS = """
SELECT keys.point, reading.time, reading.value, reading.quality, reading.received
FROM reading JOIN keys ON reading.point_key = keys.point_key
WHERE reading.time >= make_timestamp_ns(?) AND reading.time < make_timestamp_ns(?) ORDER BY reading.time, keys.point
"""


class DuckDBStore:
    """Readings and their rollups, alarms, risk colours and the pipeline's counters in one file.

    `write` stores the number of the block in the transaction of its rows, so that `position` is exact after any
    death, and so are the rollups. One thread writes at a time; reading goes over cursors of its own and sees whole
    blocks.

    retention_s         readings older than this are deleted by `prune`; None: never
    rollup_retention_s  the same of rollups; not below retention_s
    """

    def __init__(
        self,
        path: Path | str,
        catalogue: Catalogue,
        *,
        retention_s: float | None = None,
        rollup_retention_s: float | None = None,
        memory_limit: str = MEMORY_LIMIT,
    ) -> None:
        if retention_s is not None and not retention_s > 0:
            raise ValueError("retention_s must be above zero, or None to keep everything")
        if rollup_retention_s is not None and not rollup_retention_s >= (retention_s or math.inf):
            raise ValueError("rollup_retention_s must not be below retention_s, or None to keep everything")
        self._file = DuckDBFile(Path(path), memory_limit=memory_limit, prepare=self._prepare)
        self._catalogue = catalogue
        self._retention_s = retention_s
        self._rollup_retention_s = rollup_retention_s
        self._rollups: Rollups
        self._keys: PointKeys
        self._seq = 0

    def __enter__(self) -> Self:
        with self._file.writing():
            return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def verify(self) -> Fault | None:
        """What keeps the store from working, or None."""
        try:
            with self._file.writing():
                return None
        except Unavailable as error:
            return Fault("[store] path", str(error), "stop the other program, or name another file")

    def write(self, block: ReadingBlock, seq: int) -> NDArray[np.intp]:
        """Store the block that ends at `seq`, unless that seq was written before; no row is ever refused.

        Raises Unavailable when the disk is full; nothing of the block is stored then.
        """
        with self._file.writing() as connection:
            if seq <= self._seq:
                return NONE
            if len(block):
                _insert(connection, _columns(block, self._keys), seq)
            connection.execute("UPDATE progress SET seq = ?", [seq])
            self._rollups.note(connection, len(block), block.now)
        self._seq = seq
        return NONE

    @property
    def rejected(self) -> Rejected:
        """None: it takes every row or is Unavailable."""
        return Rejected(0, "")

    def position(self) -> int:
        """The last seq written; 0 for a new store."""
        with self._file.writing():
            return self._seq

    def curve(self, point: int, start: int, end: int, most: int) -> Curve:
        """Rows of a point in [start, end]: all when they are `most` at most, else the extremes of as many buckets.

        Of more than six hours, or of more than twenty bursts, rollups are read instead, and a minute gives at most its
        least, greatest and last row. So does every minute whose readings were deleted for their age.
        """
        with self._file.reading() as cursor:
            return read_curve(cursor, int(self._keys.key_of_index[point]), start, end, most)

    def recall(self, point: Int32s, time: Int64s) -> Floats:
        """The value stored for each (point, time), float64 (n,); NaN where there is none."""
        found = np.full(len(point), math.nan)
        with self._file.reading() as cursor:
            for rows in clusters(time, joined=True) if len(point) else []:
                keys = {"row": rows, "point_key": self._keys.keys(point[rows]), "time": time[rows].view("M8[ns]")}
                cursor.register("keys", keys)
                stored = cursor.execute(RECALL, [int(time[rows[0]]), int(time[rows[-1]])]).fetchnumpy()
                found[stored["row"]] = stored["value"]
        return found

    def readings(self, points: Int32s, start: int, end: int) -> ReadingBlock:
        """Every reading of some points in [start, end), UTC ns, in the order of time."""
        keys = {"point_key": self._keys.keys(points), "point": points}
        with self._file.reading() as cursor:
            cursor.register("keys", keys)
            found = cursor.execute(READINGS, [start, end]).fetchnumpy()
        time, received = (np.asarray(found[name]).view(np.int64) for name in ("time", "received"))
        return ReadingBlock(found["point"], time, found["value"], found["quality"], received, end)

    def count(self) -> int:
        """Readings stored."""
        with self._file.reading() as cursor:
            return _number(cursor, "SELECT count(*) FROM reading")

    def record(self, events: Sequence[AlarmEvent], colours: Sequence[RiskColour]) -> None:
        """Keep lines of the journal and risk colours; one that is kept already stays as it is."""
        if not events and not colours:
            return
        with self._file.writing() as connection:
            if events:
                connection.executemany(INSERT_ALARM, [alarm_row(event) for event in events])
            if colours:
                rows = [[c.at, c.enterprise, c.source, *risk_fields(c).values()] for c in colours]
                connection.executemany(INSERT_RISK, rows)

    def record_pipeline(self, now: int, counters: Mapping[str, float]) -> None:
        """Keep the pipeline's counters of a moment."""
        fields = pipeline_fields(counters)
        with self._file.writing() as connection:
            values = [fields.get(name) for name in (*PIPELINE_INTEGERS, *PIPELINE_FLOATS)]
            connection.execute(INSERT_PIPELINE, [now, *values])

    def prune(self, now: int) -> int:
        """Delete readings, colours and counters older than the retention; the readings deleted. Alarms stay."""
        if self._retention_s is None:
            return 0
        before = now - int(self._retention_s * NS_PER_S)
        with self._file.writing() as connection:
            self._rollups.roll(connection)
            connection.execute("UPDATE progress SET pruned = greatest(pruned, ?)", [before])
            for table in ("risk", "pipeline"):
                connection.execute(_delete(table, before))
            if self._rollup_retention_s is not None:
                old = (now - int(self._rollup_retention_s * NS_PER_S)) // NS_PER_HOUR * NS_PER_HOUR
                for table in TABLES:
                    connection.execute(_delete(table, old))
            return _number(connection, _delete("reading", before))

    def export(self, folder: Path, start: int, end: int) -> list[Path]:
        """Write the readings of [start, end), UTC ns, and their rollups to Parquet files, one of each a day.

        A file has its name when it is whole. Raises Unavailable when there is no room for it.
        """
        with self._file.reading() as cursor:
            return export(cursor, folder, start, end)

    def close(self) -> None:
        """Close the file; a later call opens it again."""
        self._file.close()

    def _prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        for statement in VERSIONED:
            connection.execute(statement)
        found = _number(connection, "SELECT max(version) FROM schema_version")
        if found > VERSION:
            problem = f"was written in format {found} by a newer program; this one reads up to format {VERSION}"
            raise ConfigError([Fault(str(self._file.path), problem, "start the newer program, or name another file")])
        for statement in (*(TO_2 if found < VERSION else ()), *SCHEMA):
            connection.execute(statement)
        if found < VERSION:
            roll_stored(connection)
        self._rollups = Rollups()
        self._seq = _number(connection, "SELECT seq FROM progress")
        self._name_points(connection)

    def _name_points(self, connection: duckdb.DuckDBPyConnection) -> None:
        known = connection.execute("SELECT key, id, enterprise, source, tag, quantity, unit FROM point ORDER BY key")
        rows = known.fetchall()
        points = self._catalogue.points
        self._keys = PointKeys(ids=[p.id for p in points], known=[row[1] for row in rows])
        kept = {row[0]: row for row in rows}
        fresh = [
            (key, p.id, p.enterprise, p.source, p.tag, p.quantity, p.unit)
            for key, p in zip(self._keys.key_of_index.tolist(), points, strict=True)
        ]
        changed = [row for row in fresh if kept.get(row[0]) != row]
        if changed:
            _replace_points(connection, changed)


def _number(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _delete(table: str, before: int) -> str:
    return f"DELETE FROM {table} WHERE time < make_timestamp_ns({before})"


def _columns(block: ReadingBlock, keys: PointKeys) -> dict[str, NDArray[np.generic]]:
    return {
        "point_key": keys.keys(block.point),
        "time": block.time.view("M8[ns]"),
        "value": block.value,
        "quality": block.quality,
        "received": block.received.view("M8[ns]"),
    }


def _insert(connection: duckdb.DuckDBPyConnection, columns: dict[str, NDArray[np.generic]], seq: int) -> None:
    # DuckDB finds `columns` by its name here and scans the arrays where they lie: 4 million rows a second.
    connection.execute("INSERT INTO reading SELECT *, ? FROM columns", [seq])


def _replace_points(connection: duckdb.DuckDBPyConnection, rows: Sequence[tuple[object, ...]]) -> None:
    names = ("key", "id", "enterprise", "source", "tag", "quantity", "unit")
    columns = {name: np.array(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
    connection.register("changed", columns)
    connection.execute("INSERT OR REPLACE INTO point SELECT * FROM changed")
    connection.unregister("changed")
