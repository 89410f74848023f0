"""Alarm events as the line protocol that Grafana Live turns into a table: one row an event, always the same columns."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ganzhi.records import AlarmEvent

STREAM = "ganzhi"
MEASUREMENT = "alarm"
CHANNEL = f"stream/{STREAM}/{MEASUREMENT}"
"""Where a panel listens."""

ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": " ", "\r": " "})


def quoted(text: str) -> str:
    """A string field; a line break would end the row, so it becomes a space."""
    return f'"{text.translate(ESCAPES)}"'


def amount(value: float, unit: str) -> str:
    """A figure with its unit as text, "" for none: a column that comes and goes would empty every open panel."""
    return "" if math.isnan(value) else f"{value:.6g} {unit}".rstrip()


def line(event: AlarmEvent) -> str:
    """One event; tags would all be folded into one column, so everything is a field."""
    alarm = event.alarm
    texts = {
        "id": alarm.id,
        "change": event.change.value,
        "state": alarm.state.value,
        "enterprise": alarm.enterprise,
        "source": alarm.source,
        "point": alarm.subject,
        "condition": alarm.condition,
        "name_zh": alarm.name.zh,
        "name_en": alarm.name.en,
        "text_zh": alarm.text.zh,
        "text_en": alarm.text.en,
        "reading": amount(alarm.value, alarm.unit),
        "limit": amount(alarm.limit, alarm.score_unit),
        "actor": event.actor,
    }
    whole = {"seq": event.seq, "tier": int(alarm.tier), "before": int(event.before), "worst": int(alarm.worst)}
    fields = [f"{key}={value}i" for key, value in whole.items()]
    fields += [f"{key}={quoted(value)}" for key, value in texts.items()]
    fields.append(f"simulated={'true' if alarm.simulated else 'false'}")
    return f"{MEASUREMENT} {','.join(fields)} {event.noted}"


def lines(events: Iterable[AlarmEvent]) -> str:
    """The body of one push."""
    return "\n".join(map(line, events))
