"""The states of an alarm and what moves it from one to another (ISA-18.2 / IEC 62682), as one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ganzhi.errors import Refused
from ganzhi.records import AlarmState, Text


class Event(StrEnum):
    """What can happen to an alarm: the first four come from detectors, the last two from people."""

    RAISE = "raise"
    WORSEN = "worsen"
    EASE = "ease"
    CLEAR = "clear"
    ACKNOWLEDGE = "acknowledge"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Latchable:
    """Two new states: of an alarm that does not latch, and of one that does."""

    plain: AlarmState
    latching: AlarmState


Step = AlarmState | Latchable | Text
"""A new state, two of them, or the reason why the event is refused."""

NORMAL = AlarmState.NORMAL
UNACKNOWLEDGED = AlarmState.UNACKNOWLEDGED
ACKNOWLEDGED = AlarmState.ACKNOWLEDGED
RETURNED = AlarmState.RETURNED_UNACKNOWLEDGED
LATCHED = AlarmState.LATCHED_UNACKNOWLEDGED
LATCHED_ACKNOWLEDGED = AlarmState.LATCHED_ACKNOWLEDGED

NO_ALARM = Text("该报警已经结束。", "The alarm has ended.")
ACTIVE = Text("该报警已经存在。", "The alarm is active already.")
CLEARED = Text("该状况已经恢复。", "The condition has cleared already.")
KNOWN = Text("该报警已经确认。", "The alarm is acknowledged already.")
HOLDS = Text("该状况尚未恢复,不能复位。", "The condition still holds, so the alarm cannot be reset.")
ACKNOWLEDGE_FIRST = Text("请先确认该报警,再复位。", "Acknowledge the alarm before you reset it.")
NO_LATCH = Text("该报警不需要复位,确认即可。", "The alarm needs no reset; acknowledge it.")

TABLE: Mapping[tuple[AlarmState, Event], Step] = {
    (NORMAL, Event.RAISE): UNACKNOWLEDGED,
    (NORMAL, Event.WORSEN): NO_ALARM,
    (NORMAL, Event.EASE): NO_ALARM,
    (NORMAL, Event.CLEAR): NO_ALARM,
    (NORMAL, Event.ACKNOWLEDGE): NO_ALARM,
    (NORMAL, Event.RESET): NO_ALARM,
    (UNACKNOWLEDGED, Event.RAISE): ACTIVE,
    (UNACKNOWLEDGED, Event.WORSEN): UNACKNOWLEDGED,
    (UNACKNOWLEDGED, Event.EASE): UNACKNOWLEDGED,
    (UNACKNOWLEDGED, Event.CLEAR): Latchable(RETURNED, LATCHED),
    (UNACKNOWLEDGED, Event.ACKNOWLEDGE): ACKNOWLEDGED,
    (UNACKNOWLEDGED, Event.RESET): HOLDS,
    (ACKNOWLEDGED, Event.RAISE): ACTIVE,
    (ACKNOWLEDGED, Event.WORSEN): UNACKNOWLEDGED,
    (ACKNOWLEDGED, Event.EASE): ACKNOWLEDGED,
    (ACKNOWLEDGED, Event.CLEAR): Latchable(NORMAL, LATCHED_ACKNOWLEDGED),
    (ACKNOWLEDGED, Event.ACKNOWLEDGE): KNOWN,
    (ACKNOWLEDGED, Event.RESET): HOLDS,
    (RETURNED, Event.RAISE): UNACKNOWLEDGED,
    (RETURNED, Event.WORSEN): CLEARED,
    (RETURNED, Event.EASE): CLEARED,
    (RETURNED, Event.CLEAR): CLEARED,
    (RETURNED, Event.ACKNOWLEDGE): NORMAL,
    (RETURNED, Event.RESET): NO_LATCH,
    (LATCHED, Event.RAISE): UNACKNOWLEDGED,
    (LATCHED, Event.WORSEN): CLEARED,
    (LATCHED, Event.EASE): CLEARED,
    (LATCHED, Event.CLEAR): CLEARED,
    (LATCHED, Event.ACKNOWLEDGE): LATCHED_ACKNOWLEDGED,
    (LATCHED, Event.RESET): ACKNOWLEDGE_FIRST,
    (LATCHED_ACKNOWLEDGED, Event.RAISE): UNACKNOWLEDGED,
    (LATCHED_ACKNOWLEDGED, Event.WORSEN): CLEARED,
    (LATCHED_ACKNOWLEDGED, Event.EASE): CLEARED,
    (LATCHED_ACKNOWLEDGED, Event.CLEAR): CLEARED,
    (LATCHED_ACKNOWLEDGED, Event.ACKNOWLEDGE): KNOWN,
    (LATCHED_ACKNOWLEDGED, Event.RESET): NORMAL,
}


def after(state: AlarmState, event: Event, *, latch: bool = False) -> AlarmState:
    """The state after an event; raises Refused with the table's reason where the event is out of place."""
    step = TABLE[state, event]
    if isinstance(step, Text):
        raise Refused(step.zh, step.en)
    if isinstance(step, Latchable):
        return step.latching if latch else step.plain
    return step


def markdown() -> str:
    """The table for people to read: a row a state, a column an event, and the reasons of refusals below it."""
    reasons: list[Text] = []
    lines = [f"| state | {' | '.join(Event)} |", "|---" * (len(Event) + 1) + "|"]
    for state in AlarmState:
        cells = [_cell(TABLE[state, event], reasons) for event in Event]
        lines.append(f"| **{state}** | {' | '.join(cells)} |")
    lines.append("")
    lines += [f"{number}. refused: {reason.en} {reason.zh}" for number, reason in enumerate(reasons, 1)]
    return "\n".join(lines)


def _cell(step: Step, reasons: list[Text]) -> str:
    if isinstance(step, Text):
        if step not in reasons:
            reasons.append(step)
        return f"({reasons.index(step) + 1})"
    if isinstance(step, Latchable):
        return f"{step.plain}; latching: {step.latching}"
    return str(step)
