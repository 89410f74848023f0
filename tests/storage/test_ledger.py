"""The ledger: alarms come back whole, lines are never lost, told twice or altered."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganzhi.errors import ConfigError, Unavailable
from ganzhi.records import Alarm, AlarmEvent, AlarmState, Change, Text, Tier
from storage.ledger import CHUNK, Ledger
from storage.snapshot import from_json, to_json
from tests.storage.plant import T0, alarm, event
from tests.storage.test_log_kill import child


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/ledger.sqlite"


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    with Ledger(url) as ledger:
        yield ledger


def same(a: object, b: object) -> bool:
    """Equal, with NaN equal to itself, at any depth."""
    if isinstance(a, float) and isinstance(b, float):
        return a == b or (math.isnan(a) and math.isnan(b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, AlarmEvent | Alarm | Text) and type(a) is type(b):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    return type(a) is type(b) and a == b


FIGURE = st.floats()


@given(
    st.builds(
        alarm,
        value=FIGURE,
        score=FIGURE,
        limit=FIGURE,
        text=st.builds(Text, st.text(), st.text()),
        comment=st.text(),
        cleared_at=st.none() | st.integers(0, 2**63 - 1),
        state=st.sampled_from(AlarmState),
        tier=st.sampled_from(Tier),
        evidence=st.dictionaries(st.text(), FIGURE),
    )
)
def test_a_snapshot_gives_the_whole_alarm_back(whole: Alarm) -> None:
    assert same(from_json(to_json(whole)), whole)
    json.loads(to_json(whole), parse_constant=pytest.fail)  # NaN and Infinity are not JSON


def test_a_snapshot_has_every_field_of_an_alarm() -> None:
    assert set(json.loads(to_json(alarm()))) == {field.name for field in dataclasses.fields(Alarm)}


def test_lines_and_alarms_come_back_after_a_restart(url: str) -> None:
    raised = event(1, alarm(1))
    worse = event(2, alarm(1, tier=Tier.RED, value=15.0), Change.WORSENED)
    other = event(3, alarm(2))
    with Ledger(url) as ledger:
        assert (ledger.last_seq(), ledger.last_noted(), ledger.open_alarms(), ledger.recent(5)) == (0, 0, [], [])
        ledger.write([raised])
        ledger.write([worse, other])
        ledger.write([])
    with Ledger(url) as ledger:
        assert (ledger.last_seq(), ledger.last_noted()) == (3, other.noted)
        assert same(dict(enumerate(ledger.events_after(0, 10))), {0: raised, 1: worse, 2: other})
        assert same(dict(enumerate(ledger.events_after(1, 1))), {0: worse})
        assert same(dict(enumerate(ledger.recent(2))), {0: other, 1: worse})
        assert same(dict(enumerate(ledger.open_alarms())), {0: worse.alarm, 1: other.alarm})


def test_an_alarm_that_is_normal_again_is_not_open(ledger: Ledger, tmp_path: Path) -> None:
    ledger.write([event(1, alarm(1)), event(2, alarm(2))])
    cleared = alarm(1, state=AlarmState.NORMAL, tier=Tier.NONE, cleared_at=T0 + 9)
    ledger.write([event(3, cleared, Change.CLEARED)])
    assert [kept.id for kept in ledger.open_alarms()] == ["a2"]
    with contextlib.closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as connection, connection:
        columns = "id, condition, subject, state, tier, worst, raised_at, cleared_at, acknowledged_by, simulated"
        assert connection.execute(f"SELECT {columns} FROM alarm ORDER BY id").fetchall() == [
            ("a1", "level.high", "plant.LT 1", "normal", 0, 4, T0 + 1, T0 + 9, "张工", 1),
            ("a2", "level.high", "plant.LT 1", "unacknowledged", 3, 4, T0 + 2, None, "张工", 1),
        ]
    connection.close()


def test_a_line_told_again_stays_as_it_was(ledger: Ledger) -> None:
    first = event(1, alarm(1))
    ledger.write([first])
    again = dataclasses.replace(first, noted=first.noted + 99)
    ledger.write([again, event(2, alarm(2))])
    assert [(line.seq, line.noted) for line in ledger.events_after(0, 9)] == [
        (1, first.noted),
        (2, event(2, alarm(2)).noted),
    ]


def test_a_seq_that_says_something_else_is_refused_whole(ledger: Ledger) -> None:
    ledger.write([event(1, alarm(1))])
    with pytest.raises(ValueError, match="line 1 of the journal is taken"):
        ledger.write([event(2, alarm(2)), event(1, alarm(3))])
    assert ledger.last_seq() == 1
    assert [kept.id for kept in ledger.open_alarms()] == ["a1"]


def test_a_flood_is_one_transaction(ledger: Ledger) -> None:
    count = 2 * CHUNK + 1
    flood = [event(number, alarm(number % 700)) for number in range(1, count + 1)]
    ledger.write(flood)
    assert ledger.last_seq() == count
    assert len(ledger.open_alarms()) == 700
    assert [line.seq for line in ledger.events_after(0, count)] == list(range(1, count + 1))


def test_each_receiver_has_its_cursor(url: str) -> None:
    with Ledger(url) as ledger:
        assert ledger.cursor("grafana") == 0
        ledger.move_cursor("grafana", 5)
        ledger.move_cursor("store", 7)
        ledger.move_cursor("grafana", 6)
    with Ledger(url) as ledger:
        assert (ledger.cursor("grafana"), ledger.cursor("store"), ledger.cursor("new")) == (6, 7, 0)


def test_several_threads_write_and_read_at_once(ledger: Ledger) -> None:
    ledger.write([event(1, alarm(0))])
    stop = threading.Event()
    failures: list[BaseException] = []

    def move(name: str) -> None:
        try:
            for seq in range(40):
                ledger.move_cursor(name, seq)
        except Unavailable as error:
            failures.append(error)

    def read() -> None:
        try:
            while not stop.is_set():
                lines = ledger.events_after(0, 1_000)
                assert [line.seq for line in lines] == list(range(1, len(lines) + 1))
        except (Unavailable, AssertionError) as error:
            failures.append(error)

    movers = [threading.Thread(target=move, args=(name,)) for name in ("a", "b")]
    reader = threading.Thread(target=read)
    for thread in [*movers, reader]:
        thread.start()
    for seq in range(2, 60):
        ledger.write([event(seq, alarm(seq))])
    for mover in movers:
        mover.join()
    stop.set()
    reader.join()
    assert failures == []
    assert (ledger.cursor("a"), ledger.cursor("b"), ledger.last_seq()) == (39, 39, 59)


def test_a_locked_file_is_unavailable(url: str, tmp_path: Path) -> None:
    with Ledger(url, busy_s=0.05) as ledger:
        holder = sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="another process holds the file locked"):
            ledger.write([event(1, alarm())])
        assert ledger.last_seq() == 0
        holder.execute("ROLLBACK")
        holder.close()
        ledger.write([event(1, alarm())])
        assert ledger.last_seq() == 1


def test_opening_says_what_is_wrong_with_the_file(url: str, tmp_path: Path) -> None:
    with Ledger(url):
        pass
    with contextlib.closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as connection, connection:
        connection.execute("UPDATE schema_version SET version = 99")
    connection.close()
    with pytest.raises(ConfigError, match="format 99 by a newer program"):
        Ledger(url).__enter__()
    with pytest.raises(Unavailable, match="cannot be opened"):
        Ledger(f"sqlite:///{tmp_path}/missing/ledger.sqlite").__enter__()
    (tmp_path / "text").write_text("not a database at all, but long enough to be read as one" * 100)
    with pytest.raises(ConfigError, match="not a SQLite file"):
        Ledger(f"sqlite:///{tmp_path}/text").__enter__()


WRITE_FOR_EVER = """
import itertools, sys
from storage.ledger import Ledger
from tests.storage.plant import alarm, event

with Ledger(f"sqlite:///{sys.argv[1]}") as ledger:
    for seq in itertools.count(1, 2):
        ledger.write([event(seq, alarm(seq)), event(seq + 1, alarm(seq))])
        print(seq + 1, flush=True)
"""


def test_nothing_is_lost_when_the_process_is_killed_while_writing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with child(WRITE_FOR_EVER, path) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(30)]
        process.kill()
        said += process.stdout.readlines()
    acknowledged = max(int(line) for line in said if line.endswith(os.linesep))
    with Ledger(f"sqlite:///{path}") as ledger:
        last = ledger.last_seq()
        assert last >= acknowledged
        assert [line.seq for line in ledger.events_after(0, last + 1)] == list(range(1, last + 1))
        assert len(ledger.open_alarms()) == last // 2
