"""Score: how steep a creep curve has become against its steady stage; and when it will end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from detectors.failure import NEVER, NS_PER_MIN, Failure
from detectors.option import choice, number
from detectors.recurrence import Columns, Recurrence
from detectors.room import room
from detectors.rows import Rows, Slots, State, common, of
from detectors.trend import CEILING, FINEST, NOT_YET, S_PER_MIN, SIGMA_PER_MEAN_ABS, Trend
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
        window_min = np.maximum(window_s, 16 * period_s) / S_PER_MIN
        floor = np.maximum(resolution, FINEST)
        least = number(rule, "least_per_day", 0.0, above=-1.0) / MIN_PER_DAY
        self._window_min, self._resolution = common(window_min), common(floor)
        self._settle = common(number(rule, "settle_s", SETTLE_S, above=0) / S_PER_MIN / window_min)
        self._least = common(np.maximum(floor / window_min, least))
        m = len(period_s)
        self._time = room(m, dtype=np.int64, filled=NOT_YET)
        self._last, self._older = room(m), room(m)  # the last two values
        self._memory = room(m, 5)  # steady rate, windows learned, noise, readings in it, whether it accelerates
        self._failure = Failure(m, errors=NormalDist().inv_cdf(confidence))
        self._seen = np.empty((5, 0))
        trend = {f"trend_{name}": array for name, array in self._trend.state.items()}
        own: State = {"time": self._time, "last": self._last, "older": self._older, "memory": self._memory}
        self.state: State = trend | self._failure.state | own

    def update(self, rows: Rows) -> tuple[Rows, Floats]:
        fit = self._trend.follow(rows)
        before = rows.before(self._time, rows.time)
        new, known = before == NOT_YET, ~np.isnan(fit.slope)
        x = self._sign * np.minimum(np.maximum(rows.value, -CEILING), CEILING)
        last: Floats = np.where(new, x, rows.before(self._last, x))
        older = np.where(new, x, rows.before(self._older, last))
        gap = np.where(new, 0, rows.time - before) / NS_PER_MIN / of(self._window_min, rows.slot)
        with np.errstate(under="ignore", over="ignore"):  # not at all, or as fast as can be
            slope = np.where(known, self._sign * fit.slope, 0.0)
            sure = slope - np.where(known, DOUBT_ERRORS * fit.error, np.inf)
            row = np.abs(x - self._sign * fit.level), slope, sure, known, gap
            steady, learned, noise, fast, was = STEP.run(rows, self._memory, row, (self._settle, self._least))
            # The middle one of three values is no spike; on a curve that rises it is the one before the last. Once all
            # goes quickly, the marks know it before the trend.
            middle = np.maximum(np.minimum(np.maximum(older, last), x), np.minimum(older, last))
            sigma = np.maximum(noise * SIGMA_PER_MEAN_ABS, of(self._resolution, rows.slot))
            self._seen = np.full((5, len(rows)), np.nan)
            self._seen[0] = np.where(known, np.where(fast > 0.0, slope, np.minimum(slope, steady)), np.nan)
            self._seen[1] = steady
            self._mark(rows, fast > 0.0, fast != was, _Curve(rows, before, middle, sigma))
            score = np.where(learned >= of(self._settle, rows.slot), _angle(self._seen[0] / steady), np.nan)
        return rows, score

    def evidence(self, row: int) -> Mapping[str, float]:
        """`rate_per_day`, `steady_per_day`; with a failure in sight `minutes_failure`, `_early`, `_late`."""
        rate, steady, expected, early, late = self._seen[:, row].tolist()
        figures = {"rate_per_day": self._sign * rate * MIN_PER_DAY, "steady_per_day": self._sign * steady * MIN_PER_DAY}
        if expected > 0 and late < NEVER / 2:
            figures |= {"minutes_failure": expected, "minutes_early": max(early, 0.0), "minutes_late": late}
        return figures

    def _mark(self, rows: Rows, fast: NDArray[np.bool_], turns: NDArray[np.bool_], curve: _Curve) -> None:
        # Marks are set, and forgotten where an acceleration begins or ends.
        for part in rows.wide():
            self._failure.forget(rows.slot[part][turns[part]])
            chosen = part.start + np.flatnonzero(fast[part])
            if len(chosen):
                self._failure.follow(*curve.at(chosen, STEP_SIGMA))
                self._foresee(curve, chosen)
        for slot, index in rows.points():
            if not (fast[index].any() or turns[index].any()):
                continue
            place = np.arange(len(rows))[index]
            for stretch in np.split(place, np.flatnonzero(turns[place])):
                run = stretch
                if len(run) and turns[run[0]]:
                    self._failure.forget(np.array([slot]))
                while len(run) and fast[run[0]]:
                    self._failure.follow(*curve.at(run[:1], STEP_SIGMA))
                    count = 1 + self._failure.ahead(slot, curve.where[run[1:]])
                    self._foresee(curve, run[:count])
                    run = run[count:]

    def _foresee(self, curve: _Curve, chosen: Slots) -> None:
        slot, then, where, doubt = curve.at(chosen, DOUBT_SIGMA)
        self._seen[0, chosen] = np.fmax(self._seen[0, chosen], self._failure.rate(slot, then, where - doubt))
        self._seen[2:, chosen] = self._failure.minutes(slot, curve.rows.time[chosen])


@dataclass(frozen=True, slots=True)
class _Curve:
    """The course of points that may accelerate: by row, the time before it, where it was then, and its noise."""

    rows: Rows
    then: Int64s
    where: Floats
    sigma: Floats

    def at(self, chosen: Slots, deviations: float) -> tuple[Slots, Int64s, Floats, Floats]:
        return self.rows.slot[chosen], self.then[chosen], self.where[chosen], deviations * self.sigma[chosen]


def _step(state: Columns, row: Columns, own: Columns) -> tuple[Columns, Columns]:
    steady, learned, noise, readings, was = state
    size, slope, sure, known, gap = row
    settle, least = own
    forgets = gap > FORGET_WINDOWS
    if forgets.any():
        keep = 1.0 - forgets
        steady, learned, noise, readings = steady * keep, learned * keep, noise * keep, readings * keep
    beyond = known & (sure > np.maximum(steady, least)) & (learned >= settle)
    fast = np.where(known, beyond | ((was > 0.0) & (slope > steady)), was > 0.0) & (gap <= SILENCE_WINDOWS)
    learns = np.where(known, np.minimum(gap, SILENCE_WINDOWS), 0.0)
    learned = np.minimum(learned + learns, np.maximum(settle, FOLLOW))
    share = np.where(beyond, learns / RISE, learns / np.maximum(learned, FINEST))
    steady = steady + np.minimum(share, 1.0) * np.where(known, np.maximum(slope, 0.0) - steady, 0.0)
    calm = known & ~fast
    readings = np.minimum(readings + calm, MEMORY)
    noise = noise + np.where(calm, size - noise, 0.0) / np.maximum(readings, 1.0)
    return (steady, learned, noise, readings, fast), (np.maximum(steady, least), learned, noise, fast, was)


STEP = Recurrence(_step)


def _angle(ratio: Floats) -> Floats:
    steep = ratio > 1.0
    z = np.divide(1.0, ratio, out=np.maximum(ratio, 0.0), where=steep)
    square = z * z
    series = np.zeros_like(z)
    for factor in ARCTAN:
        series = (series + factor) * square
    degrees = (series + 1.0) * z * DEGREES
    return np.where(steep, 90.0 - degrees, degrees)
