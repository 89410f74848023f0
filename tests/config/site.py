"""A small site on disk, good in every part unless a test says otherwise, and the kinds of score."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from config import PER_POINT, POLYGONS, RULE_IDS, Kind
from ganzhi.errors import ConfigError

KINDS: Mapping[str, Kind] = {
    "value": Kind(reading=True),
    "rate": Kind(unit="{unit}/min", options={"window_s": float}),
    "forecast": Kind(
        unit="min",
        options={
            "target": PER_POINT,
            "direction": ("high", "low"),
            "window_s": float,
            "probability": float,
            "curvature": float,
            "confidence": float,
        },
        required=frozenset({"target", "direction"}),
        side="low",
    ),
    "stale": Kind(unit="periods", side="high"),
    "joint": Kind(
        unit="1", options={"components": int, "robust": bool, "label": str}, per=("source", "all", "neighbours")
    ),
    "raised": Kind(
        unit="colour",
        options={"rules": RULE_IDS, "tier": ("blue", "yellow", "orange", "red"), "agree": int},
        required=frozenset({"rules", "agree"}),
        side="high",
        colours=True,
        per=("neighbours",),
    ),
    "worst": Kind(
        unit="colour",
        options={"rules": RULE_IDS},
        required=frozenset({"rules"}),
        side="high",
        colours=True,
        per=("source", "all"),
    ),
    "fence": Kind(unit="m", options={"polygons": POLYGONS}, required=frozenset({"polygons"}), side="high"),
    "pair": Kind(unit="m", side="high", per=("enterprise",), members=("pressure", "level")),
}

SETTINGS = """
[site]
packs = ["rules.toml"]
"""

ENTERPRISES = """
[[enterprise]]
id = "acme"
name.zh = "甲公司"
name.en = "Acme"

[[enterprise.source]]
id = "tanks"
name.zh = "罐区"
name.en = "Tanks"
sector = "tank_farm"
level = 2
lon = 117.7
lat = 38.98

[[enterprise]]
id = "bravo"
name.zh = "乙公司"
name.en = "Bravo"

[[source]]
id = "shop"
enterprise = "bravo"
name.zh = "车间"
name.en = "Shop"
sector = "gas_detection"
"""

POINTS = """\
id,enterprise,source,tag,quantity,unit,low,high,resolution,period,lon,lat,name
acme.LT-1,acme,tanks,LT-1,level,m,0,16,0.001,1s,117.7,38.98,一号罐液位
acme.LT-2,acme,tanks,LT-2,level,m,2,12,0.001,500ms,,,
acme.PT-1,acme,tanks,PT-1,pressure,kPa,-5,20,0.01,1min,117.7,38.98,
bravo.LT-1,bravo,shop,LT-1,combustible_gas,%LEL,0,100,0.1,1s,117.7,38.98,
"""

RULES = """
[[rule]]
id = "level.high"
name = { zh = "液位高", en = "Level high" }
kind = "value"
select = { quantity = "level" }
side = "high"
limits = { orange = "85 %", red = "90 %" }
basis = "engineering default"
"""


def write_site(
    folder: Path, *, settings: str = SETTINGS, enterprises: str = ENTERPRISES, points: str = POINTS, rules: str = RULES
) -> Path:
    """The four files; the path of ganzhi.toml."""
    (folder / "enterprises.toml").write_text(enterprises, encoding="utf-8")
    (folder / "points.csv").write_text(points, encoding="utf-8")
    (folder / "rules.toml").write_text(rules, encoding="utf-8")
    path = folder / "ganzhi.toml"
    path.write_text(settings, encoding="utf-8")
    return path


def sentences(error: ConfigError) -> list[str]:
    """The faults as a person reads them."""
    return [str(fault) for fault in error.faults]
