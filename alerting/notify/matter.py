"""Lines of the journal of cases and warnings as messages, with who is in charge and by when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from alerting.notify.message import Happening, Message
from alerting.notify.router import Router
from alerting.text import COLOURS
from ganzhi.clock import local_text
from ganzhi.handling import Act, Case, CaseKind, HandlingEvent, PublicWarning
from ganzhi.records import Catalogue, Text, Tier

HANDLING = "handling"
"""The stream of cases and warnings."""
CASE, WARNING, PROPOSAL = "case", "warning", "proposal"
"""Classes that routes ask for. A proposal is a matter of whoever decides; only what is released is a warning."""

CASES: Mapping[Act, tuple[Happening, Text]] = {
    Act.OPENED: (Happening.RAISED, Text("新工单", "new case")),
    Act.RAISED: (Happening.WORSENED, Text("工单升级", "case now worse")),
    Act.ESCALATED: (Happening.RAISED, Text("工单超期", "case overdue")),
    Act.SUPERVISED: (Happening.RAISED, Text("工单督办", "case under supervision")),
    Act.RETURNED: (Happening.RAISED, Text("工单退回", "case returned")),
    Act.REOPENED: (Happening.RAISED, Text("工单重开", "case reopened")),
    Act.CLOSED: (Happening.ENDED, Text("工单关闭", "case closed")),
}
"""What is told of a case; every other act is NOTED."""

WARNINGS: Mapping[Act, tuple[Happening, Text]] = {
    Act.PROPOSED: (Happening.RAISED, Text("预警待签发", "warning to be released")),
    Act.ESCALATED: (Happening.RAISED, Text("预警签发超期", "warning: decision overdue")),
    Act.RELEASED: (Happening.RAISED, Text("预警发布", "warning released")),
    Act.RAISED: (Happening.WORSENED, Text("预警升级", "warning raised")),
    Act.LOWERED: (Happening.RETURNED, Text("预警降级", "warning lowered")),
    Act.LIFTED: (Happening.ENDED, Text("预警解除", "warning lifted")),
    Act.DECLINED: (Happening.ENDED, Text("预警建议未采纳", "proposal declined")),
    Act.WITHDRAWN: (Happening.ENDED, Text("预警建议撤回", "proposal withdrawn")),
}
"""What is told of a warning."""
PROPOSING = frozenset({Act.PROPOSED, Act.ESCALATED, Act.DECLINED, Act.WITHDRAWN})


class MatterNotices:
    """The journal of cases and warnings for a router."""

    def __init__(self, router: Router, catalogue: Catalogue, zone: ZoneInfo, roles: Mapping[str, Text]) -> None:
        self._router = router
        self._catalogue = catalogue
        self._zone = zone
        self._roles = roles

    def tell(self, lines: Sequence[HandlingEvent]) -> None:
        """Decide on these lines. Raises Unavailable."""
        self._router.tell([from_handling(line, self._catalogue, self._zone, self._roles) for line in lines])


def from_handling(line: HandlingEvent, catalogue: Catalogue, zone: ZoneInfo, roles: Mapping[str, Text]) -> Message:
    """A line of the journal; `roles` are their names."""
    if isinstance(line.matter, Case):
        return _of_case(line, line.matter, catalogue, zone, roles)
    return _of_warning(line, line.matter, catalogue, zone, roles)


def _of_case(
    line: HandlingEvent, case: Case, catalogue: Catalogue, zone: ZoneInfo, roles: Mapping[str, Text]
) -> Message:
    happening, mark = CASES.get(line.act, (Happening.NOTED, Text("", "")))
    if case.kind == CaseKind.HAZARD and line.act == Act.CLOSED:
        mark = Text("隐患销号", "hazard closed")
    role = case.chain[case.step] if case.chain else ""
    charge = _charge(role, case.due_at if case.open else None, line, zone, roles)
    return _message(
        line,
        catalogue,
        happening=happening,
        kind=CASE,
        tier=case.tier,
        source=case.source,
        mark=Text(f"{COLOURS[case.tier].zh}{mark.zh}", f"{COLOURS[case.tier].en}: {mark.en}"),
        title=case.title,
        text=Text(f"{case.text.zh}{charge.zh}", f"{case.text.en}{charge.en}"),
        advice=case.advice,
        role=role,
    )


def _of_warning(
    line: HandlingEvent, warning: PublicWarning, catalogue: Catalogue, zone: ZoneInfo, roles: Mapping[str, Text]
) -> Message:
    happening, mark = WARNINGS.get(line.act, (Happening.NOTED, Text("", "")))
    proposing = line.act in PROPOSING
    if proposing and happening == Happening.ENDED and warning.tier:
        happening = Happening.NOTED  # what was to change stays; the warning itself has not ended
    tier = warning.needs if proposing else warning.tier or line.before
    role = warning.chain[warning.step] if proposing and warning.chain else ""
    charge = _charge(role, warning.due_at if proposing and warning.open else None, line, zone, roles)
    return _message(
        line,
        catalogue,
        happening=happening,
        kind=PROPOSAL if proposing else WARNING,
        tier=tier,
        source=warning.subject if warning.subject in catalogue.sources else "",
        mark=Text(f"{COLOURS[tier].zh}{mark.zh}", f"{COLOURS[tier].en}: {mark.en}"),
        title=warning.name,
        text=Text(f"{warning.reason.zh}{charge.zh}", f"{warning.reason.en}{charge.en}"),
        advice=Text("", ""),
        role=role,
    )


def _charge(role: str, due_at: int | None, line: HandlingEvent, zone: ZoneInfo, roles: Mapping[str, Text]) -> Text:
    """Who is in charge, by when, and what was said."""
    zh, en = "", ""
    if role:
        name = roles.get(role, Text(role, role))
        zh, en = f";负责:{name.zh}", f"; in charge: {name.en}"
    if due_at is not None:
        zh, en = f"{zh},期限 {local_text(due_at, zone)}", f"{en}, due {local_text(due_at, zone)}"
    if line.comment:
        said = f"{line.name}: {line.comment}" if line.name else line.comment
        zh, en = f"{zh};{said}", f"{en}; {said}"
    return Text(zh, en)


def _message(
    line: HandlingEvent,
    catalogue: Catalogue,
    *,
    happening: Happening,
    kind: str,
    tier: Tier,
    source: str,
    mark: Text,
    title: Text,
    text: Text,
    advice: Text,
    role: str,
) -> Message:
    matter = line.matter
    owner, place = catalogue.enterprises.get(matter.enterprise), catalogue.sources.get(source)
    names = [thing.name for thing in (owner, place) if thing is not None] or [Text(matter.district, matter.district)]
    return Message(
        stream=HANDLING,
        seq=line.seq,
        happening=happening,
        subject=matter.id,
        noted=line.at,
        tier=tier,
        kind=kind,
        enterprise=matter.enterprise,
        source=source,
        sector="" if place is None else place.sector,
        district=matter.district,
        condition=line.act.value,
        rule="",
        mark=mark,
        place=Text(" ".join(name.zh for name in names), ", ".join(name.en for name in names)),
        title=title,
        text=text,
        advice=advice,
        link=f"#{'case' if isinstance(matter, Case) else 'warning'}={matter.id}",
        simulated=matter.simulated,
        role=role,
    )
