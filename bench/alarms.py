"""What operators have to bear in a week of a city: 2,000 points, tank farms and gas areas, troubles and accidents.

    python -m bench.alarms [--short] [--seed N] [--json FILE] [--report FOLDER]

Simulated plants with their transfers, vents and demand; instruments that freeze, fall silent, spike, rattle, are
calibrated and break; a gateway cut off, others that send late, maintenance windows, and six accidents. Their messages
go through ingest, log, detectors, alarms, ledger, cases, deadlines and the embedded store, as they are in the service,
by a clock that is set from message to message, so as fast as it goes; only the broker is left out. People acknowledge
and carry cases on. `--short` is a day with all six accidents and a seventh of the rest.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from alerting import kpi
from bench.week.accident import Watcher
from bench.week.people import People
from bench.week.plan import Plan, plan
from bench.week.plant import Plants
from bench.week.raw import Crossings
from bench.week.site import PERIOD_S, write_site
from bench.week.traffic import Gateways
from bench.week.trouble import GONE, Troubles
from config import Configuration
from ganzhi import command
from ganzhi.clock import NS_PER_MS, NS_PER_S
from ganzhi.due import Due
from ganzhi.figure import Figure, at_least, at_most, table, write_json
from ganzhi.parts import Parts, open_parts
from ganzhi.records import Alarm, AlarmEvent, Tier, WorkKind
from ganzhi.step import Detect, Follow, Store
from ganzhi.tend import Tend
from ingest.bulk import Messages

EPOCH = round(datetime(2026, 5, 1, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()) * NS_PER_S
TURN = 6
"""Moments of the plants in one turn of the pipeline: a minute, to which all delays are told."""
STORE_EVERY, PRUNE_EVERY, TELL_EVERY = 5, 60, 1440
"""In turns."""
LOG_RETENTION_S = 2 * 3600.0
HEAD = "position announced  per 10 min  peak  in flood  chattering  stale  blue yellow orange red  folded withheld"


class SetClock:
    """A clock that stands where it was set."""

    def __init__(self) -> None:
        self.now = EPOCH

    def __call__(self) -> int:
        return self.now


class NoKeeper:
    """The state of detection is not saved here."""

    def begin(self) -> None: ...

    def done(self, seq: int) -> None: ...


class Pipeline:
    """The loops of the service, a turn each, one after the other."""

    def __init__(self, parts: Parts, watcher: Watcher) -> None:
        self._parts, self._watcher = parts, watcher
        self._heard: list[AlarmEvent] = []
        consumer = parts.blocks.reader("detect")
        self._detect = Detect(
            consumer=consumer,
            judge=parts.judge,
            apply=parts.alarms.apply,
            announce=self._hear,
            latest=parts.latest,
            delay=parts.delay,
            clock=parts.clock,
            keeper=NoKeeper(),
        )
        self._tend = Tend(
            tick=parts.alarms.tick,
            wills=lambda: parts.wills(parts.ingest.wills(), parts.clock()),
            apply=parts.alarms.apply,
            floods=parts.alarms.floods,
            announce=self._hear,
            announce_floods=parts.announce_floods,
        )
        self._warn = Follow(risks=parts.risks, announce=lambda risk: None, propose=parts.handling.warnings.follow)
        self._store = Store(consumer=parts.blocks.reader("store"), write=parts.store.write)
        self._due = Due(parts.handling.clockwork)

    def __call__(self) -> None:
        """One turn: what ingest has is committed, judged, told."""
        self._parts.ingest.commit()
        self._detect()
        self._tend()
        self._parts.handling.cases.follow(self._heard)
        self._warn()
        self._due()
        self._heard.clear()

    def store(self) -> None:
        """What the log holds is written to the embedded store."""
        self._store()

    def _hear(self, events: object) -> None:
        lines = list(events)  # type: ignore[call-overload]
        self._watcher.hear(lines)
        self._heard += lines


def run(seed: int, days: float, folder: Path, reports: Path | None) -> list[Figure]:
    """Live through it and count."""
    configuration = _configuration(folder)
    catalogue = configuration.catalogue
    tanks = [i for i, point in enumerate(catalogue.points) if point.quantity in ("level", "pressure")]
    gas = [i for i, point in enumerate(catalogue.points) if point.quantity == "combustible_gas"]
    week = plan(seed, days=days, tank_points=tanks, gas_points=gas)
    clock = SetClock()
    with ExitStack() as stack:
        parts = open_parts(configuration, stack, clock)
        watcher = Watcher(catalogue, week.accidents, epoch_ns=EPOCH)
        crossings = Crossings(configuration.rules, catalogue, period_s=PERIOD_S)
        people = People(parts)
        _announce_upkeep(parts, week)
        _live(parts, week, (watcher, crossings, people), clock, seed)
        period = kpi.Period(EPOCH, clock.now, ZoneInfo("Asia/Shanghai"))
        lines = parts.ledger.between(0, 2**63 - 1)
        healths = kpi.measure(lines, (), period, _position(configuration), _positions(configuration))
        cases = kpi.handled(parts.ledger.handling.stood(0, 2**63 - 1), period)
        counters = parts.ingest.counters.totals()
    print(watcher.table())
    print(_positions_table(healths))
    print(f"crossings of bare limits: {', '.join(f'{kind} {count:,}' for kind, count in crossings.counts.items())}")
    done = ", ".join(f"{row.tier.name.lower()} {row.closed} of {row.cases}" for row in cases if row.cases)
    print(f"cases closed: {done}; {sum(row.overdue for row in cases)} missed a deadline; refused: {people.refused}")
    print(f"readings: {', '.join(f'{name} {count:,}' for name, count in counters.items() if count)}")
    if reports is not None:
        ledger_end = f"{datetime.fromtimestamp(clock.now / NS_PER_S, period.zone):%Y-%m-%dT%H:%M}"
        for path in command.report(configuration, reports, start="2026-05-01", end=ledger_end, now=clock.now):
            print(path)
    missed = sum(fate.missed for fate in watcher.fates)
    worst = max(healths, key=lambda health: health.announced)
    return [
        Figure("raw_crossings", crossings.total, ""),
        Figure("annunciated", sum(health.announced for health in healths), ""),
        at_most("alarms_per_10min", worst.per_window, "1/10 min", 1),
        at_most("flood_share", max(health.flood_share for health in healths), "of time", 0.01),
        at_most("chattering", sum(health.chattering for health in healths), "", 0),
        at_most("stale", max(max(health.stale) for health in healths), "on a day", 4),
        at_least("accidents", len(watcher.fates), "", 6),
        at_most("accidents_missed", missed, "", 0),
    ]


def _live(parts: Parts, week: Plan, others: tuple[Watcher, Crossings, People], clock: SetClock, seed: int) -> None:
    watcher, crossings, people = others
    points = parts.configuration.catalogue.points
    plants = Plants(parts.configuration.catalogue, week, seed=seed)
    low, high = np.array([point.low for point in points]), np.array([point.high for point in points])
    troubles = Troubles(week.troubles, low=low, high=high, seed=seed)
    gateways = Gateways(parts.configuration.catalogue, week.cuts)
    pipeline = Pipeline(parts, watcher)
    began = time.monotonic()
    moments = round(week.seconds / PERIOD_S)
    for k in range(1, moments + 1):
        clock.now = EPOCH + k * PERIOD_S * NS_PER_S
        value = plants.read(PERIOD_S)
        watcher.read(plants.at_s, value)
        quality = troubles.apply(plants.at_s, value)
        crossings.read(value, np.flatnonzero(quality != GONE))
        sent = gateways.send(plants.at_s, clock.now // NS_PER_MS, value, quality)
        topics, payloads = map(list, zip(*sent, strict=True))
        parts.ingest.receive(Messages(topics, payloads, [b""] * len(sent)))
        if k % TURN:
            continue
        pipeline()
        turn = k // TURN
        people.acknowledge()
        people.handle()
        if turn % STORE_EVERY == 0:
            pipeline.store()
        if turn % PRUNE_EVERY == 0:
            parts.blocks.prune(clock.now)
        if turn % TELL_EVERY == 0:
            spent = time.monotonic() - began
            print(f"day {plants.at_s / 86_400:.0f} of {week.seconds / 86_400:.0f}, {spent:.0f} s", file=sys.stderr)


def _configuration(folder: Path) -> Configuration:
    configuration = command.load(write_site(folder))
    configuration = command.embedded(configuration, folder, broker_url="mqtt://127.0.0.1:1883", port=0)
    settings = configuration.settings
    log = settings.log.model_copy(update={"retention": LOG_RETENTION_S})
    return replace(configuration, settings=settings.model_copy(update={"log": log}))


def _announce_upkeep(parts: Parts, week: Plan) -> None:
    for each in week.upkeep:
        parts.desk.works.add(
            WorkKind.MAINTENANCE,
            "source",
            each.source,
            start=EPOCH + round(each.start_s) * NS_PER_S,
            end=EPOCH + round(each.end_s) * NS_PER_S,
            reason="计划检修",
            person="检修负责人",
            most=Tier.ORANGE,
        )


def _position(configuration: Configuration) -> kpi.Position:
    def position(alarm: Alarm) -> str:
        return configuration.catalogue.enterprises[alarm.enterprise].district

    return position


def _positions(configuration: Configuration) -> list[str]:
    return sorted({enterprise.district for enterprise in configuration.catalogue.enterprises.values()})


def _positions_table(healths: list[kpi.Health]) -> str:
    rows = [
        "position   announced  per 10 min  peak  in flood  chattering  stale  blue yellow orange red  folded withheld"
    ]
    for health in healths:
        blue, yellow, orange, red = health.by_tier
        rows.append(
            f"{health.position:<8} {health.announced:>9} {health.per_window:>11.3f} {health.peak:>5} "
            f"{health.flood_share:>9.2%} {health.chattering:>11} {max(health.stale):>6}  "
            f"{blue:>4} {yellow:>6} {orange:>6} {red:>3} {health.folded:>7} {health.withheld:>8}"
        )
        rows += [f"    {each.count:>4} times {each.name.en} at {each.subject}" for each in health.frequent[:3]]
    return "\n".join(rows)


def main() -> int:
    """Live through the week, print what it brought, write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="a day instead of a week")
    parser.add_argument("--seed", type=int, default=7, help="of the city's randomness")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument("--report", type=Path, help="write the alarm report of the week into this folder")
    arguments = parser.parse_args()
    days = 1.0 if arguments.short else 7.0
    with tempfile.TemporaryDirectory(prefix="ganzhi-week-") as name:
        figures = run(arguments.seed, days, Path(name), arguments.report)
    print(table(f"{days:g} days of 2,000 points, seed {arguments.seed}", figures))
    if arguments.json:
        write_json(arguments.json, "alarms", figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
