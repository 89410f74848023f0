"""Alarms as JSON with all that is known around them: place, forecast, trend, work going on there, links."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from console.alarm_backend import Around, Quality, Reportable, Trend
from console.shape import Json, alarm_json, ms, quality_name, text_json
from ganzhi.clock import Clock
from ganzhi.records import (
    COLOURS,
    EVENT,
    QUALITY_MASK,
    Alarm,
    AlarmEvent,
    AlarmState,
    Catalogue,
    Flood,
    Incident,
    Rule,
    Tier,
    Work,
)
from ganzhi.records import Quality as Code

TREND_STEP_S = 30
ABOUT = "#"
CURVE_MINUTES = 30


def flood_json(flood: Flood) -> Json:
    """A flood at a position; what the feed publishes as "flood"."""
    return {"position": flood.position, "since": ms(flood.since), "count": flood.count}


def work_json(work: Work) -> Json:
    """A maintenance window or permit; what the feed publishes as "work"."""
    return {
        "id": work.id,
        "kind": work.kind.value,
        "scope": work.scope,
        "subject": work.subject,
        "start": ms(work.start),
        "end": ms(work.end),
        "reason": work.reason,
        "person": work.person,
        "noted": ms(work.noted),
        "most": int(work.most),
        "ended": None if work.ended_at is None else ms(work.ended_at),
        "ended_by": work.ended_by,
    }


def reportable_json(kind: Reportable) -> Json:
    """A kind of external event."""
    return {
        "kind": kind.kind,
        "name": text_json(kind.name),
        "tier": int(kind.tier),
        "advice": text_json(kind.advice),
    }


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is looked up around an alarm.

    catalogue  the one that alarms know, with sources and enterprises as such
    measured   how many of its points are measured, the first ones
    """

    catalogue: Catalogue
    measured: int
    rules: Mapping[str, Rule]
    around: Around
    quality: Quality
    trend: Trend
    comment_from: Tier | None
    clock: Clock


class AlarmShape:
    """Makes the JSON of docs/alarms.md; may be called from any thread."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._of = surroundings

    def event(self, event: AlarmEvent, *, trend: bool = False) -> Json:
        """A line of the journal with its alarm; what the feed publishes as "alarm" under the id `event.seq`."""
        return {
            "seq": event.seq,
            "at": ms(event.at),
            "noted": ms(event.noted),
            "change": event.change.value,
            "before": int(event.before),
            "actor": event.actor,
            "comment": event.comment,
            "effects": [effect.value for effect in event.effects],
            "alarm": self.alarm(event.alarm, trend=trend),
        }

    def alarm(self, alarm: Alarm, *, trend: bool = True) -> Json:
        """An alarm as it stands."""
        of, index = self._of, self._point(alarm)
        rule = of.rules.get(alarm.rule)
        external = rule is not None and rule.kind == EVENT
        worst = alarm.tier or alarm.worst
        return {
            **alarm_json(of.catalogue, alarm),
            "chattering": bool(level := alarm.chatter.level_at(of.clock())),
            "cycles": len(alarm.chatter.falls) if level else 0,
            "forecast": self._forecast(alarm),
            "place": self._place(alarm),
            "external": external,
            "closable": external and alarm.tier > Tier.NONE,
            "resettable": alarm.state == AlarmState.LATCHED_ACKNOWLEDGED,
            "needs_comment": of.comment_from is not None and worst >= of.comment_from,
            "context": self._context(alarm, index),
            **({"trend": self._trend(index)} if trend else {}),
            "links": self._links(alarm, index),
        }

    def incident(self, incident: Incident) -> Json:
        """Alarms of one source that a flood made one."""
        members = incident.members
        return {
            "id": incident.id,
            "first": self.alarm(incident.first),
            "members": [alarm.id for alarm in members],
            "tier": int(max((alarm.tier for alarm in members), default=Tier.NONE)),
            "counts": [sum(alarm.tier == tier for alarm in members) for tier in COLOURS],
            "folded": sum(alarm.folded for alarm in members),
        }

    def _point(self, alarm: Alarm) -> int | None:
        """The measured point that it is about, if any."""
        index = self._of.catalogue.index.get(alarm.subject.partition(ABOUT)[0])
        return index if index is not None and index < self._of.measured else None

    def _place(self, alarm: Alarm) -> Json:
        catalogue = self._of.catalogue
        index = catalogue.index.get(alarm.subject.partition(ABOUT)[0])
        point = None if index is None else catalogue.points[index]
        source, enterprise = catalogue.sources.get(alarm.source), catalogue.enterprises.get(alarm.enterprise)
        known = [each for each in (point, source) if each is not None and each.lon is not None]
        return {
            "lon": known[0].lon if known else None,
            "lat": known[0].lat if known else None,
            "point": "" if point is None else point.tag,
            "source": None if source is None else text_json(source.name),
            "enterprise": None if enterprise is None else text_json(enterprise.name),
            "district": "" if enterprise is None else enterprise.district,
        }

    def _forecast(self, alarm: Alarm) -> Json | None:
        """The figures of the forecast that takes part in it, whether it holds the alarm or another rule does."""
        for key, minutes in alarm.evidence.items():
            name, colon, rule_id = key.partition(":")
            rule = self._of.rules.get(rule_id)
            if name != "score" or not colon or rule is None or rule.kind != "forecast":
                continue
            figure = alarm.evidence.get
            if not figure(f"tier:{rule_id}"):
                continue
            return {
                "rule": rule_id,
                "minutes": figure(f"minutes_expected:{rule_id}", minutes),
                "early": figure(f"minutes_early:{rule_id}"),
                "late": figure(f"minutes_late:{rule_id}"),
                "target": figure(f"target:{rule_id}"),
                "unit": alarm.unit,
            }
        return None

    def _context(self, alarm: Alarm, index: int | None) -> list[Json]:
        found: list[Json] = [{"kind": work.kind.value, "work": work_json(work)} for work in self._of.around(alarm)]
        if index is not None and (code := self._of.quality(index) & QUALITY_MASK) in (
            Code.IN_CALIBRATION,
            Code.IN_MAINTENANCE,
        ):
            found.append({"kind": "quality", "quality": quality_name(code)})
        return found

    def _trend(self, index: int | None) -> Json | None:
        if index is None:
            return None
        end, values = self._of.trend(index)
        known = [(i, float(value)) for i, value in enumerate(values) if not math.isnan(value)]
        return {
            "step_s": TREND_STEP_S,
            "end": ms(end),
            "values": [None if math.isnan(value) else float(value) for value in values],
            "slope_per_min": _slope(known) * 60 / TREND_STEP_S if len(known) > 1 else None,
        }

    def _links(self, alarm: Alarm, index: int | None) -> Json:
        curve = None
        if index is not None:
            point = quote(self._of.catalogue.points[index].id, safe="")
            curve = f"/api/points/{point}/curve?minutes={CURVE_MINUTES}"
        picture = alarm.details.get("picture")
        return {"page": f"/#alarm={quote(alarm.id)}", "curve": curve, **({"picture": picture} if picture else {})}


def _slope(known: Sequence[tuple[int, float]]) -> float:
    """Least squares, per step."""
    n = len(known)
    mean_x, mean_y = sum(x for x, _ in known) / n, sum(y for _, y in known) / n
    return sum((x - mean_x) * (y - mean_y) for x, y in known) / sum((x - mean_x) ** 2 for x, _ in known)
