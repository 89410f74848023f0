"""The last minutes of every point, coarsely: what an alarm shows beside its value without asking a database."""

from __future__ import annotations

import threading

import numpy as np

from ganzhi.clock import NS_PER_S
from ganzhi.records import QUALITY_MASK, Quality, ReadingBlock

STEP_S = 30
STEPS = 16
NEVER = np.iinfo(np.int32).min


class Trend:
    """The newest good reading of every point in each of the last half minutes. Written by the detection thread.

    Eight bytes a point and step; not saved: after a restart it fills within minutes.
    """

    def __init__(self, n_points: int) -> None:
        self._value = np.full((n_points, STEPS), np.nan, np.float32)
        self._step = np.full((n_points, STEPS), NEVER, np.int32)
        self._lock = threading.Lock()

    def update(self, block: ReadingBlock) -> None:
        """Take in a block, before or after it was judged; a row whose step is over leaves what is there."""
        good = (block.quality & QUALITY_MASK) <= Quality.UNCERTAIN
        if not good.all():
            block = block.rows(good)
        step = (block.time // (STEP_S * NS_PER_S)).astype(np.int32)
        place = step % STEPS
        with self._lock:
            current = step >= self._step[block.point, place]
            point, place = block.point[current], place[current]
            self._value[point, place] = block.value[current]
            self._step[point, place] = step[current]

    def __call__(self, point: int) -> tuple[int, list[float]]:
        """When the newest step ends, UTC ns, and the values of the last STEPS, NaN for none; (0, all NaN): nothing."""
        with self._lock:
            steps, values = self._step[point].copy(), self._value[point].astype(np.float64)
        newest = int(steps.max())
        if newest == NEVER:
            return 0, [np.nan] * STEPS
        last = np.full(STEPS, np.nan)
        age = newest - steps.astype(np.int64)
        there = age < STEPS
        last[STEPS - 1 - age[there]] = values[there]
        return (newest + 1) * STEP_S * NS_PER_S, last.tolist()
