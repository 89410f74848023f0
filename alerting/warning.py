"""Warnings: proposed by rules or people, released, raised, lowered and lifted by whoever has the authority for that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from alerting.authority import Authority
from alerting.deadline import later, moved_step, passed, sooner
from alerting.register import Register, by_person, due_key, key_of, repeats, written
from alerting.text import COLOURS as NAMES
from alerting.warning_rule import Milder, milder, proposal, wanted
from alerting.warning_state import WarningAction, after
from ganzhi.clock import Clock
from ganzhi.errors import Refused
from ganzhi.handling import (
    Act,
    Deed,
    HandlingEvent,
    Person,
    PublicWarning,
    Risk,
    Scope,
    WarningPolicy,
    WarningState,
)
from ganzhi.records import Catalogue, Text, Tier

NO_WORDS = Text("请填写理由。", "Give a reason: comment is empty.")
SAME = Text(
    "该颜色的预警已在生效;如不同意变更,请驳回。", "That colour is in force already; decline the change instead."
)
NO_CHANGE = Text("请给出要签发的颜色。", "Say which colour: nothing is proposed.")
OPEN = Text("该对象已有预警 {id}。", "There is a warning about it already: {id}.")
REASONS_JOINED = 3


class Warnings:
    """The warnings of the site. May be called from any thread; every method raises Unavailable while the ledger is.

    One place has one warning at a time. Only how long a place has been calmer than its warning is kept in memory: after
    a restart that is counted anew, so a lowering is proposed later, never sooner.

    open_warnings  those in force or to be decided, out of the ledger
    """

    def __init__(
        self,
        *,
        register: Register,
        authority: Authority,
        policy: WarningPolicy,
        catalogue: Catalogue,
        clock: Clock,
        open_warnings: Callable[[], Sequence[PublicWarning]],
    ) -> None:
        self._register = register
        self._authority = authority
        self._policy = policy
        self._catalogue = catalogue
        self._clock = clock
        self._open = open_warnings
        self._calm: dict[str, Milder] = {}

    def follow(self, risks: Sequence[Risk]) -> None:
        """Propose what the rules want, now that the colours are these; one call at a time."""
        now = self._clock()
        known = {warning.topic: warning for warning in self._open()}
        for risk in risks:
            topic, colour = f"{risk.scope}:{risk.subject}", wanted(risk, self._policy)
            warning = known.get(topic)
            calm = None if warning is None else milder(self._calm.get(topic), warning, colour, now)
            if calm is None:
                self._calm.pop(topic, None)
            else:
                self._calm[topic] = calm
            if warning is None and colour == Tier.NONE:
                continue
            if warning is None or proposal(warning, colour, calm, self._policy, now) is not None:
                self._follow(topic, risk, colour)

    def propose(self, scope: Scope, subject: str, tier: Tier, deed: Deed) -> HandlingEvent:
        """A person proposes a warning about a place that has none. Raises Refused."""
        person = self._authority.identify(deed.person, deed.pin)
        place = self._place(scope, subject)
        role = self._in_range(person, place)
        key = key_of(deed, "warning")

        def decide(found: HandlingEvent | None, now: int) -> HandlingEvent:
            told = self._register.find(key or "")
            if told is not None:
                return told
            if found is not None and found.matter.open:
                if _repeated(found, WarningAction.PROPOSE, tier, deed, person):
                    return found
                raise Refused(OPEN.zh.format(id=found.matter.id), OPEN.en.format(id=found.matter.id))
            if not deed.comment:
                raise Refused(NO_WORDS.zh, NO_WORDS.en)
            said = replace(self._new(place, tier, now), reason=_said(deed), by_machine=False, simulated=False)
            line = HandlingEvent(0, now, Act.PROPOSED, Tier.NONE, replace(said, proposed_by=person.name), key=key)
            return by_person(line, deed, person, role)

        return written(self._register.change([f"{scope}:{subject}"], decide))

    def act(self, warning_id: str, action: WarningAction, deed: Deed, tier: Tier | None = None) -> HandlingEvent:
        """A person acts on a warning; `tier` of a release, None: the proposed one. Raises Refused."""
        person = self._authority.identify(deed.person, deed.pin)
        key = key_of(deed, warning_id)

        def decide(found: HandlingEvent | None, now: int) -> HandlingEvent:
            if found is None or not isinstance(warning := found.matter, PublicWarning):
                raise Refused(f"没有预警 {warning_id}。", f"There is no warning {warning_id}.", missing=True)
            if self._register.find(key or "") is not None or _repeated(found, action, tier, deed, person):
                return found
            act, changed, role = self._acted(warning, action, tier, deed, person, now=now)
            line = HandlingEvent(0, now, act, warning.tier, replace(changed, changed_at=now), key=key)
            return by_person(line, deed, person, role)

        return written(self._register.change([warning_id], decide))

    def escalate(self, id: str) -> HandlingEvent | None:
        """Let the time for a decision pass, if it has: the next office is asked, under supervision."""

        def decide(found: HandlingEvent | None, now: int) -> HandlingEvent | None:
            if found is None or not isinstance(warning := found.matter, PublicWarning):
                return None
            if warning.wake_at is None or warning.wake_at > now:
                return None
            left = passed(warning, now, self._policy.decide_s[warning.needs])
            asked = replace(
                warning,
                step=left.step,
                due_at=left.due_at,
                missed_at=left.missed_at,
                overdue=warning.overdue + 1,
                supervised_at=warning.supervised_at or now,
                changed_at=now,
            )
            return HandlingEvent(0, now, Act.ESCALATED, warning.tier, asked, key=due_key(warning))

        return self._register.change([id], decide)

    def _follow(self, topic: str, risk: Risk, colour: Tier) -> None:
        def decide(found: HandlingEvent | None, now: int) -> HandlingEvent | None:
            warning = found.matter if found is not None and isinstance(found.matter, PublicWarning) else None
            tier = proposal(warning, colour, self._calm.get(topic), self._policy, now)
            if tier is None:
                return None
            if warning is None or not warning.open:
                key = f"{topic}:after:{found.seq if found else 0}"
                fresh = replace(self._new(risk, tier, now), reason=_because(risk), simulated=risk.simulated)
                return HandlingEvent(0, now, Act.PROPOSED, Tier.NONE, fresh, key=key)
            if tier == warning.tier:
                kept = replace(warning, state=after(warning.state, WarningAction.WITHDRAW), changed_at=now)
                return HandlingEvent(0, now, Act.WITHDRAWN, warning.tier, self._settled(kept))
            changed = replace(self._proposed(warning, tier, now), reason=_because(risk), proposed_by="")
            changed = replace(changed, simulated=warning.simulated and risk.simulated)
            return HandlingEvent(0, now, Act.PROPOSED, warning.tier, changed)

        self._register.change([topic], decide)

    def _acted(
        self, warning: PublicWarning, action: WarningAction, tier: Tier | None, deed: Deed, person: Person, *, now: int
    ) -> tuple[Act, PublicWarning, str]:
        """What a person's action makes of a warning, and in which role he does it."""
        wants = Tier.NONE if action == WarningAction.LIFT else warning.proposed if tier is None else tier
        if action == WarningAction.RELEASE and wants == Tier.NONE:
            action = WarningAction.LIFT
        state = after(warning.state, action)
        if action == WarningAction.PROPOSE:
            return self._proposed_by(warning, wants, deed, person, now)
        if wants is None:
            raise Refused(NO_CHANGE.zh, NO_CHANGE.en)
        role = self._may_decide(warning, action, wants, person)
        settled = self._settled(replace(warning, state=state))
        if action == WarningAction.DECLINE:
            if not deed.comment:
                raise Refused(NO_WORDS.zh, NO_WORDS.en)
            declined = replace(settled, declined=warning.proposed or Tier.NONE, declined_at=now)
            return Act.DECLINED, declined if declined.open else _ended(declined, person, now), role
        if action == WarningAction.LIFT:
            return Act.LIFTED, _ended(self._settled(replace(settled, tier=Tier.NONE)), person, now), role
        if wants == warning.tier:
            raise Refused(SAME.zh, SAME.en)
        act = Act.RAISED if wants > warning.tier else Act.LOWERED
        released = self._settled(replace(settled, tier=wants, released_at=now, released_by=person.name))
        return act if warning.tier else Act.RELEASED, released, role

    def _proposed_by(
        self, warning: PublicWarning, tier: Tier | None, deed: Deed, person: Person, now: int
    ) -> tuple[Act, PublicWarning, str]:
        if tier is None or tier in (warning.tier, warning.proposed):
            raise Refused("请给出不同的颜色。", "Say which colour, another than the present one.")
        if not deed.comment:
            raise Refused(NO_WORDS.zh, NO_WORDS.en)
        waits = warning.proposed or Tier.NONE
        if tier < waits:
            role = self._may_decide(warning, WarningAction.DECLINE, tier, person)
        else:
            role = self._in_range(person, warning)
        changed = replace(self._proposed(warning, tier, now), reason=_said(deed), proposed_by=person.name)
        return Act.PROPOSED, changed, role

    def _may_decide(self, warning: PublicWarning, action: WarningAction, wants: Tier, person: Person) -> str:
        """The role with the authority for the worst of what is in force, what waits and what is wanted."""
        needs = max(warning.tier, warning.proposed or Tier.NONE, wants)
        verbs = {WarningAction.DECLINE: ("驳回", "decline"), WarningAction.LIFT: ("解除", "lift")}
        zh, en = verbs.get(action, ("签发", "release"))
        what = Text(f"{zh}{NAMES[needs].zh}预警", f"{en} a warning in {NAMES[needs].en}")
        roles = self._authority.releasing(needs)
        return self._authority.require(person, roles, what, enterprise=warning.enterprise, district=warning.district)

    def _in_range(self, person: Person, place: Risk | PublicWarning) -> str:
        what = Text("提出预警建议", "propose a warning")
        return self._authority.require(person, person.roles, what, enterprise=place.enterprise, district=place.district)

    def _new(self, place: Risk, tier: Tier, now: int) -> PublicWarning:
        return PublicWarning(
            id=self._register.fresh_id("W", now),
            scope=place.scope,
            subject=place.subject,
            name=place.name,
            enterprise=place.enterprise,
            district=place.district,
            state=WarningState.PROPOSED,
            tier=Tier.NONE,
            proposed=tier,
            needs=tier,
            reason=Text("", ""),
            chain=self._authority.releasing(tier),
            opened_at=now,
            changed_at=now,
            due_at=later(now, self._policy.decide_s[tier]),
            by_machine=True,
        )

    def _proposed(self, warning: PublicWarning, tier: Tier, now: int) -> PublicWarning:
        needs, waits = max(warning.tier, tier), warning.proposed is not None
        chain, seconds = self._authority.releasing(needs), self._policy.decide_s[needs]
        return replace(
            warning,
            state=after(warning.state, WarningAction.PROPOSE),
            proposed=tier,
            needs=needs,
            chain=chain,
            step=moved_step(warning.chain, warning.step, chain) if waits else 0,
            due_at=sooner(warning, now, seconds) if waits else later(now, seconds),
            changed_at=now,
        )

    def _settled(self, warning: PublicWarning) -> PublicWarning:
        """The warning with nothing waiting any longer."""
        chain = self._authority.releasing(warning.tier) if warning.tier else warning.chain
        return replace(
            warning,
            proposed=None,
            proposed_by="",
            needs=warning.tier,
            chain=chain,
            step=0,
            due_at=None,
            missed_at=None,
            supervised_at=None,
        )

    def _place(self, scope: Scope, subject: str) -> Risk:
        sources, enterprises = self._catalogue.sources, self._catalogue.enterprises
        if scope == Scope.SOURCE and (source := sources.get(subject)) is not None:
            owner = enterprises.get(source.enterprise)
            district = owner.district if owner else ""
            return Risk(scope, subject, source.name, 0, Tier.NONE, enterprise=source.enterprise, district=district)
        if scope == Scope.ENTERPRISE and (owner := enterprises.get(subject)) is not None:
            return Risk(scope, subject, owner.name, 0, Tier.NONE, enterprise=subject, district=owner.district)
        districts = {enterprise.district for enterprise in enterprises.values()}
        if scope == Scope.DISTRICT and subject and subject in districts:
            return Risk(scope, subject, Text(subject, subject), 0, Tier.NONE, district=subject)
        raise Refused("没有这个危险源、企业或区域。", "There is no such source, enterprise or district.", missing=True)


