"""Readings of several points, each at its own moment, into samples of the unit that they are channels of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from detectors.rows import Rows, Slots, State
from ganzhi.clock import NS_PER_S
from ganzhi.records import SIMULATED, Bytes, Floats, Int64s

Bools = NDArray[np.bool_]

NOT_YET = -(1 << 62)
CELL_BITS = 44
"""Of a key that sorts by unit and cell: milliseconds of 278 years around 1970, and a quarter million units."""
MIDDLE = 1 << (CELL_BITS - 1)
SLOW_ROWS = 200
"""Of a unit, taken row by row before it is seen whether the others can be taken at once again."""

MOST_UNITS = 1 << (62 - CELL_BITS)


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples that are complete, sorted by unit and cell.

    unit     intp (k,)                      cell  int64 (k,): time in sampling periods of the unit
    time     int64 ns (k,), of the newest reading in it
    value    float64 (k, channels), 0 where not `seen`: bool (k, channels)
    quality  uint8 (k,), the SIMULATED bit if any reading has it
    row      intp (k,), which of the rows completed it; -1 where nobody asks
    """

    unit: Slots
    cell: Int64s
    time: Int64s
    value: Floats
    seen: Bools
    quality: Bytes
    row: Slots


@dataclass(frozen=True, slots=True)
class _Draft:
    """Rows by unit and channel, in the order of their arrival; `asked`: somebody wants to know which completes what."""

    row: Slots
    asked: bool
    unit: Slots
    column: Slots
    cell: Int64s
    time: Int64s
    value: Floats
    quality: Bytes

    def rows(self, index: Slots) -> _Draft:
        return _Draft(
            self.row.take(index),
            self.asked,
            self.unit.take(index),
            self.column.take(index),
            self.cell.take(index),
            self.time.take(index),
            self.value.take(index),
            self.quality.take(index),
        )


@dataclass(frozen=True, slots=True)
class _Table:
    """Every cell in question, by unit and time; where the samples that wait and the rows have their place in it."""

    unit: Slots
    cell: Int64s
    counts: Int64s
    open_unit: Slots
    open_depth: Slots
    open_at: Slots
    row_at: Slots


