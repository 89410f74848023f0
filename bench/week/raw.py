"""What a system of bare limits would have raised, with the same rules: every crossing, by every reading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ganzhi.records import Catalogue, Floats, Int32s, Rule

RATE, FORECAST, VALUE, STALE = "rate", "forecast", "value", "stale"


class Crossings:
    """Counts how often a point goes beyond a limit that it was inside of a moment before, by kind of rule.

    value     the reading itself
    rate      the difference of two readings, a minute
    forecast  minutes to the target by the straight line through two readings
    stale     no reading for three periods
    No dead-band, no delay, no quality, no grouping: what plain thresholds on a stream make of it.
    """

    def __init__(self, rules: Sequence[Rule], catalogue: Catalogue, *, period_s: float) -> None:
        self._rules = [rule for rule in rules if rule.kind in (VALUE, RATE, FORECAST, STALE) and not rule.units]
        self._beyond = [np.zeros(rule.limits.shape, np.bool_) for rule in self._rules]
        self._period_min = period_s / 60
        self._last: Floats | None = None
        self._missing: Int32s = np.zeros(len(catalogue.points), np.int32)
        self.counts: Counter[str] = Counter()

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts.values())

    def read(self, value: Floats, came: NDArray[np.intp]) -> None:
        """The readings of a moment, float64 (n_points,), and which points' came: indices."""
        here = np.zeros(len(value), np.bool_)
        here[came] = True
        slope = np.zeros_like(value) if self._last is None else (value - self._last) / self._period_min
        self._missing = np.where(here, 0, self._missing + 1).astype(np.int32)
        for rule, beyond in zip(self._rules, self._beyond, strict=True):
            points = rule.points
            score = self._score(rule, value[points], slope[points], self._missing[points])
            sign = 1.0 if rule.side == "high" else -1.0
            now = (sign * score)[:, np.newaxis] >= sign * rule.limits
            now = np.where(here[points][:, np.newaxis] | (rule.kind == STALE), now, beyond)
            self.counts[rule.kind] += int(np.count_nonzero(now & ~beyond))
            beyond[:] = now
        self._last = np.where(here, value, value if self._last is None else self._last)

    @staticmethod
    def _score(rule: Rule, value: Floats, slope: Floats, missing: Int32s) -> Floats:
        if rule.kind == VALUE:
            return value
        if rule.kind == RATE:
            return slope
        if rule.kind == STALE:
            return missing.astype(np.float64)
        sign = 1.0 if rule.options["direction"] == "high" else -1.0
        distance, speed = sign * (np.asarray(rule.options["target"]) - value), sign * slope
        minutes = np.divide(distance, speed, out=np.full_like(value, np.inf), where=speed > 0)
        return np.where(distance <= 0, 0.0, minutes)