def _ended(warning: PublicWarning, person: Person, now: int) -> PublicWarning:
    return replace(warning, ended_at=now, ended_by=person.name)


def _said(deed: Deed) -> Text:
    return Text(deed.comment, deed.comment)


def _because(risk: Risk) -> Text:
    reasons = [reason.text for reason in risk.reasons[:REASONS_JOINED]]
    if not reasons:
        return Text(f"{risk.name.zh}已恢复", f"{risk.name.en} is calm again")
    return Text(";".join(reason.zh for reason in reasons), "; ".join(reason.en for reason in reasons))


def _repeated(line: HandlingEvent, action: WarningAction, tier: Tier | None, deed: Deed, person: Person) -> bool:
    """Whether the newest line is this very deed: a second click."""
    if not isinstance(warning := line.matter, PublicWarning) or not repeats(line, line.act, deed, person):
        return False
    if action == WarningAction.PROPOSE:
        return line.act == Act.PROPOSED and warning.proposed == tier
    if action == WarningAction.DECLINE:
        return line.act == Act.DECLINED
    if line.act == Act.LIFTED:
        return action == WarningAction.LIFT or not tier
    released = line.act in (Act.RELEASED, Act.RAISED, Act.LOWERED)
    return action == WarningAction.RELEASE and released and tier in (None, warning.tier)
