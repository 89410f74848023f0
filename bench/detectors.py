"""How fast the detectors are, and how much memory they take: readings a second of CPU time, on one core.

    python -m bench.detectors [--short] [--json FILE]

Blocks of 10,000 rows; wide: over 100,000 points that report once a second; backfill: each block is one point's backlog.
The readings are those of bench/load/plant.py: 3 % of them are beyond a limit of the value rule. Blocks are made
beforehand, and every engine is warm when its clock starts, but for `profile`, which would take weeks.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import psutil

import config
from bench.load.plain import PlainValue
from bench.load.plant import Plant
from config import load_rules
from detectors import KINDS
from detectors.engine import Engine
from detectors.jointmodel import JointModel, Space
from ganzhi.figure import Figure, at_least, at_most, table, write_json
from ganzhi.kind import KINDS as WRITABLE
from ganzhi.records import Catalogue, Enterprise, Point, ReadingBlock, Rule, Source, Text, Unit

ROWS = 10_000
POINTS = 100_000
SIZES = (1_000, POINTS, 1_000_000)
RESOLUTION = 0.01
PACK = Path(config.__file__).parent / "packs" / "tank_farm.toml"
BACKLOG_S = 3.0
"""No backlog is worked on for longer."""

NONE = np.nan


@dataclass(frozen=True, slots=True)
class Load:
    """A rule to measure a kind by; an option that is a float64 (1,) stands for all points."""

    limits: tuple[float, float, float, float]
    side: str = "high"
    deadband: float = 0.0
    on_delay_s: float = 0.0
    off_delay_s: float = 0.0
    options: Mapping[str, object] = field(default_factory=dict)
    unit: int = 0
    model: JointModel | None = None

    def rule(self, kind: str, points: int) -> Rule:
        """The rule over so many points, or over units of `unit` points each."""
        if self.unit:
            return self._of_units(kind, points // self.unit)
        one = Rule(
            id=kind, name=Text(kind, kind), kind=kind, points=np.zeros(1, np.int32), limits=np.array([self.limits]),
            side=self.side, deadband=np.array([self.deadband]), unit="", on_delay_s=self.on_delay_s,
            off_delay_s=self.off_delay_s, options=self.options,
        )  # fmt: skip
        return repeated(one, points, of=1)

    def _of_units(self, kind: str, units: int) -> Rule:
        members = np.arange(units * self.unit, dtype=np.int32).reshape(units, self.unit)
        return Rule(
            id=kind,
            name=Text(kind, kind),
            kind=kind,
            points=members.ravel(),
            limits=np.tile(np.array([self.limits]), (units, 1)),
            side=self.side,
            deadband=np.full(units, self.deadband),
            unit="",
            options={**self.options, **({} if self.model is None else {"model": (self.model,) * units})},
            units=tuple(Unit(str(k), Text(str(k), str(k)), int(own[0]), own) for k, own in enumerate(members)),
        )


VALUE = Load((75, 80, 85, 90), deadband=1, on_delay_s=2, off_delay_s=5)

CHANNELS = 10
MODEL = JointModel(
    channels=tuple(f"channel-{k}" for k in range(CHANNELS)),
    period_s=1.0,
    centre=np.full(CHANNELS, 45.0),
    scale=np.full(CHANNELS, 10.0),
    lags=1,
    weight=0.1,
    now=Space(np.eye(2 * CHANNELS), CHANNELS, 30.0, 30.0),
    lasting=Space(np.eye(CHANNELS), CHANNELS // 2, 20.0, 20.0),
)
HARBOUR = (((40.0, 40.0), (50.0, 38.0), (55.0, 50.0), (45.0, 56.0), (38.0, 48.0), (40.0, 40.0)),)

LOADS: dict[str, Load] = {
    "value": VALUE,
    "rate": Load((5, 10, NONE, NONE), deadband=1, on_delay_s=2, off_delay_s=5, options={"window_s": 60}),
    "forecast": Load(
        (60, 30, NONE, NONE), "low", 5, 2, 5, options={"target": np.array([90.0]), "direction": "high", "window_s": 120}
    ),
    "stale": Load((3, NONE, NONE, NONE), off_delay_s=5),
    "accumulate": Load(
        (1, 2, 3, 4), deadband=0.1, options={"steps": "4000 in 12h, 6000 in 6h, 8000 in 3h, 9000 in 3h"}
    ),
    "profile": Load((6, NONE, NONE, NONE), deadband=1),
    "creep": Load((50, 80, 85, NONE), deadband=3, options={"window_s": 60, "settle_s": 5}),
    "spike": Load((6, 20, NONE, NONE), off_delay_s=5),
    "spread": Load((1.75, 2.5, NONE, NONE), deadband=0.5, options={"window": 10, "reference_s": 80}),
    "shift": Load((12, NONE, NONE, NONE), deadband=1, options={"warmup": 12}),
    "stuck": Load((4, NONE, NONE, NONE), options={"changes": 5, "learn_s": 10}),
    "novelty": Load((3.5, 5, NONE, NONE), deadband=0.5, options={"warmup": 13, "pace": 4}),
    "fence": Load((0, 1e6, NONE, NONE), deadband=1e3, options={"polygons": (HARBOUR,)}, unit=2),
    "joint": Load((1, 2, NONE, NONE), deadband=0.2, unit=CHANNELS, model=MODEL),
}
"""A rule for each kind. What is in here and not in `detectors.KINDS`, or the other way round, is not measured."""


def repeated(rule: Rule, points: int, of: int) -> Rule:
    """A rule over some of the first `of` points, for every `of` points again."""
    times = -(-points // of)
    chosen = (np.arange(times)[:, np.newaxis] * of + rule.points).ravel()
    chosen = chosen[chosen < points].astype(np.int32)
    options = {
        name: np.resize(option, len(chosen)) if isinstance(option, np.ndarray) else option
        for name, option in rule.options.items()
    }
    limits = np.resize(rule.limits, (len(chosen), 4))
    return replace(rule, points=chosen, limits=limits, deadband=np.resize(rule.deadband, len(chosen)), options=options)


RULED = {"level": "m", "temperature": "°C", "pressure": "kPa"}
"""What the pack has rules for, by unit; besides, all points may be stale or stuck."""

TANK = RULED | {"inflow": "m³/h", "outflow": "m³/h"}
"""The points of a tank, as DOMAIN.md and the demo have them."""


def default_set(points: int, quantities: Mapping[str, str] = TANK) -> list[Rule]:
    """The tank-farm pack and stuck: points are by turns these of a tank."""
    catalogue = Catalogue(
        {"bench": Enterprise("bench", Text("测速企业", "Bench"))},
        {"area": Source("area", "bench", Text("罐区", "Tank area"), "tank_farm")},
        tuple(
            Point(f"bench.{name}", "bench", "area", name, name, unit, 0.0, 100.0, RESOLUTION, 1.0)
            for name, unit in quantities.items()
        ),
    )
    rules, _ = load_rules([PACK], catalogue, WRITABLE)
    stuck = replace(LOADS["stuck"].rule("stuck", len(quantities)), id="stuck")
    return [repeated(rule, points, of=len(quantities)) for rule in (*rules, stuck)]


@dataclass(frozen=True, slots=True)
class Amount:
    """How much is done: seconds of the plant before the clock starts and while it runs, and blocks of backlog."""

    warm_s: int
    timed_s: int
    backlog: int

    def of(self, points: int) -> Amount:
        """The same for another number of points, in about as many readings."""
        return replace(
            self, warm_s=max(self.warm_s * POINTS // points, 2), timed_s=max(self.timed_s * POINTS // points, 1)
        )


SHORT, FULL = Amount(24, 3, 24), Amount(40, 20, 60)


@dataclass(frozen=True, slots=True)
class Seen:
    """Readings a second, of blocks over all points and of blocks of one point; transitions a thousand readings."""

    wide_per_s: float
    backfill_per_s: float
    told: float

    @property
    def share(self) -> float:
        """What backfill is of wide."""
        return self.backfill_per_s / self.wide_per_s


def engine(rules: Sequence[Rule], points: int) -> Engine:
    """An engine over points that are all alike."""
    return Engine(rules, period_s=np.ones(points), resolution=np.full(points, RESOLUTION))


class Bench:
    """The readings for engines over so many points, made once."""

    def __init__(self, points: int, amount: Amount) -> None:
        self._points = points
        plant = Plant(points)
        end_s = amount.warm_s + amount.timed_s
        self._warm = list(plant.live(ROWS, 0, amount.warm_s))
        self.timed = list(plant.live(ROWS, amount.warm_s, amount.timed_s))
        self._backlog = list(plant.backlog(ROWS, plant.some(amount.backlog), end_s))

    def warm(self, rules: Sequence[Rule]) -> Engine:
        """An engine that has seen the first seconds."""
        made = engine(rules, self._points)
        for block in self._warm:
            made.update(block)
        return made

    def plain_per_s(self, rule: Rule) -> float:
        """Readings a second of the plain loop over blocks of all points, all of which it knows."""
        loop = PlainValue(rule)
        for block in self._warm[-self._points // ROWS :]:
            loop.update(block)
        return per_s(loop.update, self.timed)[0]

    def seen(self, rules: Sequence[Rule]) -> Seen:
        """Blocks over all points, and then one backlog after another."""
        detectors = self.warm(rules)
        wide_per_s, told = per_s(detectors.update, self.timed)
        backfill_per_s, _ = per_s(detectors.update, self._backlog, BACKLOG_S)
        return Seen(wide_per_s, backfill_per_s, 1000 * told / rows_of(self.timed))


def rows_of(blocks: Sequence[ReadingBlock]) -> int:
    """Readings in blocks."""
    return sum(map(len, blocks))


def per_s(
    update: Callable[[ReadingBlock], Sized], blocks: Sequence[ReadingBlock], most_s: float = np.inf
) -> tuple[float, int]:
    """Readings a second of this process's CPU time, and how many transitions there were; it may stop after a time."""
    began = time.process_time()
    told = rows = 0
    for block in blocks:
        told += len(update(block))
        rows += len(block)
        if time.process_time() - began > most_s:
            break
    return rows / (time.process_time() - began), told


