"""Score: how much wider a signal scatters than it used to."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from detectors.option import number
from detectors.recurrence import Columns, Recurrence
from detectors.room import room
from detectors.rows import Rows, State, common, of
from detectors.trend import CEILING, FINEST, NOT_YET, SIGMA_PER_MEAN_ABS
from ganzhi.clock import NS_PER_S
from ganzhi.records import Floats, Rule

WINDOW = 64
SMALLEST = 7
"""A window must be larger: the spread of a few readings says nothing."""

REFERENCE_S = 86_400.0
WINDOWS = 8.0
"""The reference lasts at least so many windows."""

CLIP_SIGMA = 2.4
"""A deviation counts for no more, in the present spread: a spike or a step is not a spread, and wider noise that stays
is still followed within a window, each reading making the next one count for more."""

INNER = 2.0
"""Readings known before one that make the last of them one with two neighbours."""

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
        window_s = window * period_s
        reference_s = np.maximum(number(rule, "reference_s", REFERENCE_S, above=0), WINDOWS * window_s)
        self._rates = [common(2.0 / over_s) for over_s in (window_s, reference_s)]  # as a plain mean over it
        self._window = common(window_s)
        self._readings = window
        self._weight = window / 2.0  # of a window without gaps
        self._resolution = common(np.maximum(resolution, FINEST))
        m = len(period_s)
        self._time = room(m, dtype=np.int64, filled=NOT_YET)
        self._last = room(m), room(m), room(m)  # the last reading, the one before, seconds between
        self._memory = room(m, 5)  # readings known since a silence; weight and mean, now and usual
        self._seen: tuple[Floats, ...] = ()
        self.state: State = {"time": self._time, "memory": self._memory}
        self.state |= dict(zip(("last", "older", "between"), self._last, strict=True))

    def update(self, rows: Rows) -> tuple[Rows, Floats]:
        slot = rows.slot
        gap = (rows.time - rows.before(self._time, rows.time)) / NS_PER_S
        x: Floats = np.minimum(np.maximum(rows.value, -CEILING), CEILING)
        last = rows.before(self._last[0], x)
        before = rows.before(self._last[1], last)
        resolution = of(self._resolution, slot)
        with np.errstate(under="ignore"):  # what underflows is 0 for us too
            size = _away(before, last, x, rows.before(self._last[2], gap), gap)
            ages = [gap * of(rate, slot) for rate in self._rates]
            row = size, gap <= of(self._window, slot), *(1.0 / (1.0 + age + 0.5 * age * age) for age in ages)
            own = self._resolution, self._readings
            known, weight, now, weight_usual, usual = STEP.run(rows, self._memory, row, own)
            self._seen = tuple(np.maximum(mean * SIGMA_PER_MEAN_ABS, resolution) for mean in (now, usual))
            score: Floats = self._seen[0] / self._seen[1]
        thin = (weight < THIN * self._weight) | (weight_usual < WARM_REFERENCE * self._weight)
        score[thin | (known < self._readings)] = np.nan
        return rows, score

    def evidence(self, row: int) -> Mapping[str, float]:
        """The standard deviation `now` and as `usual`, in the point's unit."""
        now, usual = self._seen
        return {"now": float(now[row]), "usual": float(usual[row])}


def _step(state: Columns, row: Columns, own: Columns) -> tuple[Columns, Columns]:
    known, weight, now, weight_usual, usual = state
    size, near, decay, decay_usual = row
    resolution, readings = own
    known = known * near
    tells = known >= INNER
    sigma = np.maximum(now * SIGMA_PER_MEAN_ABS, resolution)
    size = np.where(weight >= 1.0, np.minimum(size, CLIP_SIGMA * sigma), size)
    weight, now = _learned(weight, now, decay, size, tells)
    weight_usual, usual = _learned(weight_usual, usual, decay_usual, size, tells)
    before = known
    known = np.minimum(known + 1.0, readings)
    return (known, weight, now, weight_usual, usual), (before, weight, now, weight_usual, usual)


def _learned(
    weight: Floats, mean: Floats, decay: Floats, size: Floats, tells: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    weight = weight * decay + tells
    return weight, mean + tells / np.maximum(weight, 1.0) * (size - mean)


STEP = Recurrence(_step)


def _away(before: Floats, last: Floats, x: Floats, gap_before: Floats, gap: Floats) -> Floats:
    # Of the last reading from the line between its neighbours, in its own deviation by their noise and its.
    share = gap_before / (gap_before + gap)
    line = before + share * (x - before)
    away: Floats = np.abs(last - line) / np.sqrt(1.0 + share * share + (1.0 - share) * (1.0 - share))
    return away
