"""Rows in rounds: each point's rows in their order, no point twice in a round.

A recurrence per point can then run over whole rounds with numpy. Most blocks hold a point once and are one round.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from detectors.room import room
from ganzhi.records import Bytes, Floats, Int32s, Int64s, Rule

Slots = NDArray[np.intp]
State = dict[str, NDArray[np.generic]]
Column = TypeVar("Column", Int64s, Floats, Bytes)

RADIX_ROWS = 1 << 16
"""numpy sorts 16-bit keys by radix, several times faster than wider ones."""

ROUND_COST, POINT_COST = 100, 5
"""What a round of numpy calls, and taking up one point, cost in rows of plain floats: measured for the trend."""


@dataclass(frozen=True, slots=True)
class Tail:
    """The rows of narrow rounds, point by point.

    order   their positions, each point's together and in order
    slots   the points, intp (p,)
    bounds  where each point begins in `order`, and the number of rows, intp (p + 1,)
    """

    order: Slots | slice
    slots: Slots
    bounds: Slots

    def runs(self) -> Iterator[tuple[int, int]]:
        """Each point's first place in `order`, and the one after its last."""
        return pairwise(self.bounds.tolist())


@dataclass(frozen=True)
class Rows:
    """What a score reads, in columns of shape (n,), in rounds.

    slot     intp, position of the row's point among the points of the rule
    time     int64 ns, rising per point: the sensor's clock, or for arrivals the listening clock
    value    float64, in the point's unit
    quality  uint8, with the SIMULATED bit
    starts   where each round begins, and n
    since    the listening clock when the block before this one was closed
    until    the same for this block
    heard    int64 ns, the listening clock, where a group rule needs it; None: `time` is it, or nobody asks

    A score whose rounds or points cost otherwise replaces `round_cost` and `point_cost`, in rows taken point by point.
    """

    slot: Slots
    time: Int64s
    value: Floats
    quality: Bytes
    starts: Slots | list[int]
    since: int
    until: int
    heard: Int64s | None = None
    round_cost: int = ROUND_COST
    point_cost: int = POINT_COST

    def __len__(self) -> int:
        return len(self.slot)

    def rounds(self) -> Iterator[slice]:
        """The rounds that hold rows, in order."""
        return _rounds(self.starts)

    def wide(self) -> Iterator[slice]:
        """The rounds that are worth numpy's calls: those before `narrow`."""
        if self.narrow == len(self):
            return _rounds(self.starts)
        return _rounds(self.starts[: np.searchsorted(self.starts, self.narrow, side="right")])

    @cached_property
    def narrow(self) -> int:
        """The first row of the rounds that are better taken point by point, in `tail`."""
        n = len(self)
        if len(self.starts) == 2:
            return n if (self.point_cost + 1) * n >= self.round_cost else 0
        edges = np.asarray(self.starts)
        sizes = np.diff(edges)
        points = np.maximum.accumulate(sizes[::-1])[::-1]
        by_point = self.point_cost * points + n - edges[:-1] < self.round_cost * np.arange(len(sizes), 0, -1)
        return int(edges[by_point.argmax()]) if by_point.any() else n

    @cached_property
    def tail(self) -> Tail:
        """The rows from `narrow` on."""
        slot = self.slot[self.narrow :]
        if not len(slot):
            return Tail(slice(0, 0), slot, np.zeros(1, np.intp))
        if (slot == slot[0]).all():
            return Tail(slice(self.narrow, len(self)), slot[:1], np.array([0, len(slot)]))
        order = np.argsort(slot, kind="stable")
        slot = slot.take(order)
        bounds = np.concatenate([[0], np.flatnonzero(slot[1:] != slot[:-1]) + 1, [len(slot)]])
        return Tail(order + self.narrow, slot.take(bounds[:-1]), bounds)

    def points(self) -> Iterator[tuple[int, Slots | slice]]:
        """Each point of the narrow rounds, and the positions of its rows there in order."""
        tail = self.tail
        for slot, (first, end) in zip(tail.slots.tolist(), pairwise(tail.bounds.tolist()), strict=True):
            yield slot, tail.order if isinstance(tail.order, slice) else tail.order[first:end]

    def before(self, last: Column, column: Column) -> Column:
        """What `column` (n,) was at the row before of the same point.

        last  (m,), changed in place: what it was at the newest row of each point
        """
        found = np.empty_like(column)
        for part in self.wide():
            slot = self.slot[part]
            found[part] = last[slot]
            last[slot] = column[part]
        if self.narrow < len(self):
            tail = self.tail
            now = column[tail.order]
            then = np.empty_like(now)
            then[1:] = now[:-1]
            then[tail.bounds[:-1]] = last[tail.slots]
            found[tail.order] = then
            last[tail.slots] = now[tail.bounds[1:] - 1]
        return found

    def pick(self, index: Slots) -> Rows:
        """The rows at rising positions `index`, in the rounds they were in."""
        n = len(index)
        return Rows(
            self.slot.take(index),
            self.time.take(index),
            self.value.take(index),
            self.quality.take(index),
            [0, n] if len(self.starts) == 2 else np.searchsorted(index, self.starts),
            self.since,
            self.until,
            None if self.heard is None else self.heard.take(index),
        )

    def one_round(self, index: Slots) -> Rows:
        """The rows at positions `index`, in that order, as one round in which a point may occur twice."""
        return Rows(
            self.slot.take(index),
            self.time.take(index),
            self.value.take(index),
            self.quality.take(index),
            [0, len(index)],
            self.since,
            self.until,
            None if self.heard is None else self.heard.take(index),
        )


