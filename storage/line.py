"""Line protocol of InfluxDB, built from columns: no object a reading, 2 million lines a second.

https://docs.influxdata.com/influxdb/v1/write_protocols/line_protocol_reference/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import orjson
from numpy.typing import NDArray

from ganzhi.records import AlarmEvent, Catalogue, Point, ReadingBlock, RiskColour
from storage.names import (
    ALARM,
    PIPELINE,
    QUALITY,
    READING,
    READING_TAGS,
    RISK,
    VALUE,
    Fields,
    FieldValue,
    alarm_fields,
    alarm_tags,
    pipeline_fields,
    risk_fields,
    risk_tags,
)

PLAIN = str.maketrans({"\\": "/", **{chr(code): " " for code in (*range(32), 127)}})
"""A tag cannot hold a control character, and generations differ on what a backslash in one means."""

TAG = str.maketrans({",": "\\,", "=": "\\=", " ": "\\ "})
TEXT = str.maketrans({'"': '\\"', "\\": "\\\\", "\0": " "})
QUALITIES = 256


def plain(text: str) -> str:
    """A tag's value as InfluxDB keeps it: what a query must ask for."""
    return text.translate(PLAIN)


def tag(text: str) -> str:
    """A tag's value as it is written."""
    return plain(text).translate(TAG)


def field(value: FieldValue) -> str:
    """A field's value as it is written: integers marked, texts quoted, floats in full."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value}i"
    return repr(value) if isinstance(value, float) else f'"{value.translate(TEXT)}"'


def key(measurement: str, tags: Mapping[str, str]) -> str:
    """Measurement and tags; an empty tag is left out, as InfluxDB wants it."""
    return measurement + "".join(f",{name}={tag(value)}" for name, value in tags.items() if value)


def line(measurement: str, tags: Mapping[str, str], fields: Fields, time: int) -> str:
    """One line, without its line feed; time in UTC ns."""
    values = ",".join(f"{name}={field(value)}" for name, value in fields.items())
    return f"{key(measurement, tags)} {values} {time}"


def event_lines(events: Sequence[AlarmEvent], colours: Sequence[RiskColour]) -> list[str]:
    """Lines of the journal at the time they were noted, then risk colours."""
    alarms = [line(ALARM, alarm_tags(event), alarm_fields(event), event.noted) for event in events]
    return alarms + [line(RISK, risk_tags(colour), risk_fields(colour), colour.at) for colour in colours]


def pipeline_lines(now: int, counters: Mapping[str, float]) -> list[str]:
    """The pipeline's counters as one line; none when there is nothing to say."""
    fields = pipeline_fields(counters)
    return [line(PIPELINE, {}, fields, now)] if fields else []


class ReadingLines:
    """Lines of readings. What is the same for every reading of a point is escaped once, here."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._prefixes = _column(f"{key(READING, _tags(point))} {VALUE}=" for point in catalogue.points)
        self._tails = _column(f",{QUALITY}={code}i " for code in range(QUALITIES))

    def __call__(self, block: ReadingBlock) -> list[str]:
        """One line a reading, without line feeds; values so written that reading them gives the same bits."""
        if len(block) == 0:
            return []
        columns = (
            self._prefixes.take(block.point).tolist(),
            _numbers(block.value),
            self._tails.take(block.quality).tolist(),
            _numbers(block.time),
        )
        return [f"{prefix}{value}{tail}{time}" for prefix, value, tail, time in zip(*columns, strict=True)]


def _tags(point: Point) -> dict[str, str]:
    return dict(zip(READING_TAGS, (point.enterprise, point.id, point.quantity, point.source), strict=True))


def _column(texts: Iterable[str]) -> NDArray[np.object_]:
    return np.array(list(texts), np.object_)


def _numbers(values: NDArray[np.generic]) -> list[str]:
    # orjson writes a whole array shortest-round-trip, several times faster than repr() does it one by one.
    text = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)
    return text[1:-1].decode().split(",")
