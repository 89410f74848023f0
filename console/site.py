"""The catalogue and the rules as the page needs them: points by source, limits by point."""

from __future__ import annotations

import math
from datetime import datetime

import numpy as np

from console.backend import NEVER, Backend, Columns
from console.shape import Json, ms, quality_name, text_json
from ganzhi.clock import NS_PER_S
from ganzhi.records import COLOURS, SIMULATED, Catalogue, Int32s, Point, Rule, Source, Tier


class Site:
    """Look-ups over the catalogue and its value rules, made once.

    Cost  one dictionary entry a point and a value rule; a look-up touches only the points it returns
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._catalogue: Catalogue = backend.catalogue
        rows: dict[str, list[int]] = {key: [] for key in self._catalogue.sources}
        for index, point in enumerate(self._catalogue.points):
            rows.setdefault(point.source, []).append(index)
        self._rows: dict[str, Int32s] = {key: np.array(found, np.int32) for key, found in rows.items()}
        self._value_rules: list[tuple[Rule, dict[int, int]]] = [
            (rule, {index: row for row, index in enumerate(rule.subjects.tolist())})
            for rule in backend.rules
            if rule.kind == "value"
        ]

    def source(self, source_id: str) -> Source | None:
        """The source of that id, or None."""
        return self._catalogue.sources.get(source_id)

    def rows(self, source_id: str) -> Int32s:
        """Indices of a source's points, int32 (n,), in the order of the catalogue."""
        return self._rows.get(source_id, np.empty(0, np.int32))

    def json(self, now: int) -> Json:
        """Name, language, time zone, and every enterprise with its sources."""
        backend = self._backend
        return {
            "name": text_json(backend.site_name),
            "language": backend.language,
            "zone": backend.zone.key,
            "now": ms(now),
            "points": len(self._catalogue.points),
            "handling": backend.desk is not None,
            "enterprises": [
                {
                    "id": enterprise.id,
                    "name": text_json(enterprise.name),
                    "district": enterprise.district,
                    "sources": [
                        self.source_json(key, source)
                        for key, source in self._catalogue.sources.items()
                        if source.enterprise == enterprise.id
                    ],
                }
                for enterprise in self._catalogue.enterprises.values()
            ],
        }

    def source_json(self, key: str, source: Source) -> Json:
        """A source with the number of its points."""
        return {
            "id": key,
            "enterprise": source.enterprise,
            "name": text_json(source.name),
            "sector": source.sector,
            "level": source.level,
            "lon": source.lon,
            "lat": source.lat,
            "points": len(self.rows(key)),
        }

    def points_json(self, rows: Int32s, columns: Columns, tiers: dict[int, Tier]) -> list[Json]:
        """Points with what was last heard of each; `tiers` is the worst active alarm by point index."""
        points = self._catalogue.points
        return [
            self._point_json(points[index], time, value, quality)
            | {"tier": int(tiers.get(index, Tier.NONE)), "limits": self._limits(index)}
            for index, time, value, quality in zip(rows.tolist(), *(c.tolist() for c in columns), strict=True)
        ]

    def _point_json(self, point: Point, time: int, value: float, quality: int) -> Json:
        seen = time != NEVER
        return {
            "id": point.id,
            "tag": point.tag,
            "name": point.name,
            "quantity": point.quantity,
            "unit": point.unit,
            "low": point.low,
            "high": point.high,
            "resolution": point.resolution,
            "period_s": point.period_s,
            "lon": point.lon,
            "lat": point.lat,
            "value": value if seen else None,
            "time": ms(time) if seen else None,
            "iso": self._iso(time) if seen else None,
            "quality": quality_name(quality) if seen else None,
            "simulated": seen and bool(quality & SIMULATED),
        }

    def _iso(self, time: int) -> str:
        return datetime.fromtimestamp(time / NS_PER_S, self._backend.zone).isoformat(timespec="milliseconds")

    def _limits(self, index: int) -> list[Json]:
        return [
            {
                "tier": int(tier),
                "value": limit,
                "side": rule.side,
                "rule": rule.id,
                "name": text_json(rule.name),
                "basis": rule.basis,
            }
            for rule, rows in self._value_rules
            if index in rows
            for tier, limit in zip(COLOURS, rule.limits[rows[index]].tolist(), strict=True)
            if not math.isnan(limit)
        ]