def memory(points: int) -> tuple[float, float]:
    """Of a process with the default set at work: resident MB, and of them MB of state."""
    command = [sys.executable, "-m", "bench.detectors", "--memory", str(points)]
    resident, state = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(resident), float(state)


def show_memory(points: int) -> None:
    """What `memory` reads."""
    detectors = engine(default_set(points), points)
    for block in Plant(points).live(ROWS, 0, 3):
        detectors.update(block)
    resident = psutil.Process().memory_info().rss
    print(resident / 1e6, sum(array.nbytes for array in detectors.snapshot().values()) / 1e6)


def sizes(amount: Amount) -> Iterator[tuple[int, float, float]]:
    """Readings a second of value and of the default set, by the number of points."""
    for points in SIZES:
        bench = Bench(points, replace(amount.of(points), backlog=0))
        value = per_s(bench.warm([VALUE.rule("value", points)]).update, bench.timed)[0]
        yield points, value, per_s(bench.warm(default_set(points)).update, bench.timed)[0]


def measure(amount: Amount) -> list[Figure]:
    """Print what was seen of each; all figures of the table."""
    bench = Bench(POINTS, amount)
    values = np.concatenate([block.value for block in bench.timed])
    print(f"{np.mean(values >= VALUE.limits[0]):.1%} of the readings are beyond a limit of value")
    found = {"default set": bench.seen(default_set(POINTS))}
    print(f"{'rules':12}  {'wide, M/s':>9}  {'backfill, M/s':>13}  {'share':>6}  {'transitions in 1,000 readings':>29}")
    for kind in KINDS:
        if kind in LOADS:
            found[kind] = bench.seen([LOADS[kind].rule(kind, POINTS)])
    for name, one in found.items():
        wide, backfill = one.wide_per_s / 1e6, one.backfill_per_s / 1e6
        print(f"{name:12}  {wide:9.2f}  {backfill:13.2f}  {one.share:6.3f}  {one.told:29.3f}")
    if missing := KINDS.keys() - LOADS.keys():
        print(f"not measured: {', '.join(sorted(missing))}")
    plain_per_s = bench.plain_per_s(VALUE.rule("value", POINTS))
    print(f"value as a plain loop over readings: {plain_per_s / 1e6:.2f} M/s")
    ruled = per_s(bench.warm(default_set(POINTS, RULED)).update, bench.timed)[0]
    print(f"default set over levels, temperatures and pressures only: {ruled / 1e6:.2f} M/s")
    for points, value, default in sizes(amount):
        print(f"{points:9,} points: value {value / 1e6:.1f} M/s, default set {default / 1e6:.2f} M/s")
    resident, state = memory(POINTS)
    print(
        f"default set over {POINTS:,} points: {resident:.0f} MB resident in the whole process, {state:.0f} MB of state"
    )
    slowest = min((name for name in found if name in KINDS), key=lambda name: found[name].wide_per_s)
    print(f"slowest kind: {slowest}")
    return [
        at_least("value_per_s", found["value"].wide_per_s, "1/s", 10_000_000),
        at_least("default_set_per_s", found["default set"].wide_per_s, "1/s", 2_000_000),
        at_least("slowest_kind_per_s", found[slowest].wide_per_s, "1/s", 500_000),
        Figure("value_over_plain_loop", found["value"].wide_per_s / plain_per_s, ""),
        at_most("default_set_mb_100k_points", resident, "MB", 500),
        at_least("backfill_share", min(one.share for one in found.values()), "", 0.1),
    ]


def main() -> int:
    """Measure, print the table, write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="less of each")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument("--memory", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.memory is not None:
        show_memory(arguments.memory)
        return 0
    figures = measure(SHORT if arguments.short else FULL)
    print(table(f"detectors, {POINTS:,} points, blocks of {ROWS:,} rows, one core", figures))
    if arguments.json:
        write_json(arguments.json, "detectors", figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
