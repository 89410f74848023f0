"""Score: how steep a creep curve has become against its steady stage; and when it will end."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist

import numpy as np

from detectors.failure import NEVER, NS_PER_MIN, Failure
from detectors.option import choice, number
from detectors.rows import Rows, Slots, State
from detectors.trend import CEILING, FINEST, NOT_YET, S_PER_MIN, SIGMA_PER_MEAN_ABS, Fit, Trend
from ganzhi.records import Floats, Int64s, Rule

WINDOW_S = 86_400.0
CONFIDENCE = 0.95

SETTLE_S = 345_600.0

FOLLOW, RISE = 10.0, 100.0
"""Windows over which the steady rate is averaged; and over which a higher rate that lasts becomes the steady one."""

MEMORY = 64
"""Readings over which the noise is averaged."""

SILENCE_WINDOWS = 3.0
"""As for the trend: after a longer silence the acceleration before it says nothing."""

FORGET_WINDOWS = 30.0
"""After a longer silence the steady rate before it says nothing either."""

STEP_SIGMA = 5.0
"""Displacement between two marks at first, in standard deviations of the noise."""

DOUBT_ERRORS = 2.5
"""Standard errors by which a rate must exceed the steady one to be an acceleration."""

DOUBT_SIGMA = 3.0
"""Noise that is taken off the displacement between marks before it counts as a rate beyond doubt."""

MIN_PER_DAY = 1440.0
DEGREES = float(np.degrees(1.0))

ARCTAN = (
    0.0028662257, -0.0161657367, 0.0429096138, -0.0752896400, 0.1065626393, -0.1420889944, 0.1999355085, -0.3333314528
)  # fmt: skip
"""Of z² in arctan(z) / z on 0 to 1, within 2e-8: Abramowitz and Stegun 4.4.49. Same bits on every machine."""


class Creep:
    """Measure the improved tangent angle of a displacement, and forecast the failure it runs towards.

    Good for   slopes, dams, pits, cracks that creep.      Poor for   brittle failure, movement that follows the rain.
    Input      value float64 (n,), unit of the point, cumulative; rows in time order per point, any spacing
    Output     score float64 (n,), 0 to 90 degrees: arctan of the rate over that of the steady stage. 45: as steady as
               ever, or not faster beyond doubt; limits 50 or so, 80 and 85
    Options    window_s 86400: of the rate, at least 16 sampling periods; settle_s 345600: for which the rate must be
               known until it is believed to be the steady one; direction "high" or "low": where it moves;
               least_per_day 0: steady rates below this count as this; confidence 0.95: of each end of an interval
    Warm-up    NaN until the rate was known for `settle_s`
    Missing    rows of bad quality do not come here and so change nothing; 3 windows of silence forget an acceleration,
               30 the steady rate
    Flat       45 or less; the steady rate is floored at one step of resolution a window
    Cost       O(n) a block; 450 bytes a point
    Raises     ValueError for a wrong option
    Source     Xu et al., Chin. J. Rock Mech. Eng. 28 (2009) for the angle; detectors/trend.py for the rate;
               detectors/failure.py; departure: a rate that is not faster beyond doubt counts as the steady one
    """

    def __init__(self, rule: Rule, *, period_s: Floats, resolution: Floats) -> None:
        window_s = number(rule, "window_s", WINDOW_S, above=0)
        confidence = number(rule, "confidence", CONFIDENCE, above=0.5, below=1.0)
        self._trend = Trend(window_s=window_s, period_s=period_s, resolution=resolution)
        self._sign = 1.0 if choice(rule, "direction", ("high", "low"), "high") == "high" else -1.0
        self._window_min = np.maximum(window_s, 16 * period_s) / S_PER_MIN
        self._settle = number(rule, "settle_s", SETTLE_S, above=0) / S_PER_MIN / self._window_min
        self._resolution = np.maximum(resolution, FINEST)
        least = number(rule, "least_per_day", 0.0, above=-1.0) / MIN_PER_DAY
        self._least = np.maximum(self._resolution / self._window_min, least)
        m = len(period_s)
        self._time = np.full(m, NOT_YET, np.int64)
        self._memory = np.zeros((m, 6))  # steady rate, windows learned, noise, readings in it, last two values
        self._fast = np.zeros(m, np.bool_)  # accelerating
        self._failure = Failure(m, errors=NormalDist().inv_cdf(confidence))
        self._seen = np.empty((5, 0))
        trend = {f"trend_{name}": array for name, array in self._trend.state.items()}
        own: State = {"time": self._time, "memory": self._memory, "fast": self._fast}
        self.state: State = trend | self._failure.state | own

    def update(self, rows: Rows) -> tuple[Rows, Floats]:
        fit = self._trend.follow(rows)
        level, slope, doubt = self._sign * fit.level, self._sign * fit.slope, DOUBT_ERRORS * fit.error
        score = np.empty(len(rows))
        self._seen = np.full((5, len(rows)), np.nan)
        for part in rows.rounds():
            slot, time = rows.slot[part], rows.time[part]
            x = self._sign * np.minimum(np.maximum(rows.value[part], -CEILING), CEILING)
            with np.errstate(under="ignore", over="ignore"):  # not at all, or as fast as can be
                now = Fit(level[part], slope[part], doubt[part])
                rate = self._follow(slot, time, x, now)
                steady = self._steady(slot)
                score[part] = np.where(self._memory[slot, 1] >= self._settle.take(slot), _angle(rate / steady), np.nan)
            self._seen[0, part], self._seen[1, part] = rate, steady
            fast = np.flatnonzero(self._fast.take(slot))
            if len(fast):
                self._seen[2:, part.start + fast] = self._failure.minutes(slot[fast], time[fast])
        return rows, score

    def evidence(self, row: int) -> Mapping[str, float]:
        """`rate_per_day`, `steady_per_day`; with a failure in sight `minutes_failure`, `_early`, `_late`."""
        rate, steady, expected, early, late = self._seen[:, row].tolist()
        figures = {"rate_per_day": self._sign * rate * MIN_PER_DAY, "steady_per_day": self._sign * steady * MIN_PER_DAY}
        if expected > 0 and late < NEVER / 2:
            figures |= {"minutes_failure": expected, "minutes_early": max(early, 0.0), "minutes_late": late}
        return figures

    def _follow(self, slot: Slots, time: Int64s, x: Floats, now: Fit) -> Floats:
        slope, settle = now.slope, self._settle.take(slot)
        before = self._time.take(slot)
        new = before == NOT_YET
        gap = np.where(new, 0, time - before) / NS_PER_MIN / self._window_min.take(slot)
        self._memory[slot[gap > FORGET_WINDOWS], :4] = 0.0
        steady, learned, noise, readings, last, older = self._memory.take(slot, axis=0).T.copy()
        last, older = np.where(new, x, last), np.where(new, x, older)
        known = ~np.isnan(slope)
        beyond = known & (slope - now.error > np.maximum(steady, self._least.take(slot))) & (learned >= settle)
        fast = np.where(known, beyond | (self._fast.take(slot) & (slope > steady)), self._fast.take(slot))
        fast &= gap <= SILENCE_WINDOWS

        learns = np.where(known, np.minimum(gap, SILENCE_WINDOWS), 0.0)
        learned = np.minimum(learned + learns, np.maximum(FOLLOW, settle))
        share = np.where(beyond, learns / RISE, learns / np.maximum(learned, FINEST))
        steady += np.minimum(share, 1.0) * np.where(known, np.maximum(slope, 0.0) - steady, 0.0)
        readings = np.minimum(readings + (known & ~fast), MEMORY)
        noise += np.where(known & ~fast, np.abs(x - now.level) - noise, 0.0) / np.maximum(readings, 1.0)
        self._memory[slot] = np.stack([steady, learned, noise, readings, x, last], axis=1)
        self._time[slot] = time
        self._failure.forget(slot[~(fast & self._fast.take(slot))])
        self._fast[slot] = fast
        rate: Floats = np.where(fast, slope, np.minimum(slope, self._steady(slot)))
        if fast.any():
            # The middle one of three values is no spike; on a curve that rises it is the one before the last. Once all
            # goes quickly, the marks know it before the trend.
            chosen, then, sigma = slot[fast], before[fast], self._sigma(slot[fast])
            middle = np.sort([older, last, x], axis=0)[1][fast]
            self._failure.follow(chosen, then, middle, STEP_SIGMA * sigma)
            rate[fast] = np.fmax(rate[fast], self._failure.rate(chosen, then, middle - DOUBT_SIGMA * sigma))
        return rate

    def _steady(self, slot: Slots) -> Floats:
        steady: Floats = np.maximum(self._memory[slot, 0], self._least.take(slot))
        return steady

    def _sigma(self, slot: Slots) -> Floats:
        sigma: Floats = np.maximum(self._memory[slot, 2] * SIGMA_PER_MEAN_ABS, self._resolution.take(slot))
        return sigma


def _angle(ratio: Floats) -> Floats:
    steep = ratio > 1.0
    z = np.divide(1.0, ratio, out=np.maximum(ratio, 0.0), where=steep)
    square = z * z
    series = np.zeros_like(z)
    for factor in ARCTAN:
        series = (series + factor) * square
    degrees = (series + 1.0) * z * DEGREES
    return np.where(steep, 90.0 - degrees, degrees)
