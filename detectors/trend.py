"""Level and slope of a signal now, robust and with the slope's error: what rate and creep share.

Discounted least squares (Brown, Smoothing, Forecasting and Prediction, 1963) on irregular readings: each reading
weighs less as it ages, and three sums of the weights give the gain of the next one, so that a point needs ten floats
however long its window. The slope's error is that of the discount model of West and Harrison (Bayesian Forecasting and
Dynamic Models, 2nd ed. 1997, ch. 6), about twice the one of a straight line in white noise: the slope may itself have
changed. Departures, because plant signals are not textbook ones:
- innovations are clipped at 3 sigma and beyond 6 have no weight at all (Hampel 1974), and sigma comes from their mean
  absolute value: spikes do not tilt;
- their sum beyond an allowance (CUSUM, Page 1954) shows a step or a new course, and then the fit starts again: a
  level that was re-zeroed leaves no false slope, and a changed inflow is followed within about half a window;
- the error grows with the likeness of neighbouring residuals (1 + r) / (1 - r): waves and damped sensors are not white;
- and with the instrument's resolution: one step of it is no trend.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detectors.recurrence import Columns, Recurrence
from detectors.room import room
from detectors.rows import Rows, State, common, of
from ganzhi.clock import NS_PER_S
from ganzhi.records import Floats

WINDOW_TIMES = 48 ** (1 / 3)
"""Window over time constant: plain least squares over the last `window_s` gives a slope of the same variance."""

PERIODS = 16
"""A window of fewer sampling periods is stretched to this many: a slope from three readings is no trend."""

SILENCE_WINDOWS = 3.0
"""After a longer silence the old trend says nothing about the new one."""

CLIP_SIGMA = 3.0
"""Innovations count for no more than this; Gaussian noise hardly notices."""

SPIKE_SIGMA = 6.0
"""Larger ones do not count towards level and slope: they are a spike, or the first readings after a step."""

ALLOWANCE_SIGMA = 1.5
"""What a residual may deviate without being counted towards a new course."""

COURSE_SIGMA = 7.5
"""Sum that means a new course: five clipped residuals of one sign in a row, or more smaller ones."""

LIKENESS_MAX = 0.95
"""Bound on the correlation of neighbouring residuals; the error then grows sixfold."""

KNOWN = 8
"""Residuals needed before their spread is trusted to clip and to test."""

MEMORY = 64
"""Residuals over which spread and likeness are averaged."""

SPREAD = 0.25
"""Warm when the readings' times have this standard deviation, in time constants: about a quarter of a window."""

QUANTUM = 0.3
"""Error in steps of resolution over that deviation: one step amid a flat signal stays below 1.5 errors."""

LEVERAGE = 0.1
"""Below this the reading decides its own prediction (the first two after a start) and leaves no residual."""

PRIOR = 1e-12
"""Weight of "slope 0" at a start, in squared time constants: keeps the first two readings from dividing by 0."""

FINEST = 1e-12
"""Smallest resolution believed, in the point's unit: nothing is divided by 0."""

CEILING = 1e120
"""Larger magnitudes are read as this, so that no square overflows."""

SIGMA_PER_MEAN_ABS = float(np.sqrt(np.pi / 2))
S_PER_MIN = 60.0
NOT_YET = -(1 << 62)


@dataclass(frozen=True, slots=True)
class Fit:
    """Per row, float64 (n,): `level` in the point's unit, `slope` and its standard `error` in units a minute.

    NaN in slope and error: still warming up.
    """

    level: Floats
    slope: Floats
    error: Floats


class Trend:
    """Follows points; `window_s` in seconds, `period_s` and `resolution` float64 (m,)."""

    def __init__(self, *, window_s: float, period_s: Floats, resolution: Floats) -> None:
        m = len(period_s)
        self._per_s = common(WINDOW_TIMES / np.maximum(window_s, PERIODS * period_s))
        self._resolution = common(np.maximum(resolution, FINEST))
        self._time = room(m, dtype=np.int64, filled=NOT_YET)
        # level, slope, three sums of weights, mean absolute residual, residuals known, last one, likeness, course
        self._memory = room(m, 10)
        self.state: State = {"time": self._time, "memory": self._memory}

    def follow(self, rows: Rows) -> Fit:
        """Take in the rows. Time is in time constants from here on, slopes are per time constant."""
        per_s = of(self._per_s, rows.slot)
        x = np.minimum(np.maximum(rows.value, -CEILING), CEILING)
        age = (rows.time - rows.before(self._time, rows.time)) * (per_s / NS_PER_S)
        with np.errstate(under="ignore"):
            decay = 1.0 / (1.0 + age + 0.5 * age * age)  # rational, not exp: the same bits on every machine
            row = x, age, decay, age > SILENCE_WINDOWS * WINDOW_TIMES
            told = STEP.run(rows, self._memory, row, (self._resolution,))
            level, slope, s0, determinant, sigma, likeness, known = told
            warm = (known >= KNOWN) & (determinant >= SPREAD * SPREAD * s0 * s0)
            per_min = np.where(warm, per_s * S_PER_MIN, np.nan)
            error = _error(s0, determinant, sigma, of(self._resolution, rows.slot), likeness)
            return Fit(level, slope * per_min, error * per_min)


