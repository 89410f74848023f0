"""How far each consumer of the log has come, in a small SQLite file beside it.

A file of its own, so that consumers never wait for the thread that appends, nor it for them. It is written with
synchronous=NORMAL: a commit survives the death of the process, but after a loss of power the newest offsets may be
gone. That only means that some blocks are read again, which every consumer must bear anyhow: a process may die
between doing its work and committing its offset.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from storage.sqlite import connect, guarded, transaction

SCHEMA = """
CREATE TABLE IF NOT EXISTS consumer (name TEXT PRIMARY KEY, seq INTEGER NOT NULL, rows INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS origin (log INTEGER NOT NULL);
"""


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
                self._connection.execute("DELETE FROM origin")
                self._connection.execute("INSERT INTO origin VALUES (?)", (origin,))

    def get(self, name: str) -> Offset | None:
        """Where this consumer is, None when it was never heard of."""
        with self._lock:
            row = self._connection.execute("SELECT seq, rows FROM consumer WHERE name = ?", (name,)).fetchone()
        return None if row is None else Offset(*row)

    def put(self, name: str, offset: Offset) -> None:
        """Durable against the death of the process. Raises Unavailable when the disk is full."""
        with self._lock, guarded("the log's offsets"):
            self._connection.execute(
                "INSERT OR REPLACE INTO consumer VALUES (?, ?, ?)", (name, offset.seq, offset.rows)
            )

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
