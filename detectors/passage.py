"""When an uncertain course first meets a target, and so how probable that is within a time.

A straight line is at the target after `distance / speed`. A course that bends is there sooner or later by a factor that
comes from the way it goes on: `speed h / (1 - bend / speed h)` after a time `h`, whose speed grows in proportion to
itself, between a parabola and what runs away to a failure, and which levels off where it slows down. So it is at the
target after `distance / speed / (1 + gain)`, with `gain = bend distance / speed²`, and nothing has to be searched for.

The further the target in windows, the less the fit says of the gain. So it is weighed against what is known beforehand:
a straight line, within the standard deviation that the rule states (normal prior and likelihood, by their precisions).
Its error is what is then left, and a share of it and of that deviation, as no curve goes on as it was. Speed and gain
are taken to err alike, as they mostly do in a fit: so the time at each probability is in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detectors.parabola import Course
from ganzhi.records import Floats

GAIN_MOST = 2.0
"""It is believed to be at the target no sooner than in a third of the time of the straight line."""

ROAM, ROAM_GAIN = 0.2, 0.3
"""Standard deviation of what the course does otherwise from now on, in shares of the rule's doubt, and of the gain."""

FINITE = 1e150
"""So that no bend at all times the slowest of speeds is still none."""

FAR = 1e6
"""Time constants, and multiples of the straight line's time: further than anything is foreseen."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Float64 (n,) each: the distance left, speed towards the target, and gain, with their errors."""

    distance: Floats
    speed: Floats
    gain: Floats
    distance_error: Floats
    speed_error: Floats
    gain_error: Floats

    def after(self, deviations: float) -> Floats:
        """The time (n,) by which it is crossed unless the course is slower than by so many of its deviations; +inf."""
        distance = self.distance + deviations * self.distance_error
        speed = self.speed - deviations * self.speed_error
        factor = 1.0 + self.gain - deviations * self.gain_error
        rate = speed * factor
        reaches = (speed > 0.0) & (rate > 0.0)
        time = np.where(reaches, distance / np.where(reaches, rate, 1.0), np.inf)
        time[distance <= 0.0] = 0.0
        return time

    def row(self, row: int) -> Passage:
        """One row of it, (1,)."""
        return Passage(*(column[row : row + 1] for column in self.columns()))

    def columns(self) -> tuple[Floats, ...]:
        """All of it, in order."""
        return self.distance, self.speed, self.gain, self.distance_error, self.speed_error, self.gain_error


def passage(course: Course, distance: Floats, sign: float, curvature: float) -> Passage:
    """Of a course whose line is `distance` (n,) from the target, which lies above (`sign` 1) or below (-1) it.

    curvature   standard deviation of the gain as far as it is known beforehand
    """
    speed = sign * course.slope
    towards = speed > 0.0
    ahead = np.where(towards, speed, 1.0)
    with np.errstate(over="ignore"):  # as good as standing still
        straight = np.minimum(np.maximum(distance / ahead, 0.0), FAR)
        per_bend = np.where(towards, np.minimum(straight / ahead, FINITE), 0.0)
    doubt = np.minimum(course.bend_error * per_bend, FAR)
    known = curvature * curvature
    believed = known / (known + doubt * doubt)
    bend = sign * believed * course.bend
    gain = np.minimum(np.maximum(bend * per_bend, -FAR), GAIN_MOST)
    roam = ROAM_GAIN * gain
    turned = believed * course.slope_by * course.bend_error
    return Passage(
        distance - course.level_by * bend,
        speed + course.slope_by * bend,
        gain,
        course.level_error,
        np.sqrt(course.slope_error * course.slope_error + turned * turned),
        np.sqrt(believed * doubt * doubt + roam * roam + ROAM * ROAM * known),
    )
