"""Instruments: what a transmitter makes of the true value, for many points at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ganzhi.records import Floats, Point

DUST_DECIMALS = 9
"""Multiples of a decimal resolution are rounded to so many places, so that 20.9 is not 20.900000000000002."""


class Sensors:
    """First-order lag, slow zero drift, noise, zero suppression, resolution and range of n instruments.

    Input   true values float64 (n,), in the unit of each point
    Output  readings float64 (n,), multiples of the point's resolution inside its range
    Drift   Ornstein-Uhlenbeck, stepped exactly, standard deviation `drift`, correlation time `drift_time_s`
    """

    def __init__(
        self,
        *,
        points: Sequence[Point],
        rng: np.random.Generator,
        noise: Floats,
        drift: Floats,
        lag_s: Floats,
        drift_time_s: float,
        suppress: float = 0.0,
    ) -> None:
        n = len(points)
        for name, given in (("noise", noise), ("drift", drift), ("lag_s", lag_s)):
            if given.shape != (n,) or not (given >= 0).all():
                raise ValueError(f"{name} must be float64 ({n},), not negative")
        self._rng = rng
        self._noise, self._drift_sd, self._lag_s = noise, drift, lag_s
        self._drift_time_s, self._suppress = drift_time_s, suppress
        self._low = np.array([point.low for point in points], np.float64)
        self._high = np.array([point.high for point in points], np.float64)
        self._resolution = np.array([point.resolution for point in points], np.float64)
        self._drift = drift * rng.standard_normal(n)
        self._felt: Floats | None = None

    def step(self, dt_s: float, true: Floats) -> None:
        """Let the instruments follow `true`, float64 (n,), for `dt_s`; the first step starts them settled."""
        if self._felt is None:
            self._felt = true.copy()
        lagging = self._lag_s > 0
        gain = np.ones_like(true)
        gain[lagging] = -np.expm1(-dt_s / self._lag_s[lagging])
        self._felt += gain * (true - self._felt)
        kept = np.exp(-dt_s / self._drift_time_s)
        self._drift = kept * self._drift + self._drift_sd * np.sqrt(1 - kept**2) * self._rng.standard_normal(len(true))

    def read(self) -> Floats:
        """One sample of every instrument, float64 (n,). Raises RuntimeError before the first step."""
        if self._felt is None:
            raise RuntimeError("read before the first step")
        value = self._felt + self._drift + self._noise * self._rng.standard_normal(len(self._felt))
        value[np.abs(value) < self._suppress] = 0.0
        whole = self._resolution > 0
        value[whole] = np.round(
            np.round(value[whole] / self._resolution[whole]) * self._resolution[whole], DUST_DECIMALS
        )
        clipped: Floats = np.clip(value, self._low, self._high) + 0.0  # + 0.0: no negative zero
        return clipped
