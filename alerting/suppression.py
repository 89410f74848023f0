"""What keeps an alarm from being announced, on the alarm itself: set, looked up, taken away. Pure functions."""

from __future__ import annotations

from dataclasses import replace

from alerting.state import Effects, Move, Standing, stand, told
from ganzhi.records import Alarm, AlarmState, Suppression, SuppressionKind, Text, Tier

SHELF, DESIGN, SERVICE = SuppressionKind.SHELVED, SuppressionKind.BY_DESIGN, SuppressionKind.OUT_OF_SERVICE

EXPIRED = Text("搁置时间已到", "the time of the shelf is over")
EXCEEDED = Text("比搁置时更严重", "worse than when it was shelved")
ENDED = Text("状况已恢复", "the condition has cleared")


def find(alarm: Alarm, kind: SuppressionKind) -> Suppression | None:
    """Its suppression of that kind, if any."""
    return next((each for each in alarm.suppressions if each.kind == kind), None)


def standing(alarm: Alarm, kind: SuppressionKind) -> Standing:
    """How it stands to that kind."""
    found = find(alarm, kind)
    if found is None:
        return Standing.ANNUNCIATED
    if kind == SHELF:
        return Standing.SHELVED_ONCE if found.once else Standing.SHELVED
    return Standing.BY_DESIGN if kind == DESIGN else Standing.OUT_OF_SERVICE


def without(alarm: Alarm, kind: SuppressionKind) -> Alarm:
    """The alarm with none of that kind."""
    return replace(alarm, suppressions=tuple(each for each in alarm.suppressions if each.kind != kind))


def suppressed(alarm: Alarm, move: Move, by: Suppression) -> tuple[Alarm, Effects]:
    """The alarm with `by` in the place of what it has of that kind, and what is told. Raises Refused."""
    step = stand(standing(alarm, by.kind), move)
    after = replace(alarm, suppressions=(*without(alarm, by.kind).suppressions, by))
    return after, told(step.effects, after.state, suppressed=True)


def released(alarm: Alarm, move: Move, kind: SuppressionKind) -> tuple[Alarm, Effects]:
    """The alarm without that kind, and what is told: it is back in its true state. Raises Refused."""
    step = stand(standing(alarm, kind), move)
    after = without(alarm, kind)
    return after, told(step.effects, after.state, suppressed=bool(after.suppressions))


def shelf_over(alarm: Alarm, now: int) -> tuple[Move, Text] | None:
    """Why its shelf ends at that moment, or None; `now` by our clock."""
    shelf = find(alarm, SHELF)
    if shelf is None:
        return None
    if alarm.tier > shelf.tier:
        return Move.EXCEED, EXCEEDED
    if shelf.once and alarm.tier == Tier.NONE:
        return Move.END, ENDED
    if shelf.until is not None and shelf.until <= now:
        return Move.EXPIRE, EXPIRED
    return None


def shelved_tier(alarm: Alarm) -> Tier:
    """The colour beyond which a shelf on it ends: the present one, or the worst it had where it has returned."""
    return alarm.tier or alarm.worst


def settled(alarm: Alarm) -> Alarm:
    """An alarm that is normal has nothing to be suppressed by design: that is found anew when it comes again."""
    return without(alarm, DESIGN) if alarm.state == AlarmState.NORMAL else alarm
