"""Databases for the ledger's tests: a file of SQLite, or a fresh database on a real PostgreSQL."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psutil
import psycopg
import pytest
from sqlalchemy import create_engine, text

from tests.servers import Server, postgresql, postgresql_program, running, wait_until


@contextlib.contextmanager
def postgresql_running() -> Iterator[Server]:
    """PostgreSQL, in a folder that another account can get at, as pytest's own cannot."""
    if postgresql_program("initdb") is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    with (
        tempfile.TemporaryDirectory(prefix="ganzhi-postgresql-") as folder,
        running(postgresql(Path(folder))) as server,
    ):
        yield server


def address(server: Server, database: str = "postgres", user: str = "ganzhi") -> str:
    """URL of a database there, as settings have it."""
    return f"postgresql://{user}@127.0.0.1:{server.port}/{database}"


def execute(server: Server, statement: str, database: str = "postgres") -> None:
    """One statement as the superuser, outside a transaction."""
    with psycopg.connect(address(server, database), autocommit=True) as connection:
        connection.execute(statement.encode())


@contextlib.contextmanager
def database(server: Server, options: str = "") -> Iterator[str]:
    """The URL of a new database, which is dropped on leaving."""
    name = f"ledger_{uuid4().hex}"
    execute(server, f"CREATE DATABASE {name} {options}")
    try:
        yield address(server, name)
    finally:
        execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def crash(server: Server) -> None:
    """SIGKILL; returns when the server's own children are gone too, which hold its memory until then."""
    assert server.process is not None
    children = psutil.Process(server.process.pid).children()
    server.stop(kill=True)
    wait_until(lambda: all(map(_is_gone, children)), "the end of the server's children")


def _is_gone(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def query(url: str, statement: str) -> list[tuple[object, ...]]:
    """What a person's own query of the database gives."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(statement))]
    engine.dispose()
    return found


def out_of_step(url: str) -> list[tuple[object, ...]]:
    """Alarms that do not stand as the last line about them says; a line without its alarm the database forbids."""
    last = "SELECT max(seq) FROM journal WHERE journal.alarm = alarm.id"
    joined = f"SELECT alarm.id, journal.seq FROM alarm LEFT JOIN journal ON journal.seq = ({last})"
    return query(url, f"{joined} WHERE journal.seq IS NULL OR journal.snapshot <> alarm.snapshot")
