"""What the commands connect."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import example
from detectors import OPTIONS
from ganzhi import command
from ganzhi.errors import ConfigError


def test_packs_may_set_what_the_detectors_take() -> None:
    assert {kind: frozenset(spec.options) for kind, spec in command.KINDS.items()} == dict(OPTIONS)


@pytest.mark.parametrize("name", ["demo", "skab"])
def test_example_is_without_fault_or_warning_when_loaded(name: str) -> None:
    configuration = command.load(example(name) / "ganzhi.toml")
    assert configuration.warnings == ()
    assert configuration.rules


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
