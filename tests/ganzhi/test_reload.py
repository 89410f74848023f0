"""New settings for a service that runs."""

from __future__ import annotations

import threading

from ganzhi.errors import ConfigError, Fault
from ganzhi.reload import Reload


def test_settings_wait_to_be_put_in_force_once() -> None:
    asked = threading.Event()
    reload = Reload(lambda: "new", asked)
    assert not reload.pending
    asked.set()
    assert reload.pending
    assert reload.pending
    assert reload.take() == "new"
    assert not reload.pending
    assert reload() == []
    assert reload.take() == "new"


def test_faults_are_told_and_nothing_is_put_in_force() -> None:
    def load() -> str:
        raise ConfigError([Fault("points.csv:3", "no such unit", "write m"), Fault("rules.toml", "no kind")])

    reload = Reload(load, threading.Event())
    assert reload() == ["points.csv:3: no such unit (write m)", "rules.toml: no kind"]
    assert not reload.pending
    assert reload.take() is None
