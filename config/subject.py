"""What a rule judges: each of its points by itself, or several of them as one unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np

from ganzhi.records import Catalogue, Enterprise, Floats, Int32s, Point, Source, Text, Unit

Per = Literal["point", "source", "enterprise", "all", "neighbours"]

EARTH_M = 6_371_008.8
"""Mean radius of the earth (IUGG)."""
CHUNK = 256
"""Points whose distances to others are worked out in one go."""
EVERYTHING = "all"
WHOLE_SITE = Text("全站", "The whole site")


def units(catalogue: Catalogue, points: Int32s, per: Per, distance_m: float) -> tuple[Unit, ...]:
    """The units that these points form, in the order of their first point; none where each point is for itself.

    `distance_m` is read for neighbours only: a unit a point, with all that are not further away.
    """
    if per == "point":
        return ()
    if per == "neighbours":
        return _neighbours(catalogue, points, distance_m)
    members: dict[str, list[int]] = {}
    for index in points.tolist():
        members.setdefault(_BELONGS[per](catalogue.points[index]), []).append(index)
    return tuple(
        Unit(key, _name(catalogue, per, key), found[0], np.array(found, np.int32)) for key, found in members.items()
    )


_BELONGS: Mapping[Per, Callable[[Point], str]] = {
    "source": lambda point: point.source,
    "enterprise": lambda point: point.enterprise,
    "all": lambda _: EVERYTHING,
}


def _name(catalogue: Catalogue, per: Per, key: str) -> Text:
    named: Mapping[str, Source | Enterprise] = catalogue.sources if per == "source" else catalogue.enterprises
    return WHOLE_SITE if per == EVERYTHING else named[key].name


def unplaced(catalogue: Catalogue, points: Int32s) -> list[Point]:
    """Those of the points of which nobody said where they are."""
    found = (catalogue.points[index] for index in points.tolist())
    return [point for point in found if point.lon is None or point.lat is None]


def _neighbours(catalogue: Catalogue, points: Int32s, distance_m: float) -> tuple[Unit, ...]:
    placed = [catalogue.points[index] for index in points.tolist()]
    lon = np.array([np.nan if point.lon is None else point.lon for point in placed])
    lat = np.array([np.nan if point.lat is None else point.lat for point in placed])
    near = within(lon, lat, distance_m)
    return tuple(
        Unit(point.id, _around(catalogue, point), index, points[rows])
        for point, index, rows in zip(placed, points.tolist(), near, strict=True)
    )


def _around(catalogue: Catalogue, point: Point) -> Text:
    source = catalogue.sources[point.source].name
    label = f"{point.name}({point.tag})" if point.name else point.tag
    return Text(f"{source.zh} {label}周边", f"{source.en}, around {point.tag}")


def within(lon: Floats, lat: Floats, distance_m: float) -> Sequence[Int32s]:
    """For each place, float64 (n,) in degrees, the rising indices of those within a distance, itself among them.

    Great circles by haversine; places are sorted by latitude, so that only those in a band are compared.
    """
    order = np.argsort(lat, kind="stable")
    phi, theta = np.radians(lat[order]), np.radians(lon[order])
    band = distance_m / EARTH_M
    near: list[Int32s] = [np.empty(0, np.int32)] * len(lat)
    for start in range(0, len(lat), CHUNK):
        mine = slice(start, start + CHUNK)
        low = int(np.searchsorted(phi, phi[mine][0] - band))
        high = int(np.searchsorted(phi, phi[mine][-1] + band, side="right"))
        others = slice(low, high)
        across = np.cos(phi[mine])[:, np.newaxis] * np.cos(phi[others]) * _half(theta[mine], theta[others])
        away = 2 * EARTH_M * np.arcsin(np.sqrt(np.minimum(_half(phi[mine], phi[others]) + across, 1.0)))
        for row, close in enumerate(away <= distance_m):
            near[int(order[start + row])] = np.sort(order[others][close]).astype(np.int32)
    return near


def _half(one: Floats, other: Floats) -> Floats:
    squared: Floats = np.sin((one[:, np.newaxis] - other) / 2) ** 2
    return squared
