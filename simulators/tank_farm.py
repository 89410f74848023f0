"""The tanks of one source: mass balance, temperature, vapour pressure, valves, pumps and instruments."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ganzhi.errors import ConfigError, Fault
from ganzhi.records import Floats, Point
from simulators.sensor import Sensors

LONGEST_STEP_S = 2.0
"""Plant time is cut into steps no longer than this; the fastest part is a valve of 60 s full stroke."""

# Design of a medium tank of a storage terminal; engineering defaults.
DIAMETER_M = 14.0
HEIGHT_M = 16.0
ROOF_M = 1.0
"""Mean height of the vapour space above the shell."""
RATED_IN_M3H, RATED_OUT_M3H = 1820.0, 1370.0
"""Flow with the valve fully open at REFERENCE_M of level."""
REFERENCE_M = 12.0
SUPPLY_HEAD_M, DELIVERY_HEAD_M = 60.0, 30.0
"""Shut-off heads: of the supply above the tank's bottom, of the tank's own pump above its delivery line."""
VALVE_SHARE = 0.2
"""Share of the head that a fully open valve takes at the rated flow; pump curve and pipe take the rest."""
STROKE_S = 60.0
"""Time of a valve from shut to open."""

# Normal operation: throughput with inflow close to outflow, level hovering around a slowly waving target.
NORMAL_SHARES = (0.58, 0.668, 0.51)
"""Usual levels as shares of the height, tank after tank."""
SHARE_SPREAD = 0.004
WAVE_M, WAVE_PERIOD_S = 0.04, (11_000.0, 14_000.0)
THROUGHPUT_M3H = (260.0, 340.0)
DEMAND_SD, DEMAND_TIME_S = 0.03, 600.0
LEVEL_TIME_S = 600.0
"""Time constant with which the inflow controller closes a level error."""
BACK_TO_NORMAL_M = 0.5
"""A draw-down ends so far above the usual level."""

# Transfers, after which the level that was reached is the usual one.
TRANSFER_M3H = (250.0, 550.0)
FULL_SHARES, EMPTY_SHARE = (0.62, 0.82), 0.25
"""Of the height: where a receipt, planned one by one, and a dispatch end."""

# Vapour space of a fixed-roof tank with a balance line; kPa gauge; engineering defaults.
ATMOSPHERE_KPA = 101.3
BLANKET_KPA, BALANCE_TIME_S = 0.4, 60.0
BREATHE_OUT_KPA, BREATHE_IN_KPA = 1.0, -0.3
BREATHER_M3S_PER_KPA = 2.0

# Temperatures, °C.
AMBIENT_C, AMBIENT_SWING_C, DAY_S = 20.0, 6.0, 86_400.0
AMBIENT_TIME_S = 40 * 3600.0
FEED_C = (27.0, 33.0)

QUANTITIES = {"LT": "level", "TT": "temperature", "PT": "pressure", "FI": "inflow", "FO": "outflow"}
NOISE = {"LT": 0.0015, "TT": 0.04, "PT": 0.006, "FI": 3.0, "FO": 3.0}
DRIFT = {"LT": 0.002, "TT": 0.1, "PT": 0.01, "FI": 2.0, "FO": 2.0}
LAG_S = {"LT": 1.0, "TT": 30.0, "PT": 1.0, "FI": 2.0, "FO": 2.0}
DRIFT_TIME_S = 4 * 3600.0
TAG = re.compile(r"^(LT|TT|PT|FI|FO)-(.+)$")

NORMAL, STUCK_OPEN, DRAW_DOWN, RECEIPT, DISPATCH, OVERRUN = 0, 1, 2, 3, 4, 5
MODES = {"overfill": STUCK_OPEN, "overrun": OVERRUN, "receipt": RECEIPT, "dispatch": DISPATCH}
ACCIDENTS = ("overfill", "overrun")
SECONDS_PER_H = 3600.0


class TankFarm:
    """Every tank of a source that has a level point `LT-NNN`; its other points are TT-, PT-, FI- and FO-NNN.

    Accidents   overfill: the inflow valve sticks open; overrun: a receipt that does not end at its level; ended, an
                operator shuts the valve and draws the tank down
    Ordinary    receipt, dispatch: transfers, which end by themselves at their levels, or when they are ended
    Shapes      every array is float64 (m,), one element a tank, in the order of `subjects`
    Deterministic: equal points, seed and steps give equal readings
    Raises      ConfigError for a source without a level point
    """

    def __init__(self, *, points: Sequence[Point], rng: np.random.Generator) -> None:
        found = {point.tag: match for point in points if (match := TAG.match(point.tag))}
        self.subjects = [match[2] for match in found.values() if match[1] == "LT"]
        if not self.subjects:
            raise ConfigError([_no_tank(points)])
        tank = {name: i for i, name in enumerate(self.subjects)}
        self._points = [point for point in points if point.tag in found and found[point.tag][2] in tank]
        kinds = [found[point.tag][1] for point in self._points]
        self._tags = [point.tag for point in self._points]
        self._tank = np.array([tank[found[tag][2]] for tag in self._tags])
        self._row = np.array([list(QUANTITIES).index(kind) for kind in kinds])
        m = len(self.subjects)
        self._rng = rng
        self.area_m2 = np.full(m, np.pi * DIAMETER_M**2 / 4)
        self.height_m = np.full(m, HEIGHT_M)
        for i, name in enumerate(self.subjects):
            level = next(point for point in self._points if point.tag == f"LT-{name}")
            self.height_m[i] = level.high
        self._inlet = _Line(SUPPLY_HEAD_M - REFERENCE_M, RATED_IN_M3H / SECONDS_PER_H)
        self._outlet = _Line(DELIVERY_HEAD_M + REFERENCE_M, RATED_OUT_M3H / SECONDS_PER_H)
        self._set_out(m)
        self._sensors = Sensors(
            points=self._points,
            rng=rng,
            noise=np.array([NOISE[kind] for kind in kinds]),
            drift=np.array([DRIFT[kind] for kind in kinds]),
            lag_s=np.array([LAG_S[kind] for kind in kinds]),
            drift_time_s=DRIFT_TIME_S,
        )

    def _set_out(self, m: int) -> None:
        rng = self._rng
        self.time_s = 0.0
        self._mode = np.full(m, NORMAL)
        self._transfer = np.zeros(m)
        self.full_share = np.full(m, FULL_SHARES[1])
        shares = np.resize(np.array(NORMAL_SHARES), m) + rng.uniform(-SHARE_SPREAD, SHARE_SPREAD, m)
        self._usual_m = shares * self.height_m
        self._wave = 2 * np.pi / rng.uniform(*WAVE_PERIOD_S, m)
        self._phase = rng.uniform(0, 2 * np.pi, m)
        self.volume_m3 = self._target_m() * self.area_m2
        self._throughput = rng.uniform(*THROUGHPUT_M3H, m) / SECONDS_PER_H
        self._demand = np.zeros(m)
        self._feed_c = rng.uniform(*FEED_C, m)
        self.temperature_c = self._feed_c - rng.uniform(1.0, 3.0, m)
        self.pressure_kpa = np.full(m, BLANKET_KPA)
        self.opening_out = self._outlet.opening(self._throughput, DELIVERY_HEAD_M + self.level_m)
        self.opening_in = self._inlet.opening(self._throughput, SUPPLY_HEAD_M - self.level_m)
        self.inflow_m3s, self.outflow_m3s = self._throughput.copy(), self._throughput.copy()
        self.total_in_m3, self.total_out_m3, self.spilled_m3 = np.zeros(m), np.zeros(m), np.zeros(m)

    @property
    def level_m(self) -> Floats:
        """Liquid level of every tank, float64 (m,)."""
        level: Floats = self.volume_m3 / self.area_m2
        return level

    def step(self, dt_s: float) -> Mapping[str, float]:
        """Advance by `dt_s` > 0 seconds; readings by tag. Raises ValueError for a step that is not positive."""
        if not dt_s > 0:
            raise ValueError(f"a step must be longer than 0 s, not {dt_s!r}")
        parts = int(np.ceil(dt_s / LONGEST_STEP_S))
        for _ in range(parts):
            self._advance(dt_s / parts)
        return dict(zip(self._tags, self._sensors.read().tolist(), strict=True))

    def start(self, accident: str, subject: str) -> None:
        """`overfill` or `overrun` of a tank, or a transfer. Raises ValueError for anything else."""
        tank = self._index(accident, subject)
        self._mode[tank] = MODES[accident]
        if accident != "overfill":
            self._transfer[tank] = self._rng.uniform(*TRANSFER_M3H) / SECONDS_PER_H
            self.full_share[tank] = self._rng.uniform(*FULL_SHARES)

    def end(self, accident: str, subject: str) -> None:
        """An operator shuts the valve and pumps the tank down to its usual level; or ends a transfer."""
        tank = self._index(accident, subject)
        if accident in ACCIDENTS:
            self._mode[tank] = DRAW_DOWN
        else:
            self._end_transfer(np.array([tank]))

    def _index(self, accident: str, subject: str) -> int:
        if accident not in MODES:
            raise ValueError(f"a tank farm knows {', '.join(map(repr, MODES))}, not {accident!r}")
        if subject not in self.subjects:
            raise ValueError(f"no tank {subject!r} here; there are {', '.join(self.subjects)}")
        return self.subjects.index(subject)

    def _end_transfer(self, tanks: NDArray[np.intp]) -> None:
        wave = self._target_m() - self._usual_m
        self._usual_m[tanks] = (self.level_m - wave)[tanks]
        self._mode[tanks] = NORMAL
        self._transfer[tanks] = 0.0

    def _target_m(self) -> Floats:
        target: Floats = self._usual_m + WAVE_M * np.sin(self._wave * self.time_s + self._phase)
        return target

    def _advance(self, dt_s: float) -> None:
        self.time_s += dt_s
        self._move_valves(dt_s)
        level = self.level_m
        self.inflow_m3s = self._inlet.flow(self.opening_in, SUPPLY_HEAD_M - level)
        wanted = self._outlet.flow(self.opening_out, DELIVERY_HEAD_M + level)
        self.outflow_m3s = np.minimum(wanted, self.volume_m3 / dt_s + self.inflow_m3s)
        self._balance(dt_s)
        self._warm(dt_s)
        self._breathe(dt_s)
        rows = (
            self.level_m,
            self.temperature_c,
            self.pressure_kpa,
            self.inflow_m3s * SECONDS_PER_H,
            self.outflow_m3s * SECONDS_PER_H,
        )
        self._sensors.step(dt_s, np.stack(rows)[self._row, self._tank])

    def _move_valves(self, dt_s: float) -> None:
        kept = np.exp(-dt_s / DEMAND_TIME_S)
        shock = self._rng.standard_normal(len(self.subjects))
        self._demand = kept * self._demand + DEMAND_SD * np.sqrt(1 - kept**2) * shock
        share = self.level_m / self.height_m
        filled = (self._mode == RECEIPT) & (share >= self.full_share)
        ended = np.flatnonzero(filled | ((self._mode == DISPATCH) & (share <= EMPTY_SHARE)))
        if len(ended):
            self._end_transfer(ended)
        level, target = self.level_m, self._target_m()
        done = (self._mode == DRAW_DOWN) & (level <= target + BACK_TO_NORMAL_M)
        self._mode[done] = NORMAL
        swing = WAVE_M * self._wave * np.cos(self._wave * self.time_s + self._phase)
        correction = self.area_m2 * (swing + (target - level) / LEVEL_TIME_S)
        filling = (self._mode == RECEIPT) | (self._mode == OVERRUN)
        correction = np.where(filling, self._transfer, np.where(self._mode == DISPATCH, 0.0, correction))
        sent = np.where(self._mode == DISPATCH, self._transfer, 0.0)
        feed = np.maximum(self.outflow_m3s - sent + correction, 0.0)
        want_in = self._inlet.opening(feed, SUPPLY_HEAD_M - level)
        wanted = self._throughput * (1 + self._demand) + sent
        want_out = self._outlet.opening(wanted, DELIVERY_HEAD_M + level)
        want_in = np.where(self._mode == STUCK_OPEN, 1.0, np.where(self._mode == DRAW_DOWN, 0.0, want_in))
        want_out = np.where(self._mode == DRAW_DOWN, 1.0, want_out)
        most = dt_s / STROKE_S
        self.opening_in += np.clip(want_in - self.opening_in, -most, most)
        self.opening_out += np.clip(want_out - self.opening_out, -most, most)

    def _balance(self, dt_s: float) -> None:
        volume = self.volume_m3 + (self.inflow_m3s - self.outflow_m3s) * dt_s
        brim = self.area_m2 * self.height_m
        self.volume_m3 = np.clip(volume, 0.0, brim)
        self.total_in_m3 += self.inflow_m3s * dt_s
        self.total_out_m3 += self.outflow_m3s * dt_s
        self.spilled_m3 += np.maximum(volume - brim, 0.0)

    def _warm(self, dt_s: float) -> None:
        ambient = AMBIENT_C + AMBIENT_SWING_C * np.sin(2 * np.pi * self.time_s / DAY_S)
        mixing = np.minimum(self.inflow_m3s * dt_s / np.maximum(self.volume_m3, self.area_m2 * 0.1), 1.0)
        self.temperature_c += mixing * (self._feed_c - self.temperature_c)
        self.temperature_c += dt_s / AMBIENT_TIME_S * (ambient - self.temperature_c)

    def _breathe(self, dt_s: float) -> None:
        """Implicit in the pressure, because the breather is stiff once little vapour space is left."""
        gas_m3 = self.area_m2 * (self.height_m + ROOF_M) - self.volume_m3
        stiffness = dt_s * (ATMOSPHERE_KPA + self.pressure_kpa) / gas_m3
        above = self.pressure_kpa + stiffness * (self.inflow_m3s - self.outflow_m3s)
        above += dt_s / BALANCE_TIME_S * BLANKET_KPA
        below = np.full_like(above, 1 + dt_s / BALANCE_TIME_S)
        closed = above / below
        vent = stiffness * BREATHER_M3S_PER_KPA
        for active, threshold in (
            (closed > BREATHE_OUT_KPA, BREATHE_OUT_KPA),
            (closed < BREATHE_IN_KPA, BREATHE_IN_KPA),
        ):
            above[active] += vent[active] * threshold
            below[active] += vent[active]
        self.pressure_kpa = above / below


class _Line:
    """A pump with curve H = H0 - k q² behind a valve q = c x √h: the flow in closed form, and its inverse."""

    def __init__(self, head_m: float, rated_m3s: float) -> None:
        resistance = head_m / rated_m3s**2
        self._valve = VALVE_SHARE * resistance
        self._rest = (1 - VALVE_SHARE) * resistance

    def flow(self, opening: Floats, head_m: Floats) -> Floats:
        share = np.maximum(opening, 0.0) ** 2
        flow: Floats = np.sqrt(np.maximum(head_m, 0.0) * share / (self._rest * share + self._valve))
        return flow

    def opening(self, flow_m3s: Floats, head_m: Floats) -> Floats:
        left = np.maximum(head_m - self._rest * flow_m3s**2, 1e-9)
        opening: Floats = np.minimum(flow_m3s * np.sqrt(self._valve / left), 1.0)
        return opening


def _no_tank(points: Sequence[Point]) -> Fault:
    place = points[0].source if points else "source"
    return Fault(place, "no level point, so no tank to simulate", "name level points LT-NNN")
