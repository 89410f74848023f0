"""What people do to an alarm, each as a pure function: the alarm after it, the change, and what is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from zoneinfo import ZoneInfo

from alerting.occurrence import Moved, Occurrence
from alerting.state import RETURNED, Effects, Event, Move, after
from alerting.suppression import SERVICE, SHELF, released, shelved_tier, suppressed
from ganzhi.clock import NS_PER_S, local_text
from ganzhi.errors import Refused
from ganzhi.records import Alarm, AlarmState, Change, Suppression, Text, Tier

Act = Callable[[Occurrence, int], Moved]
"""(occurrence, our clock) -> what becomes of it; raises Refused with the reason."""


def person(actor: str) -> str:
    """A name, or Refused."""
    name = actor.strip()
    if not name:
        raise Refused("请填写姓名。", "Please give a name.")
    return name


def reason(words: str) -> str:
    """A reason, or Refused."""
    if not words.strip():
        raise Refused("请填写原因。", "Please give a reason.")
    return words.strip()


def needs_comment(alarm: Alarm, comment_from: Tier | None) -> bool:
    """Whether acknowledging it needs a comment; one that has returned by the worst colour it had."""
    return comment_from is not None and shelved_tier(alarm) >= comment_from


def acknowledge(actor: str, comment: str, *, zone: ZoneInfo, comment_from: Tier | None) -> Act:
    """Somebody has seen it; one that no rule in force holds any longer is ended by it."""

    def act(before: Occurrence, now: int) -> Moved:
        alarm = before.alarm
        if alarm.acknowledged_at is not None and not before.orphan:
            when = local_text(alarm.acknowledged_at, zone)
            raise Refused(
                f"该报警已由{alarm.acknowledged_by}于 {when} 确认。",
                f"The alarm was already acknowledged by {alarm.acknowledged_by} at {when}.",
            )
        if needs_comment(alarm, comment_from) and not comment:
            raise Refused("该级别的报警须填写处置说明。", "An alarm of this colour needs a comment.")
        known = replace(alarm, changed_at=now, acknowledged_at=now, acknowledged_by=actor, comment=comment)
        if before.orphan:
            state, effects = _ended(alarm.state)
            known = replace(known, state=state, tier=Tier.NONE, cleared_at=now)
            return Moved(replace(before, alarm=known), Change.CLEARED, effects)
        step = after(alarm.state, Event.ACKNOWLEDGE)
        return Moved(replace(before, alarm=replace(known, state=step.state)), Change.ACKNOWLEDGED, step.effects)

    return act


def reset(before: Occurrence, now: int) -> Moved:
    """It was latched and acknowledged, and ends."""
    step = after(before.alarm.state, Event.RESET)
    alarm = replace(before.alarm, state=step.state, changed_at=now)
    return Moved(replace(before, alarm=alarm), Change.RESET, step.effects)


def shelve(actor: str, words: str, minutes: float | None, *, most_s: float) -> Act:
    """It is not told for so many minutes; None: until it clears."""

    def act(before: Occurrence, now: int) -> Moved:
        if minutes is not None and not 0 < minutes * 60 <= most_s:
            most = f"{most_s / 60:g}"
            raise Refused(f"搁置时间为 0 到 {most} 分钟。", f"A shelf lasts at most {most} minutes, and more than 0.")
        if minutes is None and before.alarm.tier == Tier.NONE:
            raise Refused(
                "该状况已经恢复,没有可搁置的。", "The condition has cleared already: there is nothing to wait for."
            )
        until = None if minutes is None else now + round(minutes * 60 * NS_PER_S)
        shelf = Suppression(
            SHELF, now, Text(words, words), actor, until, once=minutes is None, tier=shelved_tier(before.alarm)
        )
        alarm, effects = suppressed(before.alarm, Move.SHELVE_ONCE if minutes is None else Move.SHELVE, shelf)
        return Moved(replace(before, alarm=replace(alarm, changed_at=now)), Change.SHELVED, effects)

    return act


def unshelve(before: Occurrence, now: int) -> Moved:
    """It is told again from now on."""
    alarm, effects = released(before.alarm, Move.UNSHELVE, SHELF)
    return Moved(replace(before, alarm=replace(alarm, changed_at=now)), Change.UNSHELVED, effects)


def take_out(actor: str, words: str) -> Act:
    """It is not told until a person puts it back."""

    def act(before: Occurrence, now: int) -> Moved:
        alarm, effects = suppressed(before.alarm, Move.TAKE_OUT, Suppression(SERVICE, now, Text(words, words), actor))
        return Moved(replace(before, alarm=replace(alarm, changed_at=now)), Change.OUT_OF_SERVICE, effects)

    return act


def put_back(before: Occurrence, now: int) -> Moved:
    """It is told again from now on."""
    alarm, effects = released(before.alarm, Move.PUT_BACK, SERVICE)
    return Moved(replace(before, alarm=replace(alarm, changed_at=now)), Change.IN_SERVICE, effects)


def _ended(state: AlarmState) -> tuple[AlarmState, Effects]:
    cleared = after(state, Event.CLEAR)
    return (NORMAL_AFTER if cleared.state == RETURNED else cleared.state), cleared.effects


NORMAL_AFTER = after(RETURNED, Event.ACKNOWLEDGE).state
