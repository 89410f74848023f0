"""A leak among point detectors: Gaussian puffs in a meandering wind, and areas in normal operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ganzhi.errors import ConfigError, Fault
from ganzhi.records import Floats, Point
from simulators.sensor import Sensors

PUFF_S = 1.0
"""One puff leaves the hole every second of plant time; also the longest step."""
OLDEST_PUFF_S = 300.0
"""Older puffs are far downwind and thinner than a detector's resolution."""

# Calm air in a congested unit; engineering defaults.
DIFFUSIVITY_M2S = 4.0
FIRST_SIGMA_M = 0.7
"""Size of a puff when it leaves the hole."""
WIND_MS, MEANDER_MS, MEANDER_TIME_S = 0.15, 0.05, 180.0

LEL_PERCENT = 2.1
"""Lower explosive limit of propane, %VOL: what 100 %LEL means as a concentration."""
LEAK_DISTANCE_M = 6.0
"""From the hole to the detector that names the accident, which stands downwind of it."""
HOLE_TIME_S = 1000.0
"""The hole's radius grows evenly, so the leak grows as the square of time; at this age it is LEAK_M3S."""
SLOW_HOLE_TIME_S = 6000.0
"""The same of a slow leak."""
LEAK_M3S = 1.62
LARGEST_LEAK_M3S = 2.25
VENT_M3S = (0.1, 0.6)
"""An ordinary release, as when a drain is sampled: the same from its beginning to its end."""
BLOWDOWN_TIME_S = 800.0
"""After isolation the trapped inventory leaves through the hole, decaying with this time constant."""
EMPTY_M3S = 1e-5
"""What is still leaving then is nothing: the section is empty."""
REACH_M = 400.0
"""No puff comes so far from its hole before it is too old."""

T90_S = 15.0
LAG_S = T90_S / np.log(10)
DRIFT_TIME_S = 6 * 3600.0
EARTH_M = 6_371_000.0

COMBUSTIBLE = "combustible_gas"
NOISE = {COMBUSTIBLE: 0.18, "ammonia": 0.12, "oxygen": 0.025}
DRIFT = {COMBUSTIBLE: 0.08, "ammonia": 0.05, "oxygen": 0.01}
USUAL = {COMBUSTIBLE: 0.0, "ammonia": 1.0, "oxygen": 20.9}
"""Background in normal operation, in %LEL, mg/m³ and %VOL."""
SWING = {COMBUSTIBLE: 0.0, "ammonia": 0.1, "oxygen": 0.01}
SWING_TIME_S = 1800.0
QUANTITIES = tuple(USUAL)


