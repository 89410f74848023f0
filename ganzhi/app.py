"""Builds the parts of the service and connects them. No logic lives here."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import numpy as np
from apscheduler.schedulers.background import BackgroundScheduler

import config
from alerting import Alarms, colours
from config import Configuration, Settings
from console import Backend, Feed, Health, Server, colour_json, create_app, event_json
from detectors.engine import Engine
from ganzhi.clock import Clock, local_text, wall_clock
from ganzhi.command import grafana_server
from ganzhi.errors import Unavailable
from ganzhi.health import Monitor
from ganzhi.latest import Delay, Latest
from ganzhi.records import AlarmEvent, Catalogue, RiskColour, Text
from ganzhi.step import Colour, Detect, Store, Tell
from ganzhi.worker import Crew, Worker
from grafana import GrafanaOutlet
from ingest.route import Route
from ingest.service import Ingest
from ingest.session import Session, SessionOptions
from storage import Consumer, DuckDBStore, Ledger, Log, influxdb1_store, influxdb2_store
from storage import Store as TelemetryStore

log = logging.getLogger(__name__)

MAINTENANCE_S = 30.0
PIPELINE_S = 10.0
OUTLET_IDLE_S = 0.5
DETECT_PACE_S, STORE_PACE_S = 0.01, 0.2
"""Under a trickle, how long a consumer lets blocks gather before its next turn: alarms soon, rows in large pieces."""
COLOUR_IDLE_S = 1.0
RECENT_EVENTS = 20_000
"""Lines of the journal that alarms start from: what ended lately may come back under its old number."""
STORE_CONSUMER, DETECT_CONSUMER = "store", "detect"


@dataclass(frozen=True, slots=True)
class Parts:
    """What a service is made of, opened but not yet running."""

    configuration: Configuration
    clock: Clock
    zone: ZoneInfo
    blocks: Log
    ledger: Ledger
    store: TelemetryStore
    ingest: Ingest
    session: Session
    alarms: Alarms
    engine: Engine
    latest: Latest
    delay: Delay
    feed: Feed

    def announce(self, events: Sequence[AlarmEvent]) -> None:
        """Tell the live page of lines that the journal holds already."""
        for event in events:
            self.feed.publish("alarm", event_json(self.configuration.catalogue, event), event.seq)

    def colours(self) -> list[RiskColour]:
        """The risk colour of every source, now."""
        return colours(self.alarms.active(), self.configuration.catalogue, self.clock())


class Platform:
    """A running service."""

    def __init__(self, parts: Parts, *, monitor: Monitor, crew: Crew, url: str) -> None:
        self._parts = parts
        self._monitor = monitor
        self._crew = crew
        self.url = url
        self.title = parts.configuration.settings.site.name_zh

    @property
    def failed(self) -> bool:
        """Whether a part has failed; the service is then stopping."""
        return self._crew.failure is not None

    def wait(self, stop: threading.Event) -> None:
        """Until `stop` is set or a part fails."""
        while not stop.wait(0.2) and not self._crew.stop.is_set():
            pass

    def drain(self, limit_s: float) -> None:
        """Wait until every reading received is stored and judged, at most so long."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline and (self.counters()["backlog"] or self._monitor.lag()):
            time.sleep(0.05)

    def counters(self) -> dict[str, int]:
        """The five closing counters, stored and backlog."""
        return self._monitor.counters()

    def events_after(self, seq: int) -> list[AlarmEvent]:
        """The journal after a line."""
        return self._parts.ledger.events_after(seq, 1_000_000)

    def local(self, time_ns: int) -> str:
        """A moment in the site's time zone."""
        return local_text(time_ns, self._parts.zone)


@contextmanager
def platform(configuration: Configuration, *, clock: Clock = wall_clock) -> Iterator[Platform]:
    """Run the service while the context lasts. Raises Unavailable or OSError, with a sentence, if it cannot start."""
    console = configuration.settings.console
    with ExitStack() as stack:
        parts = _open(configuration, stack, clock)
        detecting, storing = _detecting(parts), _storing(parts)
        others = [_colouring(parts), *_outlets(parts, stack)]
        keep = storing[0]
        monitor = Monitor(
            ingest=parts.ingest,
            status=parts.session.status,
            consumers=[detecting, storing],
            others=others,
            stored=lambda: keep.position.rows,
            delay=parts.delay,
            clock=clock,
        )
        app = create_app(_backend(parts, monitor), parts.feed, clock=clock)
        server = stack.enter_context(Server(app, console.host, console.port))
        loops = [(worker.name, worker.run) for worker in (detecting[1], storing[1], *others)]
        crew = stack.enter_context(Crew([*loops, ("ingest", parts.session.run)]))
        stack.enter_context(_maintenance(parts, monitor))
        yield Platform(parts, monitor=monitor, crew=crew, url=server.url)


def _open(configuration: Configuration, stack: ExitStack, clock: Clock) -> Parts:
    settings, catalogue = configuration.settings, configuration.catalogue
    zone = ZoneInfo(settings.site.time_zone)
    _make_folders(settings)
    blocks = stack.enter_context(Log(settings.log.path, retention_s=settings.log.retention, clock=clock))
    blocks.bind([point.id for point in catalogue.points])
    ledger = stack.enter_context(Ledger(settings.ledger.url))
    store = stack.enter_context(open_store(settings, catalogue))
    if (fault := store.verify()) is not None:
        log.warning("the store is not ready, readings wait in the log: %s", fault)
    ingest = _ingest(configuration, blocks, clock)
    alarms = Alarms(
        catalogue=catalogue,
        rules=configuration.rules,
        journal=ledger,
        clock=clock,
        zone=zone,
        last_noted=ledger.last_noted(),
        recent=ledger.recent(RECENT_EVENTS),
    )
    return Parts(
        configuration=configuration,
        clock=clock,
        zone=zone,
        blocks=blocks,
        ledger=ledger,
        store=store,
        ingest=ingest,
        session=Session(_session_options(settings), ingest, clock=clock),
        alarms=alarms,
        engine=_engine(configuration, alarms),
        latest=Latest(len(catalogue.points)),
        delay=Delay(),
        feed=Feed(),
    )


