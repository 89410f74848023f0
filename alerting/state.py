"""The states of an alarm and what moves it from one to another (ISA-18.2 / IEC 62682), as two tables.

TABLE is of annunciation: the condition and who knows of it. SUPPRESSIONS is of what stands beside it and keeps it from
being announced; shelf, design and service are independent of each other, and TABLE goes on underneath.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from ganzhi.errors import Refused
from ganzhi.records import AlarmState, Effect, Text

Effects = tuple[Effect, ...]
R = TypeVar("R", bound=StrEnum)
C = TypeVar("C", bound=StrEnum)


class Event(StrEnum):
    """What can happen to an alarm: the first four come from detectors, the last two from people."""

    RAISE = "raise"
    WORSEN = "worsen"
    EASE = "ease"
    CLEAR = "clear"
    ACKNOWLEDGE = "acknowledge"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Step:
    """A new state, and what is to be told; `latching`: the new state of an alarm that latches; `unheard`: of another
    one that nobody was told of, because it was suppressed by design from its first line on."""

    state: AlarmState
    effects: Effects = ()
    latching: AlarmState | None = None
    unheard: AlarmState | None = None


NORMAL = AlarmState.NORMAL
UNACKNOWLEDGED = AlarmState.UNACKNOWLEDGED
ACKNOWLEDGED = AlarmState.ACKNOWLEDGED
RETURNED = AlarmState.RETURNED_UNACKNOWLEDGED
LATCHED = AlarmState.LATCHED_UNACKNOWLEDGED
LATCHED_ACKNOWLEDGED = AlarmState.LATCHED_ACKNOWLEDGED

TELL: Effects = (Effect.ANNOUNCE,)
QUIET: Effects = (Effect.SILENCE,)
OVER: Effects = (Effect.RESOLVE,)

NO_ALARM = Text("该报警已经结束。", "The alarm has ended.")
ACTIVE = Text("该报警已经存在。", "The alarm is active already.")
CLEARED = Text("该状况已经恢复。", "The condition has cleared already.")
KNOWN = Text("该报警已经确认。", "The alarm is acknowledged already.")
HOLDS = Text("该状况尚未恢复,不能复位。", "The condition still holds, so the alarm cannot be reset.")
ACKNOWLEDGE_FIRST = Text("请先确认该报警,再复位。", "Acknowledge the alarm before you reset it.")
NO_LATCH = Text("该报警不需要复位,确认即可。", "The alarm needs no reset; acknowledge it.")

TABLE: Mapping[tuple[AlarmState, Event], Step | Text] = {
    (NORMAL, Event.RAISE): Step(UNACKNOWLEDGED, TELL),
    (NORMAL, Event.WORSEN): NO_ALARM,
    (NORMAL, Event.EASE): NO_ALARM,
    (NORMAL, Event.CLEAR): NO_ALARM,
    (NORMAL, Event.ACKNOWLEDGE): NO_ALARM,
    (NORMAL, Event.RESET): NO_ALARM,
    (UNACKNOWLEDGED, Event.RAISE): ACTIVE,
    (UNACKNOWLEDGED, Event.WORSEN): Step(UNACKNOWLEDGED, TELL),
    (UNACKNOWLEDGED, Event.EASE): Step(UNACKNOWLEDGED),
    (UNACKNOWLEDGED, Event.CLEAR): Step(RETURNED, OVER, LATCHED, NORMAL),
    (UNACKNOWLEDGED, Event.ACKNOWLEDGE): Step(ACKNOWLEDGED, QUIET),
    (UNACKNOWLEDGED, Event.RESET): HOLDS,
    (ACKNOWLEDGED, Event.RAISE): ACTIVE,
    (ACKNOWLEDGED, Event.WORSEN): Step(UNACKNOWLEDGED, TELL),
    (ACKNOWLEDGED, Event.EASE): Step(ACKNOWLEDGED),
    (ACKNOWLEDGED, Event.CLEAR): Step(NORMAL, OVER, LATCHED_ACKNOWLEDGED),
    (ACKNOWLEDGED, Event.ACKNOWLEDGE): KNOWN,
    (ACKNOWLEDGED, Event.RESET): HOLDS,
    (RETURNED, Event.RAISE): Step(UNACKNOWLEDGED, TELL),
    (RETURNED, Event.WORSEN): CLEARED,
    (RETURNED, Event.EASE): CLEARED,
    (RETURNED, Event.CLEAR): CLEARED,
    (RETURNED, Event.ACKNOWLEDGE): Step(NORMAL, QUIET),
    (RETURNED, Event.RESET): NO_LATCH,
    (LATCHED, Event.RAISE): Step(UNACKNOWLEDGED, TELL),
    (LATCHED, Event.WORSEN): CLEARED,
    (LATCHED, Event.EASE): CLEARED,
    (LATCHED, Event.CLEAR): CLEARED,
    (LATCHED, Event.ACKNOWLEDGE): Step(LATCHED_ACKNOWLEDGED, QUIET),
    (LATCHED, Event.RESET): ACKNOWLEDGE_FIRST,
    (LATCHED_ACKNOWLEDGED, Event.RAISE): Step(UNACKNOWLEDGED, TELL),
    (LATCHED_ACKNOWLEDGED, Event.WORSEN): CLEARED,
    (LATCHED_ACKNOWLEDGED, Event.EASE): CLEARED,
    (LATCHED_ACKNOWLEDGED, Event.CLEAR): CLEARED,
    (LATCHED_ACKNOWLEDGED, Event.ACKNOWLEDGE): KNOWN,
    (LATCHED_ACKNOWLEDGED, Event.RESET): Step(NORMAL),
}


class Standing(StrEnum):
    """How an alarm stands to one kind of suppression; ANNUNCIATED: it is not suppressed in that way."""

    ANNUNCIATED = "annunciated"
    SHELVED = "shelved"
    SHELVED_ONCE = "shelved_once"
    BY_DESIGN = "by_design"
    OUT_OF_SERVICE = "out_of_service"


class Move(StrEnum):
    """What suppresses an alarm or ends that. EXPIRE: the time of a shelf is over; EXCEED: the alarm is worse than when
    it was shelved; END: its condition has cleared; SUPPRESS and RELEASE: what suppresses by design began or ended."""

    SHELVE = "shelve"
    SHELVE_ONCE = "shelve_once"
    UNSHELVE = "unshelve"
    EXPIRE = "expire"
    EXCEED = "exceed"
    END = "end"
    SUPPRESS = "suppress"
    RELEASE = "release"
    TAKE_OUT = "take_out"
    PUT_BACK = "put_back"


@dataclass(frozen=True, slots=True)
class Stand:
    """A new standing, and what is to be told. ANNOUNCE in it means: where the alarm is unacknowledged, its condition
    holds, and nothing else suppresses it."""

    standing: Standing
    effects: Effects = ()


ANNUNCIATED = Standing.ANNUNCIATED
SHELVED, ONCE = Standing.SHELVED, Standing.SHELVED_ONCE
BY_DESIGN, OUT = Standing.BY_DESIGN, Standing.OUT_OF_SERVICE

NOT_SHELVED = Text("该报警没有被搁置。", "The alarm is not shelved.")
NO_TIME = Text("该报警搁置到恢复为止,没有到期时间。", "The alarm is shelved until it clears and has no time.")
NOT_SUPPRESSED = Text("该报警没有被设计抑制。", "The alarm is not suppressed by design.")
IN_SERVICE = Text("该报警正在使用。", "The alarm is in service.")
OUT_ALREADY = Text("该报警已经停用。", "The alarm is out of service already.")

SUPPRESSIONS: Mapping[tuple[Standing, Move], Stand | Text] = {
    (ANNUNCIATED, Move.SHELVE): Stand(SHELVED, QUIET),
    (ANNUNCIATED, Move.SHELVE_ONCE): Stand(ONCE, QUIET),
    (ANNUNCIATED, Move.UNSHELVE): NOT_SHELVED,
    (ANNUNCIATED, Move.EXPIRE): NOT_SHELVED,
    (ANNUNCIATED, Move.EXCEED): NOT_SHELVED,
    (ANNUNCIATED, Move.END): NOT_SHELVED,
    (ANNUNCIATED, Move.SUPPRESS): Stand(BY_DESIGN, QUIET),
    (ANNUNCIATED, Move.RELEASE): NOT_SUPPRESSED,
    (ANNUNCIATED, Move.TAKE_OUT): Stand(OUT, QUIET),
    (ANNUNCIATED, Move.PUT_BACK): IN_SERVICE,
    (SHELVED, Move.SHELVE): Stand(SHELVED, QUIET),
    (SHELVED, Move.SHELVE_ONCE): Stand(ONCE, QUIET),
    (SHELVED, Move.UNSHELVE): Stand(ANNUNCIATED, TELL),
    (SHELVED, Move.EXPIRE): Stand(ANNUNCIATED, TELL),
    (SHELVED, Move.EXCEED): Stand(ANNUNCIATED, TELL),
    (SHELVED, Move.END): Stand(SHELVED),
    (ONCE, Move.SHELVE): Stand(SHELVED, QUIET),
    (ONCE, Move.SHELVE_ONCE): Stand(ONCE, QUIET),
    (ONCE, Move.UNSHELVE): Stand(ANNUNCIATED, TELL),
    (ONCE, Move.EXPIRE): NO_TIME,
    (ONCE, Move.EXCEED): Stand(ANNUNCIATED, TELL),
    (ONCE, Move.END): Stand(ANNUNCIATED),
    (BY_DESIGN, Move.SUPPRESS): Stand(BY_DESIGN),
    (BY_DESIGN, Move.RELEASE): Stand(ANNUNCIATED, TELL),
    (OUT, Move.TAKE_OUT): OUT_ALREADY,
    (OUT, Move.PUT_BACK): Stand(ANNUNCIATED, TELL),
}
"""A pair that is not here is about another kind, which stands beside: its own rows say what becomes of it."""


def after(state: AlarmState, event: Event, *, latch: bool = False, unheard: bool = False) -> Step:
    """The step of an event; raises Refused with the table's reason where the event is out of place."""
    step = TABLE[state, event]
    if isinstance(step, Text):
        raise Refused(step.zh, step.en)
    if latch and step.latching:
        return Step(step.latching, step.effects)
    return Step(step.unheard, step.effects) if unheard and step.unheard else step


