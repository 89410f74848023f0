"""A curve out of the DuckDB store: from the coarsest rollups that give the resolution asked for, and few readings.

Rollups are taken whole where they lie within the bounds; where they stick out, the next finer level is read, and
readings only within the minutes at both ends. Every row of a curve is a reading with its own time, value and quality.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from ganzhi.clock import NS_PER_HOUR
from ganzhi.records import Bytes, Floats, Int64s
from storage.curve import Curve, in_order, width_ns
from storage.duckdb_rollup import (
    DAY_NS,
    HOUR,
    MINUTE,
    MINUTE_NS,
    QUALITIES,
    QUALITY_BITS,
    Level,
    between,
    partials,
)

MOST_RAW_NS = 6 * NS_PER_HOUR
MOST_RAW_SPANS = 20
"""No more than so much of the table of readings is read for one curve: a point's readings lie among everyone's."""

NEAR_NS = 10 * MINUTE_NS
"""Spans of readings closer than this are read as one; spans of minutes when they are closer than a day."""

FINER = {HOUR.table: MINUTE, MINUTE.table: None}

PARTIALS = """
SELECT n, sum(rows)::BIGINT AS rows, min(low) AS low, arg_min(low_at, low) AS low_at,
       max(high) AS high, arg_max(high_at, high) AS high_at, arg_max(last, last_at) AS last, max(last_at) AS last_at
