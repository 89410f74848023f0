"""How rare a size is among all that were seen before: a point's own past as a histogram, for novelty.

Bins are eighths of an octave, a dozen octaves down from the largest seen; what is smaller is common. A size is as rare
as all in its own bin and above, so that what repeats itself exactly is never rare. Counts are whole numbers and octaves
come from the floating-point representation, without a logarithm, so that every machine finds the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from detectors.rows import Rows, Slots, State
from ganzhi.records import Floats, Int64s

Scalar = TypeVar("Scalar", bound=np.generic)

OCTAVES, PARTS = 12, 8
NOTHING = -(1 << 20)
"""The top octave of what was never seen."""

FARTHEST_OCTAVES = 16.0
"""A size beyond all that were seen counts for so many octaves more at most."""

MOST_HALVINGS = 31
"""Of a count of 32 bits: nothing is left."""

MOST_UP = 19
"""Octaves that a top may rise in one stretch: with the dozen below, an octave and part are a number below FAR."""

FAR = 255
"""Stands for all that is farther down."""

STRETCH = 1 << 14
"""Rows of one point that are counted at once at most, which bounds the memory that it takes."""

CHUNK = 64
"""Rows of a stretch that are compared with each other; of those before it there is a table."""

ROUND_COST, POINT_COST = 150, 500
"""As in rows.py, measured for this."""


class Habit:
    """The sizes that each of m points has shown in `views` respects, up and down apart.

    Counts are cumulative: of an octave and all above it, and within an octave of a part and those above it. They are
    halved each time that `memory_ns` has passed, and what is then less than one is forgotten.
    Cost: O(n views) a block; 876 bytes a view and 16, a point.
    """

    def __init__(self, m: int, views: int, memory_ns: int) -> None:
        self._memory_ns = memory_ns
        self._views = views
        lines = 2 * views * m  # of each point, a view's steps up and its steps down
        self._whole = np.zeros((lines, OCTAVES), np.uint32)
        self._parts = np.zeros((lines * OCTAVES, PARTS), np.uint32)
        self._top = np.full(lines, NOTHING, np.int64)
        self._most = np.zeros(lines)
        self._total = np.zeros(m, np.int64)
        self._halved = np.zeros(m, np.int64)
        self.state: State = {  # a row a point
            "whole": self._whole.reshape(m, -1),
            "parts": self._parts.reshape(m, -1),
            "top": self._top.reshape(m, -1),
            "most": self._most.reshape(m, -1),
            "total": self._total,
            "halved": self._halved,
        }

    def update(self, rows: Rows, size: Floats, settled: NDArray[np.bool_]) -> Floats:
        """The `rarity` of each row, which is then learned where it is settled: with all later ones of its point."""
        rare = np.empty_like(size)
        rows = replace(rows, round_cost=ROUND_COST, point_cost=POINT_COST)
        for part in rows.wide():
            rare[part] = self.rarity(rows.slot[part], size[part])
            known = part.start + np.flatnonzero(settled[part])
            self.learn(rows.slot[known], rows.time[known], size[known])
        for point, index in rows.points():
            rare[index] = self._follow(point, rows.time[index], size[index], int(np.sum(~settled[index])))
        return rare

    def rarity(self, slot: Slots, size: Floats) -> Floats:
        """In octaves, how seldom each point did as much in that direction before: float64 (n, views), >= 0.

        size  (n, views), its sign the direction; no point twice in `slot`
        """
        line = self._line(slot, size)
        high, part, depth = self._sort_in(line, size)
        as_much = self._as_much(line, part, depth)
        return _rare(size, high, depth, as_much, self._total.take(slot)[:, np.newaxis], self._most.take(line))

    def learn(self, slot: Slots, time: Int64s, size: Floats) -> None:
        """Remember these sizes; arguments as for `rarity`, and the time of each row."""
        self._age(slot, time)
        self._total[slot] += 1
        seen = np.flatnonzero(size.ravel())
        line, size = self._line(slot, size).ravel()[seen], size.ravel()[seen]
        _, part, depth = self._sort_in(line, size)
        higher = np.flatnonzero(depth < 0)
        if len(higher):
            self._lift(line[higher], -depth[higher])
            depth = np.maximum(depth, 0)
        self._most[line] = np.maximum(self._most.take(line), np.abs(size))
        kept = np.flatnonzero(depth < OCTAVES)
        line, depth, part = line[kept], depth[kept], part[kept]
        self._whole[line] = self._whole.take(line, axis=0) + (np.arange(OCTAVES) >= depth[:, np.newaxis])
        line = line * OCTAVES + depth
        self._parts[line] = self._parts.take(line, axis=0) + (np.arange(PARTS) >= part[:, np.newaxis])

    def _follow(self, point: int, time: Int64s, size: Floats, begin: int) -> Floats:
        # Rows of one point, of which those from `begin` on are learned.
        rare = np.empty_like(size)
        slot = np.full(len(size), point)
        rare[:begin] = self.rarity(slot[:begin], size[:begin])
        while begin < len(size):
            age = time[begin : begin + STRETCH] - self._halved[point]
            rows = int(np.searchsorted(age, self._memory_ns)) if self._total[point] else 0
            if rows:
                end = begin + rows
                begin += self._stretch(slot[begin:end], size[begin:end], rare[begin:end])
            else:  # with this row counts begin, or are halved
                one = slice(begin, begin + 1)
                rare[one] = self.rarity(slot[one], size[one])
                self.learn(slot[one], time[one], size[one])
                begin += 1
        return rare

    def _stretch(self, slot: Slots, size: Floats, rare: Floats) -> int:
        # Learns the first rows of one point, none of which halves its counts, and says how many: tops rise within
        # bounds. How often there was as much before is known from the table for the rows before, and by counting for
        # those in between. Places are in the stretch's own lines, of which each row is in one of each view.
        lines = np.arange(2 * self._views) + slot[0] * 2 * self._views
        line = self._line(slot, size)
        high, part, depth = self._sort_in(line, size)
        place = np.arange(len(slot))[:, np.newaxis] * len(lines) + line - lines[0]
        up = np.maximum(np.where(size == 0, 0, -depth), 0)
        risen = _so_far(place, up, np.zeros(len(lines), np.intp))
        n = _within(risen, self._top[lines] == NOTHING)
        slot, line, place, part, depth = (column[:n] for column in (slot, line, place, part, depth))
        size, high = size[:n], high[:n]
        largest = _so_far(place, np.abs(size), self._most[lines])
        then = depth + risen.ravel().take(place)
        kind = np.where(size == 0, FAR, np.minimum((depth + risen[n].take(line - lines[0])) * PARTS + part, FAR))
        asked = (kind < FAR) & (then < OCTAVES)
        kind = np.minimum(kind, kind.max(initial=OCTAVES * PARTS - 1, where=asked) + 1)
        as_much = self._as_much(line, part, depth) + _earlier(kind, size)
        total = self._total[slot[0]] + np.arange(n)[:, np.newaxis]
        rare[:n] = _rare(size, high, then, as_much, total, largest.ravel().take(place))

        lifted = np.flatnonzero(risen[n])
        self._lift(lines[lifted], risen[n][lifted])
        kept = kind < OCTAVES * PARTS
        bins = (line - lines[0])[kept] * (OCTAVES * PARTS) + kind[kept]
        seen = np.bincount(bins, minlength=len(lines) * OCTAVES * PARTS).reshape(len(lines), OCTAVES, PARTS)
        self._whole[lines] += seen.sum(axis=2).cumsum(axis=1).astype(np.uint32)
        parts = seen.cumsum(axis=2).astype(np.uint32)
        self._parts[lines[0] * OCTAVES : (lines[-1] + 1) * OCTAVES] += parts.reshape(-1, PARTS)
        self._most[lines] = largest[n]
        self._total[slot[0]] += n
        return n

    def _as_much(self, line: Slots, part: Slots, depth: Slots) -> Slots:
        # How many are known in the bin and above, of those not deeper than the table.
        inside = np.minimum(np.maximum(depth, 0), OCTAVES - 1)
        above = self._whole.ravel().take(line * OCTAVES + inside - 1)
        same = self._parts.ravel().take((line * OCTAVES + inside) * PARTS + part)
        as_much: Slots = same.astype(np.intp) + np.where(depth > 0, above, 0)
        as_much[depth < 0] = 0
        return as_much

    def _line(self, slot: Slots, size: Floats) -> Slots:
        line: Slots = (slot[:, np.newaxis] * self._views + np.arange(self._views)) * 2 + (size < 0)
        return line

    def _sort_in(self, line: Slots, size: Floats) -> tuple[Floats, Slots, Slots]:
        # Its octaves, the part of its octave and how many octaves it is below the top, both counted from the top.
        high = octaves(np.where(size == 0, 1.0, np.abs(size)))
        octave = np.floor(high)
        part = PARTS - 1 - ((high - octave) * PARTS).astype(np.intp)
        return high, part, self._top.take(line) - octave.astype(np.intp)

    def _lift(self, line: Slots, up: Slots) -> None:
        # The top moves, and every octave is as many farther from it: nearer, where `up` is below 0.
        source = np.arange(OCTAVES) - up[:, np.newaxis]
        whole = np.take_along_axis(self._whole[line], np.minimum(np.maximum(source, 0), OCTAVES - 1), axis=1)
        self._whole[line] = np.where(source >= 0, whole, 0)
        inside = (source >= 0) & (source < OCTAVES)
        octave = line[:, np.newaxis] * OCTAVES
        parts = self._parts[octave + np.where(inside, source, 0)]
        self._parts[octave + np.arange(OCTAVES)] = np.where(inside[..., np.newaxis], parts, 0)
        self._top[line] += up

    def _age(self, slot: Slots, time: Int64s) -> None:
        new = np.flatnonzero(self._total.take(slot) == 0)
        if len(new):
            self._halved[slot[new]] = time[new]
        times = (time - self._halved.take(slot)) // self._memory_ns
        due = np.flatnonzero(times > 0)
        if not len(due):
            return
        old, times = slot[due], times[due]
        self._halved[old] += times * self._memory_ns
        times = np.minimum(times, MOST_HALVINGS)
        self._total[old] >>= times
        line = (old[:, np.newaxis] * (2 * self._views) + np.arange(2 * self._views)).ravel()
        shift = np.repeat(times, 2 * self._views).astype(np.uint32)[:, np.newaxis]
        self._whole[line] >>= shift
        octave = (line[:, np.newaxis] * OCTAVES + np.arange(OCTAVES)).ravel()
        self._parts[octave] >>= np.repeat(shift, OCTAVES, axis=0)
        self._lower(line)

    def _lower(self, line: Slots) -> None:
        # Octaves at the top of which nothing is left make room at the bottom.
        known = self._whole[line] > 0
        gone = line[~known.any(axis=1)]
        self._top[gone] = NOTHING
        self._most[gone] = 0.0
        empty = known.argmax(axis=1)
        line, empty = line[empty > 0], empty[empty > 0]
        if len(line):
            self._lift(line, -empty)
            self._most[line] = np.minimum(self._most[line], np.ldexp(1.0, self._top[line] + 1))


def _rare(size: Floats, high: Floats, depth: Slots, as_much: Slots, total: Int64s, most: Floats) -> Floats:
    common = (depth >= OCTAVES) | (size == 0)
    as_much = np.where(common, total, np.minimum(as_much, total))
    rare = octaves((total + 1.0) / (as_much + 1.0))
    beyond = np.flatnonzero(((np.abs(size) > most) & (most > 0)).ravel())
    more = high.ravel()[beyond] - octaves(most.ravel()[beyond])
    rare.ravel()[beyond] += np.minimum(more, FARTHEST_OCTAVES)
    return rare


def _so_far(place: Slots, value: NDArray[Scalar], first: NDArray[Scalar]) -> NDArray[Scalar]:
    # The largest in each line before each row, and after the last; `first` is that before all.
    found = np.zeros((len(place) + 1, len(first)), first.dtype)
    found[0] = first
    found.ravel()[place + len(first)] = value
    return np.maximum.accumulate(found, axis=0)


def _within(risen: Slots, empty: NDArray[np.bool_]) -> int:
    # How many rows there are until a line's top is MOST_UP above that of its first row.
    risen = risen[1:]
    first = np.where(empty, risen[(risen > 0).argmax(axis=0), np.arange(risen.shape[1])], risen[0])
    over = (risen - first > MOST_UP).any(axis=1)
    return int(over.argmax()) if over.any() else len(risen)


def _earlier(kind: Slots, size: Floats) -> Slots:
    # How many earlier rows there are in the same view, of the same sign and of the same kind or a lower one.
    n, views = kind.shape
    down, seen = size < 0, size != 0
    kinds = int(kind.max()) + 1
    chunks = -(-n // CHUNK)
    key = np.full((chunks * CHUNK, views), 2 * kinds, np.uint16)
    key[:n] = np.where(seen, kind + kinds * down, 2 * kinds)
    key = key.reshape(chunks, CHUNK, views)
    near = np.zeros((CHUNK, chunks, views), np.uint8)
    turned = np.ascontiguousarray(key.transpose(1, 0, 2))
    for lag in range(1, CHUNK):
        near[lag:] += turned[:-lag] <= turned[lag:]
    column = np.arange(chunks * views).reshape(chunks, 1, views) * (2 * kinds + 1) + key
    table = np.bincount(column.ravel(), minlength=chunks * views * (2 * kinds + 1)).reshape(chunks, views, -1)
    table = table.cumsum(axis=2)
    before = np.zeros_like(table)
    np.cumsum(table[:-1], axis=0, out=before[1:])
    count = before.ravel().take(column) + near.transpose(1, 0, 2)
    above = np.cumsum(seen & ~down, axis=0)  # those of the other sign, which all are of a lower key
    found: Slots = count.reshape(-1, views)[:n] - np.where(down, above, 0)
    return found


def octaves(value: Floats) -> Floats:
    """The logarithm to base 2, straight between powers of 2 and so at most 0.09 below it; `value` above 0."""
    mantissa, exponent = np.frexp(value)
    found: Floats = exponent + 2.0 * (mantissa - 1.0)
    return found