def stand(standing: Standing, move: Move) -> Stand:
    """The same for what suppresses; `standing` is that to the kind which the move is about."""
    step = SUPPRESSIONS[standing, move]
    if isinstance(step, Text):
        raise Refused(step.zh, step.en)
    return step


def told(effects: Effects, state: AlarmState, *, suppressed: bool) -> Effects:
    """What is told of it in the end: nothing is announced while it is suppressed, or of a condition that is gone or
    known."""
    if Effect.ANNOUNCE not in effects:
        return effects
    rest = tuple(effect for effect in effects if effect != Effect.ANNOUNCE)
    if state != UNACKNOWLEDGED:
        return rest
    return (*rest, Effect.WITHHOLD if suppressed else Effect.ANNOUNCE)


def markdown() -> str:
    """Both tables for people to read: a row a state, a column an event, and the reasons of refusals below them."""
    reasons: list[Text] = []
    states = _table("state", list(AlarmState), list(Event), lambda s, e: _step(TABLE[s, e], reasons))
    standings = _table(
        "suppression", list(Standing), list(Move), lambda s, m: _stand(SUPPRESSIONS.get((s, m)), reasons)
    )
    refusals = [f"{number}. refused: {reason.en} {reason.zh}" for number, reason in enumerate(reasons, 1)]
    return "\n".join([*states, "", *standings, "", *refusals])


def _table(title: str, rows: Sequence[R], columns: Sequence[C], cell: Callable[[R, C], str]) -> list[str]:
    lines = [f"| {title} | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    return lines + [f"| **{row}** | {' | '.join(cell(row, column) for column in columns)} |" for row in rows]


def _step(step: Step | Text, reasons: list[Text]) -> str:
    if isinstance(step, Text):
        return _reason(step, reasons)
    latching = f"; latching: {step.latching}" if step.latching else ""
    unheard = f"; unheard: {step.unheard}" if step.unheard else ""
    return f"{step.state}{latching}{unheard}{_effects(step.effects)}"


def _stand(step: Stand | Text | None, reasons: list[Text]) -> str:
    if step is None:
        return "beside"
    return _reason(step, reasons) if isinstance(step, Text) else f"{step.standing}{_effects(step.effects)}"


def _effects(effects: Effects) -> str:
    return "".join(f" *{effect}*" for effect in effects)


def _reason(reason: Text, reasons: list[Text]) -> str:
    if reason not in reasons:
        reasons.append(reason)
    return f"({reasons.index(reason) + 1})"
