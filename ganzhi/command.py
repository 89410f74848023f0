"""The commands beside the service: settings, the demo's parts, simulation, replay, dashboards. No logic lives here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

import config
from alerting import kpi
from alerting.notify import Address, Receiver, trial
from config import Configuration, Settings
from detectors.engine import refused
from detectors.jointfit import FitOptions
from ganzhi.clock import NS_PER_S, local_text
from ganzhi.errors import ConfigError, Fault, Unavailable
from ganzhi.fitting import Written, fit_rule, joint_rule, recorded
from ganzhi.kind import KINDS, UNFITTED
from ganzhi.records import Alarm, Text
from grafana import GrafanaServer, InfluxSource
from grafana.build import build as build_dashboards
from grafana.push import Pushed
from grafana.push import push as push_dashboards
from ingest.broker import USUAL_PORT, Embedded, free_port
from ingest.broker import embedded as run_broker
from ingest.codecs import KINDS as CODECS
from simulators.address import Login
from simulators.city import run as run_city
from simulators.replay import ReplayMap
from simulators.replay import replay as replay_files
from simulators.script import DEMO, QUIET
from storage import DuckDBStore, Ledger

FIT = FitOptions()
"""The usual way to fit a joint rule."""


def load(settings: Path) -> Configuration:
    """Settings, catalogue and rules. Raises ConfigError with every fault."""
    configuration = config.load(settings, KINDS, codecs=CODECS)
    points = configuration.catalogue.points
    found = refused(
        configuration.rules,
        period_s=np.array([point.period_s for point in points]),
        resolution=np.array([point.resolution for point in points]),
    )
    if found:
        raise ConfigError([Fault(f"rule {rule}", problem) for rule, problem in found])
    return configuration


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
    folder: Path | None,
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
        folder=folder,
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
    folder: Path | None,
    stop: threading.Event,
    show: Callable[[int, int, int], None],
) -> str:
    """Publish recordings; what was done, as text. `show` gets rows done, rows in all and the moment, UTC ns."""
    chart = ReplayMap.load(map_file)
    done = replay_files(
        files,
        map=chart,
        url=url,
        speed=speed,
        shift=shift,
        protocol=mqtt,
        folder=folder,
        stop=stop,
        on_progress=show,
    )
    return str(done)


def export(configuration: Configuration, folder: Path, *, start: str, end: str) -> list[Path]:
    """Readings and rollups of [start, end), local times of the site, as Parquet files; "" for all there is.

    Raises ConfigError for another store or a time that is none, Unavailable while the service has the file open.
    """
    with _readings(configuration) as store:
        return store.export(folder, *_span(configuration, start, end))


def _readings(configuration: Configuration) -> DuckDBStore:
    settings = configuration.settings
    if settings.store.kind != "duckdb":
        remedy = f"it is in {settings.store.kind}: use the export of that server"
        raise ConfigError([Fault("ganzhi.toml: store.kind", "only the embedded store is read here", remedy)])
    if not settings.store.path.exists():
        raise ConfigError([Fault("ganzhi.toml: store.path", f"there is no {settings.store.path}", "run it first")])
    return DuckDBStore(settings.store.path, configuration.catalogue)


def _span(configuration: Configuration, start: str, end: str) -> tuple[int, int]:
    zone = ZoneInfo(configuration.settings.site.time_zone)
    return _moment(start, zone, "--from", 0), _moment(end, zone, "--to", LATEST_NS)


def fit(
    settings_file: Path,
    rule_id: str,
    *,
    files: Sequence[Path],
    map_file: Path | None,
    start: str,
    end: str,
    unit: str,
    options: Mapping[str, float],
) -> Written:
    """Fit the models of a joint rule to CSV files, or to what the embedded store has of [start, end), local times.

    Raises ConfigError for what a person can mend, Unavailable while the service has the store open.
    """
    configuration = config.load(settings_file, UNFITTED, codecs=CODECS)
    rule = joint_rule(configuration, rule_id)
    try:
        chosen = FitOptions(**options)  # type: ignore[arg-type]
    except ValueError as error:
        raise ConfigError([Fault("options", str(error))]) from error
    if files and map_file is None:
        raise ConfigError([Fault("--map", "is missing", "name the map that says which column is which tag")])
    if files and map_file is not None:
        readings = recorded(files, map_file, configuration.catalogue)
    else:
        with _readings(configuration) as store:
            readings = store.readings(rule.points, *_span(configuration, start, end))
    return fit_rule(rule, readings, configuration.catalogue, options=chosen, only=unit)


def report(configuration: Configuration, folder: Path, *, start: str, end: str, now: int) -> list[Path]:
    """Alarm health and cases of [start, end), local times of the site, as an HTML page and a CSV in `folder`.

    Without times: the seven days up to `now`. The service may be running. Raises ConfigError, Unavailable, OSError.
    """
    settings, catalogue = configuration.settings, configuration.catalogue
    zone = ZoneInfo(settings.site.time_zone)
    last = _moment(end, zone, "--to", now)
    first = _moment(start, zone, "--from", last - REPORT_NS)
    if last <= first:
        raise ConfigError([Fault("--to", "the period ends before it begins", "let --to be later than --from")])
    url = settings.ledger.url
    if url.startswith(SQLITE) and not Path(url.removeprefix(SQLITE)).exists():
        problem = f"there is no {url.removeprefix(SQLITE)}, so nothing to report yet"
        raise ConfigError([Fault("ganzhi.toml: ledger.url", problem, "run the service first")])
    period = kpi.Period(first, last, zone)
    by_district = settings.alarms.position == "district"
    positions = sorted({each.district for each in catalogue.enterprises.values()}) if by_district else [""]

    def position(alarm: Alarm) -> str:
        owner = catalogue.enterprises.get(alarm.enterprise)
        return owner.district if by_district and owner is not None else ""

    with Ledger(url) as ledger:
        healths = kpi.measure(ledger.between(first, last), ledger.stood(first), period, position, positions)
        cases = kpi.handled(ledger.handling.stood(first, last), period)
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"alarms-{local_text(first, zone)[:10]}-{local_text(last - NS_PER_S, zone)[:10]}"
    paths = [stem.with_suffix(".html"), stem.with_suffix(".csv")]
    site = Text(settings.site.name_zh, settings.site.name_en)
    paths[0].write_text(kpi.page(site, period, healths, cases, now), encoding="utf-8")
    paths[1].write_text(kpi.sheet(period, healths, cases), encoding="utf-8", newline="")
    return paths


def _moment(text: str, zone: ZoneInfo, option: str, default: int) -> int:
    if not text:
        return default
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        remedy = "write 2026-05-01 or 2026-05-01T08:00, in the time of the site"
        raise ConfigError([Fault(option, f"{text!r} is not a date or a time", remedy)]) from error
    local = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return round(local.timestamp()) * NS_PER_S


LATEST_NS = 2**63 - 1
REPORT_NS = 7 * 86_400 * NS_PER_S
"""What a report is about where nobody says."""
SQLITE = "sqlite:///"


def notify(configuration: Configuration, names: Sequence[str], now: int) -> Iterator[tuple[str, str]]:
    """Send a test message to these receivers, none: to all; each with "", or why it did not get there.

    Raises ConfigError for a name that is none.
    """
    settings = configuration.settings
    tables = {table.name: table for table in settings.notify.receiver if table.kind == "apprise"}
    for name in names:
        if name not in tables:
            problem = f"there is no receiver {name!r} with an address"
            raise ConfigError([Fault("--receiver", problem, f"one of {', '.join(tables) or 'none'}")])
    site, zone = Text(settings.site.name_zh, settings.site.name_en), ZoneInfo(settings.site.time_zone)
    for name in names or tables:
        table = tables[name]
        receiver = Receiver(name, language=table.language, form=table.form, most=table.most)
        try:
            address = Address(name=name, url=config.secret(table.url_file), timeout_s=table.timeout)
            address.send(trial(receiver, site, zone, now, address.most))
        except (Unavailable, ConfigError) as error:
            yield name, str(error)
        else:
            yield name, ""


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
