"""Level, slope and curvature of a signal now, robust, each with its error: what a forecast extrapolates.

Discounted least squares of a parabola on irregular readings (Brown, Smoothing, Forecasting and Prediction, 1963), as a
recurrence in the covariance of its three figures, and with the robust treatment of residuals of `trend.py`, whose
constants and errors are the same. The straight line through the same readings needs no second fit: leaving the
curvature out moves the other two figures by their covariance with it. So what is handed on is the line, the curvature,
and by how much the line's figures move with as much of the curvature as is believed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detectors.rows import Rows, Slots, State
from detectors.trend import (
    ALLOWANCE_SIGMA,
    CEILING,
    CLIP_SIGMA,
    COURSE_SIGMA,
    FINEST,
    KNOWN,
    LEVERAGE,
    LIKENESS_MAX,
    MEMORY,
    NOT_YET,
    PERIODS,
    QUANTUM,
    S_PER_MIN,
    SIGMA_PER_MEAN_ABS,
    SILENCE_WINDOWS,
    SPREAD,
    WINDOW_TIMES,
    robust,
)
from ganzhi.clock import NS_PER_S
from ganzhi.records import Floats, Int64s

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
        self._per_s = WINDOW_TIMES / np.maximum(window_s, PERIODS * period_s)
        self._resolution = np.maximum(resolution, FINEST)
        self._time = np.full(m, NOT_YET, np.int64)
        # level, slope, bend, their covariance (00, 01, 02, 11, 12, 22), weight of the readings,
        # mean absolute residual, residuals known, last one, likeness, course
        self._memory = np.zeros((m, RECURRENT))
        # Names of their own: nothing is taken over from a straight line's state of the same rule.
        self.state: State = {"heard": self._time, "parabola": self._memory}

    def follow(self, rows: Rows) -> Course:
        """Take in the rows, round by round."""
        found = np.empty((9, len(rows)))
        for part in rows.rounds():
            found[:, part] = self._step(rows.slot[part], rows.time[part], rows.value[part])
        return Course(*found)

    def _step(self, slot: Slots, time: Int64s, value: Floats) -> tuple[Floats, ...]:
        # Time is in time constants from here on, residuals in sigma.
        per_s = self._per_s.take(slot)
        resolution = self._resolution.take(slot)
        x = np.minimum(np.maximum(value, -CEILING), CEILING)
        age = (time - self._time.take(slot)) * (per_s / NS_PER_S)
        memory = self._memory.take(slot, axis=0).T.copy()
        _start_again(memory, x, age)
        level, slope, bend = memory[:3]  # views, changed in place
        noise, known, last, likeness, course = memory[10:]
        with np.errstate(under="ignore"):  # what underflows is 0 for us too
            step = age * bend
            level += age * (slope + step)
            slope += step + step
            gain, gain_slope, gain_bend = _weigh(memory[3:10], age)
            leverage = np.sqrt(1.0 - gain)
            innovation = x - level
            sigma = np.maximum(noise * SIGMA_PER_MEAN_ABS, resolution)
            pull, size = robust(innovation, leverage, sigma, known)
            level += gain * pull
            slope += gain_slope * pull
            bend += gain_bend * pull

            tells = leverage > LEVERAGE
            residual = tells * np.copysign(np.minimum(size / sigma, CLIP_SIGMA), innovation)
            course += residual * (known >= KNOWN)
            course -= np.minimum(np.maximum(course, -ALLOWANCE_SIGMA), ALLOWANCE_SIGMA)
            known += tells
            np.minimum(known, MEMORY, out=known)
            share = tells / np.maximum(known, 1.0)
            noise += share * (size - noise)
            likeness += share * (residual * last - likeness)
            last[:] = residual
            self._time[slot] = time
            self._memory[slot] = memory.T
            return (*_course(memory, sigma, resolution), per_s * S_PER_MIN)


def _start_again(memory: Floats, x: Floats, age: Floats) -> None:
    # After a silence nothing is known; on a new course the spread and likeness of the residuals still are.
    silent = age > SILENCE_WINDOWS * WINDOW_TIMES
    again = silent | (np.abs(memory[14]) >= COURSE_SIGMA)
    if not again.any():
        return
    _, _, _, _, _, _, _, _, _, _, noise, known, _, likeness, _ = memory[:, again] * ~silent[again]
    zero = np.zeros_like(noise)
    level, slope, bend = zero + LEVEL_UNKNOWN, zero + SLOPE_UNKNOWN, zero + BEND_UNKNOWN
    memory[:, again] = (
        *(x[again], zero, zero, level, zero, zero, slope, zero, bend),
        *(zero, noise, known, zero, likeness, zero),
    )
    age[again] = 0.0


def _weigh(memory: Floats, age: Floats) -> tuple[Floats, Floats, Floats]:
    # The covariance ages and takes in a reading; its first row is the gain then.
    p00, p01, p02, p11, p12, p22, weight = memory
    twice = age + age
    grown = 1.0 + age + 0.5 * age * age  # rational, not exp: the same bits for every length of array
    level = p00 + age * (p01 + age * p02)
    both = p01 + age * (p11 + age * p12)
    bend = p02 + age * (p12 + age * p22)
    cross = p12 + twice * p22
    slope = p11 + twice * p12
    p00[:] = level + age * (both + age * bend)
    p01[:] = both + twice * bend
    p02[:] = bend
    p11[:] = slope + twice * cross
    p12[:] = cross
    memory[:6] *= grown
    weight /= grown
    weight += 1.0
    left = 1.0 / (p00 + 1.0)
    gain_slope, gain_bend = p01 * left, p02 * left
    p11 -= gain_slope * p01
    p12 -= gain_slope * p02
    p22 -= gain_bend * p02
    p00 *= left
    p01[:] = gain_slope
    p02[:] = gain_bend
    return p00, p01, p02


def _course(memory: Floats, sigma: Floats, resolution: Floats) -> tuple[Floats, ...]:
    level, slope, bend, p00, _, p02, p11, p12, p22, weight, _, known, _, likeness, _ = memory
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
    return line_level, line_slope, bend.copy(), level_error, slope_error, np.sqrt(curved * variance), level_by, slope_by
