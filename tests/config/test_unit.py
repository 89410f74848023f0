from __future__ import annotations

from itertools import chain

import pytest

from config.unit import KNOWN, UNITS, canonical, suggestion


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("℃", "°C"),
        ("degC", "°C"),
        ("摄氏度", "°C"),
        ("m3/h", "m³/h"),
        ("㎥/h", "m³/h"),
        ("mg/m3", "mg/m³"),
        ("mg/m³", "mg/m³"),
        ("％LEL", "%LEL"),
        ("% VOL", "%VOL"),
        ("Kpa", "kPa"),
        ("兆帕", "MPa"),
        ("r/min", "rpm"),
        ("㎜", "mm"),
        ("1", "1"),
        (" kPa ", "kPa"),
    ],
)
def test_unit_is_known_when_it_is_spelt_as_people_do(unit: str, expected: str) -> None:
    assert canonical(unit) == expected


@pytest.mark.parametrize(
    "unit",
    [
        "°C",
        "m³/h",
        "%LEL",
        "mg/m³",
        "kPa",
        "MPa",
        "Pa",
        "bar",
        "mm",
        "%",
        "%VOL",
        "ppm",
        "A",
        "mA",
        "V",
        "kWh",
        "rpm",
        "m/s",
    ],
)
def test_canonical_unit_is_itself_when_it_is_looked_up(unit: str) -> None:
    assert canonical(unit) == unit


@pytest.mark.parametrize("unit", ["", " ", "M", "mpa", "bananas"])
def test_unit_is_unknown_when_nobody_writes_it_so(unit: str) -> None:
    assert canonical(unit) is None


def test_spelling_means_one_unit_when_all_are_counted() -> None:
    spellings = list(chain.from_iterable((unit, *others) for unit, others in UNITS.items()))
    assert {spelling: canonical(spelling) for spelling in spellings} == {
        spelling: unit for unit, others in UNITS.items() for spelling in (unit, *others)
    }
    assert len(KNOWN) <= len(spellings)


@pytest.mark.parametrize(("unit", "meant"), [("mpa", "MPa"), ("M", "m"), ("kpaa", "kPa"), ("%LEI", "%LEL")])
def test_nearest_unit_is_offered_when_one_is_unknown(unit: str, meant: str) -> None:
    assert suggestion(unit) == f"did you mean {meant!r}?"


def test_units_are_named_when_none_is_near() -> None:
    assert suggestion("xyzzyx").startswith("write a unit of config/unit.py")
