"""A tailings dam: pond, beach, and the water inside the dam from the pond to the drain at its toe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ganzhi.errors import ConfigError, Fault
from ganzhi.records import Floats, Point
from simulators.rain import Rain
from simulators.sensor import Sensors

LONGEST_STEP_S = 1800.0
DAY_S = 86_400.0
MM_PER_M, L_PER_M3 = 1000.0, 1000.0

# A medium dam raised upstream; elevations above the toe, engineering defaults.
CREST_M = 40.0
BEACH_SLOPE = 0.01
POND_M = 38.0
"""Usual level, kept by the decant."""
POND_M2, CATCHMENT_M2, RUNOFF = 300_000.0, 900_000.0, 0.6
RUNOFF_TIME_S = 6 * 3600.0
SLURRY_M3S = 0.06
DECANT_M2S, DECANT_MOST_M3S = 1.5, 0.6
"""Outflow of the decant a metre of pond above its sill, and at most; what is left over after the slurry's water."""

# Ground water: n dh/dt = T d²h/dx² + recharge, from the crest to the drain (Boussinesq's equation, linearised).
CELLS = 20
LENGTH_M, WIDTH_M = 100.0, 400.0
POROSITY = 0.12
TRANSMISSIVITY_M2S = 9e-4
BEACH_LOSS = 0.05
"""Head lost a metre of beach before the crest."""
TOE_M, DRAIN_M = 14.0, 3.0
"""Of the surface above the drain, and of the drain."""
DRAIN_MS = 1.1e-4
"""Flow into the drain, m³/s a metre of dam and a metre of head."""
INFILTRATION = 0.45
"""Share of the rain on the downstream face that reaches the water table."""
SOAK_TIME_S = 1.0 * DAY_S

STORM_MM, STORM_S = (60.0, 110.0), (18 * 3600.0, 36 * 3600.0)
CLOG_TIME_S = 3 * DAY_S
CLOGGED = 0.03
"""Of the drain or the decant, what still passes."""

SETTLING_MM_D, HEAVE_MM_M = 0.08, 4.0
"""Displacement: settling, and what a metre of water more in the dam moves it by."""

PHREATIC, BEACH, POND, RAINFALL, SEEPAGE = "phreatic_depth", "dry_beach", "pond_level", "rainfall", "seepage"
SURFACE, DEEP = "displacement", "deep_displacement"
NOISE = {PHREATIC: 0.012, BEACH: 0.4, POND: 0.004, RAINFALL: 0.0, SEEPAGE: 0.3, SURFACE: 0.3, DEEP: 0.1}
DRIFT = {PHREATIC: 0.01, BEACH: 0.3, POND: 0.003, RAINFALL: 0.0, SEEPAGE: 0.2, SURFACE: 0.3, DEEP: 0.05}
LAG_S = {PHREATIC: 1800.0, BEACH: 0.0, POND: 60.0, RAINFALL: 0.0, SEEPAGE: 300.0, SURFACE: 0.0, DEEP: 0.0}
DRIFT_TIME_S = 12 * 3600.0
DAILY_M = 0.01
"""Amplitude of the daily cycle of air pressure and temperature in a piezometer."""

DRAIN, DECANT = 0, 1


