"""Lines of the journal that are not written yet: what each change asks to be told, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

from alerting.design import Cause, Design
from alerting.flood import Floods, grouped
from alerting.occurrence import Key, Moved, Occurrence, Site, settle
from alerting.state import Effects, Move, told
from alerting.suppression import DESIGN, SHELF, find, released, settled, shelf_over, suppressed, without
from ganzhi.clock import local_text
from ganzhi.records import Alarm, AlarmEvent, Change, Effect, Suppression, Text, Tier

Late = tuple[str, str, int]
"""Rule, subject and time of a retrospective transition."""
Said = tuple[str, str]
"""Who, and their comment or reason."""
NOBODY: Said = ("", "")


class Draft:
    """One call's changes over what is remembered; nothing is remembered before they are written.

    now     our clock when the call began, UTC ns
    known   what is remembered; `open`: the keys of it that are open or suppressed
    """

    def __init__(
        self,
        *,
        seq: int,
        now: int,
        noted: int,
        site: Site,
        design: Design,
        known: Mapping[Key, Occurrence],
        open: Iterable[Key],
        floods: Floods,
    ) -> None:
        self.seq = seq
        self.now = now
        self.noted = noted
        self.events: list[AlarmEvent] = []
        self.changed: dict[Key, Occurrence] = {}
        self.late: dict[Late, None] = {}
        self.floods = floods.copy()
        self.floods.turn(now)
        self._site = site
        self._design = design
        self._known = known
        self._open = open

    @property
    def zone(self) -> ZoneInfo:
        """The site's."""
        return self._site.zone

    def find(self, key: Key) -> Occurrence | None:
        """An occurrence as it stands in this draft."""
        return self.changed.get(key) or self._known.get(key)

    def new_id(self) -> str:
        """Day at the site and seq of the line that begins the alarm: unique, and in order of time."""
        return f"{local_text(self.noted + 1, self.zone)[:10].replace('-', '')}-{self.seq + 1:06d}"

    def tell(self, key: Key, moved: Moved, said: Said = NOBODY) -> None:
        """A line about a change, and those that follow from it at once."""
        alarm = settled(moved.occurrence.alarm)
        if moved.change == Change.RAISED:
            alarm = self._as_designed(alarm)
        effects = told(moved.effects, alarm.state, suppressed=bool(alarm.suppressions))
        if Effect.ANNOUNCE in effects:
            alarm, effects = self._in_flood(key, alarm, effects)
        alarm = replace(alarm, told=alarm.told or bool({Effect.ANNOUNCE, Effect.FOLD} & set(effects)))
        self._put(key, Moved(replace(moved.occurrence, alarm=alarm), moved.change, effects), said)
        if Effect.ANNOUNCE in effects:
            self.floods.announce(alarm.enterprise, self.noted)
        self.look_at(key)

    def look_at(self, key: Key) -> None:
        """What the clock, or what suppresses, makes of an alarm by now."""
        occurrence = self.find(key)
        assert occurrence is not None
        falls_by = occurrence.alarm.falls_by
        if falls_by is not None and falls_by <= self.now:
            self.tell(key, settle(occurrence, self._site))
        elif (over := shelf_over(occurrence.alarm, self.now)) is not None:
            alarm, effects = released(occurrence.alarm, over[0], SHELF)
            self._machine(key, Moved(replace(occurrence, alarm=alarm), Change.UNSHELVED, effects), over[1])
        elif occurrence.open:
            self._review(key, occurrence)

    def fall(self, key: Key, at: int) -> bool:
        """Let a fall that was held back take effect where it is due at that moment of the sensor's clock."""
        occurrence = self.find(key)
        if occurrence is None or occurrence.alarm.falls_at is None or occurrence.alarm.falls_at > at:
            return False
        self.tell(key, settle(occurrence, self._site))
        return True

    def list_late(self, alarm: Alarm) -> None:
        """A line about an alarm that was found too late to be sounded."""
        self._add(alarm, Change.RETROSPECTIVE, Tier.NONE, (), NOBODY)

    def _review(self, key: Key, occurrence: Occurrence) -> None:
        before = find(occurrence.alarm, DESIGN)
        cause = self._cause(occurrence.alarm)
        if cause is None and before is not None:
            alarm, effects = released(occurrence.alarm, Move.RELEASE, DESIGN)
            self._machine(key, Moved(replace(occurrence, alarm=alarm), Change.RELEASED, effects), before.reason)
        elif cause is not None and (before is None or before.cause != cause.code):
            alarm, effects = suppressed(occurrence.alarm, Move.SUPPRESS, self._suppression(cause))
            self._machine(key, Moved(replace(occurrence, alarm=alarm), Change.SUPPRESSED, effects), cause.reason)

    def _machine(self, key: Key, moved: Moved, why: Text) -> None:
        alarm = replace(moved.occurrence.alarm, changed_at=max(self.now, self.noted + 1))
        occurrence = replace(moved.occurrence, alarm=alarm)
        self.tell(key, replace(moved, occurrence=occurrence), ("", f"{why.zh}({why.en})"))

    def _as_designed(self, alarm: Alarm) -> Alarm:
        """An alarm that begins is suppressed from its first line, or not at all."""
        cause, alarm = self._cause(alarm), without(alarm, DESIGN)
        if cause is None:
            return alarm
        return replace(alarm, suppressions=(*alarm.suppressions, self._suppression(cause)))

    def _suppression(self, cause: Cause) -> Suppression:
        return Suppression(DESIGN, self.now, cause.reason, cause=cause.code)

    def _cause(self, alarm: Alarm) -> Cause | None:
        return self._design.cause(alarm, self._held, self.now)

    def _held(self, rule_id: str, subject: str) -> Tier:
        rule = self._site.rules[rule_id]
        occurrence = self.find((rule.condition or rule.id, subject))
        hold = None if occurrence is None else occurrence.holds.get(rule_id)
        return Tier.NONE if hold is None else hold.tier

    def _in_flood(self, key: Key, alarm: Alarm, effects: Effects) -> tuple[Alarm, Effects]:
        if not self.floods.on(alarm.enterprise):
            return replace(alarm, folded=False), effects
        found = grouped(alarm, self._beside(key, alarm.source))
        for other in found.grouped:
            other_key = other.condition, other.subject
            occurrence = self.find(other_key)
            assert occurrence is not None
            other_now = replace(other, changed_at=self.noted + 1)
            self._put(other_key, Moved(replace(occurrence, alarm=other_now), Change.GROUPED, ()), NOBODY)
        if found.announced:
            return found.alarm, effects
        return found.alarm, tuple(Effect.FOLD if each == Effect.ANNOUNCE else each for each in effects)

    def _beside(self, key: Key, source: str) -> list[Alarm]:
        """The other open alarms of a source."""
        keys = dict.fromkeys([*self._open, *self.changed])
        found = [occurrence for other in keys if other != key and (occurrence := self.find(other)) is not None]
        return [each.alarm for each in found if each.open and each.alarm.source == source]

    def _put(self, key: Key, moved: Moved, said: Said) -> None:
        before = self.find(key)
        tier = Tier.NONE if before is None else before.alarm.tier
        event = self._add(moved.occurrence.alarm, moved.change, tier, moved.effects, said)
        self.changed[key] = replace(moved.occurrence, alarm=event.alarm)

    def _add(self, alarm: Alarm, change: Change, before: Tier, effects: Effects, said: Said) -> AlarmEvent:
        self.seq += 1
        self.noted += 1
        alarm = replace(alarm, seq=self.seq)
        event = AlarmEvent(self.seq, alarm.changed_at, self.noted, change, before, alarm, *said, effects)
        self.events.append(event)
        return event