FROM ({}) GROUP BY n ORDER BY n
"""
READINGS = "SELECT epoch_ns(time) AS time, value, quality FROM reading WHERE {}"

Windows = dict[str, NDArray[Any]]
"""Columns of PARTIALS; the values are float64."""

Span = tuple[int, int]
"""From and to, the latter not in it; UTC ns."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """Candidates for a curve, the beginning of the window that each stands for, and how many rows they stand for."""

    window: Int64s
    time: Int64s
    value: Floats
    quality: Bytes
    count: int


def read_curve(cursor: duckdb.DuckDBPyConnection, key: int, start: int, end: int, most: int) -> Curve:
    """Rows of a point in [start, end], `most` at most; the transaction of `cursor` keeps what is read of one moment."""
    reader = _Reader(cursor, key, start, end)
    hours = reader.windows(HOUR, (start, end + 1))
    if len(hours["n"]) == 0:
        width_ns(start, end, most)
        return in_order(*(np.empty(0, kind) for kind in (np.int64, np.float64, np.uint8)))  # type: ignore[arg-type]
    first = max(start, int(hours["n"][0]) * NS_PER_HOUR)
    last = min(end, int(hours["n"][-1]) * NS_PER_HOUR + (int(hours["last_at"][-1]) >> QUALITY_BITS))
    span = (first, min(end + 1, int(hours["n"][-1] + 1) * NS_PER_HOUR))
    level = _coarsest(width_ns(first, last, most), deleted=first < reader.pruned, span=last - first)
    every = int(hours["rows"].sum()) <= most
    rows = reader.rows(HOUR if every else level, span, every=every)
    if rows.count <= most and level is not None and not every:
        rows = reader.rows(level, span, every=True)
    found = in_order(rows.time, rows.value, rows.quality)
    return found if len(found[0]) <= most else _thinned(rows, most)


def _coarsest(width: int, *, deleted: bool, span: int) -> Level | None:
    if width >= NS_PER_HOUR:
        return HOUR
    return MINUTE if width >= MINUTE_NS or deleted or span > MOST_RAW_NS else None


class _Reader:
    def __init__(self, cursor: duckdb.DuckDBPyConnection, key: int, start: int, end: int) -> None:
        self._cursor = cursor
        self._point = f"point_key = {key}"
        self._start, self._end = start, end
        self._rolled, self.pruned = cursor.execute("SELECT rolled, pruned FROM progress").fetchone() or (0, 0)

    def windows(self, level: Level, span: Span) -> Windows:
        """The windows of a level that touch a span, partial rows merged."""
        width = level.width_ns
        bounds = between(span[0] // width * width, -(-span[1] // width) * width)
        source = partials(level, str(self._rolled), f"{self._point} AND {bounds}")
        return self._cursor.execute(PARTIALS.format(source)).fetchnumpy()

    def rows(self, level: Level | None, span: Span, *, every: bool) -> _Rows:
        """Least, greatest and last of the windows within the span, or every reading where these are not all."""
        if level is None:
            return self._readings(span)
        found = self.windows(level, span)
        begin, finer = found["n"] * level.width_ns, FINER[level.table]
        whole = (begin >= span[0]) & (begin + level.width_ns <= span[1])
        if every:
            whole &= found["rows"] <= _distinct(found)
        if finer is None:
            whole |= begin < self.pruned  # its readings are deleted, or some of them
        rest = _spans(begin[~whole], level.width_ns, span, near_ns=NEAR_NS if finer is None else DAY_NS)
        if finer is None and (len(rest) > MOST_RAW_SPANS or sum(stop - start for start, stop in rest) > MOST_RAW_NS):
            rest = []
        taken = np.ones(len(begin), np.bool_)
        for start, stop in rest:
            taken &= (begin + level.width_ns <= start) | (begin >= stop)
        return _joined([self._taken(found, begin, taken), *(self.rows(finer, part, every=every) for part in rest)])

    def _taken(self, found: Windows, begin: Int64s, whole: NDArray[np.bool_]) -> _Rows:
        at = np.concatenate([found[name][whole] for name in ("low_at", "high_at", "last_at")])
        window = np.tile(begin[whole], 3)
        time = window + (at >> QUALITY_BITS)
        value = np.concatenate([found[name][whole] for name in ("low", "high", "last")])
        inside = (time >= self._start) & (time <= self._end)
        quality = (at & QUALITIES).astype(np.uint8)
        count = int(found["rows"][whole].sum())
        return _Rows(window[inside], time[inside], value[inside], quality[inside], count)

    def _readings(self, span: Span) -> _Rows:
        found = self._cursor.execute(READINGS.format(f"{self._point} AND {between(*span)}")).fetchnumpy()
        time = np.asarray(found["time"], np.int64)
        return _Rows(
            time, time, np.asarray(found["value"], np.float64), np.asarray(found["quality"], np.uint8), len(time)
        )


def _joined(parts: Sequence[_Rows]) -> _Rows:
    return _Rows(
        np.concatenate([part.window for part in parts]),
        np.concatenate([part.time for part in parts]),
        np.concatenate([part.value for part in parts]),
        np.concatenate([part.quality for part in parts]),
        sum(part.count for part in parts),
    )


def _distinct(found: Windows) -> Int64s:
    low, high, last = (np.asarray(found[name], np.int64) for name in ("low_at", "high_at", "last_at"))
    distinct: Int64s = 1 + (high != low).astype(np.int64) + ((last != low) & (last != high))
    return distinct


def _spans(begin: Int64s, width: int, bounds: Span, *, near_ns: int) -> list[Span]:
    if len(begin) == 0:
        return []
    groups = np.split(begin, np.flatnonzero(np.diff(begin) > width + near_ns) + 1)
    return [(max(int(group[0]), bounds[0]), min(int(group[-1]) + width, bounds[1])) for group in groups]


def _thinned(rows: _Rows, most: int) -> Curve:
    first = rows.window.min()
    bucket = (rows.window - first) // width_ns(int(first), int(rows.time.max()), most)
    order = np.lexsort((rows.value, bucket))
    ends = np.flatnonzero(np.diff(bucket[order], prepend=-1))
    chosen = order[np.concatenate([ends, np.append(ends[1:], len(order)) - 1])]
    return in_order(rows.time[chosen], rows.value[chosen], rows.quality[chosen])