class Tailings:
    """One section of a dam; its points are found by quantity, and those of one kind stand evenly from crest to toe.

    Accidents   blocked: the `drain` at the toe or the `decant` of the pond clogs as a rainstorm begins; ended, it is
                cleared
    Shapes      every array is float64 (CELLS,), from the crest to the toe, unless said otherwise
    Deterministic: equal points, seed and steps give equal readings
    Raises      ConfigError for a source without a known quantity
    """

    subjects = ("drain", "decant")

    def __init__(self, *, points: Sequence[Point], rng: np.random.Generator) -> None:
        self._points = [point for point in points if point.quantity in NOISE]
        if not self._points:
            raise ConfigError([_nothing_known(points)])
        self._tags = [point.tag for point in self._points]
        self._kinds = np.array([point.quantity for point in self._points])
        self._rng = rng
        share = np.zeros(len(self._points))
        for kind in NOISE:
            mine = np.flatnonzero(self._kinds == kind)
            share[mine] = (np.arange(len(mine)) + 1.0) / (len(mine) + 1.0)
        self._cell = np.minimum((share * CELLS).astype(np.intp), CELLS - 1)
        place_m = (np.arange(CELLS) + 0.5) * LENGTH_M / CELLS
        self.surface_m = CREST_M - (CREST_M - TOE_M) * place_m / LENGTH_M
        self.rain = Rain(rng)
        self.time_s, self.fell_mm = 0.0, 0.0
        self.pond_m = POND_M + SLURRY_M3S / DECANT_M2S
        self._running_m3 = self._soaking_m = 0.0
        self.open = np.ones(2)
        """Of drain and decant, (2,), what passes."""
        self._clogs = np.zeros(2, np.bool_)
        self._phase = rng.uniform(0, 2 * np.pi)
        self.head_m = self._rest()
        self._usual_m = self.head_m.copy()
        self._sensors = Sensors(
            points=self._points,
            rng=rng,
            noise=np.array([NOISE[kind] for kind in self._kinds]),
            drift=np.array([DRIFT[kind] for kind in self._kinds]),
            lag_s=np.array([LAG_S[kind] for kind in self._kinds]),
            drift_time_s=DRIFT_TIME_S,
        )

    @property
    def beach_m(self) -> float:
        """Dry beach between pond and crest."""
        return max(CREST_M - self.pond_m, 0.0) / BEACH_SLOPE

    @property
    def seepage_m3s(self) -> float:
        """What the drain takes along the whole dam."""
        return float(DRAIN_MS * self.open[DRAIN] * max(self.head_m[-1] - DRAIN_M, 0.0) * WIDTH_M)

    def step(self, dt_s: float) -> Mapping[str, float]:
        """Advance by `dt_s` > 0 seconds; readings by tag, of the rain its amount since the last one."""
        if not dt_s > 0:
            raise ValueError(f"a step must be longer than 0 s, not {dt_s!r}")
        parts = int(np.ceil(dt_s / LONGEST_STEP_S))
        self.fell_mm = 0.0
        for _ in range(parts):
            self._advance(dt_s / parts)
            self._sensors.step(dt_s / parts, self._true())
        return dict(zip(self._tags, self._sensors.read().tolist(), strict=True))

    def start(self, accident: str, subject: str) -> None:
        """`blocked`, of the drain or the decant. Raises ValueError for anything else."""
        self._clogs[self._index(accident, subject)] = True
        self.rain.storm(self._rng.uniform(*STORM_MM), self._rng.uniform(*STORM_S))

    def end(self, accident: str, subject: str) -> None:
        """It is cleared."""
        self._clogs[self._index(accident, subject)] = False

    def _index(self, accident: str, subject: str) -> int:
        if accident != "blocked":
            raise ValueError(f"a tailings dam knows the accident 'blocked', not {accident!r}")
        if subject not in self.subjects:
            raise ValueError(f"nothing {subject!r} here that can be blocked; there are {', '.join(self.subjects)}")
        return self.subjects.index(subject)

    def _advance(self, dt_s: float) -> None:
        self.time_s += dt_s
        fell_mm = self.rain.step(dt_s)
        self.fell_mm += fell_mm
        self.open += (np.where(self._clogs, CLOGGED, 1.0) - self.open) * -np.expm1(-dt_s / CLOG_TIME_S)
        self._fill_pond(fell_mm / MM_PER_M, dt_s)
        self._soaking_m += INFILTRATION * fell_mm / MM_PER_M
        soaked_m = self._soaking_m * -np.expm1(-dt_s / SOAK_TIME_S)
        self._soaking_m -= soaked_m
        self.head_m = self._flow(self.head_m, soaked_m, dt_s)

    def _fill_pond(self, fell_m: float, dt_s: float) -> None:
        self._running_m3 += RUNOFF * CATCHMENT_M2 * fell_m
        arrived_m3 = self._running_m3 * -np.expm1(-dt_s / RUNOFF_TIME_S)
        self._running_m3 -= arrived_m3
        out = min(DECANT_M2S * max(self.pond_m - POND_M, 0.0), DECANT_MOST_M3S) * self.open[DECANT]
        gained_m3 = arrived_m3 + POND_M2 * fell_m + (SLURRY_M3S - out) * dt_s
        self.pond_m = min(self.pond_m + gained_m3 / POND_M2, CREST_M)

    def _flow(self, head_m: Floats, soaked_m: float, dt_s: float) -> Floats:
        """Implicit in the heads; `dt_s` without end gives the steady state."""
        cell_m = LENGTH_M / CELLS
        between = TRANSMISSIVITY_M2S / cell_m**2
        matrix = np.diag(np.full(CELLS, POROSITY / dt_s + 2 * between))
        matrix -= np.diag(np.full(CELLS - 1, between), 1) + np.diag(np.full(CELLS - 1, between), -1)
        matrix[0, 0] += between  # the crest's head is that of the cell's edge, half a cell away
        drain = DRAIN_MS * self.open[DRAIN] / cell_m
        matrix[-1, -1] += drain - between
        right = POROSITY / dt_s * head_m + soaked_m / dt_s
        right[0] += 2 * between * (self.pond_m - BEACH_LOSS * self.beach_m)
        right[-1] += drain * DRAIN_M
        head: Floats = np.minimum(np.linalg.solve(matrix, right), self.surface_m)
        return head

    def _rest(self) -> Floats:
        return self._flow(np.zeros(CELLS), 0.0, np.inf)

    def _true(self) -> Floats:
        risen_m = self.head_m - self._usual_m
        day = DAILY_M * np.sin(2 * np.pi * self.time_s / DAY_S + self._phase)
        moved_mm = SETTLING_MM_D * self.time_s / DAY_S + HEAVE_MM_M * np.maximum(risen_m, 0.0)
        values = {
            PHREATIC: self.surface_m - self.head_m + day,
            BEACH: np.full(CELLS, self.beach_m),
            POND: np.full(CELLS, self.pond_m),
            RAINFALL: np.full(CELLS, self.fell_mm),
            SEEPAGE: np.full(CELLS, self.seepage_m3s * L_PER_M3),
            SURFACE: moved_mm,
            DEEP: moved_mm / 2,
        }
        return np.array([values[kind][cell] for kind, cell in zip(self._kinds, self._cell, strict=True)])


def _nothing_known(points: Sequence[Point]) -> Fault:
    place = points[0].source if points else "source"
    return Fault(place, "no point of a tailings dam to simulate", f"known quantities are {', '.join(NOISE)}")
