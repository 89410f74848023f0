"""Score: how high the spike was that has just ended."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from detectors.option import number
from detectors.recurrence import Columns, Recurrence
from detectors.room import room
from detectors.rows import Rows, State, common, of
from detectors.trend import CEILING, FINEST, NOT_YET, SIGMA_PER_MEAN_ABS
from ganzhi.clock import NS_PER_S
from ganzhi.records import Floats, Rule

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

UNKNOWN = -1.0
"""Stands for NaN in a step."""

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
    Cost       O(n) a block; 49 bytes and 8 a reading of the window, a point
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
        self._silence = common(SILENCE_WINDOWS * window * period_s * NS_PER_S)
        self._resolution = common(np.maximum(resolution, FINEST))
        m = len(period_s)
        self._time = room(m, dtype=np.int64, filled=NOT_YET)
        self._ring = room(m, self._window)
        self._place = room(m, dtype=np.uint8)
        # readings seen, usual deviation; of what is outside now: readings, height in sigma, in units
        self._memory = room(m, 5)
        self._ended: list[Floats] = []
        self.state: State = {"time": self._time, "ring": self._ring, "place": self._place, "memory": self._memory}

    def update(self, rows: Rows) -> tuple[Rows, Floats]:
        again = rows.time - rows.before(self._time, rows.time) > of(self._silence, rows.slot)
        x = np.minimum(np.maximum(rows.value, -CEILING), CEILING)
        middle, mad = self._course(rows, x)
        own = self._resolution, self._window, self._longest
        with np.errstate(under="ignore"):  # what underflows is 0 for us too
            row = x - middle, SIGMA_PER_MAD * mad, again
        score, *self._ended = STEP.run(rows, self._memory, row, own)
        score[score < 0.0] = np.nan
        return rows, score

    def evidence(self, row: int) -> Mapping[str, float]:
        """`height` in the point's unit, below 0 for a dip, and the `readings` that the spike lasted."""
        readings, height = (float(column[row]) for column in self._ended)
        return {"height": height, "readings": readings} if readings > 0 else {}

    def _course(self, rows: Rows, x: Floats) -> tuple[Floats, Floats]:
        # Of the window before each row the median, and of the deviations from it the median size.
        middle, mad = np.empty(len(rows)), np.empty(len(rows))
        for part in rows.wide():
            slot = rows.slot[part]
            middle[part], mad[part] = _hampel(self._ring.take(slot, axis=0))
            place = self._place.take(slot)
            self._ring[slot, place] = x[part]
            self._place[slot] = (place + 1) % self._window
        for point, index in rows.points():
            known = np.concatenate([np.roll(self._ring[point], -int(self._place[point])), x[index]])
            middle[index], mad[index] = _hampel(sliding_window_view(known, self._window)[:-1])
            self._ring[point], self._place[point] = known[-self._window :], 0
        return middle, mad


def _step(state: Columns, row: Columns, own: Columns) -> tuple[Columns, Columns]:
    seen, usual, outside, highest, height = state
    deviation, spread, again = row
    resolution, window, longest = own
    if again.any():
        seen = np.where(again, 0.0, seen)
        usual = np.where(again, 0.0, usual)
        outside = np.where(again, 0.0, outside)
        highest = np.where(again, 0.0, highest)
        height = np.where(again, 0.0, height)
    full = seen >= window
    sigma = np.maximum(np.maximum(spread, SIGMA_PER_MEAN_ABS * usual), resolution)
    size = np.abs(deviation)
    out = full & (size > np.where(outside > 0.0, INSIDE_SIGMA, OUTSIDE_SIGMA) * sigma)
    learned = np.minimum(np.maximum(seen - (window - 1.0), 1.0), MEMORY)
    usual = usual + full / learned * (np.minimum(size, OUTSIDE_SIGMA * sigma) - usual)
    unknown = seen < 2.0 * window
    score, readings, tallest = highest, outside, height
    busy = out | (outside > 0.0)
    if busy.any():
        ended = ~out & (outside <= longest)
        score = np.where(ended, highest, 0.0)
        readings = np.where(ended, outside, 0.0)
        unknown = unknown | (out & (outside < longest))
        ratio = size / sigma
        higher = out & (ratio > highest)
        highest = np.where(higher, ratio, highest * out)
        height = np.where(higher, deviation, height * out)
        outside = (outside + 1.0) * out
    seen = np.minimum(seen + 1.0, window + MEMORY)
    return (seen, usual, outside, highest, height), (np.where(unknown, UNKNOWN, score), readings, tallest)


STEP = Recurrence(_step)


def _hampel(ring: NDArray[np.float64]) -> tuple[Floats, Floats]:
    half = ring.shape[1] // 2
    middle: Floats = np.partition(ring, half, axis=1)[:, half]
    away = np.abs(ring - middle[:, np.newaxis])
    mad: Floats = np.partition(away, half, axis=1)[:, half]
    return middle, mad
