"""An open-pit slope: displacement that creeps, follows the rain and the day, and can run away to failure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ganzhi.errors import ConfigError, Fault
from ganzhi.records import Point
from simulators.rain import Rain
from simulators.sensor import Sensors

LONGEST_STEP_S = 600.0
DAY_S = 86_400.0

# A benched rock slope watched by satellite positioning or a total station; engineering defaults.
STEADY_MM_D = (0.2, 0.6)
"""Creep of the steady stage."""
SWING_MM = (0.4, 0.9)
"""Amplitude of the daily cycle of sun and refraction."""
CRACK_SHARE = (0.4, 0.6)
"""Of the displacement, what a crack at its head opens by."""
SEEP_MM, SEEP_TIME_S = 40.0, 2 * DAY_S
"""Water that soaks in raises the joint pressure, in mm of rain, and drains with this time constant."""
RAIN_RATE_MM_D = 4.0
"""What SEEP_MM in the joints adds to the rate."""

# Accelerating creep: dv/dt = A v² (Voight 1988, alpha = 2), so that 1/v falls along a straight line (Fukuzono 1985).
ONSET_MM_D = (1.5, 3.0)
"""Rate with which it begins."""
FAILURE_D = (6.0, 16.0)
"""From the beginning to the failure, while it is dry."""
FASTEST_MM_D = 20_000.0
"""Then it has failed: the reading runs to the end of its range."""
BUTTRESS_TIME_S = 0.5 * DAY_S
"""With the toe loaded and the water drained the rate decays with this time constant."""

DISPLACEMENT, CRACK, RAINFALL = "displacement", "crack_width", "rainfall"
NOISE = {DISPLACEMENT: 0.35, CRACK: 0.05, RAINFALL: 0.0}
DRIFT = {DISPLACEMENT: 0.3, CRACK: 0.03, RAINFALL: 0.0}
LAG_S = {DISPLACEMENT: 0.0, CRACK: 60.0, RAINFALL: 0.0}
DRIFT_TIME_S = 6 * 3600.0


class Slope:
    """The displacement and crack points of a slope, and its rain gauges.

    Accidents   failure: creep at a displacement or crack point (the subject) accelerates; ended, the toe is loaded and
                drained, and the rate decays
    Source      Fukuzono 1985; Voight 1988; rain and daily cycle: engineering defaults
    Shapes      every array is float64 (n,), one element a displacement or crack point, in the order of `subjects`
    Deterministic: equal points, seed and steps give equal readings
    Raises      ConfigError for a source without a displacement or crack point
    """

    def __init__(self, *, points: Sequence[Point], rng: np.random.Generator) -> None:
        self._points = [point for point in points if point.quantity in NOISE]
        kinds = [point.quantity for point in self._points]
        self._gauge = np.array([kind == RAINFALL for kind in kinds], np.bool_)
        self.subjects = [point.tag for point in self._points if point.quantity != RAINFALL]
        if not self.subjects:
            raise ConfigError([_nothing_moves(points)])
        self._tags = [point.tag for point in self._points]
        self._rng = rng
        n = len(self.subjects)
        crack = np.array([kind == CRACK for kind in kinds if kind != RAINFALL])
        self._share = np.where(crack, rng.uniform(*CRACK_SHARE, n), 1.0)
        self._steady = rng.uniform(*STEADY_MM_D, n)
        self._swing = rng.uniform(*SWING_MM, n)
        self._phase = rng.uniform(0, 2 * np.pi, n)
        self.time_s, self.soaked_mm = 0.0, 0.0
        self.moved_mm = np.zeros(n)
        self.creep_mm_d = np.zeros(n)
        """Of the accident, beside the steady creep and the rain's."""
        self._growth = np.zeros(n)
        self._held = np.zeros(n, np.bool_)
        self.rain = Rain(rng)
        self._sensors = Sensors(
            points=self._points,
            rng=rng,
            noise=np.array([NOISE[kind] for kind in kinds]),
            drift=np.array([DRIFT[kind] for kind in kinds]),
            lag_s=np.array([LAG_S[kind] for kind in kinds]),
            drift_time_s=DRIFT_TIME_S,
        )

    def step(self, dt_s: float) -> Mapping[str, float]:
        """Advance by `dt_s` > 0 seconds; readings by tag, of the rain its amount since the last one."""
        if not dt_s > 0:
            raise ValueError(f"a step must be longer than 0 s, not {dt_s!r}")
        parts = int(np.ceil(dt_s / LONGEST_STEP_S))
        fell_mm = sum(self._advance(dt_s / parts) for _ in range(parts))
        true = np.full(len(self._tags), fell_mm)
        sun = self._swing * np.sin(2 * np.pi * self.time_s / DAY_S + self._phase)
        true[~self._gauge] = self._share * (self.moved_mm + sun)
        self._sensors.step(dt_s, true)
        return dict(zip(self._tags, self._sensors.read().tolist(), strict=True))

    def start(self, accident: str, subject: str) -> None:
        """`failure` at a displacement or crack point. Raises ValueError for anything else."""
        i = self._index(accident, subject)
        onset = self._rng.uniform(*ONSET_MM_D)
        self.creep_mm_d[i], self._held[i] = onset, False
        self._growth[i] = 1.0 / (onset * self._rng.uniform(*FAILURE_D))

    def end(self, accident: str, subject: str) -> None:
        """The toe is loaded and drained."""
        self._held[self._index(accident, subject)] = True

    def _index(self, accident: str, subject: str) -> int:
        if accident != "failure":
            raise ValueError(f"a slope knows the accident 'failure', not {accident!r}")
        if subject not in self.subjects:
            raise ValueError(f"no moving point {subject!r} here; there are {', '.join(self.subjects)}")
        return self.subjects.index(subject)

    def _advance(self, dt_s: float) -> float:
        """One part of a step; the rain of it in mm."""
        self.time_s += dt_s
        dt_d = dt_s / DAY_S
        fell_mm = self.rain.step(dt_s)
        kept = np.exp(-dt_s / SEEP_TIME_S)
        self.soaked_mm = self.soaked_mm * kept + fell_mm
        wet = self.soaked_mm / SEEP_MM
        # In closed form, v / (1 - A v t), because it ends in infinity; rain hastens it.
        before = self.creep_mm_d
        run = 1.0 - self._growth * (1.0 + wet) * before * dt_d
        fled = run <= before / FASTEST_MM_D
        grown = np.where(fled, FASTEST_MM_D, before / np.where(fled, 1.0, run))
        self.creep_mm_d = np.where(self._held, before * np.exp(-dt_s / BUTTRESS_TIME_S), grown)
        self.moved_mm += (self._steady + RAIN_RATE_MM_D * wet + (before + self.creep_mm_d) / 2) * dt_d
        return fell_mm


def _nothing_moves(points: Sequence[Point]) -> Fault:
    place = points[0].source if points else "source"
    return Fault(place, "no point that moves, so no slope to simulate", f"give it a {DISPLACEMENT} or {CRACK} point")
