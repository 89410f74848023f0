"""The embedded telemetry store: one DuckDB file, columns in, one insert a block."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import numpy as np
from numpy.typing import NDArray

from ganzhi.clock import NS_PER_S
from ganzhi.errors import ConfigError, Fault, Unavailable
from ganzhi.records import AlarmEvent, Bytes, Catalogue, Floats, Int64s, ReadingBlock, RiskColour
from storage.curve import Curve, in_order, width_ns
from storage.duckdb_schema import INSERT_ALARM, INSERT_PIPELINE, INSERT_RISK, SCHEMA, VERSION, alarm_row
from storage.keys import PointKeys
from storage.names import PIPELINE_FLOATS, PIPELINE_INTEGERS, pipeline_fields, risk_fields

MEMORY_LIMIT = "512MB"
"""DuckDB's own default is four fifths of the machine, which the rest of the service needs."""

RETRY_AFTER_S = 2.0
MAGIC = b"DUCK"
MAGIC_AT = 8
"""Bytes that every DuckDB file has behind the checksum of its first header (duckdb.org/docs/internals/storage)."""

WHERE = "WHERE point_key = ? AND time BETWEEN make_timestamp_ns(?) AND make_timestamp_ns(?)"
EXTENT = f"SELECT count(*), epoch_ns(min(time)), epoch_ns(max(time)) FROM reading {WHERE}"
ROWS = f"SELECT epoch_ns(time) AS time, value, quality FROM reading {WHERE}"
EXTREMES = f"""
SELECT arg_min(time, value) AS time_min, min(value) AS value_min, arg_min(quality, value) AS quality_min,
       arg_max(time, value) AS time_max, max(value) AS value_max, arg_max(quality, value) AS quality_max
FROM ({ROWS}) GROUP BY (time - ?) // ?
"""


