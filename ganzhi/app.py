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
from ganzhi.health import Monitor
from ganzhi.latest import Delay, Latest
from ganzhi.records import AlarmEvent, Catalogue, RiskColour, Text
from ganzhi.step import Colour, Detect, Store, Tell
from ganzhi.worker import Crew, Worker
from grafana import GrafanaOutlet
from ingest.route import Route
from ingest.service import Ingest
from ingest.session import Session, SessionOptions
from storage import DuckDBStore, Ledger, Log, influxdb1_store, influxdb2_store
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
    """What a running platform is made of, for those who watch it."""

    configuration: Configuration
    zone: ZoneInfo
    ledger: Ledger
    monitor: Monitor
    crew: Crew
    server: Server
    ingest: Ingest


class Platform:
    """A running service."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.url = parts.server.url
        self.title = parts.configuration.settings.site.name_zh

    @property
    def failed(self) -> bool:
        """Whether a part has failed; the service is then stopping."""
        return self._parts.crew.failure is not None

    def wait(self, stop: threading.Event) -> None:
        """Until `stop` is set or a part fails."""
        while not stop.wait(0.2) and not self._parts.crew.stop.is_set():
            pass

    def drain(self, limit_s: float) -> None:
        """Wait until every reading received is stored, at most so long."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline and (self.counters()["backlog"] or self._parts.monitor.lag()):
            time.sleep(0.05)

    def counters(self) -> dict[str, int]:
        """The five closing counters, stored and backlog."""
        return self._parts.monitor.counters()

    def events_after(self, seq: int) -> list[AlarmEvent]:
        """The journal after a line."""
        return self._parts.ledger.events_after(seq, 1_000_000)

    def local(self, time_ns: int) -> str:
        """A moment in the site's time zone."""
        return local_text(time_ns, self._parts.zone)


@contextmanager
def platform(configuration: Configuration, *, clock: Clock = wall_clock) -> Iterator[Platform]:
    """Run the service while the context lasts. Raises Unavailable or OSError, with a sentence, if it cannot start."""
    settings, catalogue = configuration.settings, configuration.catalogue
    zone = ZoneInfo(settings.site.time_zone)
    with ExitStack() as stack:
        _make_folders(settings)
        blocks = stack.enter_context(Log(settings.log.path, retention_s=settings.log.retention, clock=clock))
        blocks.bind([point.id for point in catalogue.points])
        ledger = stack.enter_context(Ledger(settings.ledger.url))
        store = stack.enter_context(open_store(settings, catalogue))
        if (fault := store.verify()) is not None:
            log.warning("the store is not ready, readings wait in the log: %s", fault)

        ingest = _ingest(configuration, blocks, clock)
        session = Session(_session_options(settings), ingest, clock=clock)
        alarms = Alarms(
            catalogue=catalogue,
            rules=configuration.rules,
            journal=ledger,
            clock=clock,
            zone=zone,
            last_noted=ledger.last_noted(),
            recent=ledger.recent(RECENT_EVENTS),
        )
        engine = _engine(configuration, alarms)
        latest, delay, feed = Latest(len(catalogue.points)), Delay(), Feed()

        def announce(events: Sequence[AlarmEvent]) -> None:
            for event in events:
                feed.publish("alarm", event_json(catalogue, event), event.seq)

        def colours_now() -> list[RiskColour]:
            return colours(alarms.active(), catalogue, clock())

        detect, keep = blocks.reader(DETECT_CONSUMER), blocks.reader(STORE_CONSUMER)
        position = store.position()
        if position is not None:
            keep.seek(position)
        detecting = Worker(
            DETECT_CONSUMER,
            Detect(
                consumer=detect,
                judge=engine.update,
                apply=alarms.apply,
                announce=announce,
                latest=latest,
                delay=delay,
                clock=clock,
            ),
            pace_s=DETECT_PACE_S,
        )
        storing = Worker(STORE_CONSUMER, Store(consumer=keep, write=store.write), pace_s=STORE_PACE_S)
        colouring = Worker(
            "risk colours",
            Colour(
                colours=colours_now,
                write=lambda due: store.record([], due),
                announce=lambda colour: feed.publish("colour", colour_json(colour)),
                clock=clock,
            ),
            idle_s=COLOUR_IDLE_S,
        )
        outlets = [
            Worker(
                "alarms to the store", _tell("store", ledger, lambda events: store.record(events, [])), OUTLET_IDLE_S
            )
        ]
        if settings.grafana.url:
            outlet = stack.enter_context(
                GrafanaOutlet(server=grafana_server(settings), language=settings.site.language)
            )
            outlets.append(Worker("alarms to Grafana", _tell("grafana", ledger, outlet.tell), OUTLET_IDLE_S))

        monitor = Monitor(
            ingest=ingest,
            status=session.status,
            consumers=[(detect, detecting), (keep, storing)],
            others=[colouring, *outlets],
            stored=lambda: keep.position.rows,
            delay=delay,
            clock=clock,
        )
        backend = Backend(
            catalogue=catalogue,
            rules=configuration.rules,
            zone=zone,
            language=settings.site.language,
            site_name=Text(settings.site.name_zh, settings.site.name_en),
            alarms=alarms.active,
            history=ledger.recent,
            acknowledge=alarms.acknowledge,
            latest=latest,
            curve=store.curve,
            colours=colours_now,
            health=lambda: cast(Health, monitor()),
        )
        server = stack.enter_context(
            Server(create_app(backend, feed, clock=clock), settings.console.host, settings.console.port)
        )
        loops = [(worker.name, worker.run) for worker in (detecting, storing, colouring, *outlets)]
        crew = stack.enter_context(Crew([*loops, ("ingest", session.run)]))
        stack.enter_context(_maintenance(blocks, ingest, store, monitor, clock))
        yield Platform(Parts(configuration, zone, ledger, monitor, crew, server, ingest))


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
def _maintenance(blocks: Log, ingest: Ingest, store: TelemetryStore, monitor: Monitor, clock: Clock) -> Iterator[None]:
    """Work by the clock: retention of the log, and the pipeline's own figures in the store."""
    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.add_job(lambda: blocks.prune(clock()), "interval", seconds=MAINTENANCE_S, max_instances=1)
    scheduler.add_job(lambda: store.prune(clock()), "interval", seconds=MAINTENANCE_S, max_instances=1)
    scheduler.add_job(lambda: monitor.record(store.record_pipeline), "interval", seconds=PIPELINE_S, max_instances=1)
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=True)
