"""Score: how high the spike was that has just ended."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from detectors.option import number
from detectors.rows import Rows, Slots, State
from detectors.trend import CEILING, FINEST, NOT_YET, SIGMA_PER_MEAN_ABS
from ganzhi.clock import NS_PER_S
from ganzhi.records import Floats, Int64s, Rule

WINDOW = 11
LONGEST = 3
WIDEST = 32
"""A median over more readings lags too far behind."""

OUTSIDE_SIGMA = 3.0
"""A reading farther from the median is outside (Hampel's usual cut), …"""

INSIDE_SIGMA = 2.0
"""… and the signal is back when one is nearer than this, so that no small step looks like a spike by its noise."""

SIGMA_PER_MAD = 1.4826
"""Of normal noise."""

MEMORY = 64
"""Readings over which the usual deviation is averaged: the MAD of a few readings alone is often too small."""

SILENCE_WINDOWS = 3.0
"""After a longer silence, in windows of sampling periods, the old readings say nothing about the new ones."""


class Spike:
    """Find a few readings that leave the course of a signal and come back to it.

    A step, a ramp and the first readings of a spike look alike, so a reading is judged when the signal is back: the
    score comes with the first reading inside, one to `longest` readings after the spike began.

    Good for   glitches of sensor, line and converter.      Poor for   steps, longer pulses, noise that rises.
    Input      value float64 (n,), unit of the point; rows in time order per point, any spacing
    Output     score float64 (n,), >= 0, in standard deviations: the height of a spike at the reading that ends it,
               and 0 for any other; usual limit 6
    Options    window 11: readings before, odd, whose median is the course; longest 3: readings that a spike may last
    Warm-up    NaN until two windows of readings have been seen
    Missing    rows of bad quality do not come here and so change nothing; a silence of 3 windows starts it again
    Undecided  NaN while the signal has been outside for no more than `longest` readings, 0 when it stays there
    Flat       the deviation is floored at the point's resolution
    Cost       O(n) a block; 56 bytes and 8 a reading of the window, a point
    Raises     ValueError for a wrong option
    Source     Hampel, J. Am. Stat. Assoc. 69 (1974) 383-393; departures: only earlier readings, the wait for the
               return, and a deviation not below the usual one
    """

    def __init__(self, rule: Rule, *, period_s: Floats, resolution: Floats) -> None:
        window = number(rule, "window", WINDOW, above=4, below=WIDEST)
        longest = number(rule, "longest", LONGEST, above=0, below=window / 2)
        if window % 2 != 1 or longest % 1 != 0:
            raise ValueError(f"{rule.id}: window must be an odd number of readings and longest a whole one")
        self._window, self._longest = int(window), longest
        self._silence = SILENCE_WINDOWS * window * period_s * NS_PER_S
        self._resolution = np.maximum(resolution, FINEST)
        m = len(period_s)
        self._time = np.full(m, NOT_YET, np.int64)
        self._ring = np.zeros((m, self._window))
        # place in the ring, readings seen, usual deviation; of what is outside now: readings, height in sigma, in units
        self._memory = np.zeros((m, 6))
        self._ended = np.empty((0, 2))
        self.state: State = {"time": self._time, "ring": self._ring, "memory": self._memory}

    def update(self, rows: Rows) -> tuple[Rows, Floats]:
        score = np.empty(len(rows))
        self._ended = np.empty((len(rows), 2))
        for part in rows.rounds():
            score[part] = self._step(rows.slot[part], rows.time[part], rows.value[part], self._ended[part])
        return rows, score

    def evidence(self, row: int) -> Mapping[str, float]:
        """`height` in the point's unit, below 0 for a dip, and the `readings` that the spike lasted."""
        readings, height = self._ended[row].tolist()
        return {"height": height, "readings": readings} if readings > 0 else {}

    def _step(self, slot: Slots, time: Int64s, value: Floats, ended: Floats) -> Floats:
        x = np.minimum(np.maximum(value, -CEILING), CEILING)
        memory = self._memory.take(slot, axis=0).T.copy()
        memory[:, time - self._time.take(slot) > self._silence.take(slot)] = 0.0
        place, seen, usual, outside, highest, height = memory  # views, changed in place
        full = seen >= self._window
        with np.errstate(under="ignore"):  # what underflows is 0 for us too
            middle, mad = _hampel(self._ring.take(slot, axis=0))
            sigma = np.maximum(SIGMA_PER_MAD * mad, SIGMA_PER_MEAN_ABS * usual)
            np.maximum(sigma, self._resolution.take(slot), out=sigma)
            deviation = x - middle
            size = np.abs(deviation)
            out = full & (size > np.where(outside > 0, INSIDE_SIGMA, OUTSIDE_SIGMA) * sigma)
            learned = np.minimum(np.maximum(seen - (self._window - 1), 1.0), MEMORY)
            usual += full / learned * (np.minimum(size, OUTSIDE_SIGMA * sigma) - usual)
            ratio = size / sigma

        short = outside <= self._longest
        ended[:, 0] = np.where(~out & short, outside, 0.0)
        ended[:, 1] = height
        score = np.where(~out & short, highest, 0.0)
        score[(out & (outside < self._longest)) | (seen < 2 * self._window)] = np.nan

        higher = out & (ratio > highest)
        highest[:] = np.where(higher, ratio, highest * out)
        height[:] = np.where(higher, deviation, height * out)
        outside += 1.0
        outside *= out
        self._ring[slot, place.astype(np.intp)] = x
        place += 1.0
        place *= place < self._window
        np.minimum(seen + 1.0, self._window + MEMORY, out=seen)
        self._memory[slot] = memory.T
        self._time[slot] = time
        return score


def _hampel(ring: NDArray[np.float64]) -> tuple[Floats, Floats]:
    half = ring.shape[1] // 2
    middle: Floats = np.partition(ring, half, axis=1)[:, half]
    away = np.abs(ring - middle[:, np.newaxis])
    mad: Floats = np.partition(away, half, axis=1)[:, half]
    return middle, mad
