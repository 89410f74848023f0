"""Judge: score -> tier, by up to four limits and a dead-band."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from detectors.rows import Slots
from ganzhi.records import COLOURS, Bytes, Floats, Int64s, Rule

TIERS = np.array(COLOURS, np.uint8)
SIDES = ("high", "low")

BITS = 1 << np.arange(len(COLOURS))
WORST = [max((tier for tier in COLOURS if bits & BITS[tier - 1]), default=0) for bits in range(1 << len(COLOURS))]
"""The worst tier of a set of tiers, each a bit."""


def _after(reached: int, stays: int, held: int) -> int:
    return max(WORST[reached], WORST[stays & ((1 << held) - 1)])


NEXT = [[_after(code >> len(BITS), code & 15, held) for held in range(len(BITS) + 1)] for code in range(1 << 8)]
"""The tier by a row's code and the tier held before it."""


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

    def beyond(self, score: Floats, limit: float | Floats) -> NDArray[np.bool_]:
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

    def codes(self, score: Floats, slot: Slots) -> Int64s:
        """What is to be known of each score, none of them NaN, to judge it: it says which tier follows upon which."""
        column = score[:, np.newaxis]
        limit = self.limits.take(slot, axis=0)
        band = self._deadband.take(slot)[:, np.newaxis]
        stays = self.beyond(column, limit - band if self._high else limit + band)
        codes: Int64s = (self.beyond(column, limit) @ BITS << len(BITS)) + stays @ BITS
        return codes

    @staticmethod
    def follow(codes: Iterable[tuple[int, int]], held: int) -> list[tuple[int, int]]:
        """The rows of one point at which its tier changes, and to what; (row, code) where the code is another.

        A tier that follows upon a code follows upon itself too, so that rows between them change nothing.
        """
        changes = []
        for row, code in codes:
            tier = NEXT[code][held]
            if tier != held:
                changes.append((row, tier))
                held = tier
        return changes
