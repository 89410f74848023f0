"""When a displacement that accelerates ends in failure: inverse velocity (Fukuzono 1985, Voight 1988).

Before many failures the velocity grows so that its inverse falls along a straight line; where that line meets 0 is the
time of failure. Departure: velocities are taken between marks of equal displacement since the acceleration began, not
of equal time, so that each is equally precise. When all marks are set every second one is dropped and the step doubled:
the whole acceleration is kept, in bounded memory. The interval is Fieller's for the zero of a fitted line; as
neighbouring intervals share a mark it is wider than it need be (a 90 % interval held 99 % on made curves).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detectors.room import room
from detectors.rows import Slots, State
from ganzhi.clock import NS_PER_S
from ganzhi.records import Floats, Int64s

MARKS = 16
"""Marks along the curve of a point."""

LEAST = 6
"""Marks needed for a time of failure."""

NEVER = 1e120
"""Minutes: no failure is in sight."""

SHORTEST_MIN = 1e-9
NS_PER_MIN = 60 * NS_PER_S


class Failure:
    """Follows points while they accelerate; `errors`: the standard errors of each end of the interval (Gaussian)."""

    def __init__(self, m: int, *, errors: float) -> None:
        self._student = _student(errors)
        self._marks = room(m, dtype=np.uint8)
        self._step = room(m)
        self._when = room(m, MARKS, dtype=np.int64)
        self._where = room(m, MARKS)
        self._failure = room(m, 3, filled=NEVER)  # minutes from the last mark: expected, early, late
        self._fall = room(m)  # of the inverse velocity a minute
        self.state: State = {
            "marks": self._marks,
            "step": self._step,
            "when": self._when,
            "where": self._where,
            "failure": self._failure,
            "fall": self._fall,
        }

    def forget(self, slot: Slots) -> None:
        """They do not accelerate, or begin to."""
        self._marks[slot] = 0
        self._failure[slot] = NEVER
        self._fall[slot] = 0.0

    def follow(self, slot: Slots, time: Int64s, where: Floats, step: Floats) -> None:
        """They accelerate, and at `time` are at `where`, (n,); `step` is the way to the second mark."""
        count = self._marks.take(slot).astype(np.intp)
        self._step[slot] = np.where(count == 0, step, self._step.take(slot))
        far = where - self._where[slot, count - 1] >= self._step.take(slot)
        chosen = np.flatnonzero((count == 0) | far)
        if not len(chosen):
            return
        self._thin(slot[chosen[count[chosen] == MARKS]])
        slot = slot[chosen]
        count = self._marks.take(slot).astype(np.intp)
        self._when[slot, count] = time[chosen]
        self._where[slot, count] = where[chosen]
        self._marks[slot] = count + 1
        ready = slot[count + 1 >= LEAST]
        if len(ready):
            self._failure[ready], self._fall[ready] = self._fit(ready)

    def ahead(self, slot: int, where: Floats) -> int:
        """How many of the places (n,) that an accelerating point will be at it passes until the next mark is set."""
        far = where - self._where[slot, int(self._marks[slot]) - 1] >= self._step[slot]
        return int(far.argmax()) if far.any() else len(where)

    def rate(self, slot: Slots, time: Int64s, where: Floats) -> Floats:
        """From the last mark but two, or the first, to here, or by the fitted line, in units a minute; NaN: unknown."""
        count = self._marks.take(slot).astype(np.intp)
        mark = np.maximum(count - 3, 0)
        minutes = np.maximum((time - self._when[slot, mark]) / NS_PER_MIN, SHORTEST_MIN)
        between = np.where(count >= 2, (where - self._where[slot, mark]) / minutes, np.nan)
        left = self.minutes(slot, time)[0]
        inverse = self._fall.take(slot) * left
        rate: Floats = np.divide(1.0, inverse, out=between, where=(left > 0) & (inverse > 0))
        return rate

    def minutes(self, slot: Slots, time: Int64s) -> Floats:
        """From `time` to the failure: expected, early and late, (3, n); above NEVER / 2: none is in sight."""
        last = self._when[slot, self._marks.take(slot).astype(np.intp) - 1]
        return self._failure.take(slot, axis=0).T - (time - last) / NS_PER_MIN

    def _thin(self, slot: Slots) -> None:
        for column in (self._when, self._where):
            column[slot, : MARKS // 2] = column[slot, ::2]
        self._step[slot] *= 2.0
        self._marks[slot] = MARKS // 2

    def _fit(self, slot: Slots) -> tuple[Floats, Floats]:
        count = self._marks.take(slot).astype(np.intp)
        minutes = (self._when[slot] - self._when[slot, count - 1][:, np.newaxis]) / NS_PER_MIN
        use: NDArray[np.bool_] = np.arange(MARKS - 1) < count[:, np.newaxis] - 1
        n = count - 1.0
        x = np.where(use, (minutes[:, 1:] + minutes[:, :-1]) / 2, 0.0)
        y = np.divide(np.diff(minutes), np.diff(self._where[slot]), out=np.zeros_like(x), where=use)
        x_mean, y_mean = _sum(x) / n, _sum(y) / n
        dx = np.where(use, x - x_mean[:, np.newaxis], 0.0)
        dy = np.where(use, y - y_mean[:, np.newaxis], 0.0)
        sxx = _sum(dx * dx)
        slope = _sum(dx * dy) / sxx
        miss = dy - slope[:, np.newaxis] * dx
        doubt = _sum(miss * miss) / (n - 2.0) * self._student[count] ** 2
        # The ends of the interval are where the line, with its doubt, meets 0: a d² + 2 b d + c = 0.
        a, b, c = slope * slope - doubt / sxx, slope * y_mean, y_mean * y_mean - doubt / n
        root = np.sqrt(np.maximum(b * b - a * c, 0.0))
        ends = (slope < 0) & (a > 0)
        found = np.full((3, len(slot)), NEVER)
        for end, (above, below) in zip(found, ((-y_mean, slope), (-b - root, a), (-b + root, a)), strict=True):
            np.divide(above, below, out=end, where=ends)
        found += np.where(ends, x_mean, 0.0)
        return np.minimum(found, NEVER).T, np.where(ends, -slope, 0.0)


def _sum(rows: Floats) -> Floats:
    # One after the other, which `sum` need not do: the same bits on every machine.
    total: Floats = np.cumsum(rows, axis=1)[:, -1]
    return total


def _student(z: float) -> Floats:
    # Quantile by the number of marks: one interval less, two parameters (Abramowitz and Stegun 26.7.5).
    free = np.maximum(np.arange(MARKS + 1.0) - 3.0, 1.0)
    quantile: Floats = z + (z**3 + z) / (4 * free) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
    return quantile
