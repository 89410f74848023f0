"""A small catalogue for these tests: two tank areas and two gas areas, as the demo city has."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from ganzhi.records import Catalogue, Enterprise, Point, Source, Text

NO_TEXT = Text("", "")
TANK_TAGS = (
    ("LT", "level", "m", 0.0, 16.0, 0.001),
    ("TT", "temperature", "°C", -20.0, 120.0, 0.1),
    ("PT", "pressure", "kPa", -5.0, 20.0, 0.01),
    ("FI", "inflow", "m³/h", 0.0, 2000.0, 0.5),
    ("FO", "outflow", "m³/h", 0.0, 2000.0, 0.5),
)
LON, LAT, METRES_A_DEGREE = 117.71, 38.98, 111_194.93
SPACING_M, A_ROW = 15.0, 4


def tanks(*names: str, source: str = "tank-area-1") -> list[Point]:
    """The five points of each tank."""
    return [
        Point(f"storage.{kind}-{name}", "storage", source, f"{kind}-{name}", quantity, unit, low, high, step, 1.0)
        for name in names
        for kind, quantity, unit, low, high, step in TANK_TAGS
    ]


def detectors(count: int = 12, *, resolution: float = 1.0) -> list[Point]:
    """Combustible detectors GD-01, GD-02, … on a grid of 15 m, four a row."""
    points = []
    for i in range(count):
        tag = f"GD-{i + 1:02}"
        lon = LON + SPACING_M * (i % A_ROW) / METRES_A_DEGREE / math.cos(math.radians(LAT))
        lat = LAT + SPACING_M * (i // A_ROW) / METRES_A_DEGREE
        here = ("chem", "gas-area-1", tag, "combustible_gas", "%LEL")
        points.append(Point(f"chem.{tag}", *here, 0.0, 100.0, resolution, 1.0, lon, lat))
    return points


def ammonia() -> list[Point]:
    """Six ammonia and two oxygen detectors, without places."""
    kinds = [(f"AD-{i:02}", "ammonia", "mg/m3", 300.0) for i in range(1, 7)]
    kinds += [(f"OD-{i:02}", "oxygen", "%VOL", 25.0) for i in (1, 2)]
    return [
        Point(f"chem.{tag}", "chem", "gas-area-2", tag, quantity, unit, 0.0, high, 0.1, 1.0)
        for tag, quantity, unit, high in kinds
    ]


DAM_TAGS = (
    ("PZ-01", "phreatic_depth", "m", 40.0, 0.001),
    ("PZ-02", "phreatic_depth", "m", 40.0, 0.001),
    ("PZ-03", "phreatic_depth", "m", 40.0, 0.001),
    ("DB-01", "dry_beach", "m", 500.0, 0.1),
    ("PL-01", "pond_level", "m", 60.0, 0.001),
    ("RG-01", "rainfall", "mm", 200.0, 0.1),
    ("SP-01", "seepage", "L/s", 500.0, 0.1),
    ("SD-01", "displacement", "mm", 500.0, 0.1),
    ("DD-01", "deep_displacement", "mm", 500.0, 0.1),
)
SLOPE_TAGS = (
    ("GP-01", "displacement", "mm", 2000.0, 0.1),
    ("GP-02", "displacement", "mm", 2000.0, 0.1),
    ("CR-01", "crack_width", "mm", 500.0, 0.01),
    ("RG-01", "rainfall", "mm", 200.0, 0.1),
)


def dam() -> list[Point]:
    """A section of a tailings dam, read every ten minutes."""
    return _mine("dam-1", DAM_TAGS, 600.0)


def slope() -> list[Point]:
    """An open-pit slope, read every hour."""
    return _mine("slope-1", SLOPE_TAGS, 3600.0)


def _mine(source: str, tags: tuple[tuple[str, str, str, float, float], ...], period_s: float) -> list[Point]:
    return [
        Point(
            *(f"mine.{source}.{tag}", "mine", source, tag, quantity, unit),
            *(-high if quantity in MOVING else 0.0, high, step, period_s),
        )
        for tag, quantity, unit, high, step in tags
    ]


MOVING = ("displacement", "deep_displacement", "crack_width")

SECTORS = {
    "tank-area-1": ("storage", "tank_farm"),
    "tank-area-2": ("storage", "tank_farm"),
    "gas-area-1": ("chem", "gas_detection"),
    "gas-area-2": ("chem", "gas_detection"),
}


def catalogue(points: Sequence[Point] | None = None, sectors: dict[str, tuple[str, str]] | None = None) -> Catalogue:
    """A catalogue of these points; by default the whole city."""
    if points is None:
        second = [replace(point, source="tank-area-2") for point in tanks("201", "202", "203")]
        points = [*tanks("101", "102", "103"), *second, *detectors(), *ammonia()]
    sources = {
        name: Source(name, enterprise, NO_TEXT, sector) for name, (enterprise, sector) in (sectors or SECTORS).items()
    }
    owners = {source.enterprise: Enterprise(source.enterprise, NO_TEXT) for source in sources.values()}
    return Catalogue(owners, sources, tuple(points))
