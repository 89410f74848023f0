"""Score: minutes until a target is reached."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist

import numpy as np

from detectors.option import choice, number, per_point
from detectors.rows import Rows, State
from detectors.trend import Trend
from ganzhi.records import Floats, Rule

WINDOW_S = 120.0
CONFIDENCE = 0.95


class Forecast:
    """Say in how many minutes a signal reaches its target if it goes on as it does now.

    Good for   steady filling, emptying, heating, slow rise of gas.      Poor for   growth that speeds up, pulsation.
    Input      value float64 (n,), unit of the point; rows in time order per point, any spacing
    Output     score float64 (n,), >= 0, in minutes, side "low"; +inf: not approaching; 0: at or past the target
    Options    target float64 (m,), unit of the point; direction "high" or "low": where it lies; window_s 120: as
               precise as least squares over the last so many seconds, at least 16 sampling periods; confidence 0.95:
               of the one-sided test that it approaches at all, and so of each end of the interval
    Warm-up    NaN until 8 residuals are known and the readings span about a quarter of the window
    Missing    rows of bad quality do not come here and so change nothing; 3 windows of silence start it again
    Flat       +inf; the noise is floored at the point's resolution
    Cost       O(n) a block; 112 bytes a point
    Raises     ValueError for a wrong option or side
    Source     detectors/trend.py
    """

    def __init__(self, rule: Rule, *, period_s: Floats, resolution: Floats) -> None:
        if rule.side != "low":
            raise ValueError(f"{rule.id}: the side of a forecast is low: fewer minutes are worse")
        window_s = number(rule, "window_s", WINDOW_S, above=0)
        self._trend = Trend(window_s=window_s, period_s=period_s, resolution=resolution)
        self._target = per_point(rule, "target")
        self._sign = 1.0 if choice(rule, "direction", ("high", "low")) == "high" else -1.0
        self._errors = NormalDist().inv_cdf(number(rule, "confidence", CONFIDENCE, above=0.5, below=1.0))
        self._seen = (np.empty(0), np.empty(0), np.empty(0), np.empty(0))
        self.state: State = self._trend.state

    def update(self, rows: Rows) -> tuple[Rows, Floats]:
        fit = self._trend.follow(rows)
        target = self._target.take(rows.slot)
        distance = self._sign * (target - fit.level)
        speed = self._sign * fit.slope
        doubt = self._errors * fit.error
        self._seen = (target, distance, speed, doubt)
        score = np.full(len(rows), np.inf)
        with np.errstate(over="ignore", under="ignore"):  # never, or at once: both are right
            np.divide(distance, speed, out=score, where=speed > doubt)
        score[distance <= 0] = 0.0
        score[np.isnan(speed)] = np.nan
        return rows, score

    def evidence(self, row: int) -> Mapping[str, float]:
        """`slope_per_min`, `target` in the point's unit; when approaching, `minutes_early`, `minutes_late` too."""
        target, distance, speed, doubt = (float(column[row]) for column in self._seen)
        figures = {"slope_per_min": self._sign * speed, "target": target}
        if speed > doubt and distance > 0:
            figures["minutes_early"] = distance / (speed + doubt)
            figures["minutes_late"] = distance / (speed - doubt)
        return figures
