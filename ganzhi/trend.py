"""The last minutes of every point, coarsely: what an alarm shows beside its value without asking a database."""

from __future__ import annotations

import threading

import numpy as np

from ganzhi.clock import NS_PER_S
from ganzhi.latest import NEVER, Latest
from ganzhi.records import QUALITY_MASK, Floats, Quality

STEP_S = 30
STEPS = 16


class Trend:
    """The newest good reading of every point at the end of each half minute by our clock, and the newest of all.

    Costs a copy of the newest values every half minute; four bytes a point and step. Not saved: it fills within
    minutes after a restart.
    """

    def __init__(self, latest: Latest, n_points: int) -> None:
        self._latest = latest
        self._points = np.arange(n_points, dtype=np.int32)
        self._samples = np.full((STEPS - 1, n_points), np.nan, np.float32)
        self._seen = np.full(n_points, NEVER, np.int64)
        self._step: int | None = None
        self._lock = threading.Lock()

    def turn(self, now: int) -> None:
        """Take the samples that are due by `now`, UTC ns, before what came at that moment is taken in."""
        step = now // (STEP_S * NS_PER_S)
        if self._step is None:
            self._step = step
        if step <= self._step:
            return
        passed, self._step = step - self._step, step
        fresh, value = self._fresh()
        with self._lock:
            self._samples = np.roll(self._samples, -passed, axis=0)
            self._samples[-passed:] = np.nan
            if passed < STEPS:
                self._samples[-passed] = np.where(fresh, value, np.nan)

    def __call__(self, point: int) -> tuple[int, list[float]]:
        """When the newest step ends, UTC ns, and the values of the last STEPS, NaN for none."""
        with self._lock:
            before, seen, step = self._samples[:, point].tolist(), int(self._seen[point]), self._step
        time, value, quality = self._latest(np.array([point], np.int32))
        good = int(time[0]) not in (NEVER, seen) and int(quality[0]) & QUALITY_MASK <= Quality.UNCERTAIN
        end = 0 if step is None else (step + 1) * STEP_S * NS_PER_S
        return end, [*before, float(value[0]) if good else float("nan")]

    def _fresh(self) -> tuple[np.ndarray[tuple[int], np.dtype[np.bool_]], Floats]:
        time, value, quality = self._latest(self._points)
        fresh = (time != self._seen) & ((quality & QUALITY_MASK) <= Quality.UNCERTAIN)
        self._seen = time
        return fresh, value
