"""Judge: score -> tier, by up to four limits and a dead-band."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detectors.rows import Slots
from ganzhi.records import COLOURS, Bytes, Floats, Rule

TIERS = np.array(COLOURS, np.uint8)
SIDES = ("high", "low")


class Judge:
    """By a rule's limits float64 (m, 4), NaN: none; its side; its dead-band float64 (m,), >= 0, in the score's unit.

    A tier is reached when the score is at its limit or beyond, and left when it has come back by more than the
    dead-band. `mildest` (m,) is the limit that a score must reach to be in any tier.
    """

    def __init__(self, rule: Rule) -> None:
        limits, deadband, m = rule.limits, rule.deadband, len(rule.subjects)
        if rule.side not in SIDES:
            raise ValueError(f"{rule.id}: side must be one of {', '.join(SIDES)}, not {rule.side!r}")
        if limits.shape != (m, len(COLOURS)) or deadband.shape != (m,):
            raise ValueError(f"{rule.id}: limits must be ({m}, 4) and deadband ({m},)")
        if not (np.isfinite(deadband) & (deadband >= 0)).all():
            raise ValueError(f"{rule.id}: a dead-band must be 0 or more")
        self.limits = limits
        self._deadband = deadband
        self._high = rule.side == "high"
        self.never = np.inf if self._high else -np.inf
        reached = np.where(np.isnan(limits), self.never, limits)
        self.mildest: Floats = reached.min(axis=1) if self._high else reached.max(axis=1)

    def beyond(self, score: Floats, limit: Floats) -> NDArray[np.bool_]:
        """Whether each score is at the limit or on its bad side; False for NaN."""
        return score >= limit if self._high else score <= limit

    def tier(self, score: Floats, slot: Slots, held: Bytes) -> Bytes:
        """The tier of each score, none of them NaN, for points that are in the tiers `held`."""
        column = score[:, np.newaxis]
        limit = self.limits.take(slot, axis=0)
        band = self._deadband.take(slot)[:, np.newaxis]
        stays = self.beyond(column, limit - band if self._high else limit + band) & (held[:, np.newaxis] >= TIERS)
        tiers: Bytes = ((self.beyond(column, limit) | stays) * TIERS).max(axis=1)
        return tiers
