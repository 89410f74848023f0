"""Lines of a journal, made by hand: what an operator was told, minute by minute."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from alerting.kpi.period import Period
from ganzhi.clock import NS_PER_S
from ganzhi.records import Alarm, AlarmClass, AlarmEvent, AlarmState, Change, Effect, Text, Tier
from tests.alerting.site import START

MINUTE = 60 * NS_PER_S
ZONE = ZoneInfo("Asia/Shanghai")

BLANK = Alarm(
    id="",
    condition="level.high",
    rule="level.high",
    point=0,
    subject="",
    enterprise="haihe-storage",
    source="tank-area-1",
    alarm_class=AlarmClass.PROCESS,
    state=AlarmState.UNACKNOWLEDGED,
    tier=Tier.YELLOW,
    worst=Tier.YELLOW,
    raised_at=START,
    changed_at=START,
    value=1.0,
    score=1.0,
    limit=1.0,
    unit="m",
    score_unit="m",
    name=Text("液位高", "Level high"),
    text=Text("", ""),
    advice=Text("", ""),
    basis="engineering default",
)


def hours(count: float) -> Period:
    """A period of so many hours from START."""
    return Period(START, START + round(count * 60) * MINUTE, ZONE)


class Journal:
    """Adds lines at minutes after START."""

    def __init__(self) -> None:
        self.lines: list[AlarmEvent] = []

    def add(self, minute: float, alarm: Alarm, change: Change, *effects: Effect, before: Tier = Tier.NONE) -> Alarm:
        """A line at a minute; the alarm as it stands after it."""
        at = START + round(minute * MINUTE)
        alarm = replace(alarm, changed_at=at)
        self.lines.append(AlarmEvent(len(self.lines) + 1, at, at, change, before, alarm, effects=effects))
        return alarm

    def raise_(self, minute: float, subject: str, tier: Tier = Tier.YELLOW, *effects: Effect) -> Alarm:
        """An alarm that is raised, and announced unless said otherwise."""
        at = START + round(minute * MINUTE)
        alarm = replace(BLANK, id=f"{subject}@{minute:g}", subject=subject, tier=tier, worst=tier, raised_at=at)
        return self.add(minute, alarm, Change.RAISED, *(effects or (Effect.ANNOUNCE,)))

    def acknowledge(self, minute: float, alarm: Alarm) -> Alarm:
        """A person has seen it."""
        at = START + round(minute * MINUTE)
        known = replace(alarm, acknowledged_at=at, acknowledged_by="值班员", state=AlarmState.ACKNOWLEDGED)
        return self.add(minute, known, Change.ACKNOWLEDGED, Effect.SILENCE, before=alarm.tier)

    def clear(self, minute: float, alarm: Alarm) -> Alarm:
        """Its condition is over; normal if it was acknowledged."""
        state = AlarmState.RETURNED_UNACKNOWLEDGED if alarm.acknowledged_at is None else AlarmState.NORMAL
        over = replace(alarm, tier=Tier.NONE, state=state, cleared_at=START + round(minute * MINUTE))
        return self.add(minute, over, Change.CLEARED, Effect.RESOLVE, before=alarm.tier)
