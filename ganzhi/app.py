"""Builds the parts and connects them; the only place where packages meet. No logic lives here."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import numpy as np
from apscheduler.schedulers.background import BackgroundScheduler

import config
from alerting import Alarms, colours
from config import PER_POINT, Configuration, Kind, Settings
from console import Backend, Feed, Health, Server, colour_json, create_app, event_json
from detectors import OPTIONS
from detectors.engine import Engine
from ganzhi.clock import Clock, local_text, wall_clock
from ganzhi.errors import ConfigError, Fault
from ganzhi.health import Monitor
from ganzhi.latest import Delay, Latest
from ganzhi.records import AlarmEvent, Catalogue, RiskColour, Text
from ganzhi.step import Colour, Detect, Store, Tell
from ganzhi.worker import Crew, Worker
from grafana import GrafanaOutlet, GrafanaServer, InfluxSource
from grafana.build import build as build_dashboards
from grafana.push import Pushed
from grafana.push import push as push_dashboards
from ingest.broker import USUAL_PORT, Embedded, free_port
from ingest.broker import embedded as run_broker
from ingest.codecs import KINDS as CODECS
from ingest.route import Route
from ingest.service import Ingest
from ingest.session import Session, SessionOptions
from simulators.address import Login
from simulators.city import run as run_city
from simulators.replay import ReplayMap
from simulators.replay import replay as replay_files
from simulators.script import DEMO, QUIET
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

KINDS = {
    "value": Kind(unit="{unit}", options=dict.fromkeys(OPTIONS["value"], float), reading=True),
    "rate": Kind(unit="{unit}/min", options={"window_s": float}),
    "forecast": Kind(
        unit="min",
        options={"target": PER_POINT, "direction": ("high", "low"), "window_s": float, "confidence": float},
        required=frozenset({"target", "direction"}),
        side="low",
    ),
    "stale": Kind(unit="periods", side="high"),
}
"""What a rule pack may set, by kind; a test holds it against the detectors' own OPTIONS."""


def load(settings: Path) -> Configuration:
    """Settings, catalogue and rules. Raises ConfigError with every fault."""
    return config.load(settings, KINDS, codecs=CODECS)


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


def embedded_broker(folder: Path) -> AbstractContextManager[Embedded]:
    """The embedded broker on free ports, or the usual ones where they are free."""
    first = free_port(USUAL_PORT)
    return run_broker(folder, port=first, port_311=free_port(first + 1))


def demo_settings() -> Path:
    """The settings of the simulated city that comes with the package."""
    return config.example("demo") / "ganzhi.toml"


def embedded(configuration: Configuration, folder: Path, *, broker_url: str, port: int) -> Configuration:
    """The same configuration on embedded parts, with everything it keeps in `folder`."""
    settings = configuration.settings
    changed = settings.model_copy(
        update={
            "mqtt": settings.mqtt.model_copy(update={"url": broker_url}),
            "log": settings.log.model_copy(update={"path": folder / "log.sqlite"}),
            "store": settings.store.model_copy(update={"kind": "duckdb", "path": folder / "readings.duckdb"}),
            "ledger": settings.ledger.model_copy(update={"url": f"sqlite:///{folder / 'ledger.sqlite'}"}),
            "console": settings.console.model_copy(update={"port": port}),
        }
    )
    return replace(configuration, settings=changed)


def simulate(
    configuration: Configuration,
    *,
    url: str,
    speed: float,
    seed: int,
    minutes: float | None,
    accidents: bool,
    mqtt: str,
    stop: threading.Event,
) -> str:
    """Publish the simulated sources of a site; what was done, as text. `url` "" is the broker of the settings."""
    settings = configuration.settings
    summary = run_city(
        configuration.catalogue,
        url=url or settings.mqtt.url,
        login=Login(
            username="" if url else settings.mqtt.username,
            password="" if url else config.secret(settings.mqtt.password_file),
            ca_file=str(settings.mqtt.ca_file or ""),
        ),
        speed=speed,
        seed=seed,
        seconds=None if minutes is None else minutes * 60,
        script=DEMO if accidents else QUIET,
        protocol=mqtt,
        stop=stop,
    )
    return str(summary)


def replay(
    files: Sequence[Path],
    *,
    map_file: Path,
    url: str,
    speed: float,
    shift: bool,
    mqtt: str,
    stop: threading.Event,
    show: Callable[[int, int, int], None],
) -> str:
    """Publish recordings; what was done, as text. `show` gets rows done, rows in all and the moment, UTC ns."""
    chart = ReplayMap.load(map_file)
    done = replay_files(files, map=chart, url=url, speed=speed, shift=shift, protocol=mqtt, stop=stop, on_progress=show)
    return str(done)


def grafana_server(settings: Settings) -> GrafanaServer:
    """The server of [grafana]. Raises ConfigError where none is named."""
    grafana = settings.grafana
    if not grafana.url:
        raise ConfigError([Fault("ganzhi.toml: grafana.url", "no Grafana is named", 'write url = "http://host:3000"')])
    token = config.secret(grafana.token_file)
    return GrafanaServer(grafana.url, token or f"{grafana.username}:{config.secret(grafana.password_file)}")


def influx_source(settings: Settings) -> InfluxSource:
    """The InfluxDB that the dashboards read. Raises ConfigError where the store is another."""
    store = settings.store
    if store.kind == "influxdb1":
        return InfluxSource(store.url, store.database, store.username, config.secret(store.password_file))
    if store.kind == "influxdb2":
        return InfluxSource(store.url, store.bucket, authorization=f"Token {config.secret(store.token_file)}")
    remedy = 'the dashboards read InfluxDB: write kind = "influxdb1" or "influxdb2"'
    raise ConfigError([Fault("ganzhi.toml: store.kind", f"{store.kind!r} has no data source in Grafana", remedy)])


def grafana_build(configuration: Configuration, folder: Path) -> list[Path]:
    """Dashboards and provisioning as files."""
    settings = configuration.settings
    return build_dashboards(
        folder,
        catalogue=configuration.catalogue,
        rules=configuration.rules,
        zone=ZoneInfo(settings.site.time_zone),
        influx=influx_source(settings),
    )


def grafana_push(configuration: Configuration) -> Sequence[Pushed]:
    """Dashboards and data source to the server of [grafana]."""
    settings = configuration.settings
    return push_dashboards(
        grafana_server(settings),
        catalogue=configuration.catalogue,
        rules=configuration.rules,
        zone=ZoneInfo(settings.site.time_zone),
        influx=influx_source(settings),
    )
