"""Fence: sides, metres, holes, halves of positions, and what is refused."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from detectors.engine import Engine
from detectors.fence import EARTH_M, Area, checked
from ganzhi.records import Floats, ReadingBlock, Rule, Tier
from tests.detectors.stream import NAN, block, course, engine, rule, run

DEGREE_M = EARTH_M * math.pi / 180
SQUARE = ((117.7, 38.9), (117.8, 38.9), (117.8, 39.0), (117.7, 39.0), (117.7, 38.9))
HOLE = ((117.74, 38.94), (117.76, 38.94), (117.76, 38.96), (117.74, 38.96), (117.74, 38.94))
FAR = ((118.0, 38.9), (118.1, 38.9), (118.05, 39.0), (118.0, 38.9))


def fenced(*polygons: Any, limits: Any = (0, NAN, NAN, NAN), **options: object) -> Rule:
    return rule("fence", limits, units=[(0, 1)], options={"polygons": polygons, **options})


def metres(fence: Rule, lon: Any, lat: Any) -> Floats:
    """How far each of some places is outside."""
    lon, lat = np.broadcast_arrays(np.atleast_1d(np.asarray(lon, float)), np.asarray(lat, float))
    return Area(checked(fence)).beyond_m(lon, lat)


def positions(seconds: Any, lon: Any, lat: Any) -> ReadingBlock:
    """A longitude and a latitude at each second."""
    n = len(np.atleast_1d(seconds))
    values = np.stack([np.broadcast_to(lon, n), np.broadcast_to(lat, n)], axis=1).ravel()
    return block(np.repeat(seconds, 2), values, point=np.tile([0, 1], n))


def detector(*rules: Rule) -> Engine:
    return engine(*rules, n_points=2)


def test_metres_are_those_of_the_sphere_when_the_fence_is_small() -> None:
    north, east = metres(fenced((SQUARE,)), [117.75, 117.85], [39.01, 38.95])
    assert north == pytest.approx(0.01 * DEGREE_M, rel=1e-9)
    assert east == pytest.approx(0.05 * DEGREE_M * math.cos(math.radians(38.95)), rel=1e-9)
    corner = metres(fenced((SQUARE,)), 117.81, 39.01)[0]
    assert corner == pytest.approx(math.hypot(0.01 * DEGREE_M, 0.01 * DEGREE_M * math.cos(math.radians(39))), rel=1e-3)


def test_the_error_is_what_the_docstring_says_when_the_way_north_is_10_km() -> None:
    degrees = 10_000 / DEGREE_M
    tall = ((117.0, 39 - degrees), (117.01, 39 - degrees), (117.01, 39 + degrees), (117.0, 39 + degrees))
    wide = 0.02 * DEGREE_M * math.cos(math.radians(39 + degrees))
    found = metres(fenced(((*tall, tall[0]),)), 117.03, 39 + degrees)[0]
    assert found / wide - 1 == pytest.approx(0.0013, abs=0.0001)


def test_the_sign_tells_the_side_when_inside_is_right_or_wrong() -> None:
    places = [117.75, 117.85], [38.95, 38.95]
    inside, outside = metres(fenced((SQUARE,)), *places)
    assert inside == pytest.approx(-0.05 * DEGREE_M * math.cos(math.radians(38.95)), rel=1e-9)
    assert outside > 0
    stay_out = detector(fenced((SQUARE,), stay="outside"))
    found = run(stay_out, [positions([0, 1, 2], [117.85, 117.75, 117.85], 38.95)])
    assert course(found) == [(1.0, Tier.NONE, Tier.BLUE), (2.0, Tier.BLUE, Tier.NONE)]
    assert found[0].evidence == {"lon": 117.75, "lat": 38.95}
    assert found[0].score == pytest.approx(-inside)
    assert math.isnan(found[0].value)


def test_a_hole_is_outside_and_the_nearest_polygon_counts_when_there_are_several() -> None:
    both = fenced((SQUARE, HOLE), (FAR,))
    hole, land, far, between = metres(both, [117.75, 117.72, 118.05, 117.99], [38.95, 38.95, 38.93, 38.9])
    assert hole == pytest.approx(0.01 * DEGREE_M * math.cos(math.radians(38.95)), rel=1e-4)
    assert land < 0
    assert far < 0
    assert between == pytest.approx(0.01 * DEGREE_M * math.cos(math.radians(38.95)), rel=1e-4)


def test_a_negative_limit_warns_before_the_fence_when_somebody_comes_near() -> None:
    warned = fenced((SQUARE,), limits=(-500, 0, 1000, NAN))
    lon = [117.75, 117.797, 117.8001, 117.82]
    found = run(detector(warned), [positions([0, 1, 2, 3], lon, 38.95)])
    assert [(at, new) for at, _, new in course(found)] == [(1.0, Tier.BLUE), (2.0, Tier.YELLOW), (3.0, Tier.ORANGE)]


def test_the_border_itself_is_at_the_fence() -> None:
    corners = np.array(SQUARE[:-1])
    middles = (corners + np.roll(corners, 1, axis=0)) / 2
    found = metres(fenced((SQUARE,)), *np.concatenate([corners, middles]).T)
    np.testing.assert_allclose(found, 0, atol=1e-6)


def test_a_fence_works_at_the_date_line_when_it_lies_beside_it() -> None:
    fiji = ((179.9, -17.0), (180.0, -17.0), (180.0, -16.9), (179.9, -16.9), (179.9, -17.0))
    inside, east = metres(fenced((fiji,)), [179.95, -179.99], [-16.95, -16.95])
    assert inside < 0
    assert east == pytest.approx(0.01 * DEGREE_M * math.cos(math.radians(16.95)), rel=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_sides_and_metres_are_those_of_a_plain_search_when_fences_are_random(seed: int) -> None:
    random = np.random.default_rng(seed)
    angles = np.sort(random.uniform(0, 2 * np.pi, random.integers(3, 40)))
    away = random.uniform(0.01, 0.1, len(angles))
    ring = np.stack([117 + away * np.cos(angles), 39 + away * np.sin(angles)], axis=1)
    ring = np.concatenate([ring, ring[:1]])
    lon, lat = 117 + random.uniform(-0.15, 0.15, 300), 39 + random.uniform(-0.15, 0.15, 300)
    found = metres(fenced((tuple(map(tuple, ring.tolist())),)), lon, lat)
    middle = (ring.min(axis=0) + ring.max(axis=0)) / 2
    expected = [_plain(ring, middle, x, y) for x, y in zip(lon, lat, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-6)


def _plain(ring: Floats, middle: Floats, lon: float, lat: float) -> float:
    east = DEGREE_M * math.cos(math.radians(middle[1]))
    corners = [((x - lon) * east, (y - lat) * DEGREE_M) for x, y in ring.tolist()]
    best, turns = math.inf, 0.0
    for (ax, ay), (bx, by) in pairwise(corners):
        dx, dy = bx - ax, by - ay
        along = max(0.0, min(1.0, -(ax * dx + ay * dy) / (dx * dx + dy * dy)))
        best = min(best, math.hypot(ax + along * dx, ay + along * dy))
        turns += math.atan2(ax * by - ay * bx, ax * bx + ay * by)
    return -best if abs(turns) > math.pi else best


def test_a_half_without_the_other_is_no_position() -> None:
    alone = block([0, 1, 2], [117.85, 117.75, 38.95], point=[0, 0, 1])
    found = run(detector(fenced((SQUARE,))), [alone, block([3, 3], [38.95, 117.85], point=[1, 0])])
    assert course(found) == [(3.0, Tier.NONE, Tier.BLUE)]


def test_a_place_that_is_none_on_earth_says_nothing() -> None:
    found = run(detector(fenced((SQUARE,))), [positions([0, 1, 2], [117.85, 900, 117.85], [38.95, 38.95, -1e300])])
    assert course(found) == [(0.0, Tier.NONE, Tier.BLUE)]


def test_many_positions_and_edges_are_worked_on_in_pieces() -> None:
    angles = np.linspace(0, 2 * np.pi, 5001)[:-1]
    ring = [(117 + 0.1 * math.cos(a), 39 + 0.1 * math.sin(a)) for a in angles]
    found = metres(fenced(((*ring, ring[0]),)), np.full(500, 117.0), 39.0)
    assert (found < 0).all()
    assert np.ptp(found) == 0


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({}, "polygons must be one or more"),
        ({"polygons": ()}, "polygons must be one or more"),
        ({"polygons": ((),)}, "polygons must be one or more"),
        ({"polygons": ((SQUARE[:-1],),)}, "and the first again"),
        ({"polygons": ((SQUARE[:2] + SQUARE[:1],),)}, "three corners or more"),
        ({"polygons": ((((0, 0), (0, 91), (1, 1), (0, 0)),),)}, "on earth"),
        ({"polygons": ((((0, 0), (0, 0), (1, 1), (0, 0)),),)}, "no two in a row the same"),
        ({"polygons": ((SQUARE,),), "stay": "near"}, "stay must be one of inside, outside"),
        ({"polygons": ((SQUARE,),), "wait": 1.5}, "wait must be a whole number"),
        ({"polygons": ((SQUARE,),), "wait": 0}, "wait must be a number above 0"),
    ],
)
def test_what_is_no_fence_is_refused(options: dict[str, object], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        detector(rule("fence", [0, NAN, NAN, NAN], units=[(0, 1)], options=options))


def test_a_unit_is_two_points_and_the_side_is_high() -> None:
    polygons = {"polygons": ((SQUARE,),)}
    with pytest.raises(ValueError, match="a longitude and a latitude"):
        engine(rule("fence", [0, NAN, NAN, NAN], points=(0,), options=polygons))
    with pytest.raises(ValueError, match="a longitude and a latitude"):
        engine(rule("fence", [0, NAN, NAN, NAN], units=[(0, 1, 2)], options=polygons), n_points=3)
    with pytest.raises(ValueError, match="the side of fence is high"):
        engine(rule("fence", [0, NAN, NAN, NAN], units=[(0, 1)], side="low", options=polygons), n_points=2)
    with pytest.raises(ValueError, match="a point is in two units"):
        engine(rule("fence", [0, NAN, NAN, NAN], units=[(0, 1), (1, 2)], options=polygons), n_points=3)
