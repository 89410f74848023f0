"""A city of simulated sources in one process, each publishing through its gateway as in the field."""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import simulators
from ganzhi.clock import NS_PER_MS, Clock, wall_clock
from ganzhi.errors import ConfigError, Fault
from ganzhi.records import Catalogue, Point, Source
from simulators.address import ANONYMOUS, GatewayOptions, Login
from simulators.gateway import Gateway
from simulators.script import DEMO, DEMO_SPEED, Act, Script

FLUSH_LIMIT_S = 5.0
PREFIXES: Mapping[str, tuple[str, bool]] = {"tank_farm": ("gw-tank", False), "gas_detection": ("gw-gas", True)}
"""Sector -> name of its gateways, and whether each source has one of its own; others: `gw-{source}`."""


@dataclass(frozen=True, slots=True)
class CityProgress:
    """Where the city is: seconds of the clock and of the plant, messages so far, and what has just happened."""

    elapsed_s: float
    plant_s: float
    messages: int
    acts: tuple[Act, ...]


@dataclass(slots=True)
class CitySummary:
    """What a run published. `skipped` periods were let pass because the machine or the broker was slow.

    sources    those that ran, by id                  without  those whose sector has no model
    receipted  messages that the platform has for certain      waiting  those neither it nor else the broker has
    acts       (seconds of the clock, what happened)
    """

    sources: tuple[str, ...]
    without: tuple[str, ...] = ()
    seconds: float = 0.0
    messages: int = 0
    readings: int = 0
    acknowledged: int = 0
    receipted: int = 0
    refused: int = 0
    waiting: int = 0
    skipped: int = 0
    acts: list[tuple[float, Act]] = field(default_factory=list)

    def __str__(self) -> str:
        sent = f"{self.messages} messages, {self.readings} readings published"
        done = f"{self.acknowledged} acknowledged, {self.receipted} with a receipt"
        lines = [f"{len(self.sources)} sources for {self.seconds:.1f} s: {sent}, {done}"]
        if self.refused:
            lines.append(f"{self.refused} messages were refused by the broker")
        if self.waiting:
            lines.append(f"{self.waiting} messages still waited at the end")
        if self.skipped:
            lines.append(f"{self.skipped} periods were skipped: the machine or the broker was slow")
        if self.without:
            lines.append(f"no model for {', '.join(self.without)}")
        lines += [f"{at_s:6.1f} s  {act}" for at_s, act in self.acts]
        return "\n".join(lines)


class City:
    """The models of all sources of a catalogue that have one, stepped together, with a script of accidents.

    Deterministic: a source's readings depend on the seed, its id, its points and the steps, and on no other source.
    Raises ConfigError where no source has a model, or where one cannot be made from its points.
    """

    def __init__(self, catalogue: Catalogue, *, seed: int, script: Script = DEMO) -> None:
        points: dict[str, list[Point]] = {}
        for point in catalogue.points:
            points.setdefault(point.source, []).append(point)
        modelled = [s for s in catalogue.sources.values() if s.sector in simulators.KINDS and points.get(s.id)]
        self.without = tuple(source.id for source in catalogue.sources.values() if source not in modelled)
        if not modelled:
            raise ConfigError([_no_source()])
        self.sources = {source.id: source for source in modelled}
        self.models = {source.id: _model(source, points[source.id], seed) for source in modelled}
        self.gateways = gateway_names(modelled)
        self.plant_s = 0.0
        self._script = Script(tuple(act for given in script.acts if (act := self._placed(given))), script.repeat_s)

    def step(self, dt_s: float) -> tuple[dict[str, Mapping[str, float]], tuple[Act, ...]]:
        """Advance plant time; readings by source and tag at its end, and the acts that fell into the step."""
        acts = tuple(self._script.due(self.plant_s, self.plant_s + dt_s))
        for act in acts:
            model = self.models[act.source]
            (model.end if act.ends else model.start)(act.accident, act.subject)
        self.plant_s += dt_s
        return {source: model.step(dt_s) for source, model in self.models.items()}, acts

    def _placed(self, act: Act) -> Act | None:
        able = [i for i, s in self.sources.items() if s.sector == act.sector and self.models[i].subjects]
        if not able:
            return None
        source = act.source if act.source in able else able[0]
        subjects = self.models[source].subjects
        subject = act.subject if act.subject in subjects else subjects[0]
        return Act(act.at_s, act.sector, source, act.accident, subject, act.ends)


