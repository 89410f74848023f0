"""What a system of bare limits would have raised: every crossing of every limit by every reading."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ganzhi.records import Floats, Rule


class Crossings:
    """Counts how often a reading goes beyond a limit that the one before of its point was inside of.

    No dead-band, no delay, no quality, no class: a limit of the packs' value rules, crossed, is one.
    """

    def __init__(self, rules: Sequence[Rule], n_points: int) -> None:
        self._rules = [
            (rule.points, rule.limits * (1.0 if rule.side == "high" else -1.0), 1.0 if rule.side == "high" else -1.0)
            for rule in rules
            if rule.kind == "value"
        ]
        self._beyond = [np.zeros(limits.shape, np.bool_) for _, limits, _ in self._rules]
        self.count = 0

    def read(self, value: Floats) -> None:
        """The readings of a moment, float64 (n_points,)."""
        for i, (points, limits, sign) in enumerate(self._rules):
            beyond = (sign * value[points])[:, np.newaxis] >= limits
            self.count += int(np.count_nonzero(beyond & ~self._beyond[i]))
            self._beyond[i] = beyond
