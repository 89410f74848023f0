"""The demo as a person starts it, headless, and the figures it prints."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ganzhi.demo import lead_minutes, summary
from ganzhi.records import Alarm, AlarmClass, AlarmEvent, AlarmState, Change, Rule, Text, Tier
from tests.servers import free_port

MINUTE = 60_000_000_000


def rule(name: str, kind: str) -> Rule:
    return Rule(name, Text("", ""), kind, np.zeros(0, np.int32), np.zeros((0, 4)), "high", np.zeros(0), "m")


def event(seq: int, at: int, change: Change, rule_id: str, *, alarm: str = "a") -> AlarmEvent:
    return AlarmEvent(
        seq, at, at, change, Tier.NONE,
        Alarm(
            alarm, "level.high", rule_id, 0, "p", "e", "s", AlarmClass.PROCESS, AlarmState.UNACKNOWLEDGED, Tier.RED,
            Tier.RED, 0, at, 0.0, 0.0, 0.0, "m", "m", Text("", ""), Text("", ""), Text("", ""), "",
        ),
    )  # fmt: skip


RULES = [rule("soon", "forecast"), rule("high", "value")]


def test_lead_runs_from_the_warning_to_the_crossing_when_both_came() -> None:
    events = [
        event(1, 1 * MINUTE, Change.RAISED, "soon"),
        event(2, 2 * MINUTE, Change.WORSENED, "soon"),
        event(3, 5 * MINUTE, Change.WORSENED, "high"),
        event(4, 6 * MINUTE, Change.WORSENED, "high"),
        event(5, 7 * MINUTE, Change.RAISED, "high", alarm="b"),
    ]
    assert lead_minutes(events, RULES) == 4.0


def test_lead_is_unknown_when_nothing_was_warned_of() -> None:
    assert lead_minutes([event(1, MINUTE, Change.RAISED, "high")], RULES) is None
    assert lead_minutes([], RULES) is None


def test_summary_says_no_when_the_counters_do_not_close() -> None:
    ends = dict.fromkeys(("late", "duplicate", "rejected", "unknown"), 1)
    counters = {"received": 10, "accepted": 6, **ends, "stored": 6, "backlog": 0}
    figures = {figure.name: figure for figure in summary(counters, [], RULES)}
    assert figures["received"].met is True
    assert figures["stored"].met is False
    counters["backlog"] = 1
    assert {figure.name: figure for figure in summary(counters, [], RULES)}["stored"].met is True


@pytest.mark.timeout(240)
def test_demo_warns_before_the_limit_when_it_runs_two_minutes(tmp_path: Path) -> None:
    file = tmp_path / "demo.json"
    command = [sys.executable, "-m", "ganzhi", "demo", "--minutes", "2", "--headless", "--port", str(free_port())]
    done = subprocess.run(
        [*command, "--json", str(file)], capture_output=True, text=True, timeout=200, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(file.read_text(encoding="utf-8"))
    figures = {figure["name"]: figure["value"] for figure in document["figures"]}
    ends = ("accepted", "late", "duplicate", "rejected", "unknown")
    assert figures["received"] == sum(figures[end] for end in ends) > 4000
    assert figures["accepted"] == figures["received"] == figures["stored"]
    assert figures["backlog"] == 0
    assert figures["alarms_red"] >= 2  # the tank beyond HH, and the detector nearest to the leak beyond level 2
    assert 0.2 < figures["lead_minutes"] < 2
    assert "预计" in done.stdout
    assert "Traceback" not in done.stderr
