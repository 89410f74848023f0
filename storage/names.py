"""Names of measurements, tags and fields, the same in InfluxDB and in DuckDB; dashboards read by them.

An event, a colour and the counters become field values here once, so that every store writes the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from ganzhi.clock import NS_PER_MS
from ganzhi.records import AlarmEvent, RiskColour

READING = "reading"
ALARM = "alarm"
RISK = "risk"
PIPELINE = "pipeline"

READING_TAGS = ("enterprise", "point", "quantity", "source")
ALARM_TAGS = ("alarm_class", "condition", "enterprise", "point", "source")
"""In the order of their names, in which InfluxDB sorts them anyhow."""

VALUE = "value"
QUALITY = "quality"

ALARM_TEXTS = ("id", "change", "state", "rule", "name_zh", "name_en", "text_zh", "text_en", "actor", "unit")
ALARM_INTEGERS = ("tier", "before", "worst", "seq", "at_ms")
ALARM_FLOATS = ("value", "score", "limit")
ALARM_FLAGS = ("simulated", "retrospective")
RISK_INTEGERS = ("tier", "blue", "yellow", "orange", "red")
PIPELINE_INTEGERS = ("received", "accepted", "late", "duplicate", "rejected", "unknown", "stored", "backlog")
PIPELINE_FLOATS = ("delay_p50_ms", "delay_p99_ms")

FieldValue = str | int | float | bool
Fields = Mapping[str, FieldValue]


def alarm_tags(event: AlarmEvent) -> dict[str, str]:
    """Tags of one line of the journal; the point is named by the alarm's subject."""
    alarm = event.alarm
    values = (alarm.alarm_class.value, alarm.condition, alarm.enterprise, alarm.subject, alarm.source)
    return dict(zip(ALARM_TAGS, values, strict=True))


def alarm_fields(event: AlarmEvent) -> Fields:
    """Fields of one line of the journal; a figure that is not finite is left out."""
    alarm = event.alarm
    texts = (
        alarm.id,
        event.change.value,
        alarm.state.value,
        alarm.rule,
        alarm.name.zh,
        alarm.name.en,
        alarm.text.zh,
        alarm.text.en,
        event.actor,
        alarm.unit,
    )
    integers = (int(alarm.tier), int(event.before), int(alarm.worst), event.seq, event.at // NS_PER_MS)
    floats = zip(ALARM_FLOATS, (alarm.value, alarm.score, alarm.limit), strict=True)
    return {
        **dict(zip(ALARM_TEXTS, texts, strict=True)),
        **dict(zip(ALARM_INTEGERS, integers, strict=True)),
        **{name: float(value) for name, value in floats if math.isfinite(value)},
        **dict(zip(ALARM_FLAGS, (bool(alarm.simulated), bool(alarm.retrospective)), strict=True)),
    }


def risk_tags(colour: RiskColour) -> dict[str, str]:
    """Tags of one risk colour."""
    return {"enterprise": colour.enterprise, "source": colour.source}


def risk_fields(colour: RiskColour) -> Fields:
    """Fields of one risk colour."""
    return dict(zip(RISK_INTEGERS, (int(colour.tier), *map(int, colour.counts)), strict=True))


def pipeline_fields(counters: Mapping[str, float]) -> Fields:
    """Fields of the pipeline's counters; those it does not know are left out, and so is a figure not finite."""
    integers = {name: int(counters[name]) for name in PIPELINE_INTEGERS if name in counters}
    floats = {name: float(counters[name]) for name in PIPELINE_FLOATS if math.isfinite(counters.get(name, math.nan))}
    return {**integers, **floats}
