"""Who is told of what: routes, receivers and inhibitions, and whether a message fits them. Nothing here waits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from alerting.notify.hours import Hours
from alerting.notify.message import Message
from ganzhi.records import Tier

GROUP_FIELDS = ("enterprise", "source", "sector", "district", "condition", "rule", "kind", "subject")
"""What a route may group by, and what an inhibition may ask to be equal."""
QUIET_TIERS = frozenset({Tier.BLUE, Tier.YELLOW})
"""The colours that quiet hours hold back; orange and red never wait for the morning."""


@dataclass(frozen=True, slots=True)
class Match:
    """What a message must be; an empty set lets every one pass."""

    tiers: frozenset[Tier] = frozenset()
    kinds: frozenset[str] = frozenset()
    sectors: frozenset[str] = frozenset()
    districts: frozenset[str] = frozenset()
    enterprises: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    conditions: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()

    def fits(self, message: Message) -> bool:
        """Whether the message is what is asked for."""
        return (not self.tiers or message.tier in self.tiers) and self.fits_whatever_tier(message)

    def fits_whatever_tier(self, message: Message) -> bool:
        """The same, but for its colour."""
        asked = (
            (self.kinds, message.kind),
            (self.sectors, message.sector),
            (self.districts, message.district),
            (self.enterprises, message.enterprise),
            (self.sources, message.source),
            (self.conditions, message.condition),
            (self.roles, message.role),
        )
        return all(not wanted or value in wanted for wanted, value in asked)


@dataclass(frozen=True, slots=True)
class Route:
    """Which messages go to which receivers, and how they are gathered.

    hours       only what was noted within them
    group_by    messages that are equal in these go together
    wait_s      how long the first of a group waits for others; red never waits
    interval_s  the least time between two messages about one group; red and what has ended do not wait for it
    repeat_s    told again so often while nobody acknowledges it; 0: never
    last        routes after this one are not asked
    """

    name: str
    match: Match
    receivers: tuple[str, ...]
    hours: Hours | None = None
    group_by: tuple[str, ...] = ("source",)
    wait_s: float = 10.0
    interval_s: float = 300.0
    repeat_s: float = 3600.0
    last: bool = False

    def grouping(self, message: Message) -> str:
        """The name of the message's group."""
        return "/".join([message.stream, *(str(getattr(message, field)) for field in self.group_by)])


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody who is told.

    kind        a key of KINDS; "mqtt" follows every change of what its routes name, see siren.py
    form        "long", or "short" for an SMS
    most        characters of a text, 0: what the service takes
    quiet       hours in which blue and yellow wait for the end of them
    simulated, drills  whether it is told of these at all
    give_up_s   what could not be sent for so long is given up
    """

    name: str
    kind: str = "apprise"
    language: str = "zh"
    form: str = "long"
    most: int = 0
    quiet: Hours | None = None
    simulated: bool = False
    drills: bool = False
    timeout_s: float = 10.0
    give_up_s: float = 86_400.0

    @property
    def follows(self) -> bool:
        """Whether it shows a state, and so is told of every change, at once."""
        return self.kind == "mqtt"


@dataclass(frozen=True, slots=True)
class Inhibit:
    """While an alarm that fits `source` is active, those that fit `target` and agree with it in `equal` stay untold."""

    source: Match
    target: Match
    equal: tuple[str, ...] = ("source",)

    def applies(self, source: Message, target: Message) -> bool:
        """Whether an alarm that fits `source` silences the other; nothing silences itself."""
        return (
            source.subject != target.subject
            and self.target.fits(target)
            and all(getattr(source, field) == getattr(target, field) for field in self.equal)
        )


def matching(routes: Iterable[Route], message: Message, zone: ZoneInfo) -> list[tuple[str, Route]]:
    """The receivers of a message, each with the first route that leads to it."""
    found: dict[str, Route] = {}
    for route in routes:
        if not route.match.fits(message) or (route.hours and not route.hours.hold(message.noted, zone)):
            continue
        for receiver in route.receivers:
            found.setdefault(receiver, route)
        if route.last:
            break
    return list(found.items())
