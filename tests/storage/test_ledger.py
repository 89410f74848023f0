"""The ledger: alarms come back whole, lines are never lost, told twice or altered."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from ganzhi.errors import ConfigError, Unavailable
from ganzhi.records import Alarm, AlarmEvent, AlarmState, Change, Text, Tier
from storage.ledger import CHUNK, Ledger
from storage.postgresql import LOCK
from storage.snapshot import from_json, to_json
from tests.storage.database import query
from tests.storage.plant import T0, alarm, event


@pytest.fixture
def url(ledger_url: str) -> str:
    return ledger_url


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


def test_an_alarm_that_is_normal_again_is_not_open(ledger: Ledger, url: str) -> None:
    ledger.write([event(1, alarm(1)), event(2, alarm(2))])
    cleared = alarm(1, state=AlarmState.NORMAL, tier=Tier.NONE, cleared_at=T0 + 9)
    ledger.write([event(3, cleared, Change.CLEARED)])
    assert [kept.id for kept in ledger.open_alarms()] == ["a2"]
    columns = "id, condition, subject, state, tier, worst, raised_at, cleared_at, acknowledged_by, simulated"
    assert query(url, f"SELECT {columns} FROM alarm ORDER BY id") == [
        ("a1", "level.high", "plant.LT 1", "normal", 0, 4, T0 + 1, T0 + 9, "张工", 1),
        ("a2", "level.high", "plant.LT 1", "unacknowledged", 3, 4, T0 + 2, None, "张工", 1),
    ]


def test_a_line_told_again_stays_as_it_was(ledger: Ledger) -> None:
    first = event(1, alarm(1))
    ledger.write([first])
    again = dataclasses.replace(first, noted=first.noted + 99)
    ledger.write([again, event(2, alarm(2))])
    assert [(line.seq, line.noted) for line in ledger.events_after(0, 9)] == [
        (1, first.noted),
        (2, event(2, alarm(2)).noted),
    ]


def test_an_old_line_told_again_does_not_take_its_alarm_back(ledger: Ledger) -> None:
    raised = event(1, alarm(1))
    cleared = event(2, alarm(1, state=AlarmState.NORMAL, tier=Tier.NONE, cleared_at=T0 + 9), Change.CLEARED)
    ledger.write([raised, cleared])
    ledger.write([raised])
    assert ledger.open_alarms() == []
    ledger.write([raised, cleared, event(3, alarm(2))])
    assert [kept.id for kept in ledger.open_alarms()] == ["a2"]


def test_the_character_nul_is_kept_in_the_alarm_and_shown_in_the_columns(ledger: Ledger, url: str) -> None:
    line = dataclasses.replace(event(1, alarm(1, comment="a\0b", rule="r\0")), comment="c\0d")
    ledger.write([line])
    (kept,) = ledger.recent(1)
    assert (kept.alarm.comment, kept.alarm.rule, kept.comment) == ("a\0b", "r\0", "c\u2400d")
    assert query(url, "SELECT rule FROM alarm") == [("r\u2400",)]


def test_lines_are_found_by_when_they_were_noted(ledger: Ledger) -> None:
    lines = [event(seq, alarm(seq)) for seq in range(1, 6)]
    ledger.write(lines)
    assert [line.seq for line in ledger.since(0)] == [1, 2, 3, 4, 5]
    assert [line.seq for line in ledger.since(lines[2].noted)] == [3, 4, 5]
    assert same(ledger.since(lines[3].noted + 1)[0], lines[4])
    assert ledger.since(lines[4].noted + 1) == []


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


def test_a_cursor_never_moves_back(ledger: Ledger) -> None:
    for seq in (5, 3, 5, 4):
        ledger.move_cursor("grafana", seq)
    assert ledger.cursor("grafana") == 5


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


@contextlib.contextmanager
def held(url: str) -> Iterator[None]:
    """Another process is writing, and takes its time."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        if url.startswith("sqlite"):
            connection.execute(text("INSERT INTO cursor VALUES ('other', 1)"))
        else:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        yield
    engine.dispose()


def test_a_writer_that_waits_too_long_for_another_is_told_so(url: str) -> None:
    with Ledger(url, busy_s=0.05) as ledger:
        with held(url):
            with pytest.raises(Unavailable, match=r"another process (holds the file locked|is writing)"):
                ledger.write([event(1, alarm())])
            assert ledger.last_seq() == 0
        ledger.write([event(1, alarm())])
        assert ledger.last_seq() == 1


def test_opening_says_what_is_wrong_with_the_file(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be opened"):
        Ledger(f"sqlite:///{tmp_path}/missing/ledger.sqlite").__enter__()
    (tmp_path / "text").write_text("not a database at all, but long enough to be read as one" * 100)
    with pytest.raises(ConfigError, match="not a SQLite file"):
        Ledger(f"sqlite:///{tmp_path}/text").__enter__()


@pytest.mark.parametrize("url", ["mysql://root@127.0.0.1/ledger", "postgresql://ganzhi@127.0.0.1:door/ledger", "data"])
def test_a_url_of_neither_database_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"\[ledger\] url: .*write \"sqlite:///"):
        Ledger(url)


def test_alarms_are_as_they_stood_at_a_moment(ledger: Ledger) -> None:
    def line(seq: int, number: int, state: AlarmState, noted: int) -> AlarmEvent:
        return dataclasses.replace(event(seq, alarm(number, state=state, changed_at=T0 + noted)), noted=T0 + noted)

    ledger.write([line(1, 1, AlarmState.UNACKNOWLEDGED, 10), line(2, 2, AlarmState.UNACKNOWLEDGED, 20)])
    ledger.write([line(3, 1, AlarmState.NORMAL, 30), line(4, 3, AlarmState.ACKNOWLEDGED, 40)])
    assert [[each.id for each in ledger.stood(T0 + at)] for at in (10, 11, 21, 30, 31, 99)] == [
        [], ["a1"], ["a1", "a2"], ["a1", "a2"], ["a2"], ["a2", "a3"],
    ]  # fmt: skip
    assert ledger.stood(T0 + 25)[0].state == AlarmState.UNACKNOWLEDGED
    assert [each.seq for each in ledger.between(T0 + 20, T0 + 40)] == [2, 3]
