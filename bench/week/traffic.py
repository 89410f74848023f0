"""Readings as the gateways of the sources send them: JSON messages, some too late, some never."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import orjson

from bench.week.plan import Cut
from bench.week.trouble import GONE
from ganzhi.records import Bytes, Catalogue, Floats, Quality

QUALITY_NAMES = {int(quality): quality.name.lower() for quality in Quality}

Message = tuple[bytes, bytes]
"""Topic and payload."""


class Gateways:
    """One gateway a source."""

    def __init__(self, catalogue: Catalogue, cuts: Sequence[Cut]) -> None:
        points: dict[str, list[int]] = {}
        for index, point in enumerate(catalogue.points):
            points.setdefault(point.source, []).append(index)
        self._rows = {source: np.array(rows) for source, rows in points.items()}
        self._tags = {source: [catalogue.points[row].tag for row in rows] for source, rows in points.items()}
        self._topics = {
            source: f"ganzhi/v1/{catalogue.sources[source].enterprise}/gw-{source}/data".encode() for source in points
        }
        self._cuts = {cut.source: cut for cut in cuts}
        self._kept: dict[str, list[bytes]] = {source: [] for source in points}

    def send(self, at_s: float, time_ms: int, value: Floats, quality: Bytes) -> list[Message]:
        """The messages of one moment, those that were kept while a line was cut before the others."""
        sent: list[Message] = []
        for source, rows in self._rows.items():
            payload = _payload(time_ms, self._tags[source], value[rows], quality[rows])
            if not payload:
                continue
            cut = self._cuts.get(source)
            if cut is not None and cut.start_s <= at_s < cut.end_s:
                if cut.kept:
                    self._kept[source].append(payload)
                continue
            topic = self._topics[source]
            if self._kept[source]:
                sent += [(topic, late) for late in self._kept[source]]
                self._kept[source] = []
            sent.append((topic, payload))
        return sent


def _payload(time_ms: int, tags: Sequence[str], value: Floats, quality: Bytes) -> bytes:
    values = dict(zip(tags, value.tolist(), strict=True))
    message: dict[str, object] = {"ts": time_ms, "values": values, "simulated": True}
    named: dict[str, str] = {}
    for row in np.flatnonzero(quality).tolist():
        if quality[row] == GONE:
            del values[tags[row]]
        else:
            named[tags[row]] = QUALITY_NAMES[int(quality[row])]
    if named:
        message["quality"] = named
    return orjson.dumps(message) if values else b""
