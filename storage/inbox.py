"""External events between the broker's acknowledgement and the journal: a small file that holds up nothing else."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

from ganzhi.records import ExternalEvent, Tier
from storage import sqlite

BUSY_S = 5.0
VERSION = 1
TABLE = "CREATE TABLE IF NOT EXISTS event (number INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL)"


class Inbox:
    """Keeps events in order until they are dropped. For any thread; every method raises Unavailable."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection = sqlite.connect(path, synchronous="FULL", busy_s=BUSY_S)
        with self._guarded():
            sqlite.require_version(self._connection, path, VERSION)
            self._connection.execute(TABLE)
            self._connection.execute(f"PRAGMA user_version = {VERSION}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._connection.close()

    def put(self, events: Sequence[ExternalEvent]) -> None:
        """Keep these, all or none; durable on return."""
        rows = [(json.dumps(asdict(event), ensure_ascii=False),) for event in events]
        with self._lock, self._guarded(), sqlite.transaction(self._connection):
            self._connection.executemany("INSERT INTO event (event) VALUES (?)", rows)

    def first(self, limit: int) -> list[tuple[int, ExternalEvent]]:
        """The oldest, each with its number."""
        query = "SELECT number, event FROM event ORDER BY number LIMIT ?"
        with self._lock, self._guarded():
            rows = self._connection.execute(query, (limit,)).fetchall()
        return [(number, _event(text)) for number, text in rows]

    def drop(self, upto: int) -> None:
        """Forget those up to that number: the journal has them."""
        with self._lock, self._guarded(), sqlite.transaction(self._connection):
            self._connection.execute("DELETE FROM event WHERE number <= ?", (upto,))

    def _guarded(self) -> AbstractContextManager[None]:
        return sqlite.guarded(f"the events in {self._path}")


def _event(text: str) -> ExternalEvent:
    record = json.loads(text)
    return ExternalEvent(**{**record, "tier": Tier(record["tier"])})
