"""The single writer of alarms: transitions and people's actions in, lines of the journal out."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from alerting.journal import Journal
from alerting.occurrence import GONE, Key, Occurrence, Site, follow, late
from alerting.state import RETURNED, Event, after
from ganzhi.clock import Clock, local_text
from ganzhi.errors import Refused
from ganzhi.records import Alarm, AlarmEvent, AlarmState, Catalogue, Change, Rule, Tier, Transition

LATE_REMEMBERED = 65_536
"""Retrospective transitions remembered, so that one told again is not listed twice; the oldest are forgotten."""

Late = tuple[str, str, int]
"""Rule, point id and time of a retrospective transition."""


@dataclass(slots=True)
class _Lines:
    """Lines of the journal that are not written yet, and what will be remembered once they are."""

    seq: int
    noted: int
    zone: ZoneInfo
    events: list[AlarmEvent] = field(default_factory=list)
    occurrences: dict[Key, Occurrence] = field(default_factory=dict)
    late: dict[Late, None] = field(default_factory=dict)

    def new_id(self) -> str:
        """Day at the site and seq of the line that begins the alarm: unique, and in order of time."""
        return f"{local_text(self.noted + 1, self.zone)[:10].replace('-', '')}-{self.seq + 1:06d}"

    def add(self, alarm: Alarm, change: Change, before: Tier, actor: str = "", comment: str = "") -> AlarmEvent:
        self.seq += 1
        self.noted += 1
        event = AlarmEvent(self.seq, alarm.changed_at, self.noted, change, before, alarm, actor, comment)
        self.events.append(event)
        return event


class Alarms:
    """Every alarm of the site: one for one condition at one point, and nobody else changes it.

    Methods may be called from any thread. Lines are written to the journal before they are returned; when it is
    Unavailable nothing has changed and the call can be repeated. Reading never waits for the journal.

    recent      the newest lines of the journal, in any order: what has ended since but may come back (`repeat_s`) or be
                told again by a replay. Open alarms come from the journal itself
    last_noted  the last line's `noted`, where `recent` does not hold that line
    repeats     transitions that said nothing new; rises in a replay after a restart, and hardly otherwise
    """

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        rules: Sequence[Rule],
        journal: Journal,
        clock: Clock,
        zone: ZoneInfo,
        last_noted: int = 0,
        recent: Sequence[AlarmEvent] = (),
    ) -> None:
        self._site = Site(catalogue=catalogue, rules=rules, zone=zone)
        self._journal = journal
        self._clock = clock
        self._zone = zone
        self._writing = threading.Lock()
        self._reading = threading.Lock()
        self._seq = journal.last_seq()
        self._noted = max([last_noted, *(event.noted for event in recent)])
        self._occurrences: dict[Key, Occurrence] = {}
        self._keys: dict[str, Key] = {}
        self._active: dict[Key, Alarm] = {}
        self._late: dict[Late, None] = {}
        self.repeats = 0
        for event in sorted(recent, key=lambda event: event.seq):
            if event.change == Change.RETROSPECTIVE:
                self._late[_late_of(event.alarm)] = None
            else:
                self._remember(_key_of(event.alarm), self._site.restored(event.alarm))
        for alarm in sorted(journal.open_alarms(), key=lambda alarm: alarm.id):
            self._remember(_key_of(alarm), self._site.restored(alarm))

    def apply(self, transitions: Sequence[Transition]) -> list[AlarmEvent]:
        """What transitions change, in their order of time, as lines already in the journal. Raises Unavailable."""
        with self._writing:
            lines = self._lines()
            repeats = 0
            for transition in sorted(transitions, key=lambda transition: transition.time):
                judge = self._judge_late if transition.retrospective else self._judge
                repeats += not judge(transition, lines)
            self._commit(lines)
            self.repeats += repeats
            return lines.events

    def acknowledge(self, alarm_id: str, actor: str, comment: str = "") -> AlarmEvent:
        """A person has seen an alarm. Raises Refused, Unavailable.

        An alarm that no rule in force holds any longer (its rule or point was withdrawn) is ended by it: CLEARED.
        """
        with self._writing:
            actor = _person(actor)
            key, occurrence = self._find(alarm_id)
            alarm = occurrence.alarm
            if alarm.acknowledged_at is not None and not occurrence.orphan:
                when = local_text(alarm.acknowledged_at, self._zone)
                raise Refused(
                    f"该报警已由{alarm.acknowledged_by}于 {when} 确认。",
                    f"The alarm was already acknowledged by {alarm.acknowledged_by} at {when}.",
                )
            lines = self._lines()
            now = lines.noted + 1
            change = Change.ACKNOWLEDGED
            known = replace(alarm, changed_at=now, acknowledged_at=now, acknowledged_by=actor, comment=comment)
            if occurrence.orphan:
                change = Change.CLEARED
                known = replace(known, state=_ended(alarm.state), tier=Tier.NONE, cleared_at=now)
            else:
                known = replace(known, state=after(alarm.state, Event.ACKNOWLEDGE))
            return self._by_person(lines, key, replace(occurrence, alarm=known), change, actor=actor, comment=comment)

    def reset(self, alarm_id: str, actor: str, comment: str = "") -> AlarmEvent:
        """A person ends an alarm that is latched and acknowledged. Raises Refused, Unavailable."""
        with self._writing:
            actor = _person(actor)
            key, occurrence = self._find(alarm_id)
            lines = self._lines()
            state = after(occurrence.alarm.state, Event.RESET)
            alarm = replace(occurrence.alarm, state=state, changed_at=lines.noted + 1)
            return self._by_person(
                lines, key, replace(occurrence, alarm=alarm), Change.RESET, actor=actor, comment=comment
            )

    def active(self) -> list[Alarm]:
        """Every alarm not yet normal: worst first, of one tier those that wait for acknowledgement, then the newest."""
        with self._reading:
            alarms = list(self._active.values())
        return sorted(alarms, key=lambda a: (-a.tier, a.acknowledged_at is not None, -a.raised_at, a.id))

    def get(self, alarm_id: str) -> Alarm | None:
        """An alarm that is open, or the last one of its condition and point; older ones are in the journal only."""
        with self._reading:
            key = self._keys.get(alarm_id)
            return None if key is None else self._occurrences[key].alarm

    def held(self) -> dict[tuple[str, int], Tier]:
        """The tiers that rules in force hold now, by rule and point: what a detector without a memory starts from."""
        with self._reading:
            open_ = [self._occurrences[key] for key in self._active]
        return {
            (rule, occurrence.alarm.point): hold.tier
            for occurrence in open_
            if occurrence.alarm.point != GONE
            for rule, hold in occurrence.holds.items()
            if hold.tier
        }

    def _lines(self) -> _Lines:
        return _Lines(self._seq, max(self._clock() - 1, self._noted), self._zone)

    def _judge(self, transition: Transition, lines: _Lines) -> bool:
        key = self._site.key(transition)
        before = lines.occurrences.get(key) or self._occurrences.get(key)
        followed = follow(before, transition, self._site, lines.new_id)
        if followed is None:
            return False
        lines.occurrences[key], change = followed
        lines.add(followed[0].alarm, change, before.alarm.tier if before else Tier.NONE)
        return True

    def _judge_late(self, transition: Transition, lines: _Lines) -> bool:
        key = transition.rule, self._site.catalogue.points[transition.point].id, transition.time
        if transition.new == Tier.NONE or key in self._late or key in lines.late:
            return False
        lines.late[key] = None
        lines.add(late(transition, self._site, lines.new_id()), Change.RETROSPECTIVE, Tier.NONE)
        return True

    def _find(self, alarm_id: str) -> tuple[Key, Occurrence]:
        key = self._keys.get(alarm_id)
        if key is None:
            raise Refused(
                f"没有编号为 {alarm_id} 的报警,或它早已结束。",
                f"There is no alarm {alarm_id}, or it ended long ago.",
                missing=True,
            )
        return key, self._occurrences[key]

    def _by_person(
        self, lines: _Lines, key: Key, occurrence: Occurrence, change: Change, *, actor: str, comment: str
    ) -> AlarmEvent:
        before = self._occurrences[key].alarm.tier
        lines.occurrences[key] = occurrence
        event = lines.add(occurrence.alarm, change, before, actor, comment)
        self._commit(lines)
        return event

    def _commit(self, lines: _Lines) -> None:
        if not lines.events:
            return
        self._journal.write(lines.events)
        self._seq, self._noted = lines.seq, lines.noted
        self._late |= lines.late
        while len(self._late) > LATE_REMEMBERED:
            del self._late[next(iter(self._late))]
        with self._reading:
            for key, occurrence in lines.occurrences.items():
                self._remember(key, occurrence)

    def _remember(self, key: Key, occurrence: Occurrence) -> None:
        before = self._occurrences.get(key)
        if before is not None and before.alarm.id != occurrence.alarm.id:
            self._keys.pop(before.alarm.id, None)
        self._occurrences[key] = occurrence
        self._keys[occurrence.alarm.id] = key
        if occurrence.open:
            self._active[key] = occurrence.alarm
        else:
            self._active.pop(key, None)


def _person(actor: str) -> str:
    name = actor.strip()
    if not name:
        raise Refused("请填写姓名。", "Please give a name.")
    return name


def _ended(state: AlarmState) -> AlarmState:
    cleared = after(state, Event.CLEAR)
    return after(cleared, Event.ACKNOWLEDGE) if cleared == RETURNED else cleared


def _key_of(alarm: Alarm) -> Key:
    return alarm.condition, alarm.subject


def _late_of(alarm: Alarm) -> Late:
    return alarm.rule, alarm.subject, alarm.raised_at
