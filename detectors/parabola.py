"""Level, slope and curvature of a signal now, robust, each with its error: what a forecast extrapolates.

Discounted least squares of a parabola on irregular readings (Brown, Smoothing, Forecasting and Prediction, 1963), as a
recurrence in the covariance of its three figures, and with the robust treatment of residuals of `trend.py`, whose
constants and errors are the same. The straight line through the same readings needs no second fit: leaving the
curvature out moves the other two figures by their covariance with it. So what is handed on is the line, the curvature,
and by how much the line's figures move with as much of the curvature as is believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detectors.recurrence import Columns, Recurrence
from detectors.room import room
from detectors.rows import Rows, State, common, of
from detectors.trend import (
    CEILING,
    COURSE_SIGMA,
    FINEST,
    KNOWN,
    LIKENESS_MAX,
    NOT_YET,
    PERIODS,
    QUANTUM,
    S_PER_MIN,
    SIGMA_PER_MEAN_ABS,
    SILENCE_WINDOWS,
    SPREAD,
    WINDOW_TIMES,
    learned,
    robust,
)
from ganzhi.clock import NS_PER_S
from ganzhi.records import Floats

LEVEL_UNKNOWN, SLOPE_UNKNOWN, BEND_UNKNOWN = 1e9, 1e9, 1e6
"""Variances at a start, in units of the residuals' and in time constants."""

RECURRENT = 15


@dataclass(frozen=True, slots=True)
class Course:
    """Per row, float64 (n,), with time in time constants: 1 / `per_min` minutes each.

    level, slope           of the straight line, in the point's unit
    bend                   half the second derivative of the parabola
    level_by, slope_by     what a unit of bend adds to the line's level and slope
    …_error                standard errors; NaN in slope_error: still warming up
    """

    level: Floats
    slope: Floats
    bend: Floats
    level_error: Floats
    slope_error: Floats
    bend_error: Floats
    level_by: Floats
    slope_by: Floats
    per_min: Floats


class Parabola:
    """Follows points; `window_s` in seconds, `period_s` and `resolution` float64 (m,)."""

    def __init__(self, *, window_s: float, period_s: Floats, resolution: Floats) -> None:
        m = len(period_s)
        self._per_s = common(WINDOW_TIMES / np.maximum(window_s, PERIODS * period_s))
        self._resolution = common(np.maximum(resolution, FINEST))
        self._time = room(m, dtype=np.int64, filled=NOT_YET)
        # level, slope, bend, their covariance (00, 01, 02, 11, 12, 22), weight of the readings,
        # mean absolute residual, residuals known, last one, likeness, course
        self._memory = room(m, RECURRENT)
        # Names of their own: nothing is taken over from a straight line's state of the same rule.
        self.state: State = {"heard": self._time, "parabola": self._memory}

    def follow(self, rows: Rows) -> Course:
        """Take in the rows. Time is in time constants from here on, residuals in sigma."""
        per_s = of(self._per_s, rows.slot)
        x = np.minimum(np.maximum(rows.value, -CEILING), CEILING)
        age = (rows.time - rows.before(self._time, rows.time)) * (per_s / NS_PER_S)
        with np.errstate(under="ignore"):  # what underflows is 0 for us too
            grown = 1.0 + age + 0.5 * age * age  # rational, not exp: the same bits for every length of array
            row = x, age, grown, age > SILENCE_WINDOWS * WINDOW_TIMES
            told = STEP.run(rows, self._memory, row, (self._resolution,))
            return _course(told, of(self._resolution, rows.slot), np.full(len(rows), per_s * S_PER_MIN))


def _step(state: Columns, row: Columns, own: Columns) -> tuple[Columns, Columns]:
    level, slope, bend, p00, p01, p02, p11, p12, p22, weight, noise, known, last, likeness, course = state
    x, age, grown, silent = row
    (resolution,) = own
    again = silent | (np.abs(course) >= COURSE_SIGMA)
    if again.any():
        # After a silence nothing is known; on a new course the spread and likeness of the residuals still are.
        noise, known, likeness = noise * (1.0 - silent), known * (1.0 - silent), likeness * (1.0 - silent)
        keep = 1.0 - again
        level, slope, bend = np.where(again, x, level), slope * keep, bend * keep
        p00, p01, p02 = np.where(again, LEVEL_UNKNOWN, p00), p01 * keep, p02 * keep
        p11, p12, p22 = np.where(again, SLOPE_UNKNOWN, p11), p12 * keep, np.where(again, BEND_UNKNOWN, p22)
        weight, last, course = weight * keep, last * keep, course * keep
        age, grown = age * keep, np.where(again, 1.0, grown)

    step = age * bend
    level += age * (slope + step)
    slope += step + step
    p00, p01, p02, p11, p12, p22 = _weigh(p00, p01, p02, p11, p12, p22, age, grown)
    weight = weight / grown + 1.0
    leverage = np.sqrt(1.0 - p00)
    innovation = x - level
    sigma = np.maximum(noise * SIGMA_PER_MEAN_ABS, resolution)
    pull, size = robust(innovation, leverage, sigma, known)
    level += p00 * pull
    slope += p01 * pull
    bend += p02 * pull
    noise, known, last, likeness, course = learned(
        innovation, leverage, size / sigma, size, noise, known, last, likeness, course
    )
    return (level, slope, bend, p00, p01, p02, p11, p12, p22, weight, noise, known, last, likeness, course), (
        level, slope, bend, p00, p02, p11, p12, p22, weight, sigma, known, likeness
    )  # fmt: skip


def _weigh(
    p00: Floats, p01: Floats, p02: Floats, p11: Floats, p12: Floats, p22: Floats, age: Floats, grown: Floats
) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
    # The covariance ages and takes in a reading; its first row is the gain then.
    twice = age + age
    level = p00 + age * (p01 + age * p02)
    both = p01 + age * (p11 + age * p12)
    bend = p02 + age * (p12 + age * p22)
    cross = p12 + twice * p22
    slope = p11 + twice * p12
    p00 = (level + age * (both + age * bend)) * grown
    p01 = (both + twice * bend) * grown
    p02 = bend * grown
    left = 1.0 / (p00 + 1.0)
    gain_slope, gain_bend = p01 * left, p02 * left
    p11 = (slope + twice * cross) * grown - gain_slope * p01
    p12 = cross * grown - gain_slope * p02
    return p00 * left, gain_slope, gain_bend, p11, p12, p22 * grown - gain_bend * p02


def _course(told: Sequence[Floats], resolution: float | Floats, per_min: Floats) -> Course:
    level, slope, bend, p00, p02, p11, p12, p22, weight, sigma, known, likeness = told
    alike = np.minimum(np.maximum(likeness, 0.0), LIKENESS_MAX)
    quantum = QUANTUM * resolution
    variance = sigma * sigma * ((1.0 + alike) / (1.0 - alike)) + weight * quantum * quantum
    curved = np.maximum(p22, FINEST)
    level_by, slope_by = p02 / curved, p12 / curved
    line = np.maximum(p11 - slope_by * p12, 0.0)
    level_error = np.sqrt(np.maximum(p00 - level_by * p02, 0.0) * variance)
    slope_error = np.sqrt(line * variance)
    warm = (known >= KNOWN) & (weight * line * (SPREAD * SPREAD) <= 1.0)
    slope_error[~warm] = np.nan
    line_level, line_slope = level - level_by * bend, slope - slope_by * bend
    bend_error = np.sqrt(curved * variance)
    return Course(line_level, line_slope, bend, level_error, slope_error, bend_error, level_by, slope_by, per_min)


STEP = Recurrence(_step)
