"""The ledger on a PostgreSQL that refuses, fills up, fails over, restarts and is killed."""

from __future__ import annotations

import contextlib
import os
import pwd
import random
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from ganzhi.errors import ConfigError, Unavailable
from ganzhi.records import AlarmEvent, Change, Tier
from storage.ledger import Ledger
from storage.postgresql import LOCK
from tests.servers import Server, free_port, wait_until
from tests.storage.database import address, crash, database, execute, out_of_step, postgresql_running, query
from tests.storage.plant import alarm, event

SEED = 20260726
KILLS = 4
MEBIBYTE = 1 << 20


@pytest.fixture
def url(postgresql_server: Server) -> Iterator[str]:
    with database(postgresql_server) as url:
        yield url


def pair(seq: int) -> list[AlarmEvent]:
    """Two lines about one alarm, the second of which changes it."""
    return [event(seq, alarm(seq)), event(seq + 1, alarm(seq, tier=Tier.RED, value=15.0), Change.WORSENED)]


def refused(url: str) -> str:
    """The sentence with which a ledger is not opened."""
    with pytest.raises(Unavailable) as caught:
        Ledger(url).__enter__()
    return str(caught.value)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_the_driver_is_chosen_whatever_the_url_calls_it(url: str, scheme: str) -> None:
    with Ledger(url.replace("postgresql", scheme, 1) + "?application_name=ganzhi") as ledger:
        ledger.write(pair(1))
        assert query(url, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ganzhi'") == [(1,)]


def test_opening_says_in_a_sentence_what_the_server_refuses(
    postgresql_server: Server, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = postgresql_server
    assert "refuses entry; see [ledger] url, and PGPASSFILE for the password" in refused(address(server, "none"))
    assert 'database "none" does not exist' in refused(address(server, "none"))
    monkeypatch.setenv("PGPASSFILE", os.devnull)
    execute(server, "CREATE ROLE with_password LOGIN PASSWORD 'right'")
    try:
        stranger = url.replace("ganzhi@", "with_password@")
        assert "refuses entry" in refused(stranger)
        monkeypatch.setenv("PGPASSWORD", "wrong")
        assert 'password authentication failed for user "with_password"' in refused(stranger)
        monkeypatch.setenv("PGPASSWORD", "right")
        assert "the user lacks a right; GRANT it" in refused(stranger)
        execute(server, "GRANT CREATE ON SCHEMA public TO with_password", url.rpartition("/")[2])
        with Ledger(stranger) as ledger:
            assert ledger.last_seq() == 0
        execute(server, "DROP OWNED BY with_password", url.rpartition("/")[2])
    finally:
        execute(server, "DROP ROLE with_password")
    nobody = f"postgresql://ganzhi:secret@127.0.0.1:{free_port()}/ledger"
    assert "cannot be reached" in refused(nobody)
    assert "secret" not in refused(nobody)


def test_a_database_that_lacks_characters_is_refused(postgresql_server: Server) -> None:
    refusal = pytest.raises(ConfigError, match="keeps its texts in LATIN1, not in UTF8")
    with database(postgresql_server, "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0") as url, refusal:
        Ledger(url).__enter__()


def test_a_connection_that_the_server_ends_is_made_anew(postgresql_server: Server, url: str) -> None:
    with Ledger(url) as ledger:
        ledger.write(pair(1))
        execute(
            postgresql_server,
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{url.rpartition('/')[2]}'",
        )
        ledger.write(pair(3))
        assert ledger.last_seq() == 4


def test_a_server_that_takes_reads_only_is_unavailable(postgresql_server: Server, url: str) -> None:
    name = url.rpartition("/")[2]
    with Ledger(url) as ledger:
        ledger.write(pair(1))
    execute(postgresql_server, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with Ledger(url) as ledger:
        with pytest.raises(Unavailable, match="takes reads only"):
            ledger.write(pair(3))
        assert [line.seq for line in ledger.events_after(0, 9)] == [1, 2]
        execute(postgresql_server, f"ALTER DATABASE {name} RESET default_transaction_read_only")
        ledger.close()
        ledger.write(pair(3))
        assert ledger.last_seq() == 4


def test_lines_whose_fate_was_unknown_are_not_written_twice(url: str) -> None:
    """The connection broke while the server was still at work: what it finishes meanwhile is seen by the next try."""
    with Ledger(url, busy_s=20) as ledger, psycopg.connect(url) as orphan, contextlib.ExitStack() as stack:
        ledger.write(pair(1))
        orphan.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        copy = "SELECT 3, alarm, at, noted, change, before, actor, comment, snapshot FROM journal WHERE seq = 1"
        orphan.execute(f"INSERT INTO journal {copy}".encode())
        again = stack.enter_context(ThreadPoolExecutor(1)).submit(ledger.write, [event(3, alarm(1))])
        waits = b"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        observer = stack.enter_context(psycopg.connect(url, autocommit=True))
        wait_until(lambda: observer.execute(waits).fetchone() == (1,), "the second try")
        orphan.commit()
        again.result(10)
        assert [line.seq for line in ledger.events_after(0, 9)] == [1, 2, 3]


def test_nothing_is_lost_or_doubled_when_the_server_is_killed_while_writing() -> None:
    moments = random.Random(SEED)
    stop, until, written, refusals = threading.Event(), list[int](), [0], [0]

    def write(ledger: Ledger) -> None:
        while not stop.is_set():
            try:
                ledger.write(pair(written[0] + 1))
                ledger.move_cursor("grafana", written[0] + 2)
            except Unavailable:
                refusals[0] += 1
                stop.wait(0.01)
            else:
                written[0] += 2

    with postgresql_running() as server, database(server) as url, Ledger(url) as ledger:
        with ThreadPoolExecutor(1) as pool:
            writer = pool.submit(write, ledger)
            try:
                for _ in range(KILLS):
                    until.append(written[0] + moments.randint(10, 120))
                    wait_until(lambda: written[0] >= until[-1] or writer.done(), "the writer")
                    crash(server)
                    server.start()
            finally:
                stop.set()
            writer.result()
        assert refusals[0] >= 1
        last = ledger.last_seq()
        assert written[0] <= last <= written[0] + 2
        assert [line.seq for line in ledger.events_after(0, last + 1)] == list(range(1, last + 1))
        assert len(ledger.open_alarms()) == last // 2
        assert ledger.cursor("grafana") >= written[0]
        assert out_of_step(url) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small file system")
def test_a_full_disk_of_the_server_costs_nothing_and_ends_when_there_is_room(postgresql_server: Server) -> None:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ganzhi-postgresql-")))
        options = "size=24m,mode=0700,uid=" + str(pwd.getpwnam("postgres").pw_uid)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=False).returncode:
            pytest.skip("no file system may be mounted here")
        stack.callback(subprocess.run, ["umount", str(folder)], check=True)
        execute(postgresql_server, f"CREATE TABLESPACE small LOCATION '{folder}'")
        stack.callback(execute, postgresql_server, "DROP TABLESPACE small")
        url = stack.enter_context(database(postgresql_server, "TABLESPACE small"))
        ledger = stack.enter_context(Ledger(url))
        execute(postgresql_server, "CHECKPOINT")  # pages of new tables that have no room yet would fail a reader later
        room = os.statvfs(folder)
        ballast = folder / "ballast"
        ballast.write_bytes(bytes(room.f_bavail * room.f_frsize - MEBIBYTE))
        written = 0
        with pytest.raises(Unavailable, match="the server's disk is full"):
            while True:
                ledger.write([line for seq in range(written + 1, written + 101, 2) for line in pair(seq)])
                written += 100
        assert ledger.last_seq() == written
        assert len(ledger.open_alarms()) == written // 2
        ballast.unlink()
        ledger.write(pair(written + 1))
        assert [line.seq for line in ledger.events_after(0, written + 9)] == list(range(1, written + 3))
        assert out_of_step(url) == []
