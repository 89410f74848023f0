"""The same recorded stream in one run, in a run killed ten times, and in blocks cut at random: the same alarms.

Told of every point in the same order, with the same times by the sensor's clock. Silence and floods are judged by our
clock and so are not among what is compared here.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from config import example
from ganzhi import command
from ganzhi.parts import open_parts
from ganzhi.records import AlarmEvent, Change, ReadingBlock
from tests.ganzhi.service import connected, get, serving
from tests.ganzhi.test_recorded import COLUMNS, RECORDING, needs_recordings, published
from tests.servers import Server, free_port, wait_until

KILLS = 10
RUNS_S = (0.3, 2.0)
"""How long a run may last before it is killed."""
SPEED = 30

Told = tuple[str, str, str, int, int, int, float]
"""change, rule, subject, tier before and after, time by the sensor's clock (ms), value."""

KINDS = {
    "current": 'kind = "value"\nside = "high"\nlimits = { blue = 1.25, yellow = 1.34, orange = 1.42, red = 1.5 }\n'
    'deadband = 0.1\non_delay = "1s"\noff_delay = "2s"\nunit = "A"',
    "pressure": 'kind = "value"\nside = "high"\nlimits = { blue = 0.5, yellow = 0.8, red = 1.6 }\nunit = "bar"',
    "vibration": 'kind = "value"\nside = "high"\nlimits = { blue = 0.0445, yellow = 0.0449 }\ndeadband = 0.002\n'
    'repeat = "20s"\nunit = "g"',
    "voltage": 'kind = "rate"\nside = "high"\nlimits = { blue = 25, yellow = 40 }\n'
    'unit = "V/min"\noptions = { window_s = 30 }',
    "flow": 'kind = "forecast"\nside = "low"\nlimits = { blue = 5, yellow = 2 }\nunit = "min"\n'
    'options = { target = 28.5, direction = "low", window_s = 40 }',
    "temperature": 'kind = "rate"\nside = "high"\nlimits = { blue = 0.3, yellow = 0.8 }\n'
    'unit = "°C/min"\noptions = { window_s = 120 }',
}
"""Rules nervous enough to say a great deal of a rig in normal running."""


def site(folder: Path, broker_port: int, console: int) -> Path:
    """The rig under nervous rules, with everything embedded but the broker."""
    source = example("skab")
    for name in ("enterprises.toml", "points.csv"):
        (folder / name).write_bytes((source / name).read_bytes())
    rules = [
        f'[[rule]]\nid = "nervous.{quantity}"\nname.zh = "紧张"\nname.en = "nervous"\ncondition = "{quantity}"\n'
        f'select = {{ sector = "test_rig", quantity = "{quantity}" }}\nbasis = "for the test"\n{body}\n'
        for quantity, body in KINDS.items()
    ]
    (folder / "nervous.toml").write_text('name.zh = "紧张"\nname.en = "nervous"\n\n' + "\n".join(rules), "utf-8")
    settings = folder / "ganzhi.toml"
    settings.write_text(
        f'[site]\npacks = ["nervous.toml"]\n[mqtt]\nurl = "mqtt://127.0.0.1:{broker_port}"\n'
        f'client_id = "same-{console}"\n[console]\nport = {console}\n',
        "utf-8",
    )
    return settings


