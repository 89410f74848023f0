"""Hold: judged tiers -> announced tiers, by an on-delay and an off-delay."""

from __future__ import annotations

from bisect import bisect_left

import numpy as np

from detectors.judge import TIERS
from detectors.room import room
from detectors.rows import Slots, State
from ganzhi.clock import NS_PER_S
from ganzhi.records import COLOURS, Bytes, Int64s, Rule

NEVER = np.iinfo(np.int64).max
FOREVER = 1 << 62


class Hold:
    """Every colour has a timer: "at this tier or worse" must be true for the on-delay, or false for the off-delay.

    So what is announced is the mildest tier that was held all through the delay, and a flicker between red and
    yellow announces yellow. Time is the row's own; the row at which a delay is met is the moment of the change.
    Without delays nothing is kept; otherwise four int64 a point.
    """

    def __init__(self, rule: Rule) -> None:
        if not (0 <= rule.on_delay_s < np.inf and 0 <= rule.off_delay_s < np.inf):
            raise ValueError(f"{rule.id}: delays must be 0 or more seconds")
        self._on_ns = round(rule.on_delay_s * NS_PER_S)
        self._off_ns = round(rule.off_delay_s * NS_PER_S)
        self._delays = self._on_ns > 0 or self._off_ns > 0
        self._since = room(len(rule.subjects) if self._delays else 0, len(TIERS), dtype=np.int64)
        self.state: State = {"since": self._since}

    def update(self, slot: Slots, time: Int64s, before: Bytes, judged: Bytes, announced: Bytes) -> Bytes:
        """What is announced after a row: `before` and `judged` are its point's judged tiers before and at the row."""
        if not self._delays:
            return judged
        is_on = announced[:, np.newaxis] >= TIERS
        should = judged[:, np.newaxis] >= TIERS
        running = (before[:, np.newaxis] >= TIERS) != is_on
        since = np.where(running, self._since.take(slot, axis=0), time[:, np.newaxis])
        self._since[slot] = since
        waited = time[:, np.newaxis] - since >= np.where(should, self._on_ns, self._off_ns)
        changed = (should != is_on) & waited
        after: Bytes = (is_on ^ changed).sum(axis=1, dtype=np.uint8)
        return after

    def due(self, slot: Slots, judged: Bytes, announced: Bytes) -> Int64s:
        """When the next delay is met if nothing else is judged, int64 ns (n,); NEVER where none runs."""
        if not self._delays:
            return np.full(len(slot), NEVER)
        should = judged[:, np.newaxis] >= TIERS
        running = should != (announced[:, np.newaxis] >= TIERS)
        met = self._since.take(slot, axis=0) + np.where(should, self._on_ns, self._off_ns)
        due: Int64s = np.where(running, met, NEVER).min(axis=1)
        return due

    def follow(
        self, slot: int, time: list[int], before: int, changes: list[tuple[int, int]], announced: int
    ) -> list[tuple[int, int]]:
        """As `update` for the rows of one point, one after another: the rows at which what is announced changes, and
        to what. `changes` are the rows at which its judged tier changes, and to what.
        """
        judged_at = dict(changes)
        if not self._delays:
            steps = changes if 0 in judged_at else [(0, before), *changes]
            return steps if steps[0][1] != announced else steps[1:]
        told = []
        since = self._since[slot].tolist()
        stops = sorted({*judged_at, len(time) - 1})
        row = place = 0
        while row < len(time):
            judged = judged_at.get(row, before)
            after = self._row(time[row], before, judged, announced, since)
            if after != announced:
                told.append((row, after))
            before, announced = judged, after
            while place < len(stops) and stops[place] <= row:
                place += 1
            stop = stops[place] if place < len(stops) else len(time)
            row = bisect_left(time, self._due(judged, after, since), row + 1, stop)
        self._since[slot] = since
        return told

    def _row(self, time: int, before: int, judged: int, announced: int, since: list[int]) -> int:
        after = 0
        for tier in COLOURS:
            is_on, should = announced >= tier, judged >= tier
            if (before >= tier) == is_on:
                since[tier - 1] = time
            if should != is_on and time - since[tier - 1] >= (self._on_ns if should else self._off_ns):
                is_on = should
            after += is_on
        return after

    def _due(self, judged: int, announced: int, since: list[int]) -> int:
        # When what is announced may change by time alone.
        low, high = sorted((judged, announced))
        return min(since[low:high], default=FOREVER) + (self._on_ns if judged > announced else self._off_ns)
