"""An alarm as JSON, without loss: NaN and infinity, which JSON has no numbers for, are written as texts."""

from __future__ import annotations

import json
import math

from ganzhi.records import Alarm, AlarmClass, AlarmState, Text, Tier

TEXTS = ("name", "text", "advice")
FIGURES = ("value", "score", "limit")
PLAIN = (
    "id",
    "condition",
    "rule",
    "point",
    "subject",
    "enterprise",
    "source",
    "raised_at",
    "changed_at",
    "unit",
    "score_unit",
    "basis",
    "simulated",
    "retrospective",
    "cleared_at",
    "acknowledged_at",
    "acknowledged_by",
    "comment",
)


def to_json(alarm: Alarm) -> str:
    """The whole alarm as one line of JSON."""
    record: dict[str, object] = {name: getattr(alarm, name) for name in PLAIN}
    for name in TEXTS:
        text: Text = getattr(alarm, name)
        record[name] = {"zh": text.zh, "en": text.en}
    for name in FIGURES:
        record[name] = _figure(getattr(alarm, name))
    record["alarm_class"] = alarm.alarm_class.value
    record["state"] = alarm.state.value
    record["tier"], record["worst"] = int(alarm.tier), int(alarm.worst)
    record["evidence"] = {name: _figure(value) for name, value in alarm.evidence.items()}
    return json.dumps(record, ensure_ascii=False, allow_nan=False)


def from_json(text: str) -> Alarm:
    """The alarm again. Raises KeyError or ValueError for what no alarm was."""
    record = json.loads(text)
    for name in TEXTS:
        record[name] = Text(record[name]["zh"], record[name]["en"])
    for name in FIGURES:
        record[name] = float(record[name])
    record["alarm_class"] = AlarmClass(record["alarm_class"])
    record["state"] = AlarmState(record["state"])
    record["tier"], record["worst"] = Tier(record["tier"]), Tier(record["worst"])
    record["evidence"] = {name: float(value) for name, value in record["evidence"].items()}
    return Alarm(**record)


def _figure(value: float) -> float | str:
    return float(value) if math.isfinite(value) else str(float(value))
