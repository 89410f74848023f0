"""External events, from cameras, call points and people, as transitions of rules of their own: one a kind."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ganzhi.device import as_such, rule
from ganzhi.records import (
    EVENT,
    AlarmClass,
    AlarmEvent,
    Catalogue,
    ExternalEvent,
    Rule,
    Text,
    Tier,
    Transition,
    enterprise_as_such,
    source_as_such,
)

MOST_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class EventKind:
    """What may be reported; `tier` where the report gives none (engineering default)."""

    name: Text
    tier: Tier
    advice: Text


LOOK = Text("调取视频并派人核实", "See the picture and send somebody to check")

KINDS: Mapping[str, EventKind] = {
    "flame": EventKind(
        Text("视频发现明火", "Flame on camera"),
        Tier.RED,
        Text(
            "立即核实并启动应急预案,组织疏散和灭火。",
            "Verify at once, start the emergency plan, evacuate and fight it.",
        ),
    ),
    "smoke": EventKind(Text("视频发现烟雾", "Smoke on camera"), Tier.ORANGE, LOOK),
    "leak": EventKind(
        Text("视频发现泄漏", "Leak on camera"),
        Tier.ORANGE,
        Text("停止周边动火,从上风向核实。", "Stop hot work nearby and verify from upwind."),
    ),
    "absence": EventKind(Text("人员离岗", "Nobody at the post"), Tier.YELLOW, LOOK),
    "intrusion": EventKind(Text("周界入侵", "Intrusion"), Tier.YELLOW, LOOK),
    "manual_call": EventKind(
        Text("手动报警按钮", "Manual call point"),
        Tier.RED,
        Text("按现场报警处置,立即联系现场。", "Treat it as an alarm from the place; call there at once."),
    ),
    "public_report": EventKind(
        Text("12350 举报", "Report by the public (12350)"),
        Tier.YELLOW,
        Text("登记并派人核实,按时限反馈举报人。", "Register it, send somebody, and answer who reported it in time."),
    ),
    "other": EventKind(Text("外部事件", "External event"), Tier.BLUE, LOOK),
}


def rule_id(kind: str) -> str:
    """The rule of a kind; no pack's rule begins so."""
    return f"_event.{kind}"


def rules(catalogue: Catalogue) -> list[Rule]:
    """One rule a kind, over every source and enterprise as such; `catalogue` is the extended one."""
    points = as_such(catalogue)
    return [
        rule(rule_id(kind), each.name, EVENT, points, each.advice, of=AlarmClass.PROCESS)
        for kind, each in KINDS.items()
    ]


def transition(event: ExternalEvent, catalogue: Catalogue) -> Transition | None:
    """What it says; None where its enterprise is no longer in the catalogue."""
    place = catalogue.index.get(source_as_such(event.source)) if event.source else None
    if place is None:
        place = catalogue.index.get(enterprise_as_such(event.enterprise))
    if place is None:
        return None
    tier = event.tier or KINDS[event.kind].tier
    words = {"kind": event.kind, "key": event.key, "picture": event.picture, "by": event.by, "text": event.text}
    return Transition(
        rule=rule_id(event.kind),
        point=place,
        time=event.time,
        old=tier if event.over else Tier.NONE,
        new=Tier.NONE if event.over else tier,
        score=math.nan,
        limit=math.nan,
        value=math.nan,
        simulated=event.simulated,
        about=event.key,
        details={name: word for name, word in words.items() if word},
    )


class Events:
    """Carries events from where they were kept before the broker's acknowledgement to the journal, once each.

    first  (limit) -> (number, event), the oldest first; drop: forgets those up to a number; both raise Unavailable
    """

    def __init__(
        self,
        *,
        first: Callable[[int], Sequence[tuple[int, ExternalEvent]]],
        drop: Callable[[int], None],
        apply: Callable[[Sequence[Transition]], list[AlarmEvent]],
        announce: Callable[[Sequence[AlarmEvent]], None],
        catalogue: Catalogue,
    ) -> None:
        self._first = first
        self._drop = drop
        self._apply = apply
        self._announce = announce
        self._catalogue = catalogue

    def __call__(self) -> int:
        """The next events, if any. One that was journalled before a kill says nothing new the second time."""
        kept = self._first(MOST_AT_ONCE)
        if not kept:
            return 0
        for _, event in kept:
            found = transition(event, self._catalogue)
            if found is not None:
                self._announce(self._apply([found]))
        self._drop(kept[-1][0])
        return len(kept)
