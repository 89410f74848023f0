"""Opening SQLite files, and telling a full disk or a locked file from a bug by SQLite's own error codes."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from ganzhi.errors import ConfigError, Fault, Unavailable

PRIMARY_CODE = 0xFF
"""Extended result codes hold the primary one in their low byte (sqlite.org/rescode.html)."""

CAUSES = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk cannot be read or written",
    sqlite3.SQLITE_BUSY: "another process holds the file locked",
    sqlite3.SQLITE_LOCKED: "another connection holds the table locked",
    sqlite3.SQLITE_READONLY: "the file may not be written",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened",
}
DAMAGED = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
RETRY_AFTER_S = 1.0
TRY_AGAIN_S = 0.02


def connect(path: Path, *, synchronous: str, busy_s: float) -> sqlite3.Connection:
    """A connection in autocommit mode to a file in WAL mode; the caller sees to it that threads take turns.

    Raises Unavailable when the file cannot be opened, ConfigError when it is not a SQLite file.
    """
    with guarded(str(path)):
        connection = sqlite3.connect(path, timeout=busy_s, isolation_level=None, check_same_thread=False)
        try:
            use_wal(connection, busy_s)
            connection.execute(f"PRAGMA synchronous = {synchronous}")
        except sqlite3.DatabaseError:
            connection.close()
            raise
    return connection


def use_wal(connection: sqlite3.Connection, busy_s: float) -> None:
    """Put the file in WAL mode. Of two that open a new file at once SQLite refuses one without waiting (it fears a
    deadlock), so that one tries again for `busy_s`; raises OperationalError after that."""
    deadline = time.monotonic() + busy_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            locked = getattr(error, "sqlite_errorcode", 0) & PRIMARY_CODE == sqlite3.SQLITE_BUSY
            if not locked or time.monotonic() > deadline:
                raise
        time.sleep(TRY_AGAIN_S)


@contextlib.contextmanager
def guarded(what: str) -> Iterator[None]:
    """Turns faults from outside into Unavailable (disk, lock) or ConfigError (not SQLite); any other is a bug."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & PRIMARY_CODE
        if code in DAMAGED:
            remedy = "restore it, or move it away to begin anew"
            raise ConfigError([Fault(what, "is not a SQLite file, or is damaged", remedy)]) from error
        if code not in CAUSES:
            raise
        raise Unavailable(f"{what}: {CAUSES[code]} ({error})", retry_after_s=RETRY_AFTER_S) from error


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """One transaction that takes the writer's lock at once; undone when anything is raised inside."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite has undone some failed transactions by itself
            connection.execute("ROLLBACK")
        raise


def require_version(connection: sqlite3.Connection, path: Path, version: int) -> bool:
    """Whether the file is new. Raises ConfigError when a newer program has written it."""
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if found > version:
        problem = f"was written in format {found} by a newer program; this one reads up to format {version}"
        raise ConfigError([Fault(str(path), problem, "start the newer program, or name another file")])
    return found == 0
