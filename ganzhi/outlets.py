"""Opens everything that is told of alarms: the store, Grafana, and the receivers of [notify]. No logic lives here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack

import config
from alerting.notify import (
    Address,
    AlarmNotices,
    Board,
    Carrier,
    Deliver,
    Hours,
    Inhibit,
    Match,
    Outlet,
    Plan,
    Present,
    Receiver,
    Route,
    Router,
    Siren,
    Told,
)
from alerting.notify.matter import MatterNotices
from config import Settings
from config.notify import COLOURS
from config.notify import Match as MatchTable
from ganzhi import command
from ganzhi.handling import HandlingEvent
from ganzhi.parts import Parts, session_options
from ganzhi.records import AlarmEvent
from ganzhi.step import Tell
from ganzhi.worker import Worker
from grafana import GrafanaOutlet
from ingest.publisher import Publisher
from storage import Ledger

OUTLET_IDLE_S = 0.5
NOTIFY = "notify"
"""The place of the router in the alarms' journal."""
MATTERS = "notify.handling"
"""The same in the journal of cases and warnings."""
FIELDS = {"class": "kind"}
"""Fields of a message that the settings call by another name."""


def outlets(parts: Parts, stack: ExitStack) -> list[Worker]:
    """A worker for each; `stack` closes what they hold. Raises ConfigError for an address that is none."""
    ledger, settings = parts.ledger, parts.configuration.settings
    to_store = journal_to("store", ledger, lambda events: parts.store.record(events, []))
    workers = [Worker("alarms to the store", to_store, OUTLET_IDLE_S)]
    told: list[tuple[str, str, Outlet]] = []
    if settings.grafana.url:
        grafana = GrafanaOutlet(server=command.grafana_server(settings), language=settings.site.language)
        told.append(("alarms to Grafana", "grafana", stack.enter_context(grafana)))
    if settings.notify.route:
        plan = _plan(parts)
        if not ledger.cursor(NOTIFY):  # what happened before anybody was to be told is not told
            ledger.move_cursor(NOTIFY, ledger.last_seq())
        told.append(("alarms to receivers", NOTIFY, AlarmNotices(_router(parts, plan), parts.watched)))
        workers += [_matters(parts, plan), *_receivers(parts, plan, stack)]
    return workers + [
        Worker(name, journal_to(place, ledger, outlet.tell), OUTLET_IDLE_S) for name, place, outlet in told
    ]


def journal_to(name: str, ledger: Ledger, tell: Callable[[Sequence[AlarmEvent]], None]) -> Tell[AlarmEvent]:
    """Carries the alarms' journal to `tell`; its place is kept in the ledger under `name`."""
    return Tell(name, after=ledger.events_after, place=ledger.cursor, move=ledger.move_cursor, tell=tell)


def _matters(parts: Parts, plan: Plan) -> Worker:
    ledger = parts.ledger
    if not ledger.cursor(MATTERS):
        ledger.move_cursor(MATTERS, ledger.handling.last_seq())
    notices = MatterNotices(_router(parts, plan), parts.watched, parts.zone, parts.handling.people.roles)
    tell: Tell[HandlingEvent] = Tell(
        MATTERS, after=ledger.handling_after, place=ledger.cursor, move=ledger.move_cursor, tell=notices.tell
    )
    return Worker("cases to receivers", tell, OUTLET_IDLE_S)


def _router(parts: Parts, plan: Plan) -> Router:
    outbox = parts.ledger.outbox
    return Router(
        plan=plan,
        add=outbox.settle,
        routed=lambda subject: [Told(row.receiver, row.route, row.grouping) for row in outbox.routed(subject)],
        clock=parts.clock,
    )


def _receivers(parts: Parts, plan: Plan, stack: ExitStack) -> list[Worker]:
    settings, outbox = parts.configuration.settings, parts.ledger.outbox
    board = Board(parts.alarms.active, parts.watched)
    outbox.abandon(plan.receivers)
    workers = []
    for table in settings.notify.receiver:
        receiver = plan.receivers[table.name]
        if receiver.follows:
            carrier: Carrier = _siren(parts, plan, receiver, board, stack)
        else:
            carrier = Address(name=table.name, url=config.secret(table.url_file), timeout_s=table.timeout)
        deliver = Deliver(
            receiver=receiver,
            carrier=carrier,
            outbox=outbox,
            plan=plan,
            told=[] if receiver.follows else outbox.told(table.name),
            present=board,
            url=settings.console.public_url,
            clock=parts.clock,
        )
        workers.append(Worker(f"receiver {table.name}", deliver, OUTLET_IDLE_S))
    return workers


def _siren(
    parts: Parts, plan: Plan, receiver: Receiver, board: Callable[[], Mapping[str, Present]], stack: ExitStack
) -> Siren:
    options = session_options(parts.configuration.settings)
    publisher = stack.enter_context(Publisher(options, name=receiver.name, answer_s=receiver.timeout_s))
    return Siren(
        receiver=receiver,
        routes=plan.routes,
        enterprises=list(parts.configuration.catalogue.enterprises),
        present=board,
        publish=publisher.publish,
        clock=parts.clock,
    )


def _plan(parts: Parts) -> Plan:
    settings = parts.configuration.settings
    receivers = {
        table.name: Receiver(
            name=table.name,
            kind=table.kind,
            language=table.language,
            form=table.form,
            most=table.most,
            quiet=_hours(table.quiet),
            simulated=table.simulated,
            drills=table.drills,
            timeout_s=table.timeout,
            give_up_s=table.give_up,
        )
        for table in settings.notify.receiver
    }
    inhibits = [
        Inhibit(_match(table.source), _match(table.target), _fields(table.equal)) for table in settings.notify.inhibit
    ]
    return Plan(routes=_routes(settings), receivers=receivers, zone=parts.zone, inhibits=inhibits)


def _routes(settings: Settings) -> list[Route]:
    return [
        Route(
            name=table.name or f"route {position}",
            match=_match(table),
            receivers=table.receivers,
            hours=_hours(table.hours),
            group_by=_fields(table.group_by),
            wait_s=table.wait,
            interval_s=table.interval,
            repeat_s=table.repeat,
            last=table.last,
        )
        for position, table in enumerate(settings.notify.route, 1)
    ]


def _match(table: MatchTable) -> Match:
    return Match(
        tiers=frozenset(COLOURS[colour] for colour in table.tiers),
        kinds=frozenset(table.classes),
        sectors=frozenset(table.sectors),
        districts=frozenset(table.districts),
        enterprises=frozenset(table.enterprises),
        sources=frozenset(table.sources),
        conditions=frozenset(table.conditions),
        roles=frozenset(table.roles),
    )


def _fields(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(FIELDS.get(name, name) for name in names)


def _hours(minutes: tuple[int, int] | None) -> Hours | None:
    return None if minutes is None else Hours(*minutes)
