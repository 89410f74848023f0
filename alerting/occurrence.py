"""One occurrence of a condition at a point, and what a transition makes of it; nothing here remembers anything."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from alerting.hold import NOT_HELD, Hold, found, kept, pack, unpack
from alerting.state import Event, after
from alerting.text import sentence
from ganzhi.clock import NS_PER_S
from ganzhi.records import Alarm, AlarmState, Catalogue, Change, Rule, Text, Tier, Transition, Unit

GONE = -1
"""The point of an alarm whose point is not in the present catalogue."""

Key = tuple[str, str]
"""A condition and the id of the point it is about."""


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
    def orphan(self) -> bool:
        """Whether it has a tier that no rule in force holds: nothing but a person can end it."""
        return self.alarm.tier > Tier.NONE and all(hold.tier == Tier.NONE for hold in self.holds.values())


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
        return rule.condition or rule.id, self.catalogue.points[transition.point].id

    def holder(self, holds: Mapping[str, Hold]) -> str:
        """The rule that holds the worst tier; of several, the one that comes first among the rules."""
        return min(holds, key=lambda rule: (-holds[rule].tier, self._order[rule]))

    def restored(self, alarm: Alarm) -> Occurrence:
        """An alarm out of the journal: its point by the present index, and the holds of rules still in force."""
        point = self.catalogue.index.get(alarm.subject, GONE)
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
            subject=point.id,
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
    before: Occurrence | None, transition: Transition, site: Site, new_id: Callable[[], str]
) -> tuple[Occurrence, Change] | None:
    """The occurrence after a transition; None where it says nothing new.

    A rule's transitions for a point come in rising time; one that does not is an old one told again.
    """
    rule = site.rules[transition.rule]
    held = NOT_HELD if before is None else before.holds.get(rule.id, NOT_HELD)
    if transition.new == held.tier or transition.time <= held.time:
        return None
    holds = {**(before.holds if before else {}), rule.id: found(transition)}
    tier = max(hold.tier for hold in holds.values())
    change, event = _movement(before.alarm.tier if before else Tier.NONE, tier)
    occurrence = before
    if occurrence is None or change == Change.RAISED:
        occurrence = _raised(before, transition, site, new_id)
    latch = occurrence.latch or (rule.latch and transition.new > Tier.NONE)
    alarm = occurrence.alarm
    state = alarm.state if event is None else after(alarm.state, event, latch=latch)
    if change in (Change.RAISED, Change.WORSENED):
        alarm = replace(alarm, acknowledged_at=None, acknowledged_by="", comment="")
    holder = site.holder(holds) if tier else rule.id
    holding = [hold for hold in holds.values() if hold.tier]
    remembered = {rule_id: kept(hold) for rule_id, hold in holds.items()}
    alarm = replace(
        site.told(alarm, holder, holds[holder]),
        state=state,
        tier=tier,
        worst=max(alarm.worst, tier),
        changed_at=transition.time,
        cleared_at=None if tier else transition.time,
        simulated=all(hold.simulated for hold in holding) if tier else alarm.simulated,
        evidence={**holds[holder].figures, **pack(remembered, latch=latch, since=alarm.raised_at)},
    )
    return Occurrence(alarm, remembered, latch), change


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


def _raised(before: Occurrence | None, transition: Transition, site: Site, new_id: Callable[[], str]) -> Occurrence:
    if before is not None and (before.open or _soon(before.alarm, transition, site.rules[transition.rule])):
        alarm = replace(before.alarm, raised_at=transition.time)
        return Occurrence(alarm, before.holds, before.latch and before.open)
    return Occurrence(site.begun(transition, new_id()), {}, False)


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