def replaying(broker: Server, speed: float) -> subprocess.Popen[str]:
    arguments = ["--map", str(example("skab") / "map.toml"), "--url", f"mqtt://127.0.0.1:{broker.port}"]
    command_line = [sys.executable, "-m", "ganzhi", "replay", str(RECORDING), *arguments, "--speed", str(speed)]
    return subprocess.Popen(command_line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(replay: subprocess.Popen[str], port: int, readings: int) -> None:
    """Wait for the last reading to be stored and judged."""
    said, _ = replay.communicate(timeout=150)
    assert replay.returncode == 0, said

    def done() -> bool:
        health = get(port, "/api/health")
        return bool(
            health["counters"]["stored"] >= readings and not any(c["backlog_rows"] for c in health["consumers"])
        )

    wait_until(done, "the last reading in the store", 60)


def journal(port: int) -> list[Told]:
    """What the journal says of the rig, oldest first."""
    events: list[dict[str, Any]] = get(port, "/api/alarms/history?limit=1000")["events"]
    assert len(events) < 1000
    return [
        (event["change"], alarm["rule"], alarm["subject"], event["before"], alarm["tier"], event["at"], alarm["value"])
        for event in reversed(events)
        if not (alarm := event["alarm"])["rule"].startswith("_") and event["change"] != "grouped"
    ]


def by_subject(told: Sequence[Told]) -> dict[str, list[Told]]:
    """What is told of each point: one point's line may be written a block before another's."""
    return {subject: [line for line in told if line[2] == subject] for subject in {line[2] for line in told}}


def once(folder: Path, broker: Server) -> list[Told]:
    """(a) One run, as fast as it goes."""
    port = free_port()
    with serving(site(folder, broker.port, port), port):
        finish(replaying(broker, 0), port, len(published()))
        return journal(port)


@contextmanager
def killed(settings: Path, port: int) -> Iterator[None]:
    """A run that ends with SIGKILL."""
    with (settings.parent / "killed.log").open("a", encoding="utf-8") as log:
        child = subprocess.Popen([sys.executable, "-m", "ganzhi", "run", str(settings)], stdout=log, stderr=log)
        try:
            wait_until(lambda: child.poll() is not None or connected(port), "ganzhi run")
            assert child.poll() is None, (settings.parent / "killed.log").read_text("utf-8")
            yield
        finally:
            child.kill()
            child.wait()


@needs_recordings
@pytest.mark.timeout(240)
def test_alarms_are_the_same_when_a_run_is_killed_ten_times(tmp_path: Path, mosquitto_server: Server) -> None:
    folders = [tmp_path / name for name in ("once", "killed")]
    for folder in folders:
        folder.mkdir()
    expected = once(folders[0], mosquitto_server)
    assert len(expected) > 150
    assert {told[0] for told in expected} == {"raised", "worsened", "eased", "cleared", "updated"}

    port = free_port()
    settings = site(folders[1], mosquitto_server.port, port)
    moments = random.Random(7)
    with killed(settings, port):  # so that its session is there before the first message
        replay = replaying(mosquitto_server, SPEED)
        time.sleep(moments.uniform(*RUNS_S))
    for _ in range(KILLS - 1):
        with killed(settings, port):
            time.sleep(moments.uniform(*RUNS_S))
    with serving(settings, port):
        finish(replay, port, len(published()))
        assert by_subject(journal(port)) == by_subject(expected)
        counters = get(port, "/api/health")["counters"]
        assert (counters["accepted"], counters["late"], counters["conflict"]) == (len(published()), 0, 0)
        assert all(row["closes"] for row in get(port, "/api/reconciliation?hours=2")["rows"])


@needs_recordings
@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_alarms_are_the_same_when_blocks_are_cut_at_random(tmp_path: Path, seed: int) -> None:
    whole = recorded()
    straight = events_of(tmp_path / "one", [whole.rows(slice(k, k + 8)) for k in range(0, len(whole), 8)])
    assert len(straight) > 150
    cuts = np.random.default_rng(seed).choice(len(whole), [3, 40, 900][seed - 1], replace=False)
    bounds = [0, *sorted(cuts.tolist()), len(whole)]
    pieces = [whole.rows(slice(a, b)) for a, b in pairwise(bounds)]
    assert by_subject(events_of(tmp_path / "cut", pieces)) == by_subject(straight)


def recorded() -> ReadingBlock:
    """The recording as one block, row after row, as its gateway sent it."""
    order = {tag: index for index, tag in enumerate(COLUMNS.values())}
    rows = sorted(published(), key=lambda row: (row[1], order[row[0]]))
    index = {point.tag: i for i, point in enumerate(command.load(example("skab") / "ganzhi.toml").catalogue.points)}
    moment = np.array([row[1] for row in rows], np.int64)
    return ReadingBlock(
        np.array([index[row[0]] for row in rows], np.int32),
        moment,
        np.array([row[2] for row in rows]),
        np.zeros(len(rows), np.uint8),
        moment,
        int(moment[-1]),
    )


def events_of(folder: Path, blocks: list[ReadingBlock]) -> list[Told]:
    """What detection and alarms make of the blocks, without the numbers and moments of our own."""
    folder.mkdir()
    found: list[AlarmEvent] = []
    with ExitStack() as stack:
        parts = open_parts(command.load(site(folder, 1, 8600)), stack, lambda: int(blocks[-1].now))
        for block in blocks:
            transitions = parts.judge(block)
            parts.latest.update(block)
            found += parts.alarms.apply(transitions)
    return [
        (e.change, e.alarm.rule, e.alarm.subject, e.before, e.alarm.tier, e.at, e.alarm.value)
        for e in found
        if not e.alarm.rule.startswith("_") and e.change != Change.GROUPED
    ]
