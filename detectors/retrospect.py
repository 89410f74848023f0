"""Late rows, judged by themselves: what was beyond a limit while nobody could see it."""

from __future__ import annotations

import numpy as np

from detectors.judge import Judge
from detectors.room import room
from detectors.rows import Rows, State
from ganzhi.clock import NS_PER_S
from ganzhi.records import Floats

RUN_GAP_S = 600
"""Late rows of a point further apart than this, by the sensor's clock, are not one run."""

RUN_GAP_NS = RUN_GAP_S * NS_PER_S


class Retrospect:
    """Finds runs of late rows beyond a limit. A run is told at its first row and again whenever it gets worse.

    It ends with a late row inside the limits or after a gap, not with a block: the log's blocks may be cut otherwise
    when they are read again. Nothing here touches what the live rows have set.
    """

    def __init__(self, judge: Judge) -> None:
        m = len(judge.mildest)
        self._judge = judge
        self._tier = room(m, dtype=np.uint8)
        self._time = room(m, dtype=np.int64)
        self.state: State = {"late_tier": self._tier, "late_time": self._time}

    def update(self, rows: Rows, score: Floats) -> list[tuple[int, int]]:
        """Each row that begins or worsens a run, with its tier."""
        running = self._tier.take(rows.slot) > 0
        beyond = self._judge.beyond(score, self._judge.mildest.take(rows.slot))
        if not (running | beyond).any():
            return []
        tiers = self._judge.tier(score, rows.slot, np.zeros(len(rows), np.uint8))
        told = []
        runs: dict[int, tuple[int, int]] = {}
        for row, (slot, time, tier) in enumerate(
            zip(rows.slot.tolist(), rows.time.tolist(), tiers.tolist(), strict=True)
        ):
            worst, last = runs.get(slot) or (self._tier.item(slot), self._time.item(slot))
            if abs(time - last) > RUN_GAP_NS:
                worst = 0
            if tier > worst:
                told.append((row, tier))
            runs[slot] = (max(tier, worst) if tier else 0), time
        slots = np.array([*runs])
        self._tier[slots], self._time[slots] = np.array([*runs.values()]).T
        return told
