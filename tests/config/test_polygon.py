"""Fences in packs and in GeoJSON files."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from config.explain import Finding
from config.polygon import MOST, read_polygons

SQUARE = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]
HOLE = [[0.4, 0.4], [0.6, 0.4], [0.5, 0.6], [0.4, 0.4]]
READ = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0))


def feature(geometry: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"name": "港区"}, "geometry": geometry}


def test_each_ring_of_a_pack_is_a_polygon(tmp_path: Path) -> None:
    assert read_polygons([SQUARE, SQUARE], tmp_path) == ((READ,), (READ,))


@pytest.mark.parametrize(
    ("data", "rings"),
    [
        ({"type": "Polygon", "coordinates": [SQUARE]}, [1]),
        ({"type": "Polygon", "coordinates": [SQUARE, HOLE]}, [2]),
        ({"type": "MultiPolygon", "coordinates": [[SQUARE, HOLE], [SQUARE]]}, [2, 1]),
        (feature({"type": "Polygon", "coordinates": [SQUARE]}), [1]),
        (
            {"type": "FeatureCollection", "features": [feature({"type": "Polygon", "coordinates": [SQUARE]})] * 2},
            [1, 1],
        ),
        ({"type": "GeometryCollection", "geometries": [{"type": "Polygon", "coordinates": [SQUARE]}]}, [1]),
        (
            {
                "type": "FeatureCollection",
                "features": [
                    feature({"type": "Point", "coordinates": [0, 0]}),
                    feature({"type": "Polygon", "coordinates": [[[*corner, 12.5] for corner in SQUARE]]}),
                ],
            },
            [1],
        ),
    ],
)
def test_polygons_of_a_file_are_found_wherever_they_are(tmp_path: Path, data: Any, rings: list[int]) -> None:
    (tmp_path / "fence.geojson").write_text(json.dumps(data), encoding="utf-8")
    found = read_polygons("fence.geojson", tmp_path)
    assert isinstance(found, tuple)
    assert [len(polygon) for polygon in found] == rings
    assert all(polygon[0] == READ for polygon in found)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ([], "[] is no list for the polygons"),
        (3, "3 is no list for the polygons"),
        ([[[0, 0], [1, 0], [0, 0]]], "polygon 1 has fewer than three corners"),
        ([SQUARE, SQUARE[:-1]], "polygon 2 is not closed"),
        ([[[0, 0], [1, 0], [1, 0], [1, 1], [0, 0]]], "polygon 1 has the corner [1, 0] twice in a row"),
        ([[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]], "polygon 1 crosses itself: the edges from [0, 0] and [1, 0]"),
        (
            [[[0, 0], [2, 0], [2, 2], [1, 0], [0, 2], [0, 0]]],
            "polygon 1 crosses itself: the edges from [0, 0] and [2, 2]",
        ),
        ([[[0, 0], [1, 0], [91, "N"], [0, 0]]], "[91, 'N'] is no corner of polygon 1"),
        ([[[0, 0], [1, 0], [True, 1], [0, 0]]], "[True, 1] is no corner of polygon 1"),
        ([[[38.9, 117.7], [1, 0], [2, 2], [38.9, 117.7]]], "[38.9, 117.7] of polygon 1 is no place on earth"),
        ([[[0, 0], [1, 0], [math.nan, 1], [0, 0]]], "[nan, 1] of polygon 1 is no place on earth"),
        ([[[179, 0], [-179, 0], [-179, 1], [179, 0]]], "polygon 1 crosses the date line"),
        ("", "it is no path"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, given: Any, problem: str) -> None:
    found = read_polygons(given, tmp_path)
    assert isinstance(found, Finding)
    assert found.problem == problem
    assert found.remedy


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "fence.geojson is not JSON: "),
        ("[1, 2]", "fence.geojson holds no polygon"),
        ('{"type": "Point", "coordinates": [0, 0]}', "fence.geojson holds no polygon"),
        ('{"type": "Polygon"}', "None is no list for a polygon"),
        ('{"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]], [[0, 0]]]}', "ring 2 has fewer"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "fence.geojson").write_text(text, encoding="utf-8")
    found = read_polygons("fence.geojson", tmp_path)
    assert isinstance(found, Finding)
    assert found.problem.startswith(problem)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    found = read_polygons("other.geojson", tmp_path)
    assert isinstance(found, Finding)
    assert found.problem == f"there is no file {tmp_path / 'other.geojson'}"


def _round(corners: int) -> list[list[float]]:
    angles = [2 * math.pi * k / corners for k in range(corners)]
    ring = [[math.cos(angle), math.sin(angle)] for angle in angles]
    return [*ring, ring[0]]


def test_a_long_ring_is_checked_at_once_and_a_longer_one_refused(tmp_path: Path) -> None:
    assert isinstance(read_polygons([_round(3000)], tmp_path), tuple)
    found = read_polygons([_round(MOST // 2), _round(MOST // 2)], tmp_path)
    assert isinstance(found, Finding)
    assert found.problem == "the fence has more than 10000 corners"
