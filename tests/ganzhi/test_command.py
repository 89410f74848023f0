"""What the commands connect."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest

from config import example
from detectors import OPTIONS
from ganzhi import command
from ganzhi.clock import NS_PER_S
from ganzhi.errors import ConfigError
from ganzhi.kind import KINDS
from ganzhi.records import Effect, ReadingBlock
from storage import DuckDBStore, Ledger
from tests.storage.plant import alarm, event


def test_packs_may_set_what_the_detectors_take() -> None:
    assert {kind: frozenset(spec.options) for kind, spec in KINDS.items()} == dict(OPTIONS)


@pytest.mark.parametrize("name", ["demo", "skab"])
def test_example_is_without_fault_or_warning_when_loaded(name: str) -> None:
    configuration = command.load(example(name) / "ganzhi.toml")
    assert configuration.warnings == ()
    assert configuration.rules


RULE = """
[[rule]]
id = "{id}"
name = {{ zh = "一", en = "One" }}
kind = "{kind}"
select = {{}}
basis = "engineering default"
{more}
"""


def test_what_only_the_detectors_understand_is_told_with_every_other_fault_when_loaded(tmp_path: Path) -> None:
    for name in ("enterprises.toml", "points.csv"):
        (tmp_path / name).write_bytes((example("demo") / name).read_bytes())
    (tmp_path / "ganzhi.toml").write_text('[site]\npacks = ["rules.toml"]\n', encoding="utf-8")
    texts = [
        RULE.format(id="storm", kind="accumulate", more='limits = { blue = 1 }\noptions = { steps = "50 mm" }'),
        RULE.format(id="dam", kind="counting", more='options = { rules = "silent", counts = "4 blue" }'),
        RULE.format(id="silent", kind="stale", more="limits = { blue = 3 }"),
    ]
    (tmp_path / "rules.toml").write_text("".join(texts), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        command.load(tmp_path / "ganzhi.toml")
    storm, dam = map(str, caught.value.faults)
    assert storm.startswith("rule storm: steps must be")
    assert dam.startswith("rule dam: counts must be steps such as")


def test_everything_is_kept_in_the_folder_when_parts_are_embedded(tmp_path: Path) -> None:
    configuration = command.load(command.demo_settings())
    settings = command.embedded(configuration, tmp_path, broker_url="mqtt://127.0.0.1:9", port=0).settings
    assert settings.mqtt.url == "mqtt://127.0.0.1:9"
    assert {settings.log.path.parent, settings.store.path.parent} == {tmp_path}
    assert settings.ledger.url == f"sqlite:///{tmp_path}/ledger.sqlite"


def test_dashboards_need_influxdb_when_built(tmp_path: Path) -> None:
    configuration = command.load(example("demo") / "ganzhi.toml")
    with pytest.raises(ConfigError, match="influxdb1"):
        command.grafana_build(configuration, tmp_path)
    rig = command.load(example("skab") / "ganzhi.toml")
    written = command.grafana_build(rig, tmp_path)
    assert sorted(path.suffix for path in written) == [".json", ".json", ".yaml", ".yaml"]
    assert all(path.exists() for path in written)


def test_push_says_what_is_missing_when_no_grafana_is_named() -> None:
    rig = command.load(example("skab") / "ganzhi.toml")
    with pytest.raises(ConfigError, match=r"grafana\.url"):
        command.grafana_push(rig)


def test_readings_are_exported_by_local_time_and_faults_are_sentences(tmp_path: Path) -> None:
    demo = command.load(command.demo_settings())
    configuration = command.embedded(demo, tmp_path, broker_url="mqtt://127.0.0.1:9", port=0)
    with pytest.raises(ConfigError, match=r"there is no .*readings\.duckdb"):
        command.export(configuration, tmp_path / "out", start="", end="")
    midnight = 1_777_564_800 * NS_PER_S  # 2026-05-01 00:00 at the site, 16:00 UTC of the day before
    times = midnight + np.arange(-2, 3) * NS_PER_S
    block = ReadingBlock(np.zeros(5, np.int32), times, np.arange(5.0), np.zeros(5, np.uint8), times, int(times[-1]))
    with DuckDBStore(configuration.settings.store.path, configuration.catalogue) as store:
        store.write(block, 1)
    written = command.export(configuration, tmp_path / "out", start="2026-05-01", end="2026-05-01T00:00:02")
    [readings] = [path for path in written if path.name.startswith("reading-")]
    with duckdb.connect() as file:
        assert file.execute(f"SELECT value FROM '{readings}' ORDER BY time").fetchall() == [(2.0,), (3.0,)]
    with pytest.raises(ConfigError, match="--from: 'May' is not a date"):
        command.export(configuration, tmp_path, start="May", end="")
    with pytest.raises(ConfigError, match="embedded store"):
        command.export(command.load(example("skab") / "ganzhi.toml"), tmp_path, start="", end="")


def test_a_report_is_of_the_site_s_days_and_faults_are_sentences(tmp_path: Path) -> None:
    demo = command.load(command.demo_settings())
    configuration = command.embedded(demo, tmp_path, broker_url="mqtt://127.0.0.1:9", port=0)
    midnight = 1_777_564_800 * NS_PER_S  # 2026-05-01 00:00 at the site, 16:00 UTC of the day before
    now = midnight + 86_400 * NS_PER_S
    with pytest.raises(ConfigError, match=r"there is no .*ledger\.sqlite"):
        command.report(configuration, tmp_path, start="", end="", now=now)
    moments = (midnight - NS_PER_S, midnight)
    told = [replace(event(n, alarm(n)), noted=at, effects=(Effect.ANNOUNCE,)) for n, at in enumerate(moments, 1)]
    with Ledger(configuration.settings.ledger.url) as ledger:
        ledger.write(told)
    page, sheet = command.report(configuration, tmp_path / "out", start="2026-05-01", end="", now=now)
    assert (page.name, sheet.name) == ("alarms-2026-05-01-2026-05-01.html", "alarms-2026-05-01-2026-05-01.csv")
    assert "summary,,announced,1," in sheet.read_text(encoding="utf-8")
    assert "示范市滨海区" in page.read_text(encoding="utf-8")
    week = command.report(configuration, tmp_path / "out", start="", end="", now=now)[1]
    assert "summary,,announced,2," in week.read_text(encoding="utf-8")
    with pytest.raises(ConfigError, match="ends before it begins"):
        command.report(configuration, tmp_path, start="2026-05-02", end="2026-05-01", now=now)