def gateway_names(sources: Sequence[Source]) -> dict[tuple[str, str], list[str]]:
    """(enterprise, gateway) -> ids of the sources that publish through it."""
    found: dict[tuple[str, str], list[str]] = {}
    counted: dict[tuple[str, str], int] = {}
    for source in sources:
        name, own = PREFIXES.get(source.sector, (f"gw-{source.id}", False))
        number = counted[source.enterprise, name] = counted.get((source.enterprise, name), 0) + 1
        found.setdefault((source.enterprise, f"{name}-{number}" if own else name), []).append(source.id)
    return found


def run(
    catalogue: Catalogue,
    *,
    url: str,
    stop: threading.Event,
    speed: float = DEMO_SPEED,
    seed: int = 7,
    script: Script = DEMO,
    period_s: float = 1.0,
    seconds: float | None = None,
    protocol: str = "5",
    login: Login = ANONYMOUS,
    receipts: bool = True,
    folder: Path | None = None,
    clock: Clock = wall_clock,
    on_progress: Callable[[CityProgress], None] | None = None,
) -> CitySummary:
    """Publish every point once a period until `stop` or for `seconds`, stamped by `clock`, marked as simulated.

    Plant time runs `speed` times as fast as the clock. A period that comes too late is skipped, the plant goes on.
    Each gateway keeps its messages until their receipts, with `folder` in `{folder}/{enterprise}/{gateway}`.
    Raises ConfigError for a city, an address or numbers that cannot work, and Unavailable where no broker answers.
    """
    _check(speed=speed, period_s=period_s)
    city = City(catalogue, seed=seed, script=script)
    gateways = []
    for (enterprise, name), sources in city.gateways.items():
        keep = None if folder is None else folder / enterprise / name
        options = GatewayOptions(url, enterprise, name, protocol, login, receipts=receipts, folder=keep)
        gateways.append((sources, Gateway(options, clock=clock)))
    summary = CitySummary(sources=tuple(city.models), without=city.without)
    periods = None if seconds is None else max(1, round(seconds / period_s))
    with ExitStack() as stack:
        for _, gateway in gateways:
            stack.enter_context(gateway)
        began = time.monotonic()
        for late in beats(period_s, stop, periods):
            elapsed_s = round(city.plant_s / speed, 6) + late * period_s
            found, acts = city.step((1 + late) * period_s * speed)
            now_ms = clock() // NS_PER_MS
            for sources, gateway in gateways:
                values = {tag: value for source in sources for tag, value in found[source].items()}
                gateway.publish(now_ms, values, simulated=True)
                summary.readings += len(values)
                summary.messages += 1
            summary.skipped += late
            summary.acts += [(elapsed_s, act) for act in acts]
            if on_progress is not None:
                on_progress(CityProgress(elapsed_s, city.plant_s, summary.messages, acts))
        summary.seconds = time.monotonic() - began
        _settle([gateway for _, gateway in gateways], summary)
    return summary


def _settle(gateways: Sequence[Gateway], summary: CitySummary) -> None:
    """Wait for what is not done yet, all together so long, and count."""
    deadline = time.monotonic() + FLUSH_LIMIT_S
    for gateway in gateways:
        gateway.close(max(0.0, deadline - time.monotonic()))
        summary.acknowledged += gateway.counts.acknowledged
        summary.receipted += gateway.counts.receipted
        summary.refused += gateway.counts.refused
        summary.waiting += gateway.counts.waiting


def beats(period_s: float, stop: threading.Event, periods: int | None) -> Iterator[int]:
    """Yield at every multiple of `period_s` how many were missed before it, without drift, until `stop` is set."""
    began, done = time.monotonic(), 0
    while periods is None or done < periods:
        if stop.wait(max(0.0, began + done * period_s - time.monotonic())):
            return
        late = max(0, int((time.monotonic() - began) / period_s) - done)
        late = late if periods is None else min(late, periods - 1 - done)
        yield late
        done += 1 + late


def _check(**positive: float) -> None:
    faults = [
        Fault(name, f"{value!r} is not a number above 0")
        for name, value in positive.items()
        if not (value > 0 and np.isfinite(value))
    ]
    if faults:
        raise ConfigError(faults)


def _model(source: Source, points: Sequence[Point], seed: int) -> simulators.Model:
    rng = np.random.default_rng([seed, zlib.crc32(source.id.encode())])
    return simulators.KINDS[source.sector](points=points, rng=rng)


def _no_source() -> Fault:
    known = ", ".join(simulators.KINDS)
    return Fault("catalogue", "no source can be simulated", f"sources need points, and one of the sectors {known}")