def _detecting(parts: Parts) -> tuple[Consumer, Worker]:
    consumer = parts.blocks.reader(DETECT_CONSUMER)
    step = Detect(
        consumer=consumer,
        judge=parts.engine.update,
        apply=parts.alarms.apply,
        announce=parts.announce,
        latest=parts.latest,
        delay=parts.delay,
        clock=parts.clock,
    )
    return consumer, Worker(DETECT_CONSUMER, step, pace_s=DETECT_PACE_S)


def _storing(parts: Parts) -> tuple[Consumer, Worker]:
    consumer = parts.blocks.reader(STORE_CONSUMER)
    position = parts.store.position()
    if position is not None:
        consumer.seek(position)
    return consumer, Worker(STORE_CONSUMER, Store(consumer=consumer, write=parts.store.write), pace_s=STORE_PACE_S)


def _colouring(parts: Parts) -> Worker:
    step = Colour(
        colours=parts.colours,
        write=lambda due: parts.store.record([], due),
        announce=lambda colour: parts.feed.publish("colour", colour_json(colour)),
        clock=parts.clock,
    )
    return Worker("risk colours", step, idle_s=COLOUR_IDLE_S)


def _outlets(parts: Parts, stack: ExitStack) -> list[Worker]:
    ledger, settings = parts.ledger, parts.configuration.settings
    to_store = _tell("store", ledger, lambda events: parts.store.record(events, []))
    workers = [Worker("alarms to the store", to_store, OUTLET_IDLE_S)]
    if settings.grafana.url:
        outlet = GrafanaOutlet(server=grafana_server(settings), language=settings.site.language)
        stack.enter_context(outlet)
        workers.append(Worker("alarms to Grafana", _tell("grafana", ledger, outlet.tell), OUTLET_IDLE_S))
    return workers


def _backend(parts: Parts, monitor: Monitor) -> Backend:
    site = parts.configuration.settings.site
    return Backend(
        catalogue=parts.configuration.catalogue,
        rules=parts.configuration.rules,
        zone=parts.zone,
        language=site.language,
        site_name=Text(site.name_zh, site.name_en),
        alarms=parts.alarms.active,
        history=parts.ledger.recent,
        acknowledge=parts.alarms.acknowledge,
        latest=parts.latest,
        curve=parts.store.curve,
        colours=parts.colours,
        health=lambda: cast(Health, monitor()),
    )


def open_store(settings: Settings, catalogue: Catalogue) -> TelemetryStore:
    """The telemetry store of [store]. A database that is down is told and waited for, by the worker that writes."""
    choice = settings.store
    if choice.kind == "duckdb":
        return DuckDBStore(choice.path, catalogue, retention_s=choice.retention)
    if choice.kind == "influxdb1":
        password = config.secret(choice.password_file)
        return influxdb1_store(choice.url, choice.database, catalogue, username=choice.username, password=password)
    token = config.secret(choice.token_file)
    return influxdb2_store(choice.url, choice.org, choice.bucket, token, catalogue)


def _make_folders(settings: Settings) -> None:
    for path in (settings.log.path, settings.store.path):
        path.parent.mkdir(parents=True, exist_ok=True)
    if settings.ledger.url.startswith("sqlite:///"):
        Path(settings.ledger.url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)


def _ingest(configuration: Configuration, blocks: Log, clock: Clock) -> Ingest:
    settings, catalogue = configuration.settings, configuration.catalogue
    newest, _ = blocks.newest(len(catalogue.points))
    return Ingest(
        catalogue=catalogue,
        routes=[Route(route.topic, route.codec) for route in settings.mqtt.routes],
        log=blocks,
        newest=np.array(newest),
        totals=blocks.counters(),
        clock=clock,
        ahead_s=settings.ingest.clock_ahead,
        max_payload_bytes=settings.ingest.max_payload,
    )


def _session_options(settings: Settings) -> SessionOptions:
    mqtt = settings.mqtt
    filters = list(dict.fromkeys(Route(route.topic, route.codec).watched for route in mqtt.routes))
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


PACKET_OVERHEAD_BYTES = 1 << 16


def _engine(configuration: Configuration, alarms: Alarms) -> Engine:
    points = configuration.catalogue.points
    engine = Engine(
        configuration.rules,
        period_s=np.array([point.period_s for point in points]),
        resolution=np.array([point.resolution for point in points]),
    )
    engine.seed(alarms.held())
    return engine


def _tell(name: str, ledger: Ledger, tell: Callable[[Sequence[AlarmEvent]], None]) -> Tell:
    return Tell(name, after=ledger.events_after, place=ledger.cursor, move=ledger.move_cursor, tell=tell)


@contextmanager
def _maintenance(parts: Parts, monitor: Monitor) -> Iterator[None]:
    """Work by the clock: retention of log and store, and the pipeline's own figures in the store."""
    clock, store = parts.clock, parts.store

    def prune() -> None:
        try:
            parts.blocks.prune(clock())
            store.prune(clock())
        except Unavailable as error:
            log.info("retention waits: %s", error)

    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.add_job(prune, "interval", seconds=MAINTENANCE_S, max_instances=1)
    scheduler.add_job(monitor.record, "interval", [store.record_pipeline], seconds=PIPELINE_S, max_instances=1)
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=True)
