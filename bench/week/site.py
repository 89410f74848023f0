"""The site of the week: 2,000 points, 240 tanks and 800 gas detectors, of seven enterprises in four districts."""

from __future__ import annotations

from pathlib import Path

TANK_ENTERPRISES, GAS_ENTERPRISES = 3, 4
AREAS = 4
"""Sources of an enterprise."""
TANKS, DETECTORS = 20, 50
"""In an area."""
PERIOD_S = 10
DISTRICTS = ("城东区", "城西区", "港口区", "高新区")
"""An operator position each."""

SETTINGS = """
[site]
name_zh = "示范市"
name_en = "Demo City"
packs = ["tank_farm", "gas_detection"]
[mqtt]
url = "mqtt://127.0.0.1:1883"
[alarms]
position = "district"
[console]
port = {port}
"""

HEADER = "id,enterprise,source,tag,quantity,unit,low,high,resolution,period,lon,lat,name"
TANK_POINTS = (
    ("LT", "level", "m", 0, 16, 0.001),
    ("TT", "temperature", "°C", -20, 120, 0.1),
    ("PT", "pressure", "kPa", -5, 20, 0.01),
    ("FI", "inflow", "m³/h", 0, 2000, 0.5),
    ("FO", "outflow", "m³/h", 0, 2000, 0.5),
)
WEST, SOUTH = 117.0, 38.0
APART, STEP = 0.02, 0.00018
"""Degrees between areas, and between detectors, about 2 km and 15 to 20 m."""
ROW = 10


def write_site(folder: Path, *, port: int = 8600) -> Path:
    """Settings, enterprises and points as files; the settings' path."""
    enterprises, rows, number = [], [HEADER], 0
    for kind, count in (("tank_farm", TANK_ENTERPRISES), ("gas_detection", GAS_ENTERPRISES)):
        for _ in range(count):
            enterprises.append(_enterprise(number, kind))
            for area in range(AREAS):
                rows += _tank_rows(number, area) if kind == "tank_farm" else _gas_rows(number, area)
            number += 1
    (folder / "enterprises.toml").write_text("\n".join(enterprises), encoding="utf-8")
    (folder / "points.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    settings = folder / "ganzhi.toml"
    settings.write_text(SETTINGS.format(port=port), encoding="utf-8")
    return settings


def enterprise_id(number: int) -> str:
    """The topic name of an enterprise."""
    return f"works-{number + 1}"


def source_id(number: int, area: int) -> str:
    """The id of an area."""
    return f"works-{number + 1}-area-{area + 1}"


def _place(number: int, area: int) -> tuple[float, float]:
    return WEST + APART * area, SOUTH + APART * number


def _enterprise(number: int, sector: str) -> str:
    lines = [
        "[[enterprise]]",
        f'id = "{enterprise_id(number)}"',
        f'name = {{zh = "第{number + 1}厂", en = "Works {number + 1}"}}',
        f'district = "{DISTRICTS[number % len(DISTRICTS)]}"',
    ]
    title = ("罐区", "tank area") if sector == "tank_farm" else ("装置区", "unit")
    for area in range(AREAS):
        lon, lat = _place(number, area)
        lines += [
            "[[enterprise.source]]",
            f'id = "{source_id(number, area)}"',
            f'name.zh = "第{number + 1}厂{area + 1}号{title[0]}"',
            f'name.en = "Works {number + 1} {title[1]} {area + 1}"',
            f'sector = "{sector}"',
            f"level = {area % 4 + 1}",
            f"lon = {lon:.6f}",
            f"lat = {lat:.6f}",
        ]
    return "\n".join(lines)


def _tank_rows(number: int, area: int) -> list[str]:
    lon, lat = _place(number, area)
    enterprise, source = enterprise_id(number), source_id(number, area)
    rows = []
    for tank in range(TANKS):
        name = f"{area + 1}{tank + 1:02d}"
        for prefix, quantity, unit, low, high, resolution in TANK_POINTS:
            tag = f"{prefix}-{name}"
            rows.append(
                f"{enterprise}.{tag},{enterprise},{source},{tag},{quantity},{unit},{low},{high},{resolution},"
                f"{PERIOD_S}s,{lon:.6f},{lat:.6f},{name}号罐"
            )
    return rows


def _gas_rows(number: int, area: int) -> list[str]:
    west, south = _place(number, area)
    enterprise, source = enterprise_id(number), source_id(number, area)
    rows = []
    for i in range(DETECTORS):
        tag = f"GD-{area + 1}{i + 1:02d}"
        lon, lat = west + STEP * (i % ROW), south + STEP * (i // ROW)
        rows.append(
            f"{enterprise}.{tag},{enterprise},{source},{tag},combustible_gas,%LEL,0,100,0.5,{PERIOD_S}s,"
            f"{lon:.6f},{lat:.6f},{tag}"
        )
    return rows
