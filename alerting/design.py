"""What suppresses an alarm by design: maintenance, `suppress_when` of its rule, a silence wider than its own."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from alerting.occurrence import GONE, Site
from alerting.work import Works, maintenance
from ganzhi.clock import NS_PER_S
from ganzhi.records import (
    OFFLINE,
    QUALITY_MASK,
    STALE,
    Alarm,
    Quality,
    Rule,
    SuppressWhen,
    Text,
    Tier,
    enterprise_as_such,
    source_as_such,
)

PERIODS = 3.0
SLACK_S = 60.0
"""Between a sensor's clock and ours, before a reading is too old to vouch for anything (engineering default)."""

Read = Callable[[int], tuple[int, float, int]]
"""Point -> its newest reading: UTC ns by the sensor's clock, value, quality."""

Held = Callable[[str, str], Tier]
"""(rule, subject) -> the tier that it holds there now."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an alarm is suppressed by design: for machines, and in words."""

    code: str
    reason: Text


def nothing_read(point: int) -> tuple[int, float, int]:
    """A Read for a site without readings."""
    return 0, float("nan"), int(Quality.DEVICE_FAULT)


class Design:
    """Looks for a cause; remembers nothing but where things are."""

    def __init__(self, site: Site, *, works: Works | None, read: Read) -> None:
        self._site = site
        self._works = works
        self._read = read
        self._offline = [rule.id for rule in site.rules.values() if rule.kind == OFFLINE]
        self._beside: dict[tuple[str, str], list[str]] = {}
        self._conditions: dict[tuple[str, str], list[int]] = {}

    def cause(self, alarm: Alarm, held: Held, now: int) -> Cause | None:
        """The first cause that holds; None: none does. `now` by our clock."""
        rule = self._site.rules.get(alarm.rule)
        if self._works is not None and (work := maintenance(self._works.around(alarm, now), alarm.tier)) is not None:
            why = Text(f"检修作业:{work.reason}({work.person})", f"maintenance: {work.reason} ({work.person})")
            return Cause(f"maintenance:{work.id}", why)
        if rule is None or alarm.point == GONE:
            return None
        return self._wider_silence(rule, alarm, held) or self._as_written(rule, alarm, held, now)

    def _wider_silence(self, rule: Rule, alarm: Alarm, held: Held) -> Cause | None:
        """A silent point in a silent source, a silent source in a silent enterprise: one alarm, not one a point."""
        if rule.kind not in (STALE, OFFLINE):
            return None
        wider = enterprise_as_such(alarm.enterprise), source_as_such(alarm.source)
        for subject in wider:
            if alarm.subject in (subject, wider[0]):
                break
            if any(held(offline, subject) for offline in self._offline):
                return Cause("offline", Text("所在危险源或企业整体无数据", "the whole source or enterprise is silent"))
        return None

    def _as_written(self, rule: Rule, alarm: Alarm, held: Held, now: int) -> Cause | None:
        when = rule.suppress_when
        if when is None:
            return None
        if when.rule:
            other = self._site.rules.get(when.rule)
            if other is None or not any(held(other.id, there) >= when.tier for there in self._at(other, alarm)):
                return None
            return Cause(f"rule:{other.id}", Text(f"因{other.name.zh}", f"because of {other.name.en}"))
        points = self._points(when, alarm)
        if not points or not all(self._reads(when, point, now) for point in points):
            return None
        names = "、".join(self._site.catalogue.points[point].tag for point in points[:3])
        return Cause("reading", Text(f"因 {names} 的状态", f"because of the state of {names}"))

    def _at(self, other: Rule, alarm: Alarm) -> list[str]:
        """Where that rule is looked at: the same point if it watches it, otherwise all of the same source."""
        points, watched = self._site.catalogue.points, other.subjects.tolist()
        if (other.id, "") not in self._beside:
            self._beside[other.id, ""] = [points[point].id for point in watched]
            for point in watched:
                self._beside.setdefault((other.id, points[point].source), []).append(points[point].id)
        if alarm.subject in self._beside.get((other.id, alarm.source), ()):
            return [alarm.subject]
        return self._beside.get((other.id, alarm.source), [])

    def _points(self, when: SuppressWhen, alarm: Alarm) -> list[int]:
        key = (f"tag {when.tag}", alarm.enterprise) if when.tag else (f"quantity {when.quantity}", alarm.source)
        if key not in self._conditions:
            self._conditions[key] = [
                index
                for index, point in enumerate(self._site.catalogue.points)
                if (
                    point.tag == when.tag and point.enterprise == alarm.enterprise
                    if when.tag
                    else point.quantity == when.quantity and point.source == alarm.source
                )
            ]
        return self._conditions[key]

    def _reads(self, when: SuppressWhen, point: int, now: int) -> bool:
        time, value, quality = self._read(point)
        oldest = now - (self._site.catalogue.points[point].period_s * PERIODS + SLACK_S) * NS_PER_S
        if quality & QUALITY_MASK > Quality.UNCERTAIN or time < oldest or math.isnan(value):
            return False
        return (when.above is None or value > when.above) and (when.below is None or value < when.below)
