"""Cases: alarms and reports of people in, work that goes along the chain of responsibility until it is closed out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from alerting.authority import Authority
from alerting.case_state import CaseAction, after
from alerting.deadline import later, moved_step, passed, same_step, sooner, step_s
from alerting.register import Register, by_person, due_key, key_of, repeats, written
from ganzhi.errors import Refused
from ganzhi.handling import Act, Case, CaseKind, CasePolicy, CaseState, Deed, HandlingEvent, Hazard, Person
from ganzhi.records import Alarm, AlarmEvent, Catalogue, Effect, Text, Tier

OPENING = frozenset({Effect.ANNOUNCE, Effect.FOLD})
"""What a line asks to be told when it asks for work; what is suppressed does not, until it is announced."""

ACTS = {
    CaseAction.ACCEPT: (Act.ACCEPTED, Text("接单", "accept")),
    CaseAction.START: (Act.STARTED, Text("开始处置", "start work")),
    CaseAction.FEEDBACK: (Act.FEEDBACK, Text("反馈", "give feedback")),
    CaseAction.VERIFY: (Act.VERIFIED, Text("核验", "verify")),
    CaseAction.RETURN: (Act.RETURNED, Text("退回", "return the feedback")),
    CaseAction.CLOSE: (Act.CLOSED, Text("关闭工单", "close the case")),
    CaseAction.REOPEN: (Act.REOPENED, Text("重开工单", "reopen the case")),
    CaseAction.SUPERVISE: (Act.SUPERVISED, Text("督办", "supervise")),
}
"""What a person's action becomes in the journal, and what it is called."""

NEED_WORDS = frozenset({CaseAction.FEEDBACK, CaseAction.RETURN, CaseAction.REOPEN, CaseAction.SUPERVISE})
NO_WORDS = Text("请填写说明。", "Say something about it: comment is empty.")
OWN_FEEDBACK = Text("反馈须由他人核验。", "Feedback is verified by somebody else than who gave it.")


