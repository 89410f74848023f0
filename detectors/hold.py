"""Hold: judged tiers -> announced tiers, by an on-delay and an off-delay."""

from __future__ import annotations

import numpy as np

from detectors.judge import TIERS
from detectors.rows import Slots, State
from ganzhi.clock import NS_PER_S
from ganzhi.records import Bytes, Int64s, Rule

NEVER = np.iinfo(np.int64).max


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
        self._since = np.zeros((len(rule.subjects) if self._delays else 0, len(TIERS)), np.int64)
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
