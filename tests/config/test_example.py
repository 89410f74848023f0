"""Everything that comes with the package loads clean and is what the documents say."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from config import PER_POINT, Configuration, example, load
from config.settings import PACKS, packs_known
from ganzhi.errors import ConfigError
from ganzhi.records import COLOURS, AlarmClass
from tests.config.site import KINDS


def loaded(name: str) -> Configuration:
    return load(example(name) / "ganzhi.toml", KINDS)


def test_examples_load_without_a_warning_when_opened() -> None:
    assert loaded("demo").warnings == loaded("skab").warnings == ()


def test_demo_city_is_the_one_that_was_agreed_when_opened() -> None:
    configuration = loaded("demo")
    catalogue = configuration.catalogue
    assert [(e.id, e.name.zh) for e in catalogue.enterprises.values()] == [
        ("haihe-storage", "海河石化仓储"),
        ("binhai-chem", "滨海精细化工"),
    ]
    assert {s.id: (s.enterprise, s.sector, s.name.zh) for s in catalogue.sources.values()} == {
        "tank-area-1": ("haihe-storage", "tank_farm", "一号罐区"),
        "tank-area-2": ("haihe-storage", "tank_farm", "二号罐区"),
        "gas-area-1": ("binhai-chem", "gas_detection", "丙烷装置区"),
        "gas-area-2": ("binhai-chem", "gas_detection", "氨制冷区"),
    }
    shapes = {
        "LT": ("level", "m", 0.0, 16.0),
        "TT": ("temperature", "°C", -20.0, 120.0),
        "PT": ("pressure", "kPa", -5.0, 20.0),
        "FI": ("inflow", "m³/h", 0.0, 2000.0),
        "FO": ("outflow", "m³/h", 0.0, 2000.0),
        "GD": ("combustible_gas", "%LEL", 0.0, 100.0),
        "AD": ("ammonia", "mg/m3", 0.0, 300.0),
        "OD": ("oxygen", "%VOL", 0.0, 25.0),
    }
    tanks = [f"{kind}-{tank}" for tank in (101, 102, 103, 201, 202, 203) for kind in ("LT", "TT", "PT", "FI", "FO")]
    gas = [f"{kind}-{i:02d}" for kind, count in (("GD", 12), ("AD", 6), ("OD", 2)) for i in range(1, count + 1)]
    assert [point.tag for point in catalogue.points] == tanks + gas
    for point in catalogue.points:
        assert point.id == f"{point.enterprise}.{point.tag}"
        assert (point.quantity, point.unit, point.low, point.high) == shapes[point.tag[:2]]
        assert point.period_s == 1.0
        assert point.resolution > 0
        assert point.lon is not None
        assert point.lat is not None
    detectors = [point for point in catalogue.points if point.quantity == "combustible_gas"]
    assert len({(point.lon, point.lat) for point in detectors}) == 12


def test_rig_covers_every_channel_of_the_map_when_opened() -> None:
    catalogue = loaded("skab").catalogue
    chart = tomllib.loads((example("skab") / "map.toml").read_text(encoding="utf-8"))
    assert chart["enterprise"] in catalogue.enterprises
    assert sorted(chart["columns"].values()) == sorted(point.tag for point in catalogue.points)
    assert {key: chart[key] for key in ("delimiter", "time_column", "time_format", "time_zone", "gateway")} == {
        "delimiter": ";",
        "time_column": "datetime",
        "time_format": "%Y-%m-%d %H:%M:%S",
        "time_zone": "UTC",
        "gateway": "gw-rig",
    }


def test_tank_limits_are_design_shares_when_resolved() -> None:
    rules = {rule.id: rule for rule in loaded("demo").rules}
    high, forecast = rules["tank.level.high"], rules["tank.level.forecast"]
    np.testing.assert_allclose(high.limits[0], [np.nan, np.nan, 13.6, 14.4])
    np.testing.assert_allclose(forecast.limits[0], [60, 30, np.nan, np.nan])
    np.testing.assert_allclose(np.asarray(forecast.options["target"]), high.limits[:, 3])
    assert high.condition == forecast.condition == "level.high"
    assert rules["tank.stale"].alarm_class is AlarmClass.DEVICE
    assert len(rules["tank.stale"].points) == 30


def test_gas_limits_are_those_of_the_standard_when_resolved() -> None:
    rules = {rule.id: rule for rule in loaded("demo").rules}
    limits = {name: rules[name].limits[0] for name in rules if rules[name].kind == "value"}
    np.testing.assert_array_equal(limits["gas.combustible.high"], [np.nan, 25, np.nan, 50])
    np.testing.assert_array_equal(limits["gas.ammonia.high"], [np.nan, 20, np.nan, 40])
    np.testing.assert_array_equal(limits["gas.oxygen.low"], [np.nan, 19.5, np.nan, 18])
    np.testing.assert_array_equal(limits["gas.oxygen.high"], [np.nan, 23.5, np.nan, np.nan])
    assert rules["gas.combustible.high"].basis.startswith("GB/T 50493-2019: level 1 ≤ 25 %LEL")


@pytest.mark.parametrize("name", ["demo", "skab"])
def test_every_rule_speaks_to_people_when_it_is_of_a_pack(name: str) -> None:
    for rule in loaded(name).rules:
        assert all((rule.name.zh, rule.name.en, rule.advice.zh, rule.advice.en, rule.basis)), rule.id
        assert rule.limits.shape == (len(rule.subjects), len(COLOURS))
        assert np.isfinite(rule.limits).any(axis=1).all()


def test_packs_are_known_by_their_names_when_listed() -> None:
    used = {path for name in ("demo", "skab") for path in loaded(name).settings.site.packs}
    assert used <= {PACKS / f"{name}.toml" for name in packs_known()}
    assert PER_POINT in KINDS["forecast"].options.values()


def test_names_are_offered_when_an_example_is_unknown() -> None:
    with pytest.raises(ConfigError, match=r"there is no example 'demoo' \(did you mean 'demo'\?\)"):
        example("demoo")
    assert example("demo") == Path(PACKS).parent / "examples" / "demo"
