"""Opens what a service is made of: log, ledger, store, ingest, alarms and detection, each where it left off."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

import config
from alerting import Alarms, Authority, Cases, Clockwork, Map, Register, Warnings, case_state, colours, warning_state
from config import Configuration, Settings
from console import Feed, Shape, flood_json
from detectors.engine import Engine
from ganzhi import event
from ganzhi.clock import NS_PER_S, Clock, SteadyClock, hour_of
from ganzhi.desk import Desk, open_desk
from ganzhi.device import Devices, Wills
from ganzhi.handling import HandlingEvent, Responsibility, Risk
from ganzhi.latest import Delay, Latest
from ganzhi.records import (
    AlarmEvent,
    Catalogue,
    Flood,
    Int32s,
    ReadingBlock,
    RiskColour,
    Transition,
)
from ganzhi.trend import Trend
from ingest.event import FILTER as EVENT_FILTER
from ingest.event import EventReader
from ingest.route import Route
from ingest.service import Ingest, Memory
from ingest.session import Session, SessionOptions
from storage import DuckDBStore, Ledger, Log, influxdb1_store, influxdb2_store
from storage import Store as TelemetryStore
from storage.inbox import Inbox
from storage.state import Arrays, State, StateFile

log = logging.getLogger(__name__)

RECENT_EVENTS = 20_000
"""Lines of the journal that alarms start from: what ended lately may come back under its old number."""
MARGIN_NS = 60 * NS_PER_S
"""Beyond those, every line written since so long before the first block that is read again."""
PACKET_OVERHEAD_BYTES = 1 << 16

IDS = "ids"
ENGINE, LATEST = "engine/", "latest/"
"""Where a saved state keeps the ids of the points, what detection remembers, and the newest readings."""


@dataclass(frozen=True, slots=True)
class Handling:
    """What people do about alarms: who they are, cases, warnings, and what lets deadlines pass."""

    people: Responsibility
    risks: Map
    shape: Shape
    cases: Cases
    warnings: Warnings
    clockwork: Clockwork


@dataclass(frozen=True, slots=True)
class Parts:
    """What a service is made of, opened but not yet running.

    alarms   know the platform's own conditions as well (ganzhi/own.py), instruments, gateways and external events;
             `watched` is the catalogue with all of these
    inbox    external events on their way to the journal; `reader` reads one
    devices  what a block says of instruments and gateways; wills: what these say of themselves
    resume   the block after which detection goes on
    """

    configuration: Configuration
    clock: Clock
    zone: ZoneInfo
    blocks: Log
    state: StateFile
    ledger: Ledger
    store: TelemetryStore
    ingest: Ingest
    session: Session
    alarms: Alarms
    desk: Desk
    handling: Handling
    watched: Catalogue
    inbox: Inbox
    reader: EventReader
    devices: Devices
    wills: Wills
    engine: Engine
    latest: Latest
    trend: Trend
    delay: Delay
    feed: Feed
    resume: int

    def announce(self, events: Sequence[AlarmEvent]) -> None:
        """Tell the live page of lines that the journal holds already."""
        self.desk.publish(events)

    def announce_floods(self, begun: Sequence[Flood], ended: Sequence[Flood]) -> None:
        """Tell the live page that there is a flood somewhere, or no longer."""
        for flood in begun:
            self.feed.publish("flood", flood_json(flood))
        for flood in ended:
            self.feed.publish("flood", {**flood_json(flood), "over": True})

    def judge(self, block: ReadingBlock) -> list[Transition]:
        """What a block changes: instruments and gateways first, whose silence may suppress what detection finds."""
        self.trend.turn(block.now)
        return [*self.devices(block), *self.alarms.overdue(), *self.engine.update(block)]

    def colours(self) -> list[RiskColour]:
        """The risk colour of every source, now."""
        return colours(self.alarms.active(), self.configuration.catalogue, self.clock())

    def risks(self) -> list[Risk]:
        """The colour of every source, enterprise and district, with reasons, as the alarms stand now."""
        return self.handling.risks(self.alarms.active(), self.clock())

    def capture(self) -> Arrays:
        """A copy of what detection remembers, to be saved."""
        ids = "\n".join(point.id for point in self.configuration.catalogue.points)
        return (
            {IDS: np.frombuffer(ids.encode(), np.uint8)}
            | {ENGINE + name: array for name, array in self.engine.snapshot().items()}
            | {LATEST + name: array for name, array in self.latest.state().items()}
        )

    def save(self, arrays: Arrays, seq: int) -> int:
        """Save it; its size in bytes. Raises Unavailable."""
        return self.state.save(State(arrays, seq))


def open_parts(configuration: Configuration, stack: ExitStack, clock: Clock | None) -> Parts:
    """Open everything; `stack` closes it. Raises ConfigError, Unavailable or OSError with a sentence."""
    settings, catalogue = configuration.settings, configuration.catalogue
    zone = ZoneInfo(settings.site.time_zone)
    _make_folders(settings)
    blocks = stack.enter_context(Log(settings.log.path, retention_s=settings.log.retention))
    blocks.bind([point.id for point in catalogue.points], [point.enterprise for point in catalogue.points])
    clock = clock or SteadyClock(no_earlier_than=blocks.newest_now)
    ledger = stack.enter_context(Ledger(settings.ledger.url))
    store = stack.enter_context(open_store(settings, catalogue))
    if (fault := store.verify()) is not None:
        log.warning("the store is not ready, readings wait in the log: %s", fault)
    state_file = StateFile(settings.log.path.with_name(settings.log.path.name + ".state"))
    state = _usable(state_file, blocks)
    engine, latest, measured = _engine(configuration), Latest(len(catalogue.points)), len(catalogue.points)
    trend = Trend(latest, measured)
    recent = _recent(ledger, blocks.oldest if state is None else blocks.closed_after(state.seq))
    opened = open_desk(configuration, ledger, recent=recent, latest=latest, trend=trend, clock=clock)
    alarms = opened.alarms
    _adopt(state, configuration, engine, latest, alarms)
    inbox = stack.enter_context(Inbox(settings.log.path.with_name(settings.log.path.name + ".events")))
    reader = _event_reader(settings, catalogue, inbox)
    ingest = _ingest(configuration, blocks, store, reader, clock)
    return Parts(
        configuration=configuration,
        clock=clock,
        zone=zone,
        blocks=blocks,
        state=state_file,
        ledger=ledger,
        store=store,
        ingest=ingest,
        session=Session(session_options(settings), ingest, clock=clock),
        alarms=alarms,
        desk=opened,
        handling=_handling(configuration, ledger, opened.feed, clock),
        watched=opened.watched,
        inbox=inbox,
        reader=reader,
        devices=Devices(opened.watched, measured, held=alarms.held(), latest=latest),
        wills=Wills(opened.watched),
        engine=engine,
        latest=latest,
        trend=trend,
        delay=Delay(),
        feed=opened.feed,
        resume=blocks.start() if state is None else state.seq,
    )


def _handling(configuration: Configuration, ledger: Ledger, feed: Feed, clock: Clock) -> Handling:
    settings, catalogue = configuration.settings, configuration.catalogue
    people = config.responsibility(settings.role, settings.person, settings.authority)
    shape = Shape(people, case_state.allowed, warning_state.allowed)

    def tell(line: HandlingEvent) -> None:
        feed.publish(*shape.event(line, clock()))

    zone = ZoneInfo(settings.site.time_zone)
    register = Register(journal=ledger.handling, clock=clock, zone=zone, tell=tell)
    authority = Authority(people, clock)
    policy = config.case_policy(settings.cases)
    cases = Cases(register=register, authority=authority, policy=policy, catalogue=catalogue)
    warnings = Warnings(
        register=register,
        authority=authority,
        policy=config.warning_policy(settings.warnings),
        catalogue=catalogue,
        clock=clock,
        open_warnings=ledger.handling.open_warnings,
    )
    clockwork = Clockwork(register=register, cases=cases, warnings=warnings, clock=clock)
    return Handling(people, Map(catalogue), shape, cases, warnings, clockwork)


def open_store(settings: Settings, catalogue: Catalogue) -> TelemetryStore:
    """The telemetry store of [store]. A database that is down is told and waited for, by the worker that writes."""
    choice = settings.store
    if choice.kind == "duckdb":
        return DuckDBStore(
            choice.path, catalogue, retention_s=choice.retention, rollup_retention_s=choice.rollup_retention
        )
    if choice.kind == "influxdb1":
        password = config.secret(choice.password_file)
        return influxdb1_store(choice.url, choice.database, catalogue, username=choice.username, password=password)
    token = config.secret(choice.token_file)
    return influxdb2_store(choice.url, choice.org, choice.bucket, token, catalogue)


def _usable(file: StateFile, blocks: Log) -> State | None:
    """The saved state, if it is of this log and nothing that it needs is gone."""
    state = file.load()
    if state is None:
        return None
    if not blocks.start() <= state.seq <= blocks.last_seq:
        file.set_aside("is of another log, or of blocks that are gone")
        return None
    return state


def _recent(ledger: Ledger, replayed_from: int) -> list[AlarmEvent]:
    events = {event.seq: event for event in ledger.recent(RECENT_EVENTS)}
    events |= {event.seq: event for event in ledger.since(replayed_from - MARGIN_NS)}
    return list(events.values())


def _engine(configuration: Configuration) -> Engine:
    points = configuration.catalogue.points
    return Engine(
        configuration.rules,
        period_s=np.array([point.period_s for point in points]),
        resolution=np.array([point.resolution for point in points]),
    )


def _event_reader(settings: Settings, catalogue: Catalogue, inbox: Inbox) -> EventReader:
    sources: dict[str, set[str]] = {name: set() for name in catalogue.enterprises}
    for key, source in catalogue.sources.items():
        sources[source.enterprise].add(key)
    return EventReader(sources=sources, kinds=event.KINDS, keep=inbox.put, ahead_s=settings.ingest.clock_ahead)


def _adopt(state: State | None, configuration: Configuration, engine: Engine, latest: Latest, alarms: Alarms) -> None:
    """Give detection back what it remembered, as far as rules and points are the same."""
    catalogue, own_rules = configuration.catalogue, {rule.id for rule in configuration.rules}
    held = {key: tier for key, tier in alarms.held().items() if key[0] in own_rules}
    if state is None:
        engine.seed(held)
        return
    came_from = _came_from(state.arrays, catalogue)
    anew = engine.adopt(_below(ENGINE, state.arrays), came_from, held)
    latest.adopt(_below(LATEST, state.arrays), came_from)
    if anew:
        log.info("these rules begin anew, for some of their points at least: %s", ", ".join(anew))


def _below(prefix: str, arrays: Arrays) -> Arrays:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _came_from(arrays: Arrays, catalogue: Catalogue) -> Int32s:
    ids = arrays[IDS].tobytes().decode().split("\n")
    before = {id_: index for index, id_ in enumerate(ids)}
    return np.array([before.get(point.id, -1) for point in catalogue.points], np.int32)


def _make_folders(settings: Settings) -> None:
    for path in (settings.log.path, settings.store.path):
        path.parent.mkdir(parents=True, exist_ok=True)
    if settings.ledger.url.startswith("sqlite:///"):
        Path(settings.ledger.url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)


def _ingest(
    configuration: Configuration, blocks: Log, store: TelemetryStore, reader: EventReader, clock: Clock
) -> Ingest:
    settings, catalogue = configuration.settings, configuration.catalogue
    newest, _ = blocks.newest(len(catalogue.points))
    return Ingest(
        catalogue=catalogue,
        routes=[Route(route.topic, route.codec) for route in settings.mqtt.routes],
        log=blocks,
        memory=Memory(
            newest=np.array(newest),
            totals=blocks.counters(),
            tallies=blocks.tallies(hour_of(clock())),
            receipts=blocks.receipts(),
        ),
        older=store.recall,
        clock=clock,
        events=reader,
        ahead_s=settings.ingest.clock_ahead,
        max_payload_bytes=settings.ingest.max_payload,
    )


def session_options(settings: Settings) -> SessionOptions:
    """How to reach the broker of [mqtt], and what to subscribe to there."""
    mqtt = settings.mqtt
    filters = list(dict.fromkeys(Route(route.topic, route.codec).watched for route in mqtt.routes))
    if "ganzhi/v1/#" not in filters:
        filters.append(EVENT_FILTER)
    return SessionOptions(
        url=mqtt.url,
        filters=filters,
        version=mqtt.version,
        client_id=mqtt.client_id,
        username=mqtt.username,
        password=config.secret(mqtt.password_file),
        ca_file=str(mqtt.ca_file or ""),
        certificate_file=str(mqtt.certificate_file or ""),
        key_file=str(mqtt.key_file or ""),
        receive_maximum=mqtt.receive_maximum,
        keep_alive_s=mqtt.keep_alive,
        session_expiry_s=mqtt.session_expiry,
        max_packet_bytes=settings.ingest.max_payload + PACKET_OVERHEAD_BYTES,
    )