class GasDetection:
    """The combustible, ammonia and oxygen detectors of a source; combustible ones need lon and lat.

    Accidents   leak, slow_leak: a hole opens LEAK_DISTANCE_M upwind of a combustible detector (the subject) and grows;
                ended, the section is isolated and its inventory blows down
    Ordinary    vent: a small release at the same place, steady; ended, it stops at once. One of the three at a time
    Source      C = sum over puffs 2 m / (2 pi s²)^1.5 exp(-r² / 2 s²), s² = s0² + 2 K t, the 2 for the ground:
                Hanna, Briggs, Hosker, Handbook on Atmospheric Diffusion, DOE/TIC-11223 (1982), chapter on puffs.
                Departures: constant diffusivity, equal in all directions; the gas is taken as neutrally buoyant;
                hole and detectors at ground level; no obstacles
    Shapes      every array is float64 (n,), one element a detector
    Deterministic: equal points, seed and steps give equal readings
    Raises      ConfigError for a source without a known quantity, or with a combustible detector nowhere
    """

    def __init__(self, *, points: Sequence[Point], rng: np.random.Generator) -> None:
        self._points = [point for point in points if point.quantity in QUANTITIES]
        faults = _faults(points, self._points)
        if faults:
            raise ConfigError(faults)
        self._rng = rng
        self._tags = [point.tag for point in self._points]
        kinds = [point.quantity for point in self._points]
        self._gas = np.array([kind == COMBUSTIBLE for kind in kinds])
        self.subjects = [tag for tag, gas in zip(self._tags, self._gas, strict=True) if gas]
        self.place_m = _metres([point for point in self._points if point.quantity == COMBUSTIBLE])
        self._usual = np.array([USUAL[kind] for kind in kinds])
        self._swing_sd = np.array([SWING[kind] for kind in kinds])
        self._swing = self._swing_sd * rng.standard_normal(len(kinds))
        self._sensors = Sensors(
            points=self._points,
            rng=rng,
            noise=np.array([NOISE[kind] for kind in kinds]),
            drift=np.array([DRIFT[kind] for kind in kinds]),
            lag_s=np.full(len(kinds), LAG_S),
            drift_time_s=DRIFT_TIME_S,
        )
        bearing = rng.uniform(0, 2 * np.pi)
        self._mean_wind = WIND_MS * np.array([np.cos(bearing), np.sin(bearing)])
        self._meander = MEANDER_MS * rng.standard_normal(2)
        self.hole_m: Floats | None = None
        self._in_reach, self._reached_m = np.empty(0, np.intp), self.place_m[:0]
        self._hole_time_s = HOLE_TIME_S
        self._vent_m3s: float | None = None
        self._age_s = 0.0
        self._isolated_m3s = 0.0
        self._isolated = False
        self._puff_m = np.empty((0, 2))
        self._puff_m3 = np.empty(0)
        self._puff_age_s = np.empty(0)

    def step(self, dt_s: float) -> Mapping[str, float]:
        """Advance by `dt_s` > 0 seconds; readings by tag. Raises ValueError for a step that is not positive."""
        if not dt_s > 0:
            raise ValueError(f"a step must be longer than 0 s, not {dt_s!r}")
        parts = int(np.ceil(dt_s / PUFF_S))
        for _ in range(parts):
            self._advance(dt_s / parts)
        return dict(zip(self._tags, self._sensors.read().tolist(), strict=True))

    def start(self, accident: str, subject: str) -> None:
        """`leak`, `slow_leak` or `vent` beside a combustible detector. Raises ValueError for anything else."""
        near = self.place_m[self._index(accident, subject)]
        self._hole_time_s = SLOW_HOLE_TIME_S if accident == "slow_leak" else HOLE_TIME_S
        self._vent_m3s = float(self._rng.uniform(*VENT_M3S)) if accident == "vent" else None
        self.hole_m = near - LEAK_DISTANCE_M * self._mean_wind / WIND_MS
        near_by = ((self.place_m - self.hole_m) ** 2).sum(axis=1) < REACH_M**2
        self._in_reach, self._reached_m = np.flatnonzero(self._gas)[near_by], self.place_m[near_by]
        self._age_s, self._isolated = 0.0, False

    def end(self, accident: str, subject: str) -> None:
        """The leaking section is isolated; what is in it still comes out, ever more slowly. A vent is shut."""
        self._index(accident, subject)
        if self._vent_m3s is not None:
            self.hole_m = None
            return
        self._isolated_m3s = self.leak_m3s
        self._age_s, self._isolated = 0.0, True

    @property
    def leak_m3s(self) -> float:
        """Gas that leaves the hole now, m³/s."""
        if self.hole_m is None:
            return 0.0
        if self._isolated:
            return self._isolated_m3s * float(np.exp(-self._age_s / BLOWDOWN_TIME_S))
        if self._vent_m3s is not None:
            return self._vent_m3s
        return min(LEAK_M3S * (self._age_s / self._hole_time_s) ** 2, LARGEST_LEAK_M3S)

    def _index(self, accident: str, subject: str) -> int:
        if accident not in ("leak", "slow_leak", "vent"):
            raise ValueError(f"a detector area knows 'leak', 'slow_leak' and 'vent', not {accident!r}")
        if subject not in self.subjects:
            raise ValueError(
                f"no combustible detector {subject!r} here; there are {', '.join(self.subjects) or 'none'}"
            )
        return self.subjects.index(subject)

    def _advance(self, dt_s: float) -> None:
        kept = np.exp(-dt_s / MEANDER_TIME_S)
        self._meander = kept * self._meander + MEANDER_MS * np.sqrt(1 - kept**2) * self._rng.standard_normal(2)
        calm = np.exp(-dt_s / SWING_TIME_S)
        shock = self._rng.standard_normal(len(self._tags))
        self._swing = calm * self._swing + self._swing_sd * np.sqrt(1 - calm**2) * shock
        self._age_s += dt_s
        true = self._usual + self._swing
        if self.hole_m is not None or len(self._puff_m3):
            self._drift_puffs(dt_s)
            true[self._in_reach] += self.concentration(self._reached_m)
        self._sensors.step(dt_s, true)

    def _drift_puffs(self, dt_s: float) -> None:
        wind = self._mean_wind + self._meander
        young = self._puff_age_s < OLDEST_PUFF_S
        self._puff_m = self._puff_m[young] + wind * dt_s
        self._puff_age_s = self._puff_age_s[young] + dt_s
        self._puff_m3 = self._puff_m3[young]
        if self._isolated and self.leak_m3s < EMPTY_M3S:
            self.hole_m = None
        released = self.leak_m3s * dt_s
        if self.hole_m is not None and released > 0:
            self._puff_m = np.vstack((self._puff_m, self.hole_m + wind * dt_s / 2))
            self._puff_age_s = np.append(self._puff_age_s, dt_s / 2)
            self._puff_m3 = np.append(self._puff_m3, released)

    def concentration(self, place_m: Floats) -> Floats:
        """Gas at places (n, 2) in metres east and north, as %LEL, float64 (n,)."""
        variance = FIRST_SIGMA_M**2 + 2 * DIFFUSIVITY_M2S * self._puff_age_s
        apart = ((place_m[:, None, :] - self._puff_m[None, :, :]) ** 2).sum(axis=2)
        share = 2 * self._puff_m3 / (2 * np.pi * variance) ** 1.5 * np.exp(-apart / (2 * variance))
        percent_lel: Floats = np.minimum(share.sum(axis=1), 1.0) * 100 / LEL_PERCENT * 100
        return percent_lel


def _faults(points: Sequence[Point], known: Sequence[Point]) -> list[Fault]:
    if not known:
        place = points[0].source if points else "source"
        return [Fault(place, "no detector to simulate", f"known quantities are {', '.join(QUANTITIES)}")]
    return [
        Fault(point.id, "a combustible detector without a place", "give it lon and lat")
        for point in known
        if point.quantity == COMBUSTIBLE and (point.lon is None or point.lat is None)
    ]


def _metres(points: Sequence[Point]) -> Floats:
    """Places (n, 2) in metres east and north of the first, on the tangent plane."""
    degrees = np.array([(point.lon, point.lat) for point in points], np.float64).reshape(-1, 2)
    if not len(degrees):
        return degrees
    east, north = np.radians(degrees - degrees[0]).T
    return np.stack((east * np.cos(np.radians(degrees[0, 1])) * EARTH_M, north * EARTH_M), axis=1)
