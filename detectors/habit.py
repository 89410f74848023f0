"""How rare a size is among all that were seen before: a point's own past as a histogram, for novelty.

Bins are eighths of an octave, a dozen octaves down from the largest seen; what is smaller is common. A size is as rare
as all in its own bin and above, so that what repeats itself exactly is never rare. Counts are whole numbers and octaves
come from the floating-point representation, without a logarithm, so that every machine finds the same.
"""

from __future__ import annotations

import numpy as np

from detectors.rows import Slots, State
from ganzhi.records import Floats, Int64s

OCTAVES, PARTS = 12, 8
NOTHING = -(1 << 20)
"""The top octave of what was never seen."""

FARTHEST_OCTAVES = 16.0
"""A size beyond all that were seen counts for so many octaves more at most."""

MOST_HALVINGS = 31
"""Of a count of 32 bits: nothing is left."""


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

    def rarity(self, slot: Slots, size: Floats) -> Floats:
        """In octaves, how seldom each point did as much in that direction before: float64 (n, views), >= 0.

        size  (n, views), its sign the direction; no point twice in `slot`
        """
        line = self._line(slot, size)
        total = self._total.take(slot)[:, np.newaxis]
        high, part, depth = self._sort_in(line, size)
        inside = np.minimum(np.maximum(depth, 0), OCTAVES - 1)
        above = self._whole.ravel().take(line * OCTAVES + inside - 1)
        same = self._parts.ravel().take((line * OCTAVES + inside) * PARTS + part)
        as_much = same + np.where(depth > 0, above, 0).astype(np.int64)
        as_much[depth < 0] = 0
        common = (depth >= OCTAVES) | (size == 0)
        as_much = np.where(common, total, np.minimum(as_much, total))
        rare = octaves((total + 1.0) / (as_much + 1.0))
        most = self._most.take(line)
        beyond = np.flatnonzero(((np.abs(size) > most) & (most > 0)).ravel())
        more = high.ravel()[beyond] - octaves(most.ravel()[beyond])
        rare.ravel()[beyond] += np.minimum(more, FARTHEST_OCTAVES)
        return rare

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


def octaves(value: Floats) -> Floats:
    """The logarithm to base 2, straight between powers of 2 and so at most 0.09 below it; `value` above 0."""
    mantissa, exponent = np.frexp(value)
    found: Floats = exponent + 2.0 * (mantissa - 1.0)
    return found
