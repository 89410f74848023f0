"""Simulated sources: ordinary operation, and accidents that grow out of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

import simulators
from bench.early.series import Kind, Series, accidents, ordinary
from ganzhi.records import Floats, Point
from simulators.slope import DISPLACEMENT
from simulators.tailings import PHREATIC

HOUR_S, DAY_S = 3_600.0, 86_400.0
NORMAL, ACCIDENT = 1, 2
"""Part of the seed."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is simulated: sources in normal operation and for how many days, and accidents."""

    tanks: int
    tank_days: float
    overfills: int
    areas: int
    gas_days: float
    leaks: int
    dams: int
    clogs: int
    slopes: int
    failures: int


FULL = Size(
    tanks=400, tank_days=1, overfills=60, areas=2, gas_days=5, leaks=20, dams=16, clogs=12, slopes=20, failures=40
)
SHORT = Size(
    tanks=100, tank_days=0.5, overfills=20, areas=1, gas_days=1, leaks=4, dams=4, clogs=3, slopes=5, failures=10
)

# Limits: high-high level of the tank pack, level 1 of GB/T 50493-2019; the other two are engineering defaults.
HEIGHT_M = 16.0
TANK_HIGH_M = 0.9 * HEIGHT_M
GAS_HIGH_LEL = 25.0
DEPTH_SHARE = 0.8
"""Of the usual depth of the phreatic line: less is beyond the limit."""
MOVED_MM, FAILED_MM = 120.0, 1_000.0
"""The limit of the displacement; and where a slope has failed: the time of failure is taken from there."""

TANK_S, GAS_S, DAM_S, SLOPE_S = 10.0, 10.0, 600.0, 3_600.0
"""Sampling periods."""
LEVEL_M, GAS_LEL, MOVE_MM = 0.001, 0.1, 0.1
"""Resolutions."""
GRID, APART_DEGREES = 24, 1.5e-4
WELLS, MARKS = 5, 4
MONTH_DAYS = 30.0

Plan = dict[int, list[tuple[str, str, bool]]]
"""By step: what befalls whom, and whether it ends then."""


def tank(size: Size, seed: int) -> Kind:
    """Level of storage tanks between receipts and dispatches; the inflow valve sticks open, or a receipt runs on."""
    steps = round(size.tank_days * DAY_S / TANK_S)
    rng = _rng(seed, NORMAL, 1)
    names = [f"{101 + i}" for i in range(size.tanks)]
    calm, _ = _farm(names, rng, steps, _transfers(rng, steps, names))

    rng = _rng(seed, ACCIDENT, 1)
    names = names[: size.overfills] if size.overfills <= size.tanks else [f"{101 + i}" for i in range(size.overfills)]
    before, spread, after = (round(hours * HOUR_S / TANK_S) for hours in (12, 1, 7))
    plan = _transfers(rng, before, names)
    onset = before + rng.integers(0, spread, len(names))
    for i, name in enumerate(names):
        plan[int(onset[i])].append((("overfill", "overrun")[i % 2], name, False))
    found, full = _farm(names, rng, before + spread + after, plan)
    # A receipt that runs on is an accident from where it should have ended.
    past = (found >= full * HEIGHT_M) & (np.arange(found.shape[1]) >= onset[:, np.newaxis])
    onset[1::2] = past.argmax(axis=1)[1::2]
    normal, filled = (_alike(TANK_S, LEVEL_M, value, TANK_HIGH_M, HEIGHT_M / 2) for value in (calm, found))
    return Kind("tank_overfill", normal, accidents(filled, onset))


def gas(size: Size, seed: int) -> Kind:
    """Combustible gas in an area where drains are sampled now and then; a flange leaks, ever more."""
    steps = round(size.gas_days * DAY_S / GAS_S)
    calm = []
    for area in range(size.areas):
        rng = _rng(seed, NORMAL, 2, area)
        points = _grid(GRID)
        plan: Plan = defaultdict(list)
        at = 0
        while (at := at + round(rng.exponential(3 * HOUR_S) / GAS_S) + 90) < steps:
            tag = points[int(rng.integers(GRID))].tag
            plan[at].append(("vent", tag, False))
            plan[at + round(rng.uniform(120, 600) / GAS_S)].append(("vent", tag, True))
        calm.append(_run(simulators.GasDetection(points=points, rng=rng), points, steps, GAS_S, plan))

    found = []
    before, after = round(HOUR_S / GAS_S), round(2 * HOUR_S / GAS_S)
    for leak in range(size.leaks):
        points = _grid(1)
        model = simulators.GasDetection(points=points, rng=_rng(seed, ACCIDENT, 2, leak))
        leaks: Plan = {before: [("slow_leak", points[0].tag, False)]}
        found.append(_run(model, points, before + after, GAS_S, leaks, GAS_HIGH_LEL))
    normal, leaked = (_alike(GAS_S, GAS_LEL, np.concatenate(of), GAS_HIGH_LEL, 0.0) for of in (calm, found))
    return Kind("gas_leak", normal, accidents(leaked, np.full(size.leaks, before)))