def _rounds(starts: Slots | list[int]) -> Iterator[slice]:
    return (slice(first, end) for first, end in pairwise(np.asarray(starts).tolist()) if first < end)


def in_rounds(key: Slots, scratch: Int32s) -> tuple[Slots | None, Slots]:
    """The order that puts rows into rounds by `key`, None where they are one round already, and the rounds' starts.

    `scratch` int32 has a place for every key; what it holds before and after means nothing.
    """
    n = len(key)
    row = np.arange(n, dtype=np.int32)
    scratch[key] = row
    last = scratch.take(key)
    if np.array_equal(last, row):
        return None, np.array([0, n])
    narrow = np.uint16 if n <= RADIX_ROWS else np.int32
    grouped = np.argsort(last.astype(narrow), kind="stable")
    last = last.take(grouped)
    opens = np.empty(n, np.bool_)
    opens[0] = True
    np.not_equal(last[1:], last[:-1], out=opens[1:])
    first = np.flatnonzero(opens)
    rank = np.arange(n) - np.repeat(first, np.diff(first, append=n))
    by_rank = np.argsort(rank.astype(narrow), kind="stable")
    return grouped.take(by_rank), np.concatenate([[0], np.cumsum(np.bincount(rank))])


def common(values: Floats) -> float | Floats:
    """One number where all points have the same, so that it need not be looked up point by point."""
    return float(values[0]) if len(values) and bool((values == values[0]).all()) else values


def of(values: float | Floats, slot: Slots) -> float | Floats:
    """What `common` made, for these points."""
    return values.take(slot) if isinstance(values, np.ndarray) else values


class Scope:
    """The points that a rule watches, and any other rule over the same points."""

    def __init__(self, rule: Rule, n_points: int) -> None:
        points = rule.points
        if len(points) and not (points.min() >= 0 and points.max() < n_points):
            raise ValueError(f"{rule.id}: points must be from 0 to {n_points - 1}")
        self._slot_of = room(n_points, dtype=np.int32, filled=-1)
        self._slot_of[points] = np.arange(len(points), dtype=np.int32)
        if np.count_nonzero(self._slot_of >= 0) != len(points):
            raise ValueError(f"{rule.id}: a point is named twice")
        self._everything = bool(np.array_equal(points, np.arange(n_points)))

    def slot(self, point: int) -> int | None:
        """Where the rules of this scope keep a point, or None."""
        known = 0 <= point < len(self._slot_of) and self._slot_of[point] >= 0
        return int(self._slot_of[point]) if known else None

    def choose(self, rows: Rows) -> Rows:
        """The rows of these points; the `slot` of the rows given is the index into the catalogue."""
        if self._everything:
            return rows
        slot = self._slot_of.take(rows.slot)
        index = np.flatnonzero(slot >= 0)
        chosen = rows if len(index) == len(rows) else rows.pick(index)
        return Rows(
            slot.take(index).astype(np.intp),
            chosen.time,
            chosen.value,
            chosen.quality,
            chosen.starts,
            rows.since,
            rows.until,
            chosen.heard,
        )
