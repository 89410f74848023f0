"""How far each consumer of the log has come, and what it has stored, in a small SQLite file beside it.

A file of its own, so that consumers never wait for the thread that appends, nor it for them. It is written with
synchronous=NORMAL: a commit survives the death of the process, but after a loss of power the newest offsets may be
gone. That only means that some blocks are read again, which every consumer must bear anyhow: a process may die
between doing its work and committing its offset.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from storage.reconcile import Stored
from storage.sqlite import connect, guarded, transaction

SCHEMA = """
CREATE TABLE IF NOT EXISTS consumer (name TEXT PRIMARY KEY, seq INTEGER NOT NULL, rows INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS origin (log INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS stored (
    name TEXT NOT NULL, hour INTEGER NOT NULL, enterprise TEXT NOT NULL,
    stored INTEGER NOT NULL, refused INTEGER NOT NULL,
    PRIMARY KEY (name, hour, enterprise)
) WITHOUT ROWID;
"""

PUT = "INSERT OR REPLACE INTO consumer VALUES (?, ?, ?)"
ADD_STORED = """INSERT INTO stored VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
    SET stored = stored + excluded.stored, refused = refused + excluded.refused"""


@dataclass(frozen=True, slots=True)
class Offset:
    """A place in the log: after block `seq`, with `rows` rows of the log before it."""

    seq: int
    rows: int


class Offsets:
    """Offsets by consumer name; safe to call from any thread.

    `origin` names the log they belong to: offsets into a log that was replaced by another are dropped.
    """

    def __init__(self, *, path: Path, origin: int, busy_s: float) -> None:
        self._lock = threading.Lock()
        self._connection = connect(path, synchronous="NORMAL", busy_s=busy_s)
        self._connection.executescript(SCHEMA)
        if self._connection.execute("SELECT log FROM origin").fetchone() != (origin,):
            with transaction(self._connection):
                self._connection.execute("DELETE FROM consumer")
                self._connection.execute("DELETE FROM stored")
                self._connection.execute("DELETE FROM origin")
                self._connection.execute("INSERT INTO origin VALUES (?)", (origin,))

    def get(self, name: str) -> Offset | None:
        """Where this consumer is, None when it was never heard of."""
        with self._lock:
            row = self._connection.execute("SELECT seq, rows FROM consumer WHERE name = ?", (name,)).fetchone()
        return None if row is None else Offset(*row)

    def put(self, name: str, offset: Offset, stored: Stored | None = None) -> None:
        """Durable against the death of the process, and so is what was stored on the way, in the same transaction.

        Raises Unavailable when the disk is full; neither is kept then.
        """
        with self._lock, guarded("the log's offsets"):
            if not stored:
                self._connection.execute(PUT, (name, offset.seq, offset.rows))
                return
            with transaction(self._connection):
                self._connection.execute(PUT, (name, offset.seq, offset.rows))
                rows = [(name, hour, enterprise, *counts) for (hour, enterprise), counts in stored.items()]
                self._connection.executemany(ADD_STORED, rows)

    def stored(self, name: str, since: int) -> tuple[int, Stored]:
        """The block up to which a consumer is, -1 for none, and what it stored on the way of hours from `since` on."""
        with self._lock, guarded("the log's offsets"), transaction(self._connection):
            place = self._connection.execute("SELECT seq FROM consumer WHERE name = ?", (name,)).fetchone()
            found = self._connection.execute(
                "SELECT hour, enterprise, stored, refused FROM stored WHERE name = ? AND hour >= ?", (name, since)
            ).fetchall()
        done = {(hour, enterprise): (kept, refused) for hour, enterprise, kept, refused in found}
        return (-1 if place is None else int(place[0])), done

    def forget_before(self, hour: int) -> None:
        """Drop what was stored of hours before this one."""
        with self._lock, guarded("the log's offsets"):
            self._connection.execute("DELETE FROM stored WHERE hour < ?", (hour,))

    def drop(self, name: str) -> None:
        """Forget a consumer."""
        with self._lock:
            self._connection.execute("DELETE FROM consumer WHERE name = ?", (name,))

    def all(self) -> dict[str, Offset]:
        """Every consumer and where it is."""
        with self._lock:
            rows = self._connection.execute("SELECT name, seq, rows FROM consumer ORDER BY name").fetchall()
        return {name: Offset(seq, count) for name, seq, count in rows}

    def close(self) -> None:
        self._connection.close()
