"""`ganzhi fit`: from recorded normal running to a rule that raises an alarm."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import config
from detectors.engine import Engine
from ganzhi import command
from ganzhi.__main__ import cli
from ganzhi.clock import NS_PER_S
from ganzhi.errors import ConfigError
from ganzhi.kind import UNFITTED
from ganzhi.records import Floats, ReadingBlock
from storage import DuckDBStore

START_S = 1_777_564_800
"""2026-05-01 00:00 in China."""

FILES = {
    "ganzhi.toml": """
[site]
packs = ["rules.toml"]
""",
    "enterprises.toml": """
[[enterprise]]
id = "acme"
name = { zh = "甲公司", en = "Acme" }

[[enterprise.source]]
id = "unit-1"
name = { zh = "一号装置", en = "Unit 1" }
sector = "process_unit"

[[enterprise.source]]
id = "unit-2"
name = { zh = "二号装置", en = "Unit 2" }
sector = "process_unit"
""",
    "points.csv": """\
id,enterprise,source,tag,quantity,unit,low,high,resolution,period
acme.FI-1,acme,unit-1,FI-1,flow,m,0,100,0.001,1s
acme.PI-1,acme,unit-1,PI-1,pressure,m,0,100,0.001,1s
acme.LI-1,acme,unit-1,LI-1,level,m,0,100,0.001,1s
acme.FI-2,acme,unit-2,FI-2,flow,m,0,100,0.001,1s
acme.PI-2,acme,unit-2,PI-2,pressure,m,0,100,0.001,1s
""",
    "rules.toml": """
[[rule]]
id = "unit.joint"
name = { zh = "工况偏离", en = "Away from normal" }
kind = "joint"
select = { sector = "process_unit", source = "unit-1" }
limits = { blue = 1.5, yellow = 3 }
options = { model = "models.json" }
basis = "engineering default"
""",
    "map.toml": """
