"""Score: how far a position is beyond a fence, in metres."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.option import choice, number
from detectors.pair import Pairs
from detectors.rows import Rows, State, in_rounds
from ganzhi.records import Floats, Rule

EARTH_M = 6_371_008.8
"""Mean radius of the earth (IUGG)."""
WAIT = 8
MOST_WAIT = 1000
CELLS = 1 << 18
"""Positions times edges that are worked on at a time: 2 MB a column."""
MOST_LON, MOST_LAT = 180.0, 90.0
NEAREST_DEGREES = 1e-9
"""Corners nearer to each other are one: a tenth of a millimetre."""

Ring = Sequence[tuple[float, float]]
Polygons = Sequence[Sequence[Ring]]


class Fence:
    """Measure how far a position is on the wrong side of a fence of one or more polygons.

    score = distance to the nearest edge, > 0 outside of all polygons (stay inside) or within one (stay outside)

    Good for   vessels, vehicles, cranes, people with a beacon.
    Poor for   beacons that scatter across the line: give the rule an on-delay; heights and floors, which it cannot see
    Input      two points a unit, longitude and latitude, degrees (WGS 84); rows in the order of arrival. A longitude
               and a latitude of equal time are a position, and one without the other is ignored
    Output     score float64 (k,), m, a row a position; 0 at the fence, negative limits warn before it
    Options    polygons: each a ring of (lon, lat), closed, and rings of holes after it; stay "inside" or "outside";
               wait 8: of one coordinate, the readings that are kept until the other one comes
    Warm-up    none
    Missing    a position that is none on earth is NaN
    Flat       scores as any other
    Cost       O(positions x edges) a block, about 30 ns each; 17 `wait` bytes a point
    Raises     ValueError for polygons that are none, for a unit without just two points, another side or option
    Source     even-odd rule; distance to a segment. Degrees become metres by one scale about the middle of the fence
               (local equirectangular): east-west distances are off by tan(latitude) times the way north of the middle
               over the earth's radius, at 39 degrees 0.13 % at 10 km; the side itself is exact
    """

    def __init__(self, rule: Rule, *, period_s: Floats, resolution: Floats) -> None:
        if rule.side != "high":
            raise ValueError(f"{rule.id}: the side of fence is high: further beyond it is worse")
        if not rule.units or any(len(unit.members) != 2 for unit in rule.units):
            raise ValueError(f"{rule.id}: a unit of fence is a longitude and a latitude")
        wait = number(rule, "wait", WAIT, above=0, below=MOST_WAIT + 1)
        if wait != int(wait):
            raise ValueError(f"{rule.id}: wait must be a whole number of readings, not {wait:g}")
        self._within = 1.0 if choice(rule, "stay", ("inside", "outside"), "inside") == "inside" else -1.0
        self._area = Area(checked(rule))
        self._pairs = Pairs(rule, int(wait))
        self._scratch = np.empty(len(rule.units), np.int32)
        self._seen: Floats = np.empty((0, 2))
        self.state: State = self._pairs.state

    def update(self, rows: Rows) -> tuple[Rows, Floats]:
        pairs = self._pairs.update(rows)
        order, starts = in_rounds(pairs.unit, self._scratch)
        if order is not None:
            pairs = pairs.rows(order)
        lon, lat = self._seen = pairs.value.T
        score = self._within * self._area.beyond_m(lon, lat)
        nothing = np.full(len(pairs.unit), np.nan)
        found = Rows(pairs.unit, pairs.time, nothing, pairs.quality, starts, rows.since, rows.until, pairs.heard)
        return found, score

    def evidence(self, row: int) -> Mapping[str, float]:
        """The position, `lon` and `lat`, in degrees."""
        lon, lat = self._seen[:, row].tolist()
        return {"lon": lon, "lat": lat}


class Area:
    """Polygons as edges in metres about their middle."""

    def __init__(self, polygons: Polygons) -> None:
        corners = np.array([corner for polygon in polygons for ring in polygon for corner in ring])
        low, high = corners.min(axis=0), corners.max(axis=0)
        self._middle_lon, middle_lat = ((low + high) / 2).tolist()
        self._middle_lat = middle_lat
        m_per_degree = EARTH_M * math.pi / 180
        self._scale = m_per_degree * math.cos(math.radians(middle_lat)), m_per_degree
        edges = [
            np.concatenate([np.stack(self._metres(*np.array(ring).T), axis=1) for ring in ends], axis=1)
            for polygon in polygons
            for ends in [(ring[:-1], ring[1:]) for ring in polygon]
        ]
        self._x, self._y, x_end, y_end = np.concatenate(edges).T
        self._dx, self._dy = x_end - self._x, y_end - self._y
        sizes = [sum(len(ring) - 1 for ring in polygon) for polygon in polygons]
        self._first = np.concatenate([[0], np.cumsum(sizes)[:-1]])

    def beyond_m(self, lon: Floats, lat: Floats) -> Floats:
        """Metres outside of the polygons, below 0 inside, (n,); NaN where there is no such place."""
        there = (np.abs(lon) <= MOST_LON) & (np.abs(lat) <= MOST_LAT)
        x, y = self._metres(np.where(there, lon, self._middle_lon), np.where(there, lat, self._middle_lat))
        beyond = np.empty(len(x))
        step = max(1, CELLS // len(self._x))
        for start in range(0, len(x), step):
            part = slice(start, start + step)
            beyond[part] = self._signed(x[part, np.newaxis], y[part, np.newaxis])
        return np.where(there, beyond, np.nan)

    def _signed(self, x: Floats, y: Floats) -> Floats:
        to_x, to_y = x - self._x, y - self._y
        along = (to_x * self._dx + to_y * self._dy) / (self._dx * self._dx + self._dy * self._dy)
        np.clip(along, 0.0, 1.0, out=along)
        off_x, off_y = to_x - along * self._dx, to_y - along * self._dy
        away = np.sqrt(np.minimum.reduceat(off_x * off_x + off_y * off_y, self._first, axis=1))
        # Edges that a ray to the east crosses: an end counts for the edge that goes up from it.
        spans = (to_y < 0) != (to_y < self._dy)
        left = (to_x * self._dy < to_y * self._dx) == (self._dy > 0)
        inside = np.add.reduceat(spans & left, self._first, axis=1, dtype=np.intp) % 2 == 1
        signed: Floats = np.where(inside, -away, away).min(axis=1)
        return signed

    def _metres(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        turn = 2 * MOST_LON
        east = (lon - self._middle_lon + MOST_LON) % turn - MOST_LON
        return east * self._scale[0], (lat - self._middle_lat) * self._scale[1]


def checked(rule: Rule) -> Polygons:
    """The option `polygons`. ValueError where it holds none, or a ring that is not closed or not on earth."""
    polygons = rule.options.get("polygons")
    rings = [ring for polygon in polygons for ring in polygon] if isinstance(polygons, tuple) else []
    if not isinstance(polygons, tuple) or not polygons or not all(polygons):
        raise ValueError(f"{rule.id}: polygons must be one or more tuples of rings")
    for ring in rings:
        corners: NDArray[np.float64] = np.asarray(ring, np.float64)
        if corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < 4 or (corners[0] != corners[-1]).any():
            raise ValueError(f"{rule.id}: a ring must be (lon, lat) of three corners or more, and the first again")
        if not (np.abs(corners) <= (MOST_LON, MOST_LAT)).all() or _doubled(corners):
            raise ValueError(f"{rule.id}: corners must be on earth, and no two in a row the same")
    return polygons


def _doubled(corners: Floats) -> bool:
    return bool((np.abs(np.diff(corners, axis=0)).max(axis=1) < NEAREST_DEGREES).any())
