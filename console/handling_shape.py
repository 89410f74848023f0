"""Cases, warnings, risks and their journal as the JSON that docs/cases.md describes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from console.shape import Json, ms, text_json
from ganzhi.handling import (
    Act,
    Case,
    CaseKind,
    CaseState,
    HandlingEvent,
    Matter,
    Person,
    PublicWarning,
    Responsibility,
    Risk,
    WarningState,
)
from ganzhi.records import Text, Tier

NAMES = {
    Tier.NONE: Text("无", "none"),
    Tier.BLUE: Text("蓝色", "blue"),
    Tier.YELLOW: Text("黄色", "yellow"),
    Tier.ORANGE: Text("橙色", "orange"),
    Tier.RED: Text("红色", "red"),
}

DONE = {
    Act.OPENED: Text("开立工单并派发给{charge}", "opened and dispatched to {charge}"),
    Act.JOINED: Text("并入一条报警", "another alarm joined"),
    Act.ACCEPTED: Text("接单", "accepted"),
    Act.STARTED: Text("开始处置", "work started"),
    Act.FEEDBACK: Text("处置反馈", "feedback"),
    Act.VERIFIED: Text("核验通过", "verified"),
    Act.RETURNED: Text("退回重新处置", "returned for more work"),
    Act.CLOSED: Text("关闭工单", "closed"),
    Act.REOPENED: Text("重开工单并派发给{charge}", "reopened and dispatched to {charge}"),
    Act.SUPERVISED: Text("督办", "put under supervision"),
    Act.PROPOSED: Text("建议{proposed}预警,待{charge}决定", "{proposed} proposed, for {charge} to decide"),
    Act.RELEASED: Text("签发{tier}预警", "{tier} released"),
    Act.LOWERED: Text("将预警由{before}降为{tier}", "lowered from {before} to {tier}"),
    Act.LIFTED: Text("解除{before}预警", "{before} lifted"),
    Act.DECLINED: Text("驳回预警建议", "proposal declined"),
    Act.WITHDRAWN: Text("撤回预警变更建议", "proposed change withdrawn"),
}
LIFT_PROPOSED = Text("建议解除预警,待{charge}决定", "lifting proposed, for {charge} to decide")
HAZARD = {
    Act.OPENED: Text("上报隐患并派发给{charge}", "hazard reported and dispatched to {charge}"),
    Act.CLOSED: Text("销号", "struck off"),
}
RAISED_CASE = Text("由{before}升为{tier}", "raised from {before} to {tier}")
RAISED_WARNING = Text("将预警由{before}升为{tier}", "raised from {before} to {tier}")
ESCALATED = Text("逾期,升级至{charge}并督办", "overdue: escalated to {charge}, under supervision")
AT_THE_END = Text(
    "逾期,{charge}之上已无更高层级,继续督办", "overdue again: nobody is left above {charge}, still under supervision"
)


class Shape:
    """Knows the names of roles, and what people may do in which state."""

    def __init__(
        self,
        people: Responsibility,
        case_actions: Callable[[CaseState], Sequence[str]],
        warning_actions: Callable[[WarningState], Sequence[str]],
    ) -> None:
        self._people = people
        self._case_actions = case_actions
        self._warning_actions = warning_actions

    def event(self, line: HandlingEvent, now: int) -> tuple[str, Json]:
        """What the feed publishes for a line: its kind, and the line with its case or warning."""
        kind = "case" if isinstance(line.matter, Case) else "warning"
        return kind, {"line": self.line(line), kind: self.matter(line.matter, now)}

    def matter(self, matter: Matter, now: int) -> Json:
        """A case or a warning."""
        return self.case(matter, now) if isinstance(matter, Case) else self.warning(matter, now)

    def case(self, case: Case, now: int) -> Json:
        """A case as it stands."""
        return {
            "id": case.id,
            "kind": case.kind.value,
            "state": case.state.value,
            "tier": int(case.tier),
            "title": text_json(case.title),
            "text": text_json(case.text),
            "advice": text_json(case.advice),
            "enterprise": case.enterprise,
            "source": case.source,
            "district": case.district,
            "alarms": list(case.alarms),
            "simulated": case.simulated,
            "opened": ms(case.opened_at),
            "opened_by": case.opened_by,
            "limit": _ms(case.limit_at),
            "accepted": _ms(case.accepted_at),
            "accepted_by": case.accepted_by,
            "feedback": _ms(case.feedback_at),
            "feedback_by": case.feedback_by,
            "feedback_text": case.feedback,
            "photos": list(case.photos),
            "verified": _ms(case.verified_at),
            "verified_by": case.verified_by,
            "closed": _ms(case.closed_at),
            "closed_by": case.closed_by,
            "actions": list(self._case_actions(case.state)),
            **self._clock(case, now),
        }

    def warning(self, warning: PublicWarning, now: int) -> Json:
        """A warning as it stands."""
        return {
            "id": warning.id,
            "scope": warning.scope.value,
            "subject": warning.subject,
            "name": text_json(warning.name),
            "enterprise": warning.enterprise,
            "district": warning.district,
            "state": warning.state.value,
            "tier": int(warning.tier),
            "proposed": None if warning.proposed is None else int(warning.proposed),
            "needs": int(warning.needs),
            "reason": text_json(warning.reason),
            "by_machine": warning.by_machine,
            "proposed_by": warning.proposed_by,
            "simulated": warning.simulated,
            "opened": ms(warning.opened_at),
            "released": _ms(warning.released_at),
            "released_by": warning.released_by,
            "ended": _ms(warning.ended_at),
            "ended_by": warning.ended_by,
            "actions": list(self._warning_actions(warning.state)),
            **self._clock(warning, now),
        }

    def line(self, line: HandlingEvent) -> Json:
        """A line of the journal, without the whole of its matter."""
        matter = line.matter
        return {
            "seq": line.seq,
            "at": ms(line.at),
            "kind": "case" if isinstance(matter, Case) else "warning",
            "subject": matter.id,
            "act": line.act.value,
            "text": text_json(self._sentence(line)),
            "actor": line.actor,
            "name": line.name,
            "role": line.role,
            "role_name": text_json(self._role(line.role)) if line.role else None,
            "comment": line.comment,
            "photos": list(line.photos),
            "before": int(line.before),
            "tier": int(matter.tier),
            "state": matter.state.value,
            "step": matter.step,
        }

    def person(self, person: Person) -> Json:
        """Somebody who may act, and what he may release."""
        grants = (self._people.authority.get(role, frozenset()) for role in person.roles)
        return {
            "id": person.id,
            "name": person.name,
            "roles": self._chain(person.roles),
            "colours": sorted(int(colour) for colour in frozenset[Tier]().union(*grants)),
            "enterprise": person.enterprise,
            "district": person.district,
            "pin": bool(person.pin),
        }

    def roles(self) -> list[Json]:
        """Every role by name."""
        return self._chain(self._people.roles)

    def _clock(self, matter: Matter, now: int) -> Json:
        return {
            "chain": self._chain(matter.chain),
            "step": matter.step,
            "changed": ms(matter.changed_at),
            "due": _ms(matter.due_at),
            "late": matter.due_at is not None and matter.due_at <= now,
            "overdue": matter.overdue,
            "supervised": _ms(matter.supervised_at),
            "seq": matter.seq,
        }

    def _chain(self, roles: Iterable[str]) -> list[Json]:
        return [{"role": role, "name": text_json(self._role(role))} for role in roles]

    def _role(self, role: str) -> Text:
        return self._people.roles.get(role, Text(role, role))

    def _sentence(self, line: HandlingEvent) -> Text:
        matter = line.matter
        charge = self._role(matter.chain[matter.step]) if matter.chain else Text("", "")
        proposed = (matter.proposed if isinstance(matter, PublicWarning) else None) or Tier.NONE
        colours = {"before": line.before, "tier": matter.tier, "proposed": proposed}
        said = _template(line)
        zh = said.zh.format(charge=charge.zh, **{name: NAMES[tier].zh for name, tier in colours.items()})
        en = said.en.format(charge=charge.en, **{name: NAMES[tier].en for name, tier in colours.items()})
        return Text(f"{line.name}{zh}", f"{line.name}: {en}") if line.name else Text(zh, en)


def risk_json(risk: Risk) -> Json:
    """The colour of a place, and why; what the feed publishes as "risk"."""
    return {
        "scope": risk.scope.value,
        "id": risk.subject,
        "name": text_json(risk.name),
        "enterprise": risk.enterprise,
        "district": risk.district,
        "level": risk.level,
        "tier": int(risk.tier),
        "simulated": risk.simulated,
        "reasons": [{"text": text_json(reason.text), "alarms": list(reason.alarms)} for reason in risk.reasons],
    }


def _template(line: HandlingEvent) -> Text:
    matter = line.matter
    if line.act == Act.ESCALATED:
        return ESCALATED if matter.wake_at is not None else AT_THE_END
    if isinstance(matter, Case):
        if line.act == Act.RAISED:
            return RAISED_CASE
        hazard = HAZARD.get(line.act) if matter.kind == CaseKind.HAZARD else None
        return hazard or DONE[line.act]
    if line.act == Act.RAISED:
        return RAISED_WARNING
    return LIFT_PROPOSED if line.act == Act.PROPOSED and matter.proposed == Tier.NONE else DONE[line.act]


def _ms(time_ns: int | None) -> int | None:
    return None if time_ns is None else ms(time_ns)