class DuckDBStore:
    """Readings, alarms, risk colours and the pipeline's counters in one file.

    `write` stores the number of the block in the transaction of its rows, so that `position` is exact after any
    death. One thread writes at a time; reading goes over cursors of its own and sees whole blocks.
    """

    def __init__(
        self,
        path: Path | str,
        catalogue: Catalogue,
        *,
        retention_s: float | None = None,
        memory_limit: str = MEMORY_LIMIT,
    ) -> None:
        if retention_s is not None and not retention_s > 0:
            raise ValueError("retention_s must be above zero, or None to keep everything")
        self.path = Path(path)
        self._catalogue = catalogue
        self._retention_s = retention_s
        self._memory_limit = memory_limit
        self._lock = threading.Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._keys: PointKeys
        self._seq = 0

    def __enter__(self) -> Self:
        with self._writing():
            return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def verify(self) -> Fault | None:
        """What keeps the store from working, or None."""
        try:
            with self._writing():
                return None
        except Unavailable as error:
            return Fault("[store] path", str(error), "stop the other program, or name another file")

    def write(self, block: ReadingBlock, seq: int) -> int:
        """Store the block that ends at `seq`; the rows written, none when that seq was written before.

        Raises Unavailable when the disk is full; nothing of the block is stored then.
        """
        with self._writing() as connection:
            if seq <= self._seq:
                return 0
            if len(block):
                _insert(connection, _columns(block, self._keys))
            connection.execute("UPDATE progress SET seq = ?", [seq])
        self._seq = seq
        return len(block)

    def position(self) -> int:
        """The last seq written; 0 for a new store."""
        with self._writing():
            return self._seq

    def curve(self, point: int, start: int, end: int, most: int) -> Curve:
        """Rows of a point in [start, end]: all when they are `most` at most, else the extremes of as many buckets."""
        with self._reading() as cursor:
            place = [int(self._keys.key_of_index[point]), start, end]
            count, first, last = cursor.execute(EXTENT, place).fetchone() or (0, None, None)
            if count <= most:
                return in_order(*_arrays(cursor.execute(ROWS, place).fetchnumpy(), ""))
            found = cursor.execute(EXTREMES, [*place, first, width_ns(first, last, most)]).fetchnumpy()
        least, greatest = _arrays(found, "_min"), _arrays(found, "_max")
        return in_order(
            np.concatenate([least[0], greatest[0]]),
            np.concatenate([least[1], greatest[1]]),
            np.concatenate([least[2], greatest[2]]),
        )

    def count(self) -> int:
        """Readings stored."""
        with self._reading() as cursor:
            return self._number(cursor, "SELECT count(*) FROM reading", [])

    def record(self, events: Sequence[AlarmEvent], colours: Sequence[RiskColour]) -> None:
        """Keep lines of the journal and risk colours; one that is kept already stays as it is."""
        if not events and not colours:
            return
        with self._writing() as connection:
            if events:
                connection.executemany(INSERT_ALARM, [alarm_row(event) for event in events])
            if colours:
                rows = [[c.at, c.enterprise, c.source, *risk_fields(c).values()] for c in colours]
                connection.executemany(INSERT_RISK, rows)

    def record_pipeline(self, now: int, counters: Mapping[str, float]) -> None:
        """Keep the pipeline's counters of a moment."""
        fields = pipeline_fields(counters)
        with self._writing() as connection:
            values = [fields.get(name) for name in (*PIPELINE_INTEGERS, *PIPELINE_FLOATS)]
            connection.execute(INSERT_PIPELINE, [now, *values])

    def prune(self, now: int) -> int:
        """Delete readings, colours and counters older than the retention; the readings deleted. Alarms stay."""
        if self._retention_s is None:
            return 0
        before = now - int(self._retention_s * NS_PER_S)
        with self._writing() as connection:
            for table in ("risk", "pipeline"):
                connection.execute(f"DELETE FROM {table} WHERE time < make_timestamp_ns(?)", [before])
            return self._number(connection, "DELETE FROM reading WHERE time < make_timestamp_ns(?)", [before])

    def close(self) -> None:
        """Close the file; a later call opens it again."""
        with self._lock:
            self._drop()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._lock, self._guarded():
            connection = self._opened()
            connection.begin()
            try:
                yield connection
            except duckdb.FatalException:
                raise
            except BaseException:
                connection.rollback()
                raise
            try:
                connection.commit()
            except duckdb.TransactionException as error:  # there is one writer, so it was not a conflict: the disk
                self._drop()
                raise Unavailable(f"{self.path}: {error}", retry_after_s=RETRY_AFTER_S) from error

    @contextlib.contextmanager
    def _reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._guarded():
            with self._lock:
                cursor = self._opened().cursor()
            with contextlib.closing(cursor):
                yield cursor

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except duckdb.FatalException as error:  # DuckDB wants the file opened anew after it could not write
            self._drop()
            raise Unavailable(f"{self.path}: DuckDB stopped ({error})", retry_after_s=RETRY_AFTER_S) from error
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            raise Unavailable(f"{self.path}: {error}", retry_after_s=RETRY_AFTER_S) from error

    def _opened(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None:
            _require_duckdb(self.path)
            connection = duckdb.connect(self.path, config={"memory_limit": self._memory_limit})
            try:
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.begin()
        for statement in SCHEMA:
            connection.execute(statement)
        found = self._number(connection, "SELECT max(version) FROM schema_version", [])
        if found > VERSION:
            problem = f"was written in format {found} by a newer program; this one reads up to format {VERSION}"
            raise ConfigError([Fault(str(self.path), problem, "start the newer program, or name another file")])
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
        self._seq = self._number(connection, "SELECT seq FROM progress", [])
        connection.commit()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @staticmethod
    def _number(connection: duckdb.DuckDBPyConnection, query: str, values: list[int]) -> int:
        row = connection.execute(query, values).fetchone()
        return int(row[0]) if row else 0


def _columns(block: ReadingBlock, keys: PointKeys) -> dict[str, NDArray[np.generic]]:
    return {
        "point_key": keys.keys(block.point),
        "time": block.time.view("M8[ns]"),
        "value": block.value,
        "quality": block.quality,
        "received": block.received.view("M8[ns]"),
    }


def _insert(connection: duckdb.DuckDBPyConnection, columns: dict[str, NDArray[np.generic]]) -> None:
    # DuckDB finds `columns` by its name here and scans the arrays where they lie: 3 million rows a second.
    connection.execute("INSERT INTO reading SELECT * FROM columns")


def _replace_points(connection: duckdb.DuckDBPyConnection, rows: Sequence[tuple[object, ...]]) -> None:
    names = ("key", "id", "enterprise", "source", "tag", "quantity", "unit")
    columns = {name: np.array(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
    connection.register("changed", columns)
    connection.execute("INSERT OR REPLACE INTO point SELECT * FROM changed")
    connection.unregister("changed")


def _arrays(found: Mapping[str, NDArray[np.generic]], which: str) -> tuple[Int64s, Floats, Bytes]:
    return (
        np.asarray(found["time" + which], np.int64),
        np.asarray(found["value" + which], np.float64),
        np.asarray(found["quality" + which], np.uint8),
    )


def _require_duckdb(path: Path) -> None:
    if not path.exists() or path.stat().st_size == 0:
        return
    with path.open("rb") as file:
        if file.read(MAGIC_AT + len(MAGIC))[MAGIC_AT:] != MAGIC:
            raise ConfigError([Fault(str(path), "is not a DuckDB file", "name another file in [store] path")])
