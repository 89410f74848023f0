"""An alarm as JSON, without loss: NaN and infinity, which JSON has no numbers for, are written as texts."""

from __future__ import annotations

import json
import math
from typing import Any

from ganzhi.records import Alarm, AlarmClass, AlarmState, Chatter, Suppression, SuppressionKind, Text, Tier

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
    "seq",
    "told",
    "falls_at",
    "falls_by",
    "incident",
    "folded",
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
    record["details"] = dict(alarm.details)
    record["suppressions"] = [_suppression_json(each) for each in alarm.suppressions]
    chatter = alarm.chatter
    record["chatter"] = [list(chatter.falls), chatter.level, chatter.at, chatter.risen]
    return json.dumps(record, ensure_ascii=False, allow_nan=False)


def from_json(text: str) -> Alarm:
    """The alarm again; one written before a field was there has its default. Raises KeyError or ValueError for what no
    alarm was."""
    record = json.loads(text)
    for name in TEXTS:
        record[name] = Text(record[name]["zh"], record[name]["en"])
    for name in FIGURES:
        record[name] = float(record[name])
    record["alarm_class"] = AlarmClass(record["alarm_class"])
    record["state"] = AlarmState(record["state"])
    record["tier"], record["worst"] = Tier(record["tier"]), Tier(record["worst"])
    record["evidence"] = {name: float(value) for name, value in record["evidence"].items()}
    if "suppressions" in record:
        record["suppressions"] = tuple(map(_suppression, record["suppressions"]))
    if "chatter" in record:
        falls, *others = record["chatter"]
        record["chatter"] = Chatter(tuple(falls), *others)
    return Alarm(**record)


def _suppression_json(each: Suppression) -> dict[str, object]:
    return {
        "kind": each.kind.value,
        "since": each.since,
        "reason": {"zh": each.reason.zh, "en": each.reason.en},
        "person": each.person,
        "until": each.until,
        "once": each.once,
        "tier": int(each.tier),
        "cause": each.cause,
    }


def _suppression(record: dict[str, Any]) -> Suppression:
    reason = Text(record["reason"]["zh"], record["reason"]["en"])
    kind, tier = SuppressionKind(record["kind"]), Tier(record["tier"])
    return Suppression(**{**record, "kind": kind, "tier": tier, "reason": reason})


def _figure(value: float) -> float | str:
    return float(value) if math.isfinite(value) else str(float(value))
