"""Rows in rounds: each point's rows in their order, no point twice in a round.

A recurrence per point can then run over whole rounds with numpy. Most blocks hold a point once and are one round.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganzhi.records import Bytes, Floats, Int32s, Int64s, Rule

Slots = NDArray[np.intp]
State = dict[str, NDArray[np.generic]]

RADIX_ROWS = 1 << 16
"""numpy sorts 16-bit keys by radix, several times faster than wider ones."""


@dataclass(frozen=True, slots=True)
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
    """

    slot: Slots
    time: Int64s
    value: Floats
    quality: Bytes
    starts: list[int]
    since: int
    until: int
    heard: Int64s | None = None

    def __len__(self) -> int:
        return len(self.slot)

    def rounds(self) -> Iterator[slice]:
        """The rounds that hold rows, in order."""
        for first, end in zip(self.starts, self.starts[1:], strict=False):
            if first < end:
                yield slice(first, end)

    def pick(self, index: Slots) -> Rows:
        """The rows at rising positions `index`, in the rounds they were in."""
        n = len(index)
        return Rows(
            self.slot.take(index),
            self.time.take(index),
            self.value.take(index),
            self.quality.take(index),
            [0, n] if len(self.starts) == 2 else np.searchsorted(index, self.starts).tolist(),
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


def in_rounds(key: Slots, scratch: Int32s) -> tuple[Slots | None, list[int]]:
    """The order that puts rows into rounds by `key`, None where they are one round already, and the rounds' starts.

    `scratch` int32 has a place for every key; what it holds before and after means nothing.
    """
    n = len(key)
    row = np.arange(n, dtype=np.int32)
    scratch[key] = row
    last = scratch.take(key)
    if np.array_equal(last, row):
        return None, [0, n]
    narrow = np.uint16 if n <= RADIX_ROWS else np.int32
    grouped = np.argsort(last.astype(narrow), kind="stable")
    last = last.take(grouped)
    opens = np.empty(n, np.bool_)
    opens[0] = True
    np.not_equal(last[1:], last[:-1], out=opens[1:])
    first = np.flatnonzero(opens)
    rank = np.arange(n) - np.repeat(first, np.diff(first, append=n))
    by_rank = np.argsort(rank.astype(narrow), kind="stable")
    return grouped.take(by_rank), [0, *np.cumsum(np.bincount(rank)).tolist()]


class Scope:
    """The points that a rule watches, and any other rule over the same points."""

    def __init__(self, rule: Rule, n_points: int) -> None:
        points = rule.points
        if len(points) and not (points.min() >= 0 and points.max() < n_points):
            raise ValueError(f"{rule.id}: points must be from 0 to {n_points - 1}")
        self._slot_of = np.full(n_points, -1, np.int32)
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
