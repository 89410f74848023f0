"""Floods: more announced at an operator position than a person can follow, and the incidents that they are told as."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from ganzhi.clock import NS_PER_S
from ganzhi.records import Alarm, AlarmEvent, Effect, Flood, Incident, Tier

WINDOW_NS = 600 * NS_PER_S
BEGINS = 10
"""Announced alarms within ten minutes that are a flood (DOMAIN.md, ISA-18.2)."""
ENDS = 5
"""Fewer than so many end it (engineering default)."""

Position = Callable[[str], str]
"""Enterprise -> the operator position that watches it; "" is the one of the whole site."""


@dataclass(slots=True)
class Floods:
    """What was announced lately, by position: UTC ns by our clock, and since when there is a flood."""

    position: Position
    _announced: dict[str, deque[int]] = field(default_factory=dict)
    _since: dict[str, int] = field(default_factory=dict)

    def copy(self) -> Floods:
        """The same, to be changed apart."""
        return Floods(self.position, {key: deque(times) for key, times in self._announced.items()}, dict(self._since))

    def announce(self, enterprise: str, at: int) -> None:
        """One more."""
        where = self.position(enterprise)
        self._announced.setdefault(where, deque()).append(at)
        self.turn(at)
        if len(self._announced[where]) >= BEGINS:
            self._since.setdefault(where, at)

    def turn(self, now: int) -> None:
        """Forget what is older than the window, and end floods."""
        for where, times in self._announced.items():
            while times and now - times[0] >= WINDOW_NS:
                times.popleft()
            if len(times) < ENDS:
                self._since.pop(where, None)

    def on(self, enterprise: str) -> bool:
        """Whether its position is flooded."""
        return self.position(enterprise) in self._since

    def now(self) -> list[Flood]:
        """The floods that are on."""
        return [Flood(where, since, len(self._announced[where])) for where, since in sorted(self._since.items())]


def recalled(position: Position, recent: Iterable[AlarmEvent]) -> Floods:
    """Floods as the newest lines of the journal, in order of `seq`, left them."""
    floods = Floods(position)
    for event in recent:
        if Effect.ANNOUNCE in event.effects:
            floods.announce(event.alarm.enterprise, event.noted)
    return floods


@dataclass(frozen=True, slots=True)
class Grouping:
    """What a flood makes of an alarm that is to be announced: `alarm` with its incident, whether it is announced all
    the same, and the alarms that become part of the incident with it."""

    alarm: Alarm
    announced: bool
    grouped: Sequence[Alarm] = ()


def grouped(alarm: Alarm, others: Sequence[Alarm]) -> Grouping:
    """Fold an alarm into the incident of its source; `others` are the open alarms there, but for itself.

    Red is announced, and whatever is worse than all that the incident has announced.
    """
    near = [other for other in others if abs(other.raised_at - alarm.raised_at) < WINDOW_NS and not other.suppressions]
    if alarm.incident:
        members = [other for other in others if other.incident == alarm.incident]
        folded = alarm.folded and foldable(alarm, members)
        return Grouping(replace(alarm, folded=folded), not folded)
    if not near:
        return Grouping(alarm, announced=True)
    of_incident = [other for other in near if other.incident]
    if of_incident:
        incident = max(of_incident, key=lambda other: (other.raised_at, other.id)).incident
    else:
        incident = min(near, key=lambda other: (other.raised_at, other.id)).id
    joining = [
        replace(other, incident=incident, folded=other.id != incident and other.tier < Tier.RED)
        for other in near
        if not other.incident
    ]
    members = [other for other in others if other.incident == incident] + joining
    folded = foldable(alarm, members)
    return Grouping(replace(alarm, incident=incident, folded=folded), not folded, joining)


def foldable(alarm: Alarm, members: Sequence[Alarm]) -> bool:
    """Whether it says nothing worse than what the incident has announced, and is not red."""
    return alarm.tier < Tier.RED and alarm.tier <= max((member.worst for member in members), default=Tier.NONE)


def incidents(alarms: Sequence[Alarm], first: Callable[[str], Alarm | None]) -> list[Incident]:
    """The incidents of open alarms, worst first; `first` looks up an alarm by its id, open or not."""
    members: dict[str, list[Alarm]] = {}
    for alarm in alarms:
        if alarm.incident:
            members.setdefault(alarm.incident, []).append(alarm)
    found = [
        Incident(key, head, tuple(sorted(of, key=lambda alarm: (-alarm.tier, alarm.id))))
        for key, of in members.items()
        if (head := first(key)) is not None
    ]
    return sorted(found, key=lambda incident: (-max(alarm.tier for alarm in incident.members), incident.id))
