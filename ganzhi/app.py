"""Connects the parts of the service and runs them. No logic lives here."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import cast

from apscheduler.schedulers.background import BackgroundScheduler

from alerting import CaseAction, WarningAction, case_state, warning_state
from config import Configuration
from console import Backend, Desk, Health, Server, colour_json, create_app, risk_json
from ganzhi import command, desk, event
from ganzhi.clock import Clock, local_text
from ganzhi.due import Due
from ganzhi.errors import ConfigError, Unavailable
from ganzhi.health import Inner, Monitor
from ganzhi.keeper import Keeper
from ganzhi.outlets import journal_to, outlets
from ganzhi.parts import Parts, open_parts
from ganzhi.records import AlarmEvent, Text
from ganzhi.reload import Reload
from ganzhi.step import Colour, Detect, Follow, Store
from ganzhi.tend import Tend
from ganzhi.vital import Vitals, free_bytes
from ganzhi.watch import Watch
from ganzhi.worker import Crew, Worker
from storage import Consumer

log = logging.getLogger(__name__)

MAINTENANCE_S = 30.0
PIPELINE_S = 10.0
DEADLINES_S = 1.0
CASES_IDLE_S = 0.2
DETECT_PACE_S, STORE_PACE_S = 0.01, 0.2
"""Under a trickle, how long a consumer lets blocks gather before its next turn: alarms soon, rows in large pieces."""
COLOUR_IDLE_S = 1.0
WATCH_IDLE_S = 1.0
TEND_IDLE_S = 1.0
EVENT_IDLE_S = 0.2
SWITCH_S = 0.001
"""How long a thread that computes may keep the others waiting; Python's own 5 ms add up in what waits for an alarm."""
STORE_CONSUMER, DETECT_CONSUMER, STATE_CONSUMER = "store", "detect", "detect.state"
"""Places in the log; the last is where the saved state of detection begins."""

Reading = tuple[Consumer, Worker]
"""A consumer of the log and the loop that works on it."""


Say = Callable[[str], None]


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

    def wait(self, stop: threading.Event, interrupted: Callable[[], bool] = lambda: False) -> None:
        """Until `stop` is set, a part fails, or `interrupted()`."""
        while not stop.wait(0.2) and not self._crew.stop.is_set() and not interrupted():
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


def no_reload() -> list[str]:
    """Where nobody can start the service anew."""
    return ["this service cannot be reloaded while it runs; stop it and start it again"]


@contextmanager
def platform(
    configuration: Configuration, *, clock: Clock | None = None, reload: Callable[[], Sequence[str]] = no_reload
) -> Iterator[Platform]:
    """Run the service while the context lasts. Raises ConfigError, Unavailable or OSError, with a sentence, if it
    cannot start.

    clock   SteadyClock where none is given
    reload  what the console's button does: faults as sentences, or none and the caller starts the service anew
    """
    console = configuration.settings.console
    sys.setswitchinterval(SWITCH_S)
    with ExitStack() as stack:
        parts = open_parts(configuration, stack, clock)
        blocks = parts.blocks
        keeper = Keeper(
            capture=parts.capture,
            save=parts.save,
            passed=lambda seq: blocks.keep_from(STATE_CONSUMER, seq),
            clock=parts.clock,
        )
        detecting, storing = _detecting(parts, keeper), _storing(parts)
        watch = _watch(parts, detecting, storing, keeper)
        others = [
            _colouring(parts),
            *_handling(parts),
            *outlets(parts, stack),
            Worker("own conditions", watch, WATCH_IDLE_S),
            *_alarming(parts),
        ]
        keep = storing[0]
        monitor = Monitor(
            ingest=parts.ingest,
            status=parts.session.status,
            consumers=[detecting, storing],
            others=others,
            stored=lambda: keep.position.rows,
            delay=parts.delay,
            inner=Inner(
                points=[point.id for point in configuration.catalogue.points],
                enterprises=[point.enterprise for point in configuration.catalogue.points],
                log_bytes=lambda: blocks.size_bytes,
                free_bytes=lambda: free_bytes(blocks.path),
                commits_s=blocks.commits_s,
                kept=lambda: keeper.kept,
                rejected=lambda: parts.store.rejected,
                conditions=watch.conditions,
            ),
            clock=parts.clock,
        )
        app = create_app(_backend(parts, monitor, reload), parts.feed, clock=parts.clock)
        server = stack.enter_context(Server(app, console.host, console.port))
        stack.enter_context(keeper)
        loops = [(worker.name, worker.run) for worker in (detecting[1], storing[1], *others)]
        crew = stack.enter_context(Crew([*loops, ("ingest", parts.session.run)]))
        stack.enter_context(_maintenance(parts, monitor))
        yield Platform(parts, monitor=monitor, crew=crew, url=server.url)


def serve(settings: Path, stop: threading.Event, reload_asked: threading.Event, *, say: Say, warn: Say) -> bool:
    """Run the service until `stop` is set; whether it ended well. Raises what `load` and `platform` do.

    When `reload_asked` is set, or the console asks, settings, points and rules are read anew and the service starts
    again with them. Where they have faults, or it cannot start with them, the old ones stay in force.
    """

    def load() -> Configuration:
        configuration = command.load(settings)
        for warning in configuration.warnings:
            warn(str(warning))
        return configuration

    configuration, before = load(), None
    reload = Reload(load, reload_asked)
    while True:
        try:
            with platform(configuration, reload=reload) as running:
                say(f"{running.title}: {running.url}")
                running.wait(stop, lambda: reload.pending)
        except (ConfigError, Unavailable, OSError) as error:
            if before is None:
                raise
            log.error("the service cannot start with the new settings, the old ones stay in force: %s", error)
            configuration, before = before, None
            continue
        wanted = reload.take()
        if running.failed or stop.is_set() or wanted is None:
            return not running.failed
        configuration, before = wanted, configuration