def dam(size: Size, seed: int) -> Kind:
    """Phreatic line of tailings dams in showery weather; the drain clogs as a rainstorm begins. Depth, turned."""
    names = [f"PZ-{i + 1}" for i in range(WELLS)]
    points = [_point(name, PHREATIC, 40.0, DAM_S) for name in names]
    steps, before, after = (round(days * DAY_S / DAM_S) for days in (MONTH_DAYS, 10, 20))

    def section(use: int, i: int, steps: int, plan: Plan) -> tuple[Floats, Floats]:
        model = simulators.Tailings(points=points, rng=_rng(seed, use, 3, i))
        found = -_run(model, points, steps, DAM_S, plan)
        return found, np.median(found[:, :before], axis=1)

    calm = [section(NORMAL, i, steps, {}) for i in range(size.dams)]
    risen = [section(ACCIDENT, i, before + after, {before: [("blocked", "drain", False)]}) for i in range(size.clogs)]
    both = []
    for sections in (calm, risen):
        value, usual = (np.concatenate(column) for column in zip(*sections, strict=True))
        both.append(ordinary(DAM_S, LEVEL_M, value, DEPTH_SHARE * usual, usual))
    normal, blocked = both
    return Kind("phreatic_rise", normal, accidents(blocked, np.full(len(blocked.value), before)))


def slope(size: Size, seed: int) -> Kind:
    """Displacement of an open-pit slope that creeps and follows the rain; at one mark it accelerates to failure."""
    names = [f"GP-{i + 1}" for i in range(MARKS)]
    points = [_point(name, DISPLACEMENT, 2_000.0, SLOPE_S) for name in names]
    steps, before, after = (round(days * DAY_S / SLOPE_S) for days in (MONTH_DAYS, 15, 20))
    calm = [
        _run(simulators.Slope(points=points, rng=_rng(seed, NORMAL, 4, i)), points, steps, SLOPE_S, {})
        for i in range(size.slopes)
    ]
    found = []
    for i in range(size.failures):
        model = simulators.Slope(points=points[:1], rng=_rng(seed, ACCIDENT, 4, i))
        plan: Plan = {before: [("failure", names[0], False)]}
        found.append(_run(model, points[:1], before + after, SLOPE_S, plan, FAILED_MM))
    normal, failed = (_alike(SLOPE_S, MOVE_MM, np.concatenate(of), MOVED_MM, 0.0) for of in (calm, found))
    return Kind("slope_creep", normal, accidents(failed, np.full(size.failures, before), fails=FAILED_MM))


def _alike(period_s: float, resolution: float, value: Floats, target: float, usual: float) -> Series:
    m = len(value)
    return ordinary(period_s, resolution, value, np.full(m, target), np.full(m, usual))


def _rng(*seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def _point(tag: str, quantity: str, high: float, period_s: float) -> Point:
    unit, low, resolution = ("mm", -high, MOVE_MM) if quantity == DISPLACEMENT else ("m", 0.0, LEVEL_M)
    return Point(f"bench.{tag}", "bench", "source", tag, quantity, unit, low, high, resolution, period_s)


def _grid(count: int) -> list[Point]:
    return [
        Point(
            *(f"bench.GD-{i + 1:02}", "bench", "source", f"GD-{i + 1:02}", "combustible_gas", "%LEL"),
            *(0.0, 100.0, 0.1, GAS_S, 117.7 + APART_DEGREES * (i % 6), 39.0 + APART_DEGREES * (i // 6)),
        )
        for i in range(count)
    ]


def _farm(names: Sequence[str], rng: np.random.Generator, steps: int, plan: Plan) -> tuple[Floats, Floats]:
    """Levels (m, steps), and the share (m, 1) at which each tank's last receipt was to end."""
    points = [_point(f"LT-{name}", "level", HEIGHT_M, TANK_S) for name in names]
    model = simulators.TankFarm(points=points, rng=rng)
    return _run(model, points, steps, TANK_S, plan), model.full_share[:, np.newaxis]


def _transfers(rng: np.random.Generator, steps: int, names: Sequence[str]) -> Plan:
    """A transfer of each tank every 18 hours, receipts and dispatches in turn."""
    plan: Plan = defaultdict(list)
    for name in names:
        at, receipt = round(rng.uniform(0, 9 * HOUR_S) / TANK_S), bool(rng.integers(2))
        while at < steps:
            plan[at].append(("receipt" if receipt else "dispatch", name, False))
            at, receipt = at + round(rng.uniform(12 * HOUR_S, 24 * HOUR_S) / TANK_S), not receipt
    return plan


def _run(
    model: simulators.Model, points: Sequence[Point], steps: int, period_s: float, plan: Plan, until: float = np.inf
) -> Floats:
    """Readings (m, steps) of these points; once one is at `until`, the rest is not simulated and stands at it."""
    tags = [point.tag for point in points]
    found = np.full((len(tags), steps), until)
    for step in range(steps):
        for accident, subject, ends in plan.get(step, ()):
            (model.end if ends else model.start)(accident, subject)
        readings = model.step(period_s)
        found[:, step] = [readings[tag] for tag in tags]
        if found[0, step] >= until:
            found[:, step + 1 :] = found[:, step : step + 1]
            break
    return found
