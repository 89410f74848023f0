"""Rollups of the DuckDB store: what a point's readings came to in a minute and in an hour.

    reading ──each minute──▶ rollup_recent ──each hour──▶ rollup_1m, rollup_1h

Each arrow is an INSERT … GROUP BY in the transaction of the block that is being written, so a kill leaves either all
of it or nothing. Rows are *partial*: late readings make another row of the same point and window, and whoever reads
merges. Readings that are not rolled yet are those whose `seq` is above `progress.rolled`; blocks are numbered in the
order in which they are written, so DuckDB's zone maps find them without reading the others. `rollup_recent` has the
minutes in the order in which they came; an hour of them is written on to `rollup_1m` by point, so that a point's weeks
lie in few places. No index: one over 14 million minutes a day would have to fit into memory.

low, high, last, rows     of all readings, whatever their quality: a curve shows them all
total, good               sum and number of those that are good or uncertain: the mean is of them alone
low_at, high_at, last_at  when that was, and its quality: nanoseconds since the row's `time`, shifted left by 8, then
                          the quality; one number, so that a tie cannot mix the time of one with the quality of another
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from ganzhi.clock import NS_PER_HOUR, NS_PER_S
from ganzhi.records import QUALITY_MASK, Quality

MINUTE_NS = 60 * NS_PER_S
DAY_NS = 24 * NS_PER_HOUR

QUALITY_BITS = 8
QUALITIES = (1 << QUALITY_BITS) - 1
"""The whole byte: the simulated bit too."""

MOST_WAITING = 4_000_000
"""Readings that are rolled at once at most, however they are timed: 90 MB of memory for as many points and minutes."""

MOST_RECENT = 2_000_000
"""Rows at which `rollup_recent` is written on before its hour is over; it then sorts in some 200 MB."""


@dataclass(frozen=True, slots=True)
class Level:
    """A table of rollups and the width of its windows."""

    table: str
    width_ns: int


MINUTE = Level("rollup_1m", MINUTE_NS)
HOUR = Level("rollup_1h", NS_PER_HOUR)
LEVELS = (MINUTE, HOUR)
"""Finest first."""

RECENT = "rollup_recent"
TABLES = (RECENT, MINUTE.table, HOUR.table)

COLUMNS = """
    point_key INTEGER NOT NULL, time TIMESTAMP_NS NOT NULL, low DOUBLE NOT NULL, low_at BIGINT NOT NULL,
    high DOUBLE NOT NULL, high_at BIGINT NOT NULL, total DOUBLE NOT NULL, good BIGINT NOT NULL, rows BIGINT NOT NULL,
    last DOUBLE NOT NULL, last_at BIGINT NOT NULL
"""
MERGED = """
    min(low) AS low, arg_min(low_at, low) AS low_at, max(high) AS high, arg_max(high_at, high) AS high_at,
    sum(total) AS total, sum(good)::BIGINT AS good, sum(rows)::BIGINT AS rows,
    arg_max(last, last_at) AS last, max(last_at) AS last_at
"""
"""Partial rows of one point and window as one."""


def of_readings(width_ns: int, where: str) -> str:
    """Partial rows of the readings that `where` chooses, a row for a point and window; `n` is the window's number."""
    return f"""
        SELECT point_key, n, min(value) AS low, arg_min(mark, value) AS low_at,
               max(value) AS high, arg_max(mark, value) AS high_at,
               coalesce(sum(good), 0) AS total, count(good) AS good, count(*) AS rows,
               arg_max(value, mark) AS last, max(mark) AS last_at
        FROM (SELECT point_key, epoch_ns(time) // {width_ns} AS n, value,
                     ((epoch_ns(time) % {width_ns}) << {QUALITY_BITS}) | quality AS mark,
                     CASE WHEN quality & {QUALITY_MASK} <= {int(Quality.UNCERTAIN)} THEN value END AS good
              FROM reading WHERE {where})
        GROUP BY point_key, n"""


def of_rollups(table: str, width_ns: int, where: str = "true") -> str:
    """The rows of a table of rollups that `where` chooses, as partial rows of windows of this width."""
    shift = f"((epoch_ns(time) % {width_ns}) << {QUALITY_BITS})"
    return f"""
        SELECT point_key, epoch_ns(time) // {width_ns} AS n, low, low_at + {shift} AS low_at,
               high, high_at + {shift} AS high_at, total, good, rows, last, last_at + {shift} AS last_at
        FROM {table} WHERE {where}"""