def _step(state: Columns, row: Columns, own: Columns) -> tuple[Columns, Columns]:
    level, slope, s0, s1, s2, noise, known, last, likeness, course = state
    x, age, decay, silent = row
    (resolution,) = own
    again = silent | (np.abs(course) >= COURSE_SIGMA)
    if again.any():
        # After a silence nothing is known; on a new course the spread and likeness of the residuals still are.
        noise, known, likeness = noise * (1.0 - silent), known * (1.0 - silent), likeness * (1.0 - silent)
        keep = 1.0 - again
        level, s2 = np.where(again, x, level), np.where(again, PRIOR, s2)
        slope, s0, s1, last, course = slope * keep, s0 * keep, s1 * keep, last * keep, course * keep
        age, decay = age * keep, np.where(again, 1.0, decay)

    moved = age * s0
    s2 += age * (s1 + s1 + moved)
    s2 *= decay
    s1 += moved
    s1 *= decay
    s0 *= decay
    s0 += 1.0
    determinant = s0 * s2 - s1 * s1
    gain = s2 / determinant
    leverage = np.sqrt(np.maximum(1.0 - gain, 0.0))

    level += slope * age
    innovation = x - level
    sigma = np.maximum(noise * SIGMA_PER_MEAN_ABS, resolution)
    pull, size = robust(innovation, leverage, sigma, known)
    level += gain * pull
    slope += s1 / determinant * pull
    noise, known, last, likeness, course = learned(
        innovation, leverage, size / sigma, size, noise, known, last, likeness, course
    )
    return (level, slope, s0, s1, s2, noise, known, last, likeness, course), (
        level, slope, s0, determinant, sigma, likeness, known
    )  # fmt: skip


def robust(innovation: Floats, leverage: Floats, sigma: Floats, known: Floats) -> tuple[Floats, Floats]:
    """By how much readings pull at a fit, and the size of their residuals, clipped: part of a step (recurrence.py)."""
    size = np.abs(innovation) * leverage
    clip = CLIP_SIGMA * sigma
    wild = (size > clip) & (known >= KNOWN)
    pull = innovation
    if wild.any():
        counts = np.where(size <= SPIKE_SIGMA * sigma, clip, 0.0) / np.where(wild, leverage, 1.0)
        pull = np.where(wild, np.copysign(counts, innovation), innovation)
        size = np.where(wild, clip, size)
    return pull, size


def learned(
    innovation: Floats,
    leverage: Floats,
    ratio: Floats,
    size: Floats,
    noise: Floats,
    known: Floats,
    last: Floats,
    likeness: Floats,
    course: Floats,
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """The residuals' mean size, how many are known, the last, likeness and course, after readings: part of a step."""
    tells = np.where(leverage > LEVERAGE, 1.0, 0.0)
    residual = tells * np.copysign(np.minimum(ratio, CLIP_SIGMA), innovation)
    course += np.where(known >= KNOWN, residual, 0.0)
    course -= np.minimum(np.maximum(course, -ALLOWANCE_SIGMA), ALLOWANCE_SIGMA)
    known = np.minimum(known + tells, MEMORY)
    share = tells / np.maximum(known, 1.0)
    noise += share * (size - noise)
    likeness += share * (residual * last - likeness)
    return noise, known, residual, likeness, course


def _error(s0: Floats, determinant: Floats, sigma: Floats, resolution: float | Floats, likeness: Floats) -> Floats:
    alike = np.minimum(np.maximum(likeness, 0.0), LIKENESS_MAX)
    variance = sigma * sigma * ((1.0 + alike) / (1.0 - alike))
    quantum = QUANTUM * resolution
    error: Floats = np.sqrt(s0 / determinant * (variance + s0 * quantum * quantum))
    return error


STEP = Recurrence(_step)
