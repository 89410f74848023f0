"""An alarm as an annotation of Grafana: a point in time while it is active, a region when it has ended."""

from __future__ import annotations

from html import escape

from ganzhi.clock import NS_PER_MS
from ganzhi.records import COLOURS, Alarm
from grafana.view import COLOUR_TEXT, Language

TAG = "ganzhi"
MOST_TAG_BYTES = 500
"""Grafana's default `annotation_maximum_tags_length`; a longer list is refused as a whole."""
MOST_VALUE_CHARACTERS = 100
"""Width of the tag table's columns in Grafana's database."""
LATE_TAGS = (*(tier.name.lower() for tier in COLOURS), "simulated", "retrospective")
"""Tags that an alarm may get, or lose, after it was raised."""
LANDMARKS = {
    "zh": ("模拟", "补报", "已确认：", "已消除"),
    "en": ("simulated", "retrospective", "acknowledged by ", "cleared"),
}


def alarm_tag(alarm: Alarm) -> str:
    """The tag by which the annotation of an alarm is found again."""
    return f"alarm:{alarm.id[:MOST_VALUE_CHARACTERS]}"


def tags(alarm: Alarm) -> list[str]:
    """The tags of an alarm, the most important first; those that do not fit Grafana's limit are left out.

    The colour is the worst the alarm has had, so that its region keeps it after the end.
    """
    wanted = [TAG, alarm.worst.name.lower(), alarm_tag(alarm)]
    named = {
        "source": alarm.source,
        "enterprise": alarm.enterprise,
        "condition": alarm.condition,
        "point": alarm.subject,
    }
    wanted += [f"{key}:{value[:MOST_VALUE_CHARACTERS]}" for key, value in named.items() if value]
    wanted += ["simulated"] * alarm.simulated + ["retrospective"] * alarm.retrospective
    kept: list[str] = []
    size = 1
    for tag in wanted:
        size += len(tag.encode()) + len('"",')
        if size > MOST_TAG_BYTES:
            break
        kept.append(tag)
    return kept


def text(alarm: Alarm, language: Language) -> str:
    """What a person reads in the annotation; Grafana shows it as HTML."""
    simulated, retrospective, acknowledged, cleared = LANDMARKS[language]
    zh = language == "zh"
    colour = COLOUR_TEXT[alarm.worst]
    marks = [colour.zh if zh else colour.en]
    marks += [simulated] * alarm.simulated + [retrospective] * alarm.retrospective
    shown = "".join(f"【{mark}】" for mark in marks) if zh else f"[{', '.join(marks)}] "
    lines = [f"{shown}{alarm.name.zh if zh else alarm.name.en} {alarm.subject}", alarm.text.zh if zh else alarm.text.en]
    if alarm.acknowledged_at is not None:
        lines.append(f"{acknowledged}{alarm.acknowledged_by or '-'}")
    if alarm.cleared_at is not None:
        lines.append(cleared)
    return "\n".join(escape(line, quote=False) for line in lines if line)


def annotation(alarm: Alarm, language: Language) -> dict[str, object]:
    """The body of the request that creates the annotation of an alarm, or brings it up to date; times are ms."""
    body: dict[str, object] = {
        "time": alarm.raised_at // NS_PER_MS,
        "tags": tags(alarm),
        "text": text(alarm, language),
    }
    if alarm.cleared_at is not None:
        body["timeEnd"] = max(alarm.cleared_at, alarm.raised_at) // NS_PER_MS
    return body
