"""Score: how much wider a signal scatters than it used to."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from detectors.option import number
from detectors.rows import Rows, Slots, State
from detectors.trend import CEILING, FINEST, NOT_YET, SIGMA_PER_MEAN_ABS
from ganzhi.clock import NS_PER_S
from ganzhi.records import Floats, Int64s, Rule

WINDOW = 64
SMALLEST = 7
"""A window must be larger: the spread of a few readings says nothing."""

REFERENCE_S = 86_400.0
WINDOWS = 8.0
"""The reference lasts at least so many windows."""

CLIP_SIGMA = 2.4
"""A deviation counts for no more, in the present spread: a spike or a step is not a spread, and wider noise that stays
is still followed within a window, each reading making the next one count for more."""

THIN = 0.3
"""Part of a window's weight that must be known: readings three times rarer than they should be are enough."""

WARM_REFERENCE = 2.0
"""Windows' weight of which the reference must be known, so that the present is not its own measure."""


class Spread:
    """Compare how a signal scatters now with how it used to.

    What scatters is each reading around the line between its two neighbours, whatever their spacing, so that no ramp
    and no slow swing counts, a step for two readings only. Means of its size, over a window and over the reference:
    score = max(now, resolution) / max(usual, resolution)

    Good for   cavitation, worn valves, loose contacts; side "low": a sensor that is damped, blocked, simulated.
    Poor for   swings slower than about five readings (the line follows them), a level that is wrong but still (shift).
    Input      value float64 (n,), unit of the point; rows in time order per point, any spacing
    Output     score float64 (n,), > 0, a ratio of standard deviations: 1 as usual; usual limit 1.75, or 0.4 on side low
    Options    window 64: sampling periods, the present; reference_s 86400: seconds, the usual, at least 8 windows
    Warm-up    NaN until a window of readings, a third of its weight and two windows' weight of the reference are known
    Missing    rows of bad quality do not come here and so change nothing; both means age with time, and a silence
               of a window begins the present again
    Flat       1; both spreads are floored at the point's resolution
    Cost       O(n) a block; 72 bytes a point
    Raises     ValueError for a wrong option
    Source     Gasser, Sroka and Jennen-Steinmetz, Biometrika 73 (1986) 625-633; departures: means of the size and not
               of the square, clip, weights by age
    """

    def __init__(self, rule: Rule, *, period_s: Floats, resolution: Floats) -> None:
        window = number(rule, "window", WINDOW, above=SMALLEST)
        self._window_s = window * period_s
        reference_s = np.maximum(number(rule, "reference_s", REFERENCE_S, above=0), WINDOWS * self._window_s)
        self._rates = 2.0 / np.stack([self._window_s, reference_s])  # as a plain mean over it
        self._readings = window
        self._weight = window / 2.0  # of a window without gaps
        self._resolution = np.maximum(resolution, FINEST)
        m = len(period_s)
        self._time = np.full(m, NOT_YET, np.int64)
        # last reading, the one before, readings known since a silence, seconds between; weight and mean, now and usual
        self._memory = np.zeros((m, 8))
        self._seen = np.empty((2, 0))
        self.state: State = {"time": self._time, "memory": self._memory}

    def update(self, rows: Rows) -> tuple[Rows, Floats]:
        self._seen = np.empty((2, len(rows)))
        score = np.empty(len(rows))
        for part in rows.rounds():
            score[part] = self._step(rows.slot[part], rows.time[part], rows.value[part], self._seen[:, part])
        return rows, score

    def evidence(self, row: int) -> Mapping[str, float]:
        """The standard deviation `now` and as `usual`, in the point's unit."""
        now, usual = self._seen[:, row].tolist()
        return {"now": now, "usual": usual}

    def _step(self, slot: Slots, time: Int64s, value: Floats, seen: Floats) -> Floats:
        x = np.minimum(np.maximum(value, -CEILING), CEILING)
        gap = (time - self._time.take(slot)) / NS_PER_S
        resolution = self._resolution.take(slot)
        memory = self._memory.take(slot, axis=0).T.copy()
        last, before, known, gap_before, weight, now, weight_usual, usual = memory  # views, changed in place
        known *= gap <= self._window_s.take(slot)
        with np.errstate(under="ignore"):  # what underflows is 0 for us too
            size = _away(before, last, x, gap_before, gap)
            sigma = np.maximum(now * SIGMA_PER_MEAN_ABS, resolution)
            tells = known >= 2
            size = np.where(weight >= 1.0, np.minimum(size, CLIP_SIGMA * sigma), size)
            decay = gap * self._rates.take(slot, axis=1)
            decay = 1.0 / (1.0 + decay + 0.5 * decay * decay)
            _learn(weight, now, decay[0], size, tells)
            _learn(weight_usual, usual, decay[1], size, tells)
            np.maximum(now * SIGMA_PER_MEAN_ABS, resolution, out=seen[0])
            np.maximum(usual * SIGMA_PER_MEAN_ABS, resolution, out=seen[1])
            score: Floats = seen[0] / seen[1]
        thin = (weight < THIN * self._weight) | (weight_usual < WARM_REFERENCE * self._weight)
        score[thin | (known < self._readings)] = np.nan
        before[:] = last
        last[:] = x
        gap_before[:] = gap
        np.minimum(known + 1.0, self._readings, out=known)
        self._memory[slot] = memory.T
        self._time[slot] = time
        return score


def _learn(weight: Floats, mean: Floats, decay: Floats, size: Floats, tells: NDArray[np.bool_]) -> None:
    weight *= decay
    weight += tells
    mean += tells / np.maximum(weight, 1.0) * (size - mean)


def _away(before: Floats, last: Floats, x: Floats, gap_before: Floats, gap: Floats) -> Floats:
    # Of the last reading from the line between its neighbours, in its own deviation by their noise and its.
    share = gap_before / (gap_before + gap)
    line = before + share * (x - before)
    away: Floats = np.abs(last - line) / np.sqrt(1.0 + share * share + (1.0 - share) * (1.0 - share))
    return away