class Sampler:
    """Cut time into cells of a sampling period, around whole multiples of it; a sample is the first reading of each
    channel in a cell.

    A sample is complete when every channel has a reading in its cell or after it. It waits for a slow channel until
    `wait` later samples have begun, and a channel that has missed one so counts for nothing until it is back in time.
    As long as no channel lags further than that, the samples are the same in whatever order the channels come.

    Input   rows in the order of their arrival; `slot` is a channel: `unit` and `column` intp (slots,) say which
    State   everything has a row a unit
    """

    def __init__(self, unit: Slots, column: Slots, period_s: Sequence[float], wait: int) -> None:
        m, d = len(period_s), int(column.max(initial=0)) + 1
        if m > MOST_UNITS:
            raise ValueError(f"a rule cannot have more than {MOST_UNITS} units")
        self._unit, self._column = unit, column
        self._period = np.array([round(period * NS_PER_S) for period in period_s], np.int64)
        self._wait = wait
        self._absent = np.ones((m, d), np.bool_)
        self._absent[unit, column] = False
        self._newest = np.full((m, d), NOT_YET, np.int64)  # cell of the newest reading
        self._lost = self._absent.copy()  # nobody waits for it
        self._closed = np.full(m, NOT_YET, np.int64)  # the newest complete cell
        self._cell = np.full((m, wait), NOT_YET, np.int64)  # samples that wait, oldest first
        self._time = np.zeros((m, wait), np.int64)
        self._quality = np.zeros((m, wait), np.uint8)
        self._value = np.zeros((m, wait, d))
        self._seen = np.zeros((m, wait, d), np.bool_)
        self.state: State = {
            "newest": self._newest,
            "lost": self._lost,
            "closed": self._closed,
            "cell": self._cell,
            "when": self._time,
            "bits": self._quality,
            "value": self._value,
            "seen": self._seen,
        }

    def update(self, rows: Rows) -> Samples:
        """The samples that are complete now."""
        unit = self._unit.take(rows.slot)
        period = self._period.take(unit)
        draft = _Draft(
            row=np.arange(len(rows)),
            asked=rows.heard is not None,
            unit=unit,
            column=self._column.take(rows.slot),
            cell=(rows.time + period // 2) // period,
            time=rows.time,
            value=rows.value,
            quality=(rows.quality & SIMULATED).astype(np.uint8),
        )
        steps: list[Samples] = []
        while len(draft.unit) or not steps:
            touched = np.unique(draft.unit)
            table = self._table(draft, touched)
            slow = touched[self._slow(draft, touched, table)]
            if not len(slow):
                return merged([*steps, self._settle(draft, touched, table)])
            late = np.ones(len(draft.unit), np.bool_)
            for unit in slow.tolist():
                own = np.flatnonzero(draft.unit == unit)[:SLOW_ROWS]
                late[own] = False
                steps.append(self._one_by_one(draft.rows(own)))
            draft = draft.rows(np.flatnonzero(late))
        return merged(steps)

    def _table(self, draft: _Draft, touched: Slots) -> _Table:
        # Every cell of a unit that waits or has a row, and where in the table each waiting sample and each row belongs.
        waiting = self._cell.take(touched, axis=0)
        place, depth = np.nonzero(waiting != NOT_YET)
        open_unit = touched.take(place)
        keys = np.concatenate([_key(open_unit, waiting[place, depth]), _key(draft.unit, draft.cell)])
        distinct, at = np.unique(keys, return_inverse=True)
        unit = distinct >> CELL_BITS
        counts = np.bincount(np.searchsorted(touched, unit), minlength=len(touched))
        n = len(open_unit)
        return _Table(unit, (distinct & (2 * MIDDLE - 1)) - MIDDLE, counts, open_unit, depth, at[:n], at[n:])

    def _slow(self, draft: _Draft, touched: Slots, table: _Table) -> Bools:
        # Units in which, row by row, a sample may have to be closed before all channels are in, or one comes back.
        back = self._lost[draft.unit, draft.column]
        slow = np.zeros(len(touched), np.bool_)
        slow[np.searchsorted(touched, draft.unit[back])] = True
        many = np.flatnonzero((table.counts > self._wait) & ~slow)
        for k in many.tolist():
            unit = int(touched[k])
            own = draft.unit == unit
            slow[k] = self._lags(unit, draft.column[own], draft.cell[own], table.cell[table.unit == unit])
        return slow

    def _lags(self, unit: int, column: Slots, cell: Int64s, cells: Int64s) -> bool:
        # Whether more than `wait` samples could be open after some row: between the slowest channel and the fastest.
        reached = np.full((len(cell) + 1, self._newest.shape[1]), -1, np.intp)
        reached[0] = np.searchsorted(cells, self._newest[unit], side="right") - 1
        reached[np.arange(1, len(cell) + 1), column] = np.searchsorted(cells, cell)
        np.maximum.accumulate(reached, axis=0, out=reached)
        slowest = np.where(self._lost[unit], len(cells), reached).min(axis=1)
        lag = reached.max(axis=1) - np.minimum(slowest, len(cells) - 1)
        return bool((lag > self._wait).any())

    def _settle(self, draft: _Draft, touched: Slots, table: _Table) -> Samples:
        # No order among the rows can make a difference: all at once.
        k, d = len(table.cell), self._newest.shape[1]
        time, quality = np.full(k, NOT_YET, np.int64), np.zeros(k, np.uint8)
        value, seen = np.zeros((k, d)), np.zeros((k, d), np.bool_)
        unit, depth, at = table.open_unit, table.open_depth, table.open_at
        time[at], quality[at] = self._time[unit, depth], self._quality[unit, depth]
        value[at], seen[at] = self._value[unit, depth], self._seen[unit, depth]
        at = table.row_at
        news = ~seen[at, draft.column] & (draft.cell > self._closed.take(draft.unit)) & np.isfinite(draft.value)
        fresh = np.flatnonzero(news)[::-1]
        first = np.full((k, d), -1, np.intp)
        first[at[fresh], draft.column[fresh]] = fresh  # of several in one cell numpy keeps the last: here the first
        cell, column = np.nonzero(first >= 0)
        row = first[cell, column]
        value[cell, column], seen[cell, column] = draft.value[row], True
        np.maximum.at(time, cell, draft.time[row])
        np.bitwise_or.at(quality, cell, draft.quality[row])
        before = self._newest[touched]
        np.maximum.at(self._newest, (draft.unit, draft.column), draft.cell)
        reached = np.where(self._lost[touched], -NOT_YET, self._newest[touched]).min(axis=1)
        until = reached.take(np.searchsorted(touched, table.unit))
        some = seen.any(axis=1)
        done = some & (table.cell <= until)
        self._closed[touched] = np.maximum(self._closed[touched], np.where(reached == -NOT_YET, NOT_YET, reached))
        left = np.flatnonzero(some & ~done)
        self._cell[touched] = NOT_YET
        unit = table.unit[left]
        depth = np.arange(len(left)) - np.searchsorted(unit, unit)
        self._cell[unit, depth], self._time[unit, depth] = table.cell[left], time[left]
        self._quality[unit, depth] = quality[left]
        self._value[unit, depth], self._seen[unit, depth] = value[left], seen[left]
        done = np.flatnonzero(done)
        ready = table.unit[done], table.cell[done]
        row = self._completing(draft, touched, before, *ready) if draft.asked else np.full(len(done), -1)
        return Samples(*ready, time[done], value[done], seen[done], quality[done], row)

    def _completing(self, draft: _Draft, touched: Slots, before: Int64s, unit: Slots, cell: Int64s) -> Slots:
        # Of each sample the last of those rows with which a channel first reaches its cell. `before`: where it was.
        last = np.full(len(cell), -1)
        place, wanted = np.searchsorted(touched, unit), _key(unit, cell)
        for column in range(before.shape[1]):
            mine = np.flatnonzero(draft.column == column)
            if not len(mine):
                continue
            keys = _key(draft.unit[mine], draft.cell[mine])
            order = np.argsort(keys, kind="stable")
            at = np.searchsorted(keys[order], wanted)
            waited = (before[place, column] < cell) & ~self._lost[unit, column] & (at < len(mine))
            np.maximum(last, draft.row[mine[order[np.minimum(at, len(mine) - 1)]]], out=last, where=waited)
        return last

    def _one_by_one(self, draft: _Draft) -> Samples:
        # Row by row, for a unit of which a channel lags too far or comes back.
        unit = int(draft.unit[0])
        newest, lost, closed = self._newest[unit].tolist(), self._lost[unit].tolist(), int(self._closed[unit])
        waiting = self._waiting(unit)
        done: dict[int, _Waiting] = {}
        slowest = _slowest(newest, lost)
        columns = (draft.row, draft.column, draft.cell, draft.time, draft.value, draft.quality)
        for row, column, cell, time, value, quality in zip(*(each.tolist() for each in columns), strict=True):
            held_up = newest[column] == slowest or lost[column]
            newest[column] = max(newest[column], cell)
            if cell <= closed:
                continue
            lost[column] = False
            if math.isfinite(value):
                waiting.setdefault(cell, _Waiting()).take_in(column, time, value, quality)
            if len(waiting) > self._wait:
                closed = min(waiting)
                lost = [gone or at < closed for gone, at in zip(lost, newest, strict=True)]
                held_up = True
            if held_up:
                slowest = _slowest(newest, lost)
                closed = max(closed, slowest)
            for ready in [each for each in waiting if each <= closed]:
                done[ready] = waiting.pop(ready)
                done[ready].row = row
        self._newest[unit], self._lost[unit], self._closed[unit] = newest, lost, closed
        left = _samples(unit, waiting, len(newest))
        k = slice(len(waiting))
        self._cell[unit] = NOT_YET
        self._cell[unit, k], self._time[unit, k], self._quality[unit, k] = left.cell, left.time, left.quality
        self._value[unit, k], self._seen[unit, k] = left.value, left.seen
        return _samples(unit, done, len(newest))

    def _waiting(self, unit: int) -> dict[int, _Waiting]:
        found = {}
        for k in np.flatnonzero(self._cell[unit] != NOT_YET).tolist():
            seen = np.flatnonzero(self._seen[unit, k])
            values = dict(zip(seen.tolist(), self._value[unit, k, seen].tolist(), strict=True))
            found[int(self._cell[unit, k])] = _Waiting(int(self._time[unit, k]), int(self._quality[unit, k]), values)
        return found


@dataclass(slots=True)
class _Waiting:
    """A sample that is not complete: its readings by column."""

    time: int = NOT_YET
    quality: int = 0
    values: dict[int, float] = field(default_factory=dict)
    row: int = -1

    def take_in(self, column: int, time: int, value: float, quality: int) -> None:
        if column not in self.values:
            self.values[column] = value
            self.time, self.quality = max(self.time, time), self.quality | quality


def _slowest(newest: list[int], lost: list[bool]) -> int:
    return min(at for at, gone in zip(newest, lost, strict=True) if not gone)


def _key(unit: Slots, cell: Int64s) -> Int64s:
    return (unit.astype(np.int64) << CELL_BITS) + (cell + MIDDLE)


def _samples(unit: int, found: dict[int, _Waiting], columns: int) -> Samples:
    cells = sorted(found)
    value, seen = np.zeros((len(cells), columns)), np.zeros((len(cells), columns), np.bool_)
    for row, cell in enumerate(cells):
        for column, reading in found[cell].values.items():
            value[row, column], seen[row, column] = reading, True
    return Samples(
        np.full(len(cells), unit, np.intp),
        np.array(cells, np.int64),
        np.array([found[cell].time for cell in cells], np.int64),
        value,
        seen,
        np.array([found[cell].quality for cell in cells], np.uint8),
        np.array([found[cell].row for cell in cells], np.intp),
    )


def merged(steps: Sequence[Samples]) -> Samples:
    """Samples of several steps as one, sorted by unit and cell."""
    if len(steps) == 1:
        return steps[0]
    columns = [np.concatenate([getattr(step, one.name) for step in steps]) for one in fields(Samples)]
    order = np.argsort(_key(columns[0], columns[1]), kind="stable")
    return Samples(*(column.take(order, axis=0) for column in columns))
