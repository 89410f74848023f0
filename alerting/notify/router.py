"""Lines of the journals -> deliveries in the ledger: to whom, when at the earliest, or why to nobody."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from alerting.notify.message import ALARM, ANNOUNCING, Happening, Message, from_alarm, to_json
from alerting.notify.route import Inhibit, Receiver, Route, matching
from ganzhi.clock import NS_PER_S, Clock
from ganzhi.records import AlarmEvent, Catalogue, Delivery, Outcome, Tier, Unsent

OLD_S = 86_400.0
"""What was noted longer ago is not told when the service has been away meanwhile."""


@dataclass(frozen=True, slots=True)
class Told:
    """Where a subject went: a receiver, by which route, in which group."""

    receiver: str
    route: str
    grouping: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The tables that decide, as the settings give them."""

    routes: Sequence[Route]
    receivers: Mapping[str, Receiver]
    zone: ZoneInfo
    inhibits: Sequence[Inhibit] = ()


class Router:
    """Decides for every line, and writes that down before anyone is told; the same line twice changes nothing.

    add     keeps deliveries that are not kept yet; raises Unavailable
    routed  where a subject's announcements went, or wait to go
    """

    def __init__(
        self,
        *,
        plan: Plan,
        add: Callable[[Sequence[Delivery]], None],
        routed: Callable[[str], Sequence[Told]],
        clock: Clock,
    ) -> None:
        self._plan = plan
        self._add = add
        self._routed = routed
        self._clock = clock

    def tell(self, messages: Sequence[Message]) -> None:
        """Decide on lines in their order. Raises Unavailable, and then nothing is kept."""
        now = self._clock()
        added: list[Delivery] = []
        for message in messages:
            routed: list[Told] = []
            if message.happening in (Happening.ENDED, Happening.EASED):
                mine = [d for d in added if d.subject == message.subject and d.outcome == Outcome.WAITING]
                routed = [*self._routed(message.subject), *(Told(d.receiver, d.route, d.grouping) for d in mine)]
            added += decide(message, self._plan, routed, now)
        if added:
            self._add(added)


class AlarmNotices:
    """The alarms' journal for a router; an Outlet."""

    def __init__(self, router: Router, catalogue: Catalogue) -> None:
        self._router = router
        self._catalogue = catalogue

    def tell(self, events: Sequence[AlarmEvent]) -> None:
        """Decide on these lines. Raises Unavailable."""
        self._router.tell([from_alarm(event, self._catalogue) for event in events])


def decide(message: Message, plan: Plan, routed: Sequence[Told], now: int) -> list[Delivery]:
    """What becomes of one line: a delivery for everybody who is told, or would be but for a reason."""
    following = [_draft(message, told, now) for told in _followers(message, plan)]
    if message.happening == Happening.LATE:
        return [_unsent(message, Told("", "", ""), Unsent.LATE)]
    if message.happening in (Happening.ENDED, Happening.EASED):
        return following + _after(message, plan, routed, now)
    if message.happening not in ANNOUNCING:
        return following
    found = [(name, route) for name, route in matching(plan.routes, message, plan.zone) if name in plan.receivers]
    if not found:
        return following or [_unsent(message, Told("", "", ""), Unsent.NO_ROUTE)]
    deliveries = following
    for name, route in found:
        receiver, told = plan.receivers[name], Told(name, route.name, route.grouping(message))
        reason = _barred(message, receiver, now)
        if reason:
            deliveries.append(_unsent(message, told, reason))
        elif not receiver.follows:
            wait_s = 0.0 if message.tier == Tier.RED else route.wait_s
            deliveries.append(_draft(message, told, message.noted + round(wait_s * NS_PER_S)))
    return deliveries


def _after(message: Message, plan: Plan, routed: Sequence[Told], now: int) -> list[Delivery]:
    """The end of what was announced goes to whoever got it, whatever routes say now; a milder colour to nobody."""
    waits = {route.name: route.wait_s for route in plan.routes}
    deliveries = []
    for told in {told.receiver: told for told in routed}.values():
        if told.receiver not in plan.receivers or plan.receivers[told.receiver].follows:
            continue
        if message.happening == Happening.EASED:
            deliveries.append(_unsent(message, told, Unsent.NOT_WORSE))
        else:
            wait_s = waits.get(told.route, 0.0)
            deliveries.append(_draft(message, told, max(now, message.noted + round(wait_s * NS_PER_S))))
    return deliveries


def _followers(message: Message, plan: Plan) -> list[Told]:
    """Receivers that show a state of alarms, where a route leads there for whatever colour and hour."""
    found: dict[str, Told] = {}
    if message.stream != ALARM or message.happening == Happening.LATE:
        return []
    for route in plan.routes:
        for name in route.receivers:
            receiver = plan.receivers.get(name)
            wanted = receiver is not None and receiver.follows and not _barred(message, receiver, message.noted)
            if wanted and route.match.fits_whatever_tier(message):
                found.setdefault(name, Told(name, route.name, message.enterprise))
    return list(found.values())


def _barred(message: Message, receiver: Receiver, now: int) -> Unsent:
    if message.held and not receiver.follows:
        return message.held
    if message.drill and not receiver.drills:
        return Unsent.DRILL
    if message.simulated and not message.drill and not receiver.simulated:
        return Unsent.SIMULATED
    return Unsent.TOO_OLD if now - message.noted > OLD_S * NS_PER_S else Unsent.DUE


def _draft(message: Message, told: Told, due: int) -> Delivery:
    return Delivery(
        id=0,
        stream=message.stream,
        seq=message.seq,
        again=0,
        receiver=told.receiver,
        route=told.route,
        grouping=told.grouping,
        subject=message.subject,
        happening=message.happening.value,
        tier=message.tier,
        noted=message.noted,
        outcome=Outcome.WAITING,
        reason=Unsent.DUE,
        due=due,
        message=to_json(message),
    )


def _unsent(message: Message, told: Told, reason: Unsent) -> Delivery:
    return replace(_draft(message, told, message.noted), outcome=Outcome.NOT_SENT, reason=reason)