def _watch(parts: Parts, detecting: Reading, storing: Reading, keeper: Keeper) -> Watch:
    vitals = Vitals(
        status=parts.session.status,
        log_path=parts.blocks.path,
        detecting=detecting,
        storing=storing,
        refused=lambda: parts.store.rejected.count,
        reconciled=lambda since: parts.blocks.reconciled(STORE_CONSUMER, since),
        keeper=keeper,
        clock=parts.clock,
    )
    return Watch(
        figures=vitals,
        apply=parts.alarms.apply,
        announce=parts.announce,
        points=parts.watched.index,
        held=parts.alarms.held(),
        clock=parts.clock,
    )


def _detecting(parts: Parts, keeper: Keeper) -> Reading:
    consumer = parts.blocks.reader(DETECT_CONSUMER)
    consumer.seek(parts.resume)
    parts.blocks.keep_from(STATE_CONSUMER, parts.resume)
    step = Detect(
        consumer=consumer,
        judge=parts.judge,
        apply=parts.alarms.apply,
        announce=parts.announce,
        latest=parts.latest,
        delay=parts.delay,
        clock=parts.clock,
        keeper=keeper,
    )
    return consumer, Worker(DETECT_CONSUMER, step, pace_s=DETECT_PACE_S)


def _alarming(parts: Parts) -> list[Worker]:
    """What moves alarms beside readings: the clock, gateways, external events."""
    alarms = parts.alarms
    tend = Tend(
        tick=alarms.tick,
        wills=lambda: parts.wills(parts.ingest.wills(), parts.clock()),
        apply=alarms.apply,
        floods=alarms.floods,
        announce=parts.announce,
        announce_floods=parts.announce_floods,
    )
    events = event.Events(
        first=parts.inbox.first,
        drop=parts.inbox.drop,
        apply=alarms.apply,
        announce=parts.announce,
        catalogue=parts.watched,
    )
    return [Worker("alarms by the clock", tend, TEND_IDLE_S), Worker("external events", events, EVENT_IDLE_S)]


def _storing(parts: Parts) -> Reading:
    consumer = parts.blocks.reader(STORE_CONSUMER)
    position = parts.store.position()
    if position is not None:
        consumer.seek(position, stored=True)
    return consumer, Worker(STORE_CONSUMER, Store(consumer=consumer, write=parts.store.write), pace_s=STORE_PACE_S)


def _colouring(parts: Parts) -> Worker:
    step = Colour(
        colours=parts.colours,
        write=lambda due: parts.store.record([], due),
        announce=lambda colour: parts.feed.publish("colour", colour_json(colour)),
        clock=parts.clock,
    )
    return Worker("risk colours", step, idle_s=COLOUR_IDLE_S)


def _handling(parts: Parts) -> list[Worker]:
    handling = parts.handling
    follow = Follow(
        risks=parts.risks,
        announce=lambda risk: parts.feed.publish("risk", risk_json(risk)),
        propose=handling.warnings.follow,
    )
    to_cases = journal_to("cases", parts.ledger, handling.cases.follow)
    return [Worker("alarms to cases", to_cases, CASES_IDLE_S), Worker("warnings", follow, COLOUR_IDLE_S)]


def _backend(parts: Parts, monitor: Monitor, reload: Callable[[], Sequence[str]]) -> Backend:
    site = parts.configuration.settings.site
    report = desk.reporter(
        parts.alarms,
        lambda enterprise, payload: parts.reader(payload, enterprise, parts.clock()),
        parts.watched,
        parts.announce,
    )
    return Backend(
        catalogue=parts.configuration.catalogue,
        rules=parts.configuration.rules,
        zone=parts.zone,
        language=site.language,
        site_name=Text(site.name_zh, site.name_en),
        alarms=parts.alarms.active,
        history=parts.ledger.recent,
        latest=parts.latest,
        curve=parts.store.curve,
        colours=parts.colours,
        health=lambda: cast(Health, monitor()),
        reconciliation=lambda since: parts.blocks.reconciled(STORE_CONSUMER, since),
        reload=reload,
        deliveries=lambda limit, asked: parts.ledger.outbox.recent(limit, **asked),
        alarm=desk.backend(parts.alarms, parts.desk.works, parts.ledger, report=report),
        shape=parts.desk.shape,
        desk=_desk(parts),
    )


def _desk(parts: Parts) -> Desk:
    handling = parts.handling
    return Desk(
        people=handling.people,
        book=parts.ledger.handling,
        risks=parts.risks,
        case=lambda id, action, deed: handling.cases.act(id, CaseAction(action), deed),
        report=handling.cases.report,
        warning=lambda id, action, deed, tier: handling.warnings.act(id, WarningAction(action), deed, tier),
        propose=handling.warnings.propose,
        case_actions=case_state.allowed,
        warning_actions=warning_state.allowed,
    )


@contextmanager
def _maintenance(parts: Parts, monitor: Monitor) -> Iterator[None]:
    """Work by the clock: retention of log and store, the pipeline's own figures in the store, deadlines."""
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
    due = Due(parts.handling.clockwork)
    scheduler.add_job(due, "interval", seconds=DEADLINES_S, max_instances=1, coalesce=True)
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=True)
