"""Records -> the JSON that the page and the feed speak: times in ms, NaN as null, texts in both languages."""

from __future__ import annotations

import orjson

from ganzhi.clock import NS_PER_MS
from ganzhi.records import QUALITY_MASK, Alarm, Catalogue, Quality, RiskColour, Suppression, Text

Json = dict[str, object]

QUALITY_NAMES = {int(quality): quality.name.lower() for quality in Quality}


def dumps(value: object) -> bytes:
    """JSON in UTF-8; NaN and infinity become null."""
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)


def ms(time_ns: int) -> int:
    """UTC nanoseconds as milliseconds."""
    return time_ns // NS_PER_MS


def ms_or_none(time_ns: int | None) -> int | None:
    """The same, where there may be none yet."""
    return None if time_ns is None else ms(time_ns)


def text_json(text: Text) -> Json:
    """A text for people; the page picks the language."""
    return {"zh": text.zh, "en": text.en}


def alarm_json(catalogue: Catalogue, alarm: Alarm) -> Json:
    """An alarm as it stands, without what is around it (see alarm_shape); the point by its id, for its index may be
    that of an older catalogue."""
    index = catalogue.index.get(alarm.subject.partition("#")[0])
    tag = alarm.subject if index is None else catalogue.points[index].tag
    return {
        "id": alarm.id,
        "seq": alarm.seq,
        "condition": alarm.condition,
        "rule": alarm.rule,
        "point": alarm.subject,
        "tag": tag,
        "subject": alarm.subject,
        "enterprise": alarm.enterprise,
        "source": alarm.source,
        "class": alarm.alarm_class.value,
        "state": alarm.state.value,
        "tier": int(alarm.tier),
        "worst": int(alarm.worst),
        "raised": ms(alarm.raised_at),
        "changed": ms(alarm.changed_at),
        "cleared": ms_or_none(alarm.cleared_at),
        "acknowledged": ms_or_none(alarm.acknowledged_at),
        "acknowledged_by": alarm.acknowledged_by,
        "comment": alarm.comment,
        "value": alarm.value,
        "score": alarm.score,
        "limit": alarm.limit,
        "unit": alarm.unit,
        "score_unit": alarm.score_unit,
        "name": text_json(alarm.name),
        "text": text_json(alarm.text),
        "advice": text_json(alarm.advice),
        "basis": alarm.basis,
        "simulated": alarm.simulated,
        "retrospective": alarm.retrospective,
        "evidence": {name: figure for name, figure in alarm.evidence.items() if ":" not in name},
        "falls": ms_or_none(alarm.falls_at),
        "suppressions": [_suppression_json(each) for each in alarm.suppressions],
        "incident": alarm.incident,
        "folded": alarm.folded,
        "details": dict(alarm.details),
    }


def _suppression_json(each: Suppression) -> Json:
    return {
        "kind": each.kind.value,
        "since": ms(each.since),
        "until": ms_or_none(each.until),
        "once": each.once,
        "tier": int(each.tier),
        "person": each.person,
        "reason": text_json(each.reason),
        "cause": each.cause,
    }


def colour_json(colour: RiskColour) -> Json:
    """The colour of a source; what the feed publishes as "colour"."""
    return {
        "source": colour.source,
        "enterprise": colour.enterprise,
        "at": ms(colour.at),
        "tier": int(colour.tier),
        "counts": list(colour.counts),
    }


def quality_name(quality: int) -> str:
    """Lower-case name of a quality code, without the SIMULATED bit; a code unknown here by its number."""
    code = quality & QUALITY_MASK
    return QUALITY_NAMES.get(code, f"quality_{code}")