class Cases:
    """The work of the site. May be called from any thread; every method raises Unavailable while the ledger is.

    One alarm, or one incident of several, has one case, and so have the alarms of one point at one time: what worsens
    raises its colour and shortens its deadline, what comes back after the case was closed reopens it. Clearing an
    alarm closes nothing.
    """

    def __init__(self, *, register: Register, authority: Authority, policy: CasePolicy, catalogue: Catalogue) -> None:
        self._register = register
        self._authority = authority
        self._policy = policy
        self._catalogue = catalogue

    def follow(self, events: Sequence[AlarmEvent]) -> None:
        """Open, raise or reopen the cases of alarms; lines that are told again change nothing."""
        for event in events:
            if self._concerns(event):
                self._follow(event)

    def report(self, hazard: Hazard, deed: Deed) -> HandlingEvent:
        """A person reports a hazard. Raises Refused."""
        person = self._authority.identify(deed.person, deed.pin)
        enterprise = self._catalogue.enterprises.get(hazard.enterprise)
        source = self._catalogue.sources.get(hazard.source)
        if enterprise is None or (hazard.source and (source is None or source.enterprise != enterprise.id)):
            raise Refused("没有这个企业或危险源。", "There is no such enterprise or source.", missing=True)
        what, roles = Text("上报隐患", "report a hazard"), person.roles
        role = self._authority.require(person, roles, what, enterprise=enterprise.id, district=enterprise.district)

        def decide(found: HandlingEvent | None, now: int) -> HandlingEvent:
            if found is not None:
                return found
            case = self._dispatched(
                Case(
                    id=self._register.fresh_id("H", now),
                    kind=CaseKind.HAZARD,
                    state=CaseState.DISPATCHED,
                    tier=hazard.tier,
                    title=Text(hazard.title, hazard.title),
                    text=Text(hazard.text, hazard.text),
                    advice=Text("", ""),
                    enterprise=enterprise.id,
                    source=hazard.source,
                    district=enterprise.district,
                    chain=(),
                    opened_at=now,
                    changed_at=now,
                    due_at=None,
                    limit_at=hazard.limit_at,
                    opened_by=person.name,
                    photos=deed.photos,
                ),
                now,
            )
            return by_person(HandlingEvent(0, now, Act.OPENED, Tier.NONE, case, key=key), deed, person, role)

        key = key_of(deed, "hazard")
        return written(self._register.change([key or ""], decide))

    def act(self, case_id: str, action: CaseAction, deed: Deed) -> HandlingEvent:
        """A person acts on a case; a second click is answered with the line of the first. Raises Refused."""
        person = self._authority.identify(deed.person, deed.pin)
        key = key_of(deed, case_id)

        def decide(found: HandlingEvent | None, now: int) -> HandlingEvent:
            if found is None or not isinstance(case := found.matter, Case):
                raise Refused(f"没有工单 {case_id}。", f"There is no case {case_id}.", missing=True)
            role = self._role(person, action, case)
            act, _ = ACTS[action]
            if repeats(found, act, deed, person) or self._register.find(key or "") is not None:
                return found
            state = after(case.state, action)
            if action in NEED_WORDS and not deed.comment:
                raise Refused(NO_WORDS.zh, NO_WORDS.en)
            if action == CaseAction.VERIFY and self._policy.second_person and case.feedback_person == person.id:
                raise Refused(OWN_FEEDBACK.zh, OWN_FEEDBACK.en, forbidden=True)
            acted = self._moved(_marked(case, action, deed, person, now), state, now)
            return by_person(HandlingEvent(0, now, act, case.tier, acted, key=key), deed, person, role)

        return written(self._register.change([case_id], decide))

    def escalate(self, id: str) -> HandlingEvent | None:
        """Let the deadline of a case pass, if it has: one step up the chain, and under supervision."""

        def decide(found: HandlingEvent | None, now: int) -> HandlingEvent | None:
            if found is None or not isinstance(case := found.matter, Case):
                return None
            if case.wake_at is None or case.wake_at > now:
                return None
            left = passed(case, now, self._step_s(case))
            case = replace(
                case,
                step=left.step,
                due_at=left.due_at,
                missed_at=left.missed_at,
                overdue=case.overdue + 1,
                supervised_at=case.supervised_at or now,
                changed_at=now,
            )
            return HandlingEvent(0, now, Act.ESCALATED, case.tier, case, key=due_key(found.matter))

        return self._register.change([id], decide)

    def _concerns(self, event: AlarmEvent) -> bool:
        alarm, policy = event.alarm, self._policy
        wanted = OPENING & set(event.effects) and not alarm.retrospective and alarm.alarm_class in policy.classes
        return bool(wanted) and Tier.NONE < policy.open_at <= alarm.tier

    def _follow(self, event: AlarmEvent) -> None:
        alarm, key = event.alarm, f"alarm:{event.seq}"

        def decide(found: HandlingEvent | None, now: int) -> HandlingEvent | None:
            if self._register.find(key) is not None:
                return None
            if found is None or not isinstance(case := found.matter, Case) or _strange(case, alarm):
                return HandlingEvent(0, now, Act.OPENED, Tier.NONE, self._opened(alarm, now), key=key)
            followed = self._followed(case, event, now)
            return None if followed is None else HandlingEvent(0, now, followed[0], case.tier, followed[1], key=key)

        self._register.change([_case_id(alarm.id), _case_id(_incident(alarm)), f"point:{alarm.subject}"], decide)

    def _opened(self, alarm: Alarm, now: int) -> Case:
        source = self._catalogue.sources.get(alarm.source)
        enterprise = self._catalogue.enterprises.get(alarm.enterprise)
        index = self._catalogue.index.get(alarm.subject)
        tag = "" if index is None else self._catalogue.points[index].tag
        place = source.name if source else Text(alarm.source, alarm.source)
        case = Case(
            id=_case_id(_incident(alarm)),
            kind=CaseKind.ALARM,
            state=CaseState.DISPATCHED,
            tier=alarm.tier,
            title=Text(_words(place.zh, tag, alarm.name.zh), _words(place.en, tag, alarm.name.en)),
            text=alarm.text,
            advice=alarm.advice,
            enterprise=alarm.enterprise,
            source=alarm.source,
            district=enterprise.district if enterprise else "",
            chain=(),
            opened_at=now,
            changed_at=now,
            due_at=None,
            subject=alarm.subject,
            alarms=(alarm.id,),
            simulated=alarm.simulated,
        )
        return self._dispatched(case, now)

    def _followed(self, case: Case, event: AlarmEvent, now: int) -> tuple[Act, Case] | None:
        """What an alarm does to a case that it has already; None: nothing."""
        alarm = event.alarm
        alarms = case.alarms if alarm.id in case.alarms else (*case.alarms, alarm.id)
        known = replace(case, alarms=alarms, simulated=case.simulated and alarm.simulated, changed_at=now)
        if case.closed_at is not None:
            if event.noted <= case.closed_at:
                return None
            after(case.state, CaseAction.REOPEN)
            return Act.REOPENED, self._dispatched(_anew(known, alarm.tier), now)
        if alarm.tier > case.tier:
            return Act.RAISED, self._raised(replace(known, text=alarm.text, advice=alarm.advice), alarm.tier, now)
        return None if alarms == case.alarms else (Act.JOINED, known)

    def _raised(self, case: Case, tier: Tier, now: int) -> Case:
        chain = self._policy.chains[tier]
        raised = replace(case, tier=tier, chain=chain, step=moved_step(case.chain, case.step, chain))
        state = after(case.state, CaseAction.RAISE)
        if same_step(state, case.state):
            return replace(raised, state=state, due_at=sooner(raised, now, self._step_s(raised)))
        return self._moved(raised, state, now)

    def _dispatched(self, case: Case, now: int) -> Case:
        """The beginning of a round: at the foot of the chain of its colour."""
        case = replace(case, state=CaseState.DISPATCHED, chain=self._policy.chains[case.tier], step=0)
        return replace(case, due_at=later(now, self._step_s(case)))

    def _moved(self, case: Case, state: CaseState, now: int) -> Case:
        """The case in another state, with the deadline of that."""
        if state == CaseState.DISPATCHED and case.state != state:
            return self._dispatched(replace(case, changed_at=now), now)
        moved = replace(case, state=state, changed_at=now)
        if same_step(case.state, state):
            return moved
        if not moved.open:
            return replace(moved, due_at=None, missed_at=None)
        agreed = moved.limit_at if state in (CaseState.ACCEPTED, CaseState.IN_PROGRESS) else None
        due_at = agreed if agreed is not None and agreed > now else later(now, self._step_s(moved))
        return replace(moved, due_at=due_at)

    def _step_s(self, case: Case) -> float:
        seconds = step_s(case.state, self._policy.deadlines[case.tier])
        assert seconds is not None
        return seconds

    def _role(self, person: Person, action: CaseAction, case: Case) -> str:
        what, roles = ACTS[action][1], case.chain
        if action == CaseAction.SUPERVISE:
            whole = self._policy.chains[Tier.RED]
            now = case.chain[case.step]
            roles = whole[whole.index(now) + 1 :] if now in whole else whole
        return self._authority.require(person, roles, what, enterprise=case.enterprise, district=case.district)