def partials(level: Level, rolled: str, where: str = "true") -> str:
    """All partial rows of a level: its own, those of the last hour, and the readings that are not rolled yet."""
    return " UNION ALL ".join(
        [
            of_rollups(level.table, level.width_ns, where),
            of_rollups(RECENT, level.width_ns, where),
            of_readings(level.width_ns, f"seq > {rolled} AND {where}"),
        ]
    )


def _insert(level: Level, source: str) -> str:
    return f"""INSERT INTO {level.table}
        SELECT point_key, make_timestamp_ns(n * {level.width_ns}), {MERGED} FROM ({source})
        GROUP BY point_key, n ORDER BY point_key, n"""


def merged(level: Level, rolled: str, where: str = "true") -> str:
    """One row a point and window, with late readings in it and up to the last that is stored."""
    return f"""SELECT point_key, make_timestamp_ns(n * {level.width_ns}) AS time, {MERGED}
        FROM ({partials(level, rolled, where)}) GROUP BY point_key, n"""


def named(source: str) -> str:
    """Merged rows as people read them."""
    return f"""SELECT p.id AS point, p.enterprise, p.source, p.tag, p.quantity, p.unit, r.time,
            r.low AS "min", r.high AS "max", r.total / nullif(r.good, 0) AS mean, r.last, r.rows AS "count",
            r.good AS good_count, {_when("low_at")} AS min_time, {_when("high_at")} AS max_time,
            {_when("last_at")} AS last_time
        FROM ({source}) r JOIN point p ON p.key = r.point_key"""


def _when(name: str) -> str:
    return f"make_timestamp_ns(epoch_ns(r.time) + (r.{name} >> {QUALITY_BITS}))"


def _view(name: str, level: Level) -> str:
    return f"CREATE VIEW IF NOT EXISTS {name} AS {named(merged(level, '(SELECT rolled FROM progress)'))}"


SCHEMA = (
    *(f"CREATE TABLE IF NOT EXISTS {table} ({COLUMNS})" for table in TABLES),
    _view("telemetry_1m", MINUTE),
    _view("telemetry_1h", HOUR),
)

ROLL = f"""INSERT INTO {RECENT} BY NAME
    SELECT * EXCLUDE (n), make_timestamp_ns(n * {MINUTE_NS}) AS time FROM ({of_readings(MINUTE_NS, "seq > ?")})"""


class Rollups:
    """Says when it is time and rolls. One a connection; what is stored it learns from there."""

    def __init__(self) -> None:
        self._waiting = 0
        self._minute: int | None = None
        self._hour: int | None = None

    def note(self, connection: duckdb.DuckDBPyConnection, rows: int, now: int) -> None:
        """Roll what is due at `now` after so many more readings; in the transaction that stores them."""
        self._waiting += rows
        if now // MINUTE_NS != self._minute or self._waiting >= MOST_WAITING:
            self.roll(connection)
            self._minute = now // MINUTE_NS
            if now // NS_PER_HOUR != self._hour or _count(connection, f"SELECT count(*) FROM {RECENT}") >= MOST_RECENT:
                settle(connection)
                self._hour = now // NS_PER_HOUR

    def roll(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Roll all readings that are not rolled yet into minutes."""
        rolled, seq = connection.execute("SELECT rolled, seq FROM progress").fetchone() or (0, 0)
        if seq > rolled:
            connection.execute(ROLL, [rolled])
            connection.execute("UPDATE progress SET rolled = ?", [seq])
        self._waiting = 0


def settle(connection: duckdb.DuckDBPyConnection) -> None:
    """Write the recent minutes on to the tables of minutes and hours."""
    for level in LEVELS:
        connection.execute(_insert(level, of_rollups(RECENT, level.width_ns)))
    connection.execute(f"DELETE FROM {RECENT}")


def roll_stored(connection: duckdb.DuckDBPyConnection) -> None:
    """Roll all readings of a file that had no rollups, an hour at a time: a day of a city does not fit into memory."""
    hours = connection.execute(f"SELECT DISTINCT epoch_ns(time) // {NS_PER_HOUR} FROM reading ORDER BY ALL").fetchall()
    for (hour,) in hours:
        bounds = between(hour * NS_PER_HOUR, (hour + 1) * NS_PER_HOUR)
        connection.execute(_insert(MINUTE, of_readings(MINUTE_NS, bounds)))
        connection.execute(_insert(HOUR, of_rollups(MINUTE.table, NS_PER_HOUR, bounds)))
    connection.execute("UPDATE progress SET rolled = seq")


def between(start: int, stop: int) -> str:
    """The condition that `time` is in [start, stop), UTC ns."""
    return f"time >= make_timestamp_ns({start}) AND time < make_timestamp_ns({stop})"


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
