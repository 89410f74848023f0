"""Decide for every decoded reading how it ends: accepted, late, duplicate or rejected. Vectorised over a block."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganzhi.records import Bytes, Floats, Int32s, Int64s, ReadingBlock

Mask = NDArray[np.bool_]
Recall = Callable[[Int32s, Int64s], Floats]
"""(point (n,), time (n,)) -> float64 (n,): the value that is kept for this point and time already, NaN for none."""

EARLIEST = 946_684_800_000_000_000
"""2000-01-01 UTC in ns: what is stamped before it comes from a clock that was never set, or from seconds sent as ms."""

NEVER = np.iinfo(np.int64).min
SHORT_KEYS = 1 << 16
"""numpy sorts 16-bit keys by radix, several times faster than longer ones."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of the rows of one batch.

    block      the accepted and the late ones, in arrival order
    fresh      which of them were accepted: bool (n,); None: all
    duplicate  those that were there already; `kept` is the value kept for each, NaN where nobody knows it
    refused    row numbers of the batch by reason
    """

    block: ReadingBlock
    fresh: Mask | None
    duplicate: ReadingBlock | None
    kept: Floats
    refused: dict[str, NDArray[np.intp]]

    @property
    def accepted(self) -> int:
        return len(self.block) if self.fresh is None else int(self.fresh.sum())

    @property
    def late(self) -> int:
        return len(self.block) - self.accepted

    @property
    def duplicates(self) -> int:
        return 0 if self.duplicate is None else len(self.duplicate)

    @property
    def conflicts(self) -> NDArray[np.intp]:
        """Which of the duplicates say another value than the one that is kept."""
        if self.duplicate is None:
            return np.empty(0, np.intp)
        return np.flatnonzero((self.duplicate.value != self.kept) & ~np.isnan(self.kept))


NONE_KEPT: Floats = np.empty(0)


class Admission:
    """Keeps the newest time of every point and judges batches against it.

    newest    int64 (n_points,) UTC ns, NEVER where a point was never seen
    ahead_ns  a reading stamped further ahead of our clock than this is refused: were it let in, every true reading
              after it would be late
    """

    def __init__(self, *, newest: Int64s, ahead_ns: int, recall: Recall) -> None:
        self.newest = newest
        self._ahead_ns = ahead_ns
        self._recall = recall
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
            return Verdict(block, None, None, NONE_KEPT, {k: v for k, v in refused.items() if len(v)})
        duplicate, kept = self._duplicates(point, time, value, fresh)
        np.maximum.at(self.newest, point[fresh], time[fresh])
        refused = {reason: rows for reason, rows in refused.items() if len(rows)}
        twice = block.rows(duplicate) if duplicate.any() else None
        return Verdict(block.rows(~duplicate), fresh[~duplicate], twice, kept[duplicate], refused)

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

    def _duplicates(self, point: Int32s, time: Int64s, value: Floats, fresh: Mask) -> tuple[Mask, Floats]:
        """Which rows are there already, in the log or earlier in this very batch, and with what value.

        (n,) each; the value is NaN for rows that are not there, and where only the time is known.
        """
        duplicate = np.zeros(len(point), np.bool_)
        kept: Floats = np.full(len(point), np.nan)
        old = np.flatnonzero(~fresh)
        kept[old] = self._recall(point[old], time[old])
        duplicate[old] = ~np.isnan(kept[old]) | (time[old] == self.newest[point[old]])
        involved = np.flatnonzero(np.isin(point, point[old]))
        columns = (point[involved].tolist(), time[involved].tolist(), value[involved].tolist())
        met: dict[tuple[int, int], float] = {}
        for row, *key, number in zip(involved.tolist(), *columns, strict=True):
            place = key[0], key[1]
            if place in met:
                duplicate[row] = True
                kept[row] = met[place]
            elif duplicate[row]:
                met[place] = float(kept[row])
            else:
                met[place] = number
        return duplicate, kept
