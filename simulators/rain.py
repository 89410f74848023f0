"""Rain over a site: showers that come at random and build up and fade, for slopes and dams."""

from __future__ import annotations

import numpy as np

HOUR_S, DAY_S = 3_600.0, 86_400.0

# A wet month in the north of China; engineering defaults.
BETWEEN_S = 4 * DAY_S
"""Mean time from the end of one shower to the next."""
LONG_S = (3 * HOUR_S, 14 * HOUR_S)
AMOUNT_MM = (3.0, 28.0)
"""Of one shower; a storm that is ordered comes on top."""


class Rain:
    """Showers of random amount and length, each with the intensity of half a sine."""

    def __init__(self, rng: np.random.Generator, *, between_s: float = BETWEEN_S) -> None:
        self._rng, self._between_s = rng, between_s
        self._clear_s = rng.exponential(between_s)
        self._long_s = self._amount_mm = self._age_s = 0.0

    def storm(self, amount_mm: float, long_s: float) -> None:
        """So much from now on, instead of what falls now."""
        self._amount_mm, self._long_s, self._age_s = amount_mm, long_s, 0.0

    def step(self, dt_s: float) -> float:
        """What falls in the next `dt_s` seconds, mm."""
        if self._long_s == 0.0:
            self._clear_s -= dt_s
            if self._clear_s > 0:
                return 0.0
            self.storm(self._rng.uniform(*AMOUNT_MM), self._rng.uniform(*LONG_S))
        before, self._age_s = self._age_s, self._age_s + dt_s
        fell = self._fallen(min(self._age_s, self._long_s)) - self._fallen(before)
        if self._age_s >= self._long_s:
            self._long_s, self._clear_s = 0.0, self._rng.exponential(self._between_s)
        return fell

    def _fallen(self, age_s: float) -> float:
        return self._amount_mm * (1.0 - float(np.cos(np.pi * age_s / self._long_s))) / 2