def _case_id(alarm_id: str) -> str:
    return f"C{alarm_id}"


def _words(*words: str) -> str:
    return " ".join(word for word in words if word)


def _incident(alarm: Alarm) -> str:
    """The alarm by whose name the case goes: the first of its incident, if it is part of one."""
    return alarm.incident or alarm.id


def _strange(case: Case, alarm: Alarm) -> bool:
    """Whether a case of the point is over and was about other alarms than this one."""
    return not case.open and alarm.id not in case.alarms and case.id != _case_id(_incident(alarm))


def _marked(case: Case, action: CaseAction, deed: Deed, person: Person, now: int) -> Case:
    """The case with what this action leaves in it."""
    if action == CaseAction.ACCEPT:
        return replace(case, accepted_at=now, accepted_by=person.name)
    if action == CaseAction.FEEDBACK:
        given = replace(case, feedback_at=now, feedback_by=person.name, feedback_person=person.id)
        return replace(given, feedback=deed.comment, photos=deed.photos)
    if action == CaseAction.VERIFY:
        return replace(case, verified_at=now, verified_by=person.name)
    if action == CaseAction.RETURN:
        return replace(case, verified_at=None, verified_by="")
    if action == CaseAction.CLOSE:
        return replace(case, closed_at=now, closed_by=person.name)
    if action == CaseAction.REOPEN:
        return _anew(case, case.tier)
    if action == CaseAction.SUPERVISE:
        return replace(case, supervised_at=case.supervised_at or now)
    return case


def _anew(case: Case, tier: Tier) -> Case:
    """A new round of a case that was closed: what was done before is in the journal."""
    return replace(
        case,
        tier=tier,
        missed_at=None,
        supervised_at=None,
        accepted_at=None,
        accepted_by="",
        feedback_at=None,
        feedback_by="",
        feedback_person="",
        feedback="",
        verified_at=None,
        verified_by="",
        closed_at=None,
        closed_by="",
    )
