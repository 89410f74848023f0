"""The ledger's tables: made, adopted and altered by revisions, on whichever database."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from ganzhi.errors import ConfigError
from ganzhi.records import AlarmState, Change, Tier
from storage.ledger import Ledger
from storage.ledger_schema import METADATA
from tests.storage.database import query
from tests.storage.plant import T0, alarm, event
from tests.storage.test_ledger import same

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden" / "ledger_0001"
"""A ledger as the program made it before there were revisions, as SQL of each database."""
NEWEST = "0005"

OPEN_AT_A_WORD = """
import sys
from storage.ledger import Ledger

print("ready", flush=True)
sys.stdin.readline()
with Ledger(sys.argv[1]) as ledger:
    print(ledger.last_seq(), flush=True)
"""


def make_old(url: str) -> None:
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
            file.executescript((GOLDEN / "sqlite.sql").read_text(encoding="utf-8"))
    else:
        with psycopg.connect(url) as connection:
            connection.execute((GOLDEN / "postgresql.sql").read_bytes())


def differences(url: str) -> list[object]:
    """What alembic would still alter."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        found = list(compare_metadata(MigrationContext.configure(connection), METADATA))
    engine.dispose()
    return found


def test_a_new_ledger_has_the_tables_that_the_program_reads(ledger_url: str) -> None:
    for _ in range(2):
        with Ledger(ledger_url):
            pass
        assert query(ledger_url, "SELECT version_num FROM alembic_version") == [(NEWEST,)]
        assert differences(ledger_url) == []


def test_a_ledger_made_before_revisions_is_adopted_and_altered_without_loss(ledger_url: str) -> None:
    make_old(ledger_url)
    assert differences(ledger_url) != []
    cleared = alarm(1, state=AlarmState.NORMAL, tier=Tier.NONE, cleared_at=T0 + 9)
    kept = [
        event(1, alarm(1)),
        event(2, alarm(1, tier=Tier.RED, value=15.0), Change.WORSENED),
        event(3, alarm(2)),
        event(4, cleared, Change.CLEARED),
    ]
    with Ledger(ledger_url) as ledger:
        lines = ledger.events_after(0, 10)
        assert [same(*pair) for pair in zip(lines, kept, strict=True)] == [True] * 4
        assert [same(line, kept[2]) for line in ledger.since(kept[2].noted)] == [True, False]
        assert [same(open_alarm, alarm(2)) for open_alarm in ledger.open_alarms()] == [True]
        assert ledger.cursor("grafana") == 3
        ledger.write([event(5, alarm(3))])
        assert ledger.last_seq() == 5
    assert differences(ledger_url) == []
    assert query(ledger_url, "SELECT version_num FROM alembic_version") == [(NEWEST,)]


def test_a_ledger_of_a_newer_program_is_refused_and_left_as_it_is(ledger_url: str) -> None:
    with Ledger(ledger_url) as ledger:
        ledger.write([event(1, alarm(1))])
    engine = create_engine(ledger_url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0099'")
    engine.dispose()
    with pytest.raises(ConfigError, match=f"at revision 0099 of a newer program; this one knows {NEWEST}"):
        Ledger(ledger_url).__enter__()
    assert query(ledger_url, "SELECT version_num FROM alembic_version") == [("0099",)]
    assert query(ledger_url, "SELECT seq FROM journal") == [(1,)]


def test_two_processes_may_make_a_ledger_at_once(ledger_url: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", OPEN_AT_A_WORD, ledger_url]
    with contextlib.ExitStack() as stack:
        children = [
            stack.enter_context(
                subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
            for _ in range(2)
        ]
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
        for child in children:
            assert child.stdin is not None
            child.stdin.write("open\n")
            child.stdin.flush()
        assert [child.communicate(timeout=30)[0] for child in children] == ["0\n", "0\n"]
    assert [child.returncode for child in children] == [0, 0]
    assert differences(ledger_url) == []


def test_one_process_may_make_several_ledgers_at_once(tmp_path: Path) -> None:
    together = threading.Barrier(4)

    def make(number: int) -> None:
        together.wait(10)
        with Ledger(f"sqlite:///{tmp_path}/{number // 2}.sqlite") as ledger:
            ledger.write([event(number + 1, alarm(number))])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(make, range(4)))
    for number in range(2):
        assert differences(f"sqlite:///{tmp_path}/{number}.sqlite") == []
