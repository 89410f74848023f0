"""One occurrence of a condition at a point, and what a transition makes of it; nothing here remembers anything."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from alerting.chatter import GRACE_NS, delay_ns, fallen, risen
from alerting.hold import NOT_HELD, Hold, finite, found, kept, pack, unpack
from alerting.state import Effects, Event, after
from alerting.text import sentence
from ganzhi.clock import NS_PER_S
from ganzhi.records import (
    EVENT,
    OFFLINE,
    Alarm,
    AlarmState,
    Catalogue,
    Change,
    Rule,
    SuppressionKind,
    Text,
    Tier,
    Transition,
    Unit,
    enterprise_as_such,
)

GONE = -1
"""The point of an alarm whose point is not in the present catalogue."""

ABOUT = "#"
"""Between a point and what one point may have several of; no id of a point holds it."""

Key = tuple[str, str]
"""A condition and what it is about: the id of a point, with what follows ABOUT where it has several."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An alarm, the tiers that rules hold in it, and whether a latching rule took part."""

    alarm: Alarm
    holds: Mapping[str, Hold]
    latch: bool

    @property
    def open(self) -> bool:
        """Whether somebody still has something to do or to watch."""
        return self.alarm.state != AlarmState.NORMAL

    @property
    def tier(self) -> Tier:
        """The worst that rules hold; that of the alarm is worse while a fall is held back."""
        return max((hold.tier for hold in self.holds.values()), default=Tier.NONE)

    @property
    def orphan(self) -> bool:
        """Whether it has a tier that no rule in force holds: nothing but a person can end it."""
        return self.alarm.tier > Tier.NONE and self.tier == Tier.NONE and self.alarm.falls_at is None


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of an occurrence, and what is to be told of it, as far as nothing suppresses it."""

    occurrence: Occurrence
    change: Change
    effects: Effects


class Site:
    """The rules and the catalogue as alarms need them."""

    def __init__(self, *, catalogue: Catalogue, rules: Sequence[Rule], zone: ZoneInfo) -> None:
        self.catalogue = catalogue
        self.zone = zone
        self.rules = {rule.id: rule for rule in rules}
        if len(self.rules) != len(rules):
            raise ValueError("two rules have one id")
        self._order = {rule.id: order for order, rule in enumerate(rules)}
        self._units = {rule.id: {unit.point: unit for unit in rule.units} for rule in rules}
        self._watched = {rule.id: frozenset(rule.subjects.tolist()) for rule in rules}

    def key(self, transition: Transition) -> Key:
        """The condition of a transition; rules without one are a condition each."""
        rule = self.rules[transition.rule]
        return rule.condition or rule.id, self.subject(transition)

    def subject(self, transition: Transition) -> str:
        """What a transition is about."""
        point = self.catalogue.points[transition.point].id
        return f"{point}{ABOUT}{transition.about}" if transition.about else point

    def turn(self, transition: Transition) -> tuple[int, int]:
        """When a transition is taken: by its time, but a wider silence before those that it suppresses."""
        if self.rules[transition.rule].kind != OFFLINE:
            return 2, transition.time
        point = self.catalogue.points[transition.point]
        return int(point.id != enterprise_as_such(point.enterprise)), transition.time

    def holder(self, holds: Mapping[str, Hold]) -> str:
        """The rule that holds the worst tier; of several, the one that comes first among the rules."""
        return min(holds, key=lambda rule: (-holds[rule].tier, self._order[rule]))

    def restored(self, alarm: Alarm) -> Occurrence:
        """An alarm out of the journal: its point by the present index, and the holds of rules still in force."""
        point = self.catalogue.index.get(alarm.subject.partition(ABOUT)[0], GONE)
        holds, latch = unpack(alarm)
        in_force = {rule: hold for rule, hold in holds.items() if self._in_force(rule, alarm.condition, point)}
        return Occurrence(replace(alarm, point=point), in_force, latch)

    def told(self, alarm: Alarm, rule_id: str, hold: Hold, *, retrospective: bool = False) -> Alarm:
        """The alarm with the figures and texts of the rule that holds it."""
        rule, point = self.rules[rule_id], self.catalogue.points[alarm.point]
        source, unit = self.catalogue.sources[point.source], self._units[rule_id].get(alarm.point)
        return replace(
            alarm,
            rule=rule.id,
            alarm_class=rule.alarm_class,
            value=hold.value,
            score=hold.score if math.isfinite(hold.score) else math.nan,
            limit=hold.limit,
            unit=point.unit,
            score_unit=rule.unit,
            name=rule.name,
            text=sentence(
                rule,
                point,
                source,
                hold,
                self.zone,
                unit=unit.name if unit else None,
                members=self._names(rule, unit) if unit else (),
                retrospective=retrospective,
                details=alarm.details,
            ),
            advice=rule.advice,
            basis=rule.basis,
        )

    def begun(self, transition: Transition, alarm_id: str) -> Alarm:
        """A new alarm, still without state, tier and figures."""
        rule, point = self.rules[transition.rule], self.catalogue.points[transition.point]
        return Alarm(
            id=alarm_id,
            condition=rule.condition or rule.id,
            rule=rule.id,
            point=transition.point,
            subject=self.subject(transition),
            enterprise=point.enterprise,
            source=point.source,
            alarm_class=rule.alarm_class,
            state=AlarmState.NORMAL,
            tier=Tier.NONE,
            worst=Tier.NONE,
            raised_at=transition.time,
            changed_at=transition.time,
            value=math.nan,
            score=math.nan,
            limit=math.nan,
            unit=point.unit,
            score_unit=rule.unit,
            name=rule.name,
            text=Text("", ""),
            advice=rule.advice,
            basis=rule.basis,
            details=transition.details,
        )

    def _names(self, rule: Rule, unit: Unit) -> list[Text]:
        """The names of what a rule counts: the rules that it reads where they are kinds of item; otherwise the unit's
        members, by the rule that judges several points under one of them, or by the point."""
        ids = rule.options.get("rules")
        read = [self.rules[id_] for id_ in ids] if isinstance(ids, tuple) else []
        if rule.options.get("items"):
            return [each.name for each in read]
        groups = [each for each in read if each.units]
        names = []
        for index in unit.members.tolist():
            point = self.catalogue.points[index]
            named = next((group.name for group in groups if index in self._units[group.id]), None)
            names.append(named or Text(point.name or point.tag, point.tag))
        return names

    def _in_force(self, rule_id: str, condition: str, point: int) -> bool:
        rule = self.rules.get(rule_id)
        return rule is not None and (rule.condition or rule.id) == condition and point in self._watched[rule_id]


def follow(
    before: Occurrence | None, transition: Transition, site: Site, new_id: Callable[[], str], now: int
) -> Moved | None:
    """The occurrence after a transition; None where it says nothing new.

    A rule's transitions for a point come in rising time; one that does not is an old one told again. A fall of the
    colour is held back while the alarm chatters; `now` is our clock (see `settle`).
    """
    rule = site.rules[transition.rule]
    held = NOT_HELD if before is None else before.holds.get(rule.id, NOT_HELD)
    if transition.new == held.tier or transition.time <= held.time or (rule.kind == EVENT and _is_over(held)):
        return None
    holds = {**(before.holds if before else {}), rule.id: found(transition)}
    shown, tier = before.alarm.tier if before else Tier.NONE, max(hold.tier for hold in holds.values())
    occurrence = before
    if occurrence is None or shown == Tier.NONE:
        occurrence = _raised(before, transition, site, new_id)
    latch = occurrence.latch or (rule.latch and transition.new > Tier.NONE)
    alarm = replace(occurrence.alarm, details={**occurrence.alarm.details, **transition.details})
    if before is not None and tier < before.tier and rule.kind != EVENT:
        alarm = replace(alarm, chatter=fallen(alarm.chatter, transition.time))
        if delay_ns(alarm.chatter):
            delay = delay_ns(alarm.chatter)
            alarm = replace(alarm, falls_at=transition.time + delay, falls_by=now + delay + GRACE_NS)
    elif before is not None and tier > before.tier:
        alarm = replace(alarm, chatter=risen(alarm.chatter))
    alarm = replace(alarm, changed_at=transition.time)
    after_it = Occurrence(alarm, holds, latch)
    if tier < shown and alarm.falls_at is not None:
        return Moved(_remembered(after_it, keep=rule.id), Change.UPDATED, ())
    return _moved(after_it, shown, tier, rule.id, site)


def settle(before: Occurrence, site: Site) -> Moved:
    """The occurrence after a fall that was held back takes effect: at its time, whenever that is found."""
    alarm = before.alarm
    assert alarm.falls_at is not None
    alarm = replace(alarm, changed_at=alarm.falls_at)
    return _moved(replace(before, alarm=alarm), alarm.tier, before.tier, _last(before), site)


def retold(occurrence: Occurrence) -> Transition | None:
    """What its rule said last, told again at the moment when a held-back fall is due; None where there is none."""
    alarm, last = occurrence.alarm, _last(occurrence)
    if last is None or alarm.falls_at is None:
        return None
    hold = occurrence.holds[last]
    return Transition(
        rule=last,
        point=alarm.point,
        time=alarm.falls_at,
        old=hold.tier,
        new=hold.tier,
        score=hold.score,
        limit=hold.limit,
        value=hold.value,
        about=alarm.subject.partition(ABOUT)[2],
    )


def _last(occurrence: Occurrence) -> str | None:
    return max(occurrence.holds, key=lambda rule: occurrence.holds[rule].time, default=None)


def late(transition: Transition, site: Site, alarm_id: str) -> Alarm:
    """The alarm of a transition that was found too late to be sounded: over from the start."""
    hold = found(transition)
    alarm = site.told(site.begun(transition, alarm_id), transition.rule, hold, retrospective=True)
    return replace(
        alarm,
        worst=transition.new,
        simulated=transition.simulated,
        retrospective=True,
        cleared_at=transition.time,
        evidence=hold.figures,
    )


def _is_over(held: Hold) -> bool:
    return held.tier == Tier.NONE and held.time != NOT_HELD.time


def _moved(occurrence: Occurrence, shown: Tier, tier: Tier, last: str | None, site: Site) -> Moved:
    """The alarm at its new colour, with the words of the rule that holds it, or of `last` where none does."""
    change, event = _movement(shown, tier)
    alarm, holds = occurrence.alarm, occurrence.holds
    by_design = any(each.kind == SuppressionKind.BY_DESIGN for each in alarm.suppressions)
    unheard = by_design and not alarm.told
    step = None if event is None else after(alarm.state, event, latch=occurrence.latch, unheard=unheard)
    if change in (Change.RAISED, Change.WORSENED):
        alarm = replace(alarm, acknowledged_at=None, acknowledged_by="", comment="")
    holder = site.holder(holds) if tier else last
    figures: Mapping[str, float] = {}
    if holder is not None:
        alarm, figures = site.told(alarm, holder, holds[holder]), holds[holder].figures
    ended = alarm.changed_at if last is None else holds[last].time
    holding = [hold for hold in holds.values() if hold.tier]
    alarm = replace(
        alarm,
        state=alarm.state if step is None else step.state,
        tier=tier,
        worst=max(alarm.worst, tier),
        cleared_at=None if tier else ended,
        simulated=all(hold.simulated for hold in holding) if tier else alarm.simulated,
        falls_at=None,
        falls_by=None,
        evidence=figures,
    )
    return Moved(_remembered(replace(occurrence, alarm=alarm)), change, () if step is None else step.effects)


def _remembered(occurrence: Occurrence, keep: str = "") -> Occurrence:
    """The occurrence as it is after a restart: the holds in the evidence; of what is over only when, but for `keep`,
    whose figures are still to be told."""
    alarm = occurrence.alarm
    holds = {rule: finite(hold) if rule == keep else kept(hold) for rule, hold in occurrence.holds.items()}
    figures = {name: figure for name, figure in alarm.evidence.items() if ":" not in name}
    evidence = {**figures, **pack(holds, latch=occurrence.latch, since=alarm.raised_at)}
    return replace(occurrence, alarm=replace(alarm, evidence=evidence), holds=holds)


def _raised(before: Occurrence | None, transition: Transition, site: Site, new_id: Callable[[], str]) -> Occurrence:
    if before is None:
        return Occurrence(site.begun(transition, new_id()), {}, False)
    if before.open or _soon(before.alarm, transition, site.rules[transition.rule]):
        alarm = replace(before.alarm, raised_at=transition.time, incident="", folded=False, told=False)
        return Occurrence(alarm, before.holds, before.latch and before.open)
    alarm = site.begun(transition, new_id())
    return Occurrence(replace(alarm, suppressions=before.alarm.suppressions, chatter=before.alarm.chatter), {}, False)


def _soon(alarm: Alarm, transition: Transition, rule: Rule) -> bool:
    return alarm.cleared_at is not None and transition.time - alarm.cleared_at < rule.repeat_s * NS_PER_S


def _movement(before: Tier, tier: Tier) -> tuple[Change, Event | None]:
    if before == Tier.NONE:
        return Change.RAISED, Event.RAISE
    if tier == Tier.NONE:
        return Change.CLEARED, Event.CLEAR
    if tier > before:
        return Change.WORSENED, Event.WORSEN
    if tier < before:
        return Change.EASED, Event.EASE
    return Change.UPDATED, None