time_column = "time"
time_format = "unix_s"
enterprise = "acme"
gateway = "gw-1"
columns = { flow = "FI-1", pressure = "PI-1", level = "LI-1", other = "XI-9" }
""",
}


def normal(n: int, seed: int = 1) -> Floats:
    random = np.random.default_rng(seed)
    load = random.normal(0, 1, n)
    return np.stack(
        [50 + load + random.normal(0, 0.1, n), 20 - load + random.normal(0, 0.1, n), random.normal(5, 1, n)], axis=1
    )


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site of which the joint rule still has no model, and a recording of it."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    rows = [f"{START_S + k},{a},{b},{c},0" for k, (a, b, c) in enumerate(normal(600).tolist())]
    (tmp_path / "normal.csv").write_text("\n".join(["time,flow,pressure,level,other", *rows]) + "\n")
    return tmp_path


def fit(site: Path, *more: str, rule: str = "unit.joint") -> tuple[int, str]:
    found = CliRunner().invoke(cli, ["fit", str(site / "ganzhi.toml"), rule, *more])
    return found.exit_code, found.output


def fit_csv(site: Path, *more: str) -> tuple[int, str]:
    return fit(site, "--csv", str(site / "normal.csv"), "--map", str(site / "map.toml"), *more)


def test_a_rule_without_its_model_says_how_to_make_one(site: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no file .*models\.json.*ganzhi fit"):
        command.load(site / "ganzhi.toml")


def test_what_was_fitted_to_a_recording_is_used(site: Path) -> None:
    code, said = fit_csv(site, "--lags", "0")
    assert code == 0, said
    assert "unit-1 一号装置: 3 channels every 1 s, 2026-04-30 16:00:00 to 2026-04-30 16:09:59 UTC" in said
    assert "360 samples fitted, 240 held back" in said
    assert "components hold 90% of the variance" in said
    assert "of the samples held back, wanted 1.00%" in said
    configuration = command.load(site / "ganzhi.toml")
    engine = Engine(configuration.rules, period_s=np.ones(5), resolution=np.full(5, 0.001))
    assert [t.new for t in engine.update(block(normal(60, seed=2)))] == []
    parted = normal(60, seed=3)
    parted[:, 1] = 40 - parted[:, 1]  # the pressure rises with the flow
    found = engine.update(block(parted, first=60))
    assert found[0].new > 0
    assert {"t2", "spe", "share_0"} <= found[0].evidence.keys()


def block(values: Floats, first: int = 0) -> ReadingBlock:
    n = len(values)
    time = np.repeat((START_S + first + np.arange(n)) * NS_PER_S, 3)
    point = np.tile(np.arange(3, dtype=np.int32), n)
    return ReadingBlock(point, time, values.ravel(), np.zeros(3 * n, np.uint8), time, int(time[-1]))


def test_what_is_in_the_store_is_fitted_to_by_local_time(site: Path) -> None:
    configuration = config.load(site / "ganzhi.toml", UNFITTED)
    path = configuration.settings.store.path
    path.parent.mkdir(parents=True)
    with DuckDBStore(path, configuration.catalogue) as store:
        store.write(block(normal(600)), 1)
    code, said = fit(site, "--from", "2026-05-01T00:01", "--to", "2026-05-01T00:09")
    assert code == 0, said
    assert "2026-04-30 16:01:00 to 2026-04-30 16:08:59 UTC" in said
    assert command.load(site / "ganzhi.toml").rules[0].units[0].members.tolist() == [0, 1, 2]


def test_models_of_other_units_stay(site: Path) -> None:
    assert fit_csv(site)[0] == 0
    path = site / "models.json"
    table = json.loads(path.read_text(encoding="utf-8"))
    table["units"]["elsewhere"] = table["units"]["unit-1"]
    path.write_text(json.dumps(table), encoding="utf-8")
    assert fit_csv(site, "--unit", "unit-1")[0] == 0
    assert json.loads(path.read_text(encoding="utf-8"))["units"].keys() == {"unit-1", "elsewhere"}


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--unit", "unit-9"], "is no unit of rule unit.joint (known: unit-1)"),
        (["--lags", "-1"], "lags must be a whole number"),
        (["--false-alarms", "2"], "false alarms must be above 0"),
    ],
)
def test_what_cannot_be_fitted_is_a_sentence(site: Path, arguments: list[str], what: str) -> None:
    code, said = fit_csv(site, *arguments)
    assert (code, what in said) == (2, True), said
    assert not (site / "models.json").exists()


def test_an_unknown_rule_and_missing_data_are_sentences(site: Path) -> None:
    assert "is no rule of kind joint" in fit(site, rule="unit")[1]
    assert "--map: is missing" in fit(site, "--csv", str(site / "normal.csv"))[1]
    assert "there is no" in fit(site)[1]
    (site / "map.toml").write_text(FILES["map.toml"].replace('"acme"', '"other"'), encoding="utf-8")
    assert "none of its tags is a point of enterprise 'other'" in fit_csv(site)[1]


def test_a_silent_channel_is_named(site: Path) -> None:
    (site / "map.toml").write_text(FILES["map.toml"].replace('level = "LI-1", ', ""), encoding="utf-8")
    code, said = fit_csv(site)
    assert code == 2
    assert "unit-1: there is no good reading of acme.LI-1" in said


def test_a_file_of_something_else_is_not_overwritten(site: Path) -> None:
    (site / "models.json").write_text('{"mine": 1}', encoding="utf-8")
    code, said = fit_csv(site)
    assert code == 2
    assert "not overwritten" in said
    assert (site / "models.json").read_text(encoding="utf-8") == '{"mine": 1}'


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        ('source = "unit-1"', 'source = ["unit-1", "unit-2"]', "there is no model of unit-2, but of unit-1"),
        ('source = "unit-1"', 'tags = ["FI-1", "PI-1"]', "has acme.LI-1, which the rule does not select"),
        ('model = "models.json"', "model = 3", "it is no path"),
        ("limits", 'per = "point"\nlimits', "judges several points as one"),
    ],
)
def test_a_rule_that_does_not_fit_its_models_is_a_fault(site: Path, before: str, after: str, what: str) -> None:
    assert fit_csv(site)[0] == 0
    path = site / "rules.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
    with pytest.raises(ConfigError, match=what):
        command.load(site / "ganzhi.toml")


def test_a_damaged_model_is_a_fault(site: Path) -> None:
    assert fit_csv(site)[0] == 0
    path = site / "models.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"main": ', '"main": -'), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"models.json: unit unit-1: now: main must be from 0 to"):
        command.load(site / "ganzhi.toml")
