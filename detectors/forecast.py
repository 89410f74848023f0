"""Score: minutes by which a target is crossed with a given probability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from detectors.option import choice, number, per_point
from detectors.parabola import Course, Parabola
from detectors.passage import Passage, passage
from detectors.rows import Rows, Slots, State, common, of
from ganzhi.records import Floats, Rule

WINDOW_S = 120.0
PROBABILITY = 0.95
CONFIDENCE = 0.95
CURVATURE = 0.1

HALVINGS = 40
"""Of the deviations between the ends of what is asked for; the last digit that a float would tell."""

FURTHEST = 8.0
"""Standard deviations: what is more probable than this is certain."""


class Forecast:
    """Say by when a signal will have crossed its target with a given probability, if it goes on as it does now.

    Good for   filling, emptying, heating, slow rise of gas, growth that speeds up.      Poor for   pulsation, jumps.
    Input      value float64 (n,), unit of the point; rows in time order per point, any spacing
    Output     score float64 (n,), >= 0, in minutes, side "low": the target is crossed within so many minutes with
               `probability`, so that a limit is reached when its own crossing within the limit is so probable;
               +inf: at no horizon; 0: at or past the target
    Options    target float64 (m,), unit of the point; direction "high" or "low": where it lies; window_s 120: as
               precise as least squares over the last so many seconds, at least 16 sampling periods; probability 0.95;
               curvature 0.1: standard deviation by which courses of this kind reach a target sooner or later than a
               straight line, in shares of its time; confidence 0.95: of each end of the interval in the evidence
    Warm-up    NaN until 8 residuals are known and the readings span about a quarter of the window
    Missing    rows of bad quality do not come here and so change nothing; 3 windows of silence start it again
    Flat       +inf; the noise is floored at the point's resolution
    Cost       O(n) a block; 136 bytes a point
    Raises     ValueError for a wrong option or side
    Source     detectors/parabola.py, detectors/passage.py
    """

    def __init__(self, rule: Rule, *, period_s: Floats, resolution: Floats) -> None:
        if rule.side != "low":
            raise ValueError(f"{rule.id}: the side of a forecast is low: fewer minutes are worse")
        window_s = number(rule, "window_s", WINDOW_S, above=0)
        self._parabola = Parabola(window_s=window_s, period_s=period_s, resolution=resolution)
        self._target = common(per_point(rule, "target"))
        self._sign = 1.0 if choice(rule, "direction", ("high", "low")) == "high" else -1.0
        self._late = NormalDist().inv_cdf(number(rule, "probability", PROBABILITY, above=0.0, below=1.0))
        self._curvature = number(rule, "curvature", CURVATURE, above=0.0)
        self._confidence = number(rule, "confidence", CONFIDENCE, above=0.5, below=1.0)
        self._horizon = np.fmax.reduce(rule.limits, axis=1, initial=0.0)  # of the mildest limit
        self._seen: _Seen | None = None
        self.state: State = self._parabola.state

    def update(self, rows: Rows) -> tuple[Rows, Floats]:
        course = self._parabola.follow(rows)
        target = of(self._target, rows.slot)
        with np.errstate(over="ignore", under="ignore"):  # never, or at once: both are right
            distance = self._sign * (target - course.level)
            found = passage(course, distance, self._sign, self._curvature)
            score = found.after(self._late) / course.per_min
        score[np.isnan(course.slope_error)] = np.nan
        self._seen = _Seen(found, course, rows.slot)
        return rows, score

    def evidence(self, row: int) -> Mapping[str, float]:
        """What there is to say about a row of the last update.

        slope_per_min, curvature_per_min2, target      in the point's unit
        probability                                    that the target is crossed within `horizon_min`
        minutes_expected, minutes_early, minutes_late  each only when there is one; `interval` is their probability
        """
        assert self._seen is not None
        seen = self._seen
        course, per_min, slot = seen.course, float(seen.course.per_min[row]), seen.slot[row]
        found = seen.passage.row(row)
        errors = NormalDist().inv_cdf(self._confidence)
        figures = {
            "slope_per_min": self._sign * float(found.speed[0]) * per_min,
            "curvature_per_min2": 2.0 * float(course.bend[row]) * per_min * per_min,
            "target": float(of(self._target, slot)),
        }
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            horizon = float(self._horizon[slot])
            figures |= {"horizon_min": horizon, "probability": _probability(found, horizon * per_min)}
            for name, deviations in (("expected", 0.0), ("early", -errors), ("late", errors)):
                minutes = float(found.after(deviations)[0]) / per_min
                if 0.0 < minutes < np.inf:
                    figures[f"minutes_{name}"] = minutes
        return figures | {"interval": 2.0 * self._confidence - 1.0}


@dataclass(frozen=True, slots=True)
class _Seen:
    # The last update, row by row.
    passage: Passage
    course: Course
    slot: Slots


def _probability(found: Passage, within: float) -> float:
    # As Passage.after has it, in plain floats: forty times.
    distance, speed, gain, distance_error, speed_error, gain_error = (float(c[0]) for c in found.columns())
    least, most = -FURTHEST, FURTHEST
    for _ in range(HALVINGS):
        middle = (least + most) / 2
        left, rate = distance + middle * distance_error, speed - middle * speed_error
        factor = 1.0 + gain - middle * gain_error
        in_time = left <= 0.0 or (rate > 0.0 and factor > 0.0 and left <= within * (rate * factor))
        least, most = (middle, most) if in_time else (least, middle)
    return NormalDist().cdf(least)
