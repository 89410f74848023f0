"""Decide for every decoded reading how it ends: accepted, late, duplicate or rejected. Vectorised over a block."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganzhi.records import Bytes, Floats, Int32s, Int64s, ReadingBlock

Mask = NDArray[np.bool_]
Seen = Callable[[Int32s, Int64s], Mask]
"""(point (n,), time (n,)) -> bool (n,): whether the log holds a reading of this point and time already."""

EARLIEST = 946_684_800_000_000_000
"""2000-01-01 UTC in ns: what is stamped before it comes from a clock that was never set, or from seconds sent as ms."""

NEVER = np.iinfo(np.int64).min
SHORT_KEYS = 1 << 16
"""numpy sorts 16-bit keys by radix, several times faster than longer ones."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of the rows of one batch. `block` holds the accepted and the late ones, in arrival order."""

    block: ReadingBlock
    accepted: int
    late: int
    duplicate: int
    refused: dict[str, NDArray[np.intp]]


class Admission:
    """Keeps the newest time of every point and judges batches against it.

    newest    int64 (n_points,) UTC ns, NEVER where a point was never seen
    ahead_ns  a reading stamped further ahead of our clock than this is refused: were it let in, every true reading
              after it would be late
    """

    def __init__(self, *, newest: Int64s, ahead_ns: int, seen: Seen) -> None:
        self.newest = newest
        self._ahead_ns = ahead_ns
        self._seen = seen
        self._scratch = np.zeros(len(newest), np.int64)

    def judge(self, point: Int32s, time: Int64s, value: Floats, quality: Bytes, now: int) -> Verdict:
        """Judge rows in arrival order, all received `now` (UTC ns), and remember the newest of what is let in."""
        refused: dict[str, NDArray[np.intp]] = {}
        good: Mask | None = None
        for reason, bad in (
            ("not_finite", ~np.isfinite(value)),
            ("clock_ahead", time > now + self._ahead_ns),
            ("clock_not_set", time < EARLIEST),
        ):
            if bad.any():
                refused[reason] = np.flatnonzero(bad if good is None else bad & good)
                good = ~bad if good is None else good & ~bad
        if good is not None:
            point, time, value, quality = point[good], time[good], value[good], quality[good]
        fresh = self._fresh(point, time)
        received = np.full(len(point), now, np.int64)
        block = ReadingBlock(point, time, value, quality, received, now)
        if fresh is None:
            self.newest[point] = time  # the last of a point's rows stays, and it is the newest
            return Verdict(block, len(block), 0, 0, {k: v for k, v in refused.items() if len(v)})
        duplicate = self._duplicates(point, time, fresh)
        np.maximum.at(self.newest, point[fresh], time[fresh])
        block = block.rows(~duplicate)
        accepted = int(fresh.sum())
        refused = {reason: rows for reason, rows in refused.items() if len(rows)}
        return Verdict(block, accepted, len(block) - accepted, int(duplicate.sum()), refused)

    def _fresh(self, point: Int32s, time: Int64s) -> Mask | None:
        """Which rows are newer than all before them of their point; None: every one, the usual case."""
        count = len(point)
        first_fresh = time > self.newest[point]
        rows = np.arange(count)
        self._scratch[point] = rows
        if (self._scratch[point] == rows).all():  # no point twice
            return None if first_fresh.all() else first_fresh
        order = np.argsort(point.astype(np.uint16) if len(self.newest) <= SHORT_KEYS else point, kind="stable")
        sorted_point, sorted_time = point[order], time[order]
        same = sorted_point[1:] == sorted_point[:-1]
        if first_fresh.all() and (sorted_time[1:] > sorted_time[:-1])[same].all():
            return None
        fresh = np.empty(count, np.bool_)
        fresh[order] = sorted_time > self._newest_before(sorted_point, sorted_time, same)
        return fresh

    def _newest_before(self, point: Int32s, time: Int64s, same: Mask) -> Int64s:
        """For rows sorted by point: the newest time of the point before each row, in the block or earlier.

        A running maximum over times would run across points, so it runs over (group, rank of the time) instead.
        """
        known = self.newest[point]
        moments, rank = np.unique(np.concatenate((time, known)), return_inverse=True)
        rank_time, rank_known = rank[: len(time)], rank[len(time) :]
        group = np.concatenate(([0], np.cumsum(~same)))
        base = group * len(moments)
        running = np.maximum.accumulate(base + np.maximum(rank_time, rank_known))
        before = base + rank_known
        before[1:] = np.where(same, np.maximum(running[:-1], before[1:]), before[1:])
        result: Int64s = moments[before - base]
        return result

    def _duplicates(self, point: Int32s, time: Int64s, fresh: Mask) -> Mask:
        """Which of the rows that are not fresh are there already: in the log, or earlier in this very batch."""
        duplicate = np.zeros(len(point), np.bool_)
        old = np.flatnonzero(~fresh)
        stored = self._seen(point[old], time[old])
        stored |= time[old] == self.newest[point[old]]
        duplicate[old[stored]] = True
        involved = np.flatnonzero(np.isin(point, point[old]))
        met: set[tuple[int, int]] = set()
        for row, key in zip(
            involved.tolist(), zip(point[involved].tolist(), time[involved].tolist(), strict=True), strict=True
        ):
            if key in met:
                duplicate[row] = True
            met.add(key)
        return duplicate
