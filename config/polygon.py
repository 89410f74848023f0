"""Polygons of a fence: corners in the pack, or a GeoJSON file (RFC 7946) beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from config.explain import Finding, Wrong, shown
from ganzhi.records import Floats

Corner = tuple[float, float]
Ring = tuple[Corner, ...]
Polygon = tuple[Ring, ...]

FEWEST = 4
"""Positions of a ring: three corners, and the first again."""
MOST = 10_000
"""Corners of a fence."""
NEAREST_DEGREES = 1e-9
"""Corners nearer to each other are one: a tenth of a millimetre."""
MOST_LON, MOST_LAT = 180.0, 90.0
CHUNK = 256
"""Edges that are compared with all others in one go."""
REMEDY = "write rings of [lon, lat], such as [[117.7, 38.9], [117.8, 38.9], [117.8, 39.0], [117.7, 38.9]]"


def read_polygons(given: object, folder: Path) -> tuple[Polygon, ...] | Finding:
    """The polygons, each a ring and the rings of its holes, or what is wrong with them."""
    try:
        if isinstance(given, str):
            polygons = _of_file(given, folder)
        else:
            polygons = [[ring] for ring in _list(given, "the polygons")]
        found = tuple(
            tuple(_ring(ring, f"ring {k}" if k > 1 else f"polygon {n}") for k, ring in enumerate(rings, 1))
            for n, rings in enumerate(polygons, 1)
        )
    except Wrong as wrong:
        return wrong.findings[0]
    if sum(len(ring) for polygon in found for ring in polygon) > MOST:
        return Finding(f"the fence has more than {MOST} corners", "simplify it")
    return found


def _of_file(name: str, folder: Path) -> list[Sequence[object]]:
    path = folder / name
    if not name or "\0" in name:
        raise Wrong("it is no path", 'write a path relative to the pack, such as "fence.geojson"')
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise Wrong(f"there is no file {path}", "correct the path; it is relative to the pack") from None
    except OSError as error:
        raise Wrong(f"{path} cannot be read: {error.strerror}", "correct its permissions") from error
    except (ValueError, RecursionError) as error:
        raise Wrong(f"{path.name} is not JSON: {error}", "export it as GeoJSON") from error
    found = list(_geometries(data))
    if not found:
        raise Wrong(f"{path.name} holds no polygon", "export polygons as GeoJSON, in longitude and latitude (WGS 84)")
    return found


def _geometries(data: object) -> list[Sequence[object]]:
    if not isinstance(data, Mapping):
        return []
    kind, corners = data.get("type"), data.get("coordinates")
    if kind == "Polygon":
        return [_list(corners, "a polygon")]
    if kind == "MultiPolygon":
        return [_list(each, "a polygon") for each in _list(corners, "a multi-polygon")]
    inner = {"FeatureCollection": "features", "GeometryCollection": "geometries"}.get(str(kind))
    if inner:
        return [polygon for each in _list(data.get(inner), inner) for polygon in _geometries(each)]
    return _geometries(data.get("geometry")) if kind == "Feature" else []


def _list(value: object, what: str) -> Sequence[object]:
    if not isinstance(value, list | tuple) or not value:
        raise Wrong(f"{shown(value)} is no list for {what}", REMEDY)
    return value


def _ring(value: object, what: str) -> Ring:
    corners = [_corner(corner, what) for corner in _list(value, what)]
    if len(corners) < FEWEST:
        raise Wrong(f"{what} has fewer than three corners", REMEDY)
    if corners[0] != corners[-1]:
        raise Wrong(f"{what} is not closed", f"repeat its first corner, {_told(corners[0])}, at the end")
    ring = np.array(corners)
    steps = np.abs(np.diff(ring, axis=0))
    double = np.flatnonzero(steps.max(axis=1) < NEAREST_DEGREES)
    if len(double):
        raise Wrong(f"{what} has the corner {_told(corners[double[0]])} twice in a row", "remove one")
    if np.ptp(ring[:, 0]) > MOST_LON:
        raise Wrong(f"{what} crosses the date line", "split it there in two")
    if (crossing := _crossing(ring)) is not None:
        first, second = (_told(corners[edge]) for edge in crossing)
        raise Wrong(f"{what} crosses itself: the edges from {first} and {second}", "put the corners in order round it")
    return tuple(corners)


def _corner(value: object, what: str) -> Corner:
    parts = value if isinstance(value, list | tuple) else ()
    numbers = [part for part in parts if isinstance(part, int | float) and not isinstance(part, bool)]
    if len(numbers) != len(parts) or not 2 <= len(parts) <= 3:  # GeoJSON allows a height
        raise Wrong(f"{shown(value)} is no corner of {what}", "write [lon, lat] in degrees, such as [117.7, 38.9]")
    lon, lat = float(numbers[0]), float(numbers[1])
    if not (abs(lon) <= MOST_LON and abs(lat) <= MOST_LAT):
        raise Wrong(f"{_told((lon, lat))} of {what} is no place on earth", "write [lon, lat] in degrees, in this order")
    return lon, lat


def _told(corner: Corner) -> str:
    return f"[{corner[0]:.10g}, {corner[1]:.10g}]"


def _crossing(ring: Floats) -> tuple[int, int] | None:
    """Two edges of a closed ring that meet although they are not neighbours."""
    start, end = ring[:-1], ring[1:]
    n = len(start)
    for low in range(0, n, CHUNK):
        mine = np.arange(low, min(low + CHUNK, n))
        a, b = start[mine, np.newaxis], end[mine, np.newaxis]
        apart = (_turn(a, b, start) * _turn(a, b, end) > 0) | (_turn(start, end, a) * _turn(start, end, b) > 0)
        box = (np.minimum(a, b) <= np.maximum(start, end)) & (np.maximum(a, b) >= np.minimum(start, end))
        gap = (np.arange(n) - mine[:, np.newaxis]) % n
        beside = (gap <= 1) | (gap == n - 1)
        meet = np.argwhere(~apart & box.all(axis=2) & ~beside)
        if len(meet):
            return int(mine[meet[0][0]]), int(meet[0][1])
    return None


def _turn(a: Floats, b: Floats, c: Floats) -> Floats:
    """The sign of the turn from ab to ac: 1 left, -1 right, 0 straight on."""
    turn: Floats = np.sign(
        (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0])
    )
    return turn
