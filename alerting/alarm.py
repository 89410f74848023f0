"""The single writer of alarms: transitions and people's actions in, lines of the journal out."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from alerting import action
from alerting.action import Act
from alerting.design import Design
from alerting.draft import Draft, Late, Said
from alerting.flood import incidents, recalled
from alerting.journal import Journal
from alerting.occurrence import ABOUT, GONE, Key, Occurrence, Site, follow, late, retold
from alerting.policy import Policy
from ganzhi.clock import Clock
from ganzhi.errors import Refused
from ganzhi.records import (
    EVENT,
    Alarm,
    AlarmEvent,
    Catalogue,
    Change,
    Flood,
    Incident,
    Rule,
    Tier,
    Transition,
)

LATE_REMEMBERED = 65_536
"""Retrospective transitions remembered, so that one told again is not listed twice; the oldest are forgotten."""
EVENTS_REMEMBERED = 16_384
"""External events remembered after they ended, so that one told again is no second alarm; the oldest are forgotten."""
PLAIN = Policy()


@dataclass(frozen=True, slots=True)
class Bulk:
    """What became of several alarms: lines written, and (id, why) of those that were refused."""

    events: list[AlarmEvent]
    refused: list[tuple[str, Refused]]


class Alarms:
    """Every alarm of the site: one for one condition at one subject, and nobody else changes it.

    Methods may be called from any thread. Lines are written to the journal before they are returned; when it is
    Unavailable nothing has changed and the call can be repeated. Reading never waits for the journal.

    recent      the newest lines of the journal, in any order: what has ended since but may come back (`repeat_s`) or be
                told again by a replay. Open and suppressed alarms come from the journal itself
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
        policy: Policy = PLAIN,
    ) -> None:
        self._site = Site(catalogue=catalogue, rules=rules, zone=zone)
        self._design = Design(self._site, works=policy.works, read=policy.read)
        self._policy = policy
        self._journal = journal
        self._clock = clock
        self._writing = threading.Lock()
        self._reading = threading.Lock()
        self._seq = journal.last_seq()
        self._noted = max([last_noted, *(event.noted for event in recent)])
        self._occurrences: dict[Key, Occurrence] = {}
        self._keys: dict[str, Key] = {}
        self._active: dict[Key, Alarm] = {}
        self._falling: set[Key] = set()
        self._late: dict[Late, None] = {}
        self._ended_events: dict[Key, None] = {}
        self.repeats = 0
        in_order = sorted(recent, key=lambda event: event.seq)
        self._floods = recalled(policy.position, in_order)
        for event in in_order:
            if event.change == Change.RETROSPECTIVE:
                self._late[_late_of(event.alarm)] = None
            else:
                self._remember(_key_of(event.alarm), self._site.restored(event.alarm))
        for alarm in sorted(journal.open_alarms(), key=lambda alarm: alarm.id):
            self._remember(_key_of(alarm), self._site.restored(alarm))

    def apply(self, transitions: Sequence[Transition]) -> list[AlarmEvent]:
        """What transitions change, in their order of time, as lines already in the journal. Raises Unavailable."""
        with self._writing:
            draft = self._draft()
            repeats = 0
            for transition in sorted(transitions, key=self._site.turn):
                judge = self._judge_late if transition.retrospective else self._judge
                repeats += not judge(transition, draft)
            self._commit(draft)
            self.repeats += repeats
            return draft.events

    def tick(self) -> list[AlarmEvent]:
        """What time alone changes: shelves that are over, falls that were held back, suppression by design, floods.

        Raises Unavailable; what is due is done by the next call then, once.
        """
        with self._writing:
            draft = self._draft()
            for key in list(self._active):
                draft.look_at(key)
            self._commit(draft)
            if not draft.events:
                with self._reading:
                    self._floods = draft.floods
            return draft.events

    def overdue(self) -> list[Transition]:
        """Held-back falls that are due by the readings taken in so far, for the next `apply`.

        To be asked before a block is taken in: what is found then depends on the readings alone, not on how they are
        cut into blocks, or on when they are read.
        """
        with self._reading:
            falling = [self._occurrences[key] for key in self._falling]
        read = self._policy.read
        told_again = (retold(each) for each in falling)
        return [found for found in told_again if found is not None and read(found.point)[0] >= found.time]

    def acknowledge(self, alarm_id: str, actor: str, comment: str = "", *, seq: int | None = None) -> AlarmEvent:
        """A person has seen an alarm; `seq`: the last line that they have seen. Raises Refused, Unavailable.

        An alarm that no rule in force holds any longer (its rule or point was withdrawn) is ended by it: CLEARED.
        """
        done = self.acknowledge_all([alarm_id], seq, actor, comment)
        for _, refused in done.refused:
            raise refused
        return done.events[0]

    def acknowledge_all(self, ids: Sequence[str], seq: int | None, actor: str, comment: str = "") -> Bulk:
        """A person has seen these alarms, and every line up to `seq`: those that have changed since are refused.

        Raises Refused where there is no name, Unavailable.
        """
        actor, comment = action.person(actor), comment.strip()
        act = action.acknowledge(actor, comment, zone=self._site.zone, comment_from=self._policy.comment_from)
        refused: list[tuple[str, Refused]] = []
        with self._writing:
            draft = self._draft()
            for alarm_id in dict.fromkeys(ids):
                try:
                    self._do(draft, alarm_id, act, (actor, comment), seq)
                except Refused as why:
                    refused.append((alarm_id, why))
            self._commit(draft)
        self._policy.tell(draft.events)
        return Bulk([event for event in draft.events if event.actor], refused)

    def reset(self, alarm_id: str, actor: str, comment: str = "") -> AlarmEvent:
        """A person ends an alarm that is latched and acknowledged. Raises Refused, Unavailable."""
        return self._by_person(alarm_id, action.reset, actor, comment)

    def shelve(self, alarm_id: str, actor: str, reason: str, minutes: float | None) -> AlarmEvent:
        """A person does not want to be told of it for so long; None: until it clears. Raises Refused, Unavailable."""
        actor, reason = action.person(actor), action.reason(reason)
        act = action.shelve(actor, reason, minutes, most_s=self._policy.shelve_most_s)
        return self._by_person(alarm_id, act, actor, reason)

    def unshelve(self, alarm_id: str, actor: str, comment: str = "") -> AlarmEvent:
        """A person wants to be told of it again. Raises Refused, Unavailable."""
        return self._by_person(alarm_id, action.unshelve, actor, comment)

    def take_out(self, alarm_id: str, actor: str, reason: str) -> AlarmEvent:
        """A person takes an alarm out of service. Raises Refused, Unavailable."""
        actor, reason = action.person(actor), action.reason(reason)
        return self._by_person(alarm_id, action.take_out(actor, reason), actor, reason)

    def take_out_condition(self, rule_id: str, point_id: str, actor: str, reason: str) -> AlarmEvent:
        """The same for a condition that need not have an alarm. Raises Refused, Unavailable."""
        actor, reason = action.person(actor), action.reason(reason)
        rule, point = self._site.rules.get(rule_id), self._site.catalogue.index.get(point_id, GONE)
        if rule is None or point not in rule.subjects.tolist():
            zh, en = f"规则 {rule_id} 不监测 {point_id}。", f"There is no rule {rule_id} that watches {point_id}."
            raise Refused(zh, en, missing=True)
        with self._writing:
            draft = self._draft()
            nothing = Transition(rule_id, point, draft.now, Tier.NONE, Tier.NONE, math.nan, math.nan, math.nan)
            key = self._site.key(nothing)
            before = self._occurrences.get(key) or Occurrence(self._site.begun(nothing, draft.new_id()), {}, False)
            draft.tell(key, action.take_out(actor, reason)(before, draft.noted + 1), (actor, reason))
            self._commit(draft)
        return self._their_line(draft)

    def put_back(self, alarm_id: str, actor: str, comment: str = "") -> AlarmEvent:
        """A person puts an alarm back in service. Raises Refused, Unavailable."""
        return self._by_person(alarm_id, action.put_back, actor, comment)

    def close(self, alarm_id: str, actor: str, comment: str) -> AlarmEvent:
        """A person says that an external event is over. Raises Refused, Unavailable."""
        actor, comment = action.person(actor), action.reason(comment)
        with self._writing:
            key, before = self._find(alarm_id)
            alarm = before.alarm
            rule = self._site.rules.get(alarm.rule)
            if rule is None or rule.kind != EVENT or alarm.tier == Tier.NONE or rule.id not in before.holds:
                raise Refused(
                    "只有未结束的外部事件可以关闭。", "Only an external event that is not over can be closed."
                )
            draft = self._draft()
            over = Transition(
                rule=rule.id,
                point=alarm.point,
                time=max(draft.now, before.holds[rule.id].time + 1),
                old=alarm.tier,
                new=Tier.NONE,
                score=math.nan,
                limit=math.nan,
                value=math.nan,
                simulated=alarm.simulated,
            )
            moved = follow(before, over, self._site, draft.new_id, draft.now)
            assert moved is not None
            draft.tell(key, moved, (actor, comment))
            self._commit(draft)
        return self._their_line(draft)

    def active(self) -> list[Alarm]:
        """Every alarm not yet normal, suppressed or not: worst first, of one tier those that wait for acknowledgement,
        then the newest."""
        return sorted((alarm for alarm in self._listed() if _open(alarm)), key=_worst_first)

    def annunciated(self) -> list[Alarm]:
        """Those of `active` that nothing suppresses, in that order."""
        return [alarm for alarm in self.active() if not alarm.suppressions]

    def suppressed(self) -> list[Alarm]:
        """What is suppressed now, open or not, in the same order."""
        return sorted((alarm for alarm in self._listed() if alarm.suppressions), key=_worst_first)

    def floods(self) -> list[Flood]:
        """Positions at which there is a flood."""
        with self._reading:
            return self._floods.now()

    def incidents(self, ended: Callable[[str], Alarm | None] = lambda alarm_id: None) -> list[Incident]:
        """The incidents of what is open; `ended` looks up a first alarm that is no longer remembered."""
        return incidents(self.active(), lambda alarm_id: self.get(alarm_id) or ended(alarm_id))

    def get(self, alarm_id: str) -> Alarm | None:
        """An alarm that is open, or the last one of its condition and point; older ones are in the journal only."""
        with self._reading:
            key = self._keys.get(alarm_id)
            return None if key is None else self._occurrences[key].alarm

    def held(self) -> dict[tuple[str, int], Tier]:
        """The tiers that rules in force hold now, by rule and point: what a detector without a memory starts from."""
        with self._reading:
            open_ = [self._occurrences[key] for key in self._active if ABOUT not in key[1]]
        return {
            (rule, occurrence.alarm.point): hold.tier
            for occurrence in open_
            if occurrence.alarm.point != GONE
            for rule, hold in occurrence.holds.items()
            if hold.tier
        }

    def _listed(self) -> list[Alarm]:
        with self._reading:
            return list(self._active.values())

    def _draft(self) -> Draft:
        now = self._clock()
        return Draft(
            seq=self._seq,
            now=now,
            noted=max(now - 1, self._noted),
            site=self._site,
            design=self._design,
            known=self._occurrences,
            open=self._active,
            floods=self._floods,
        )

    def _judge(self, transition: Transition, draft: Draft) -> bool:
        key = self._site.key(transition)
        fell = draft.fall(key, transition.time)
        moved = follow(draft.find(key), transition, self._site, draft.new_id, draft.now)
        if moved is None:
            return fell
        draft.tell(key, moved)
        return True

    def _judge_late(self, transition: Transition, draft: Draft) -> bool:
        key = transition.rule, self._site.subject(transition), transition.time
        if transition.new == Tier.NONE or key in self._late or key in draft.late:
            return False
        draft.late[key] = None
        draft.list_late(late(transition, self._site, draft.new_id()))
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

    def _by_person(self, alarm_id: str, act: Act, actor: str, comment: str) -> AlarmEvent:
        actor = action.person(actor)
        with self._writing:
            draft = self._draft()
            self._do(draft, alarm_id, act, (actor, comment.strip()), None)
            self._commit(draft)
        return self._their_line(draft)

    def _their_line(self, draft: Draft) -> AlarmEvent:
        self._policy.tell(draft.events)
        return next(event for event in draft.events if event.actor)

    def _do(self, draft: Draft, alarm_id: str, act: Act, said: Said, seq: int | None) -> None:
        key, _ = self._find(alarm_id)
        before = draft.find(key)
        assert before is not None
        if seq is not None and before.alarm.seq > seq:
            zh = "该报警在您看到之后又有变化,请查看后再确认。"
            raise Refused(zh, "The alarm has changed since you saw it; look at it again.")
        draft.tell(key, act(before, draft.noted + 1), said)

    def _commit(self, draft: Draft) -> None:
        if not draft.events:
            return
        self._journal.write(draft.events)
        self._seq, self._noted = draft.seq, draft.noted
        self._late |= draft.late
        while len(self._late) > LATE_REMEMBERED:
            del self._late[next(iter(self._late))]
        with self._reading:
            self._floods = draft.floods
            for key, occurrence in draft.changed.items():
                self._remember(key, occurrence)

    def _remember(self, key: Key, occurrence: Occurrence) -> None:
        before = self._occurrences.get(key)
        if before is not None and before.alarm.id != occurrence.alarm.id:
            self._keys.pop(before.alarm.id, None)
        self._occurrences[key] = occurrence
        self._keys[occurrence.alarm.id] = key
        (self._falling.discard if occurrence.alarm.falls_at is None else self._falling.add)(key)
        if occurrence.open or occurrence.alarm.suppressions:
            self._active[key] = occurrence.alarm
            return
        self._active.pop(key, None)
        if ABOUT in key[1]:
            self._forget_events(key)

    def _forget_events(self, key: Key) -> None:
        self._ended_events[key] = None
        while len(self._ended_events) > EVENTS_REMEMBERED:
            oldest = next(iter(self._ended_events))
            del self._ended_events[oldest]
            if oldest not in self._active and (gone := self._occurrences.pop(oldest, None)) is not None:
                self._keys.pop(gone.alarm.id, None)


def _open(alarm: Alarm) -> bool:
    return Occurrence(alarm, {}, False).open


def _worst_first(alarm: Alarm) -> tuple[int, bool, int, str]:
    return -alarm.tier, alarm.acknowledged_at is not None, -alarm.raised_at, alarm.id


def _key_of(alarm: Alarm) -> Key:
    return alarm.condition, alarm.subject


def _late_of(alarm: Alarm) -> Late:
    return alarm.rule, alarm.subject, alarm.raised_at
