"""对账: what was received, by enterprise and hour, held against what is stored and what still waits.

The receiving side is counted by ingest and committed with the blocks; the storing side by the consumer that feeds the
store and committed with its offset; what waits is counted in the blocks themselves. Three counts that know nothing of
each other, each exact at any death: so a sum that does not close means that something was lost or came twice.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganzhi.clock import NS_PER_HOUR, hour_of
from ganzhi.records import Int32s, Int64s, Reconciled
from storage.keys import Owners
from storage.payload import decode
from storage.sqlite import connect, guarded

RECEIVING = ("received", "accepted", "late", "duplicate", "rejected", "unknown", "conflict")

TALLY = f"""CREATE TABLE tally (
    hour INTEGER NOT NULL, enterprise TEXT NOT NULL, {", ".join(f"{name} INTEGER NOT NULL" for name in RECEIVING)},
    PRIMARY KEY (hour, enterprise)
) WITHOUT ROWID"""
"""Received in an hour, by enterprise; one row is replaced again and again until its hour is over."""

PUT_TALLY = f"INSERT OR REPLACE INTO tally VALUES ({', '.join('?' * (2 + len(RECEIVING)))})"
TALLIES = "SELECT * FROM tally WHERE hour >= ?"

BREATH_BLOCKS, BREATH_S = 16, 0.002
"""After so many blocks other threads have their turn for so long: alarms must not wait for a count."""

Place = tuple[int, str]
"""The beginning of an hour, UTC ns, and an enterprise."""
Stored = Mapping[Place, tuple[int, int]]
"""Rows stored and rows refused, by place."""


def tally_row(tally: Reconciled) -> tuple[int | str, ...]:
    """The receiving side of a tally, as a row of its table."""
    return (tally.hour, tally.enterprise, *(getattr(tally, name) for name in RECEIVING))


def tallies(rows: Iterable[Sequence[int | str]]) -> list[Reconciled]:
    """Rows of the table again."""
    return [Reconciled(int(row[0]), str(row[1]), *(int(figure) for figure in row[2:])) for row in rows]


def count(received: Int64s, key: Int32s, owners: Owners) -> dict[Place, int]:
    """Rows (n,) by the hour of their arrival and the enterprise of their key."""
    found: dict[Place, int] = {}
    if not len(key):
        return found
    hours, owner = received // NS_PER_HOUR, owners.of_key[key]
    one = hours[0] == hours[-1]  # `received` never falls, so equal ends are equal throughout
    for hour in [int(hours[0])] if one else np.unique(hours).tolist():
        counts = np.bincount(owner if one else owner[hours == hour])
        found |= {(hour * NS_PER_HOUR, owners.names[i]): int(counts[i]) for i in np.flatnonzero(counts)}
    return found


def stored(received: Int64s, key: Int32s, owners: Owners, refused: NDArray[np.intp]) -> dict[Place, tuple[int, int]]:
    """The same with the refused rows counted apart."""
    rows = count(received, key, owners)
    lost = count(received[refused], key[refused], owners)
    return {place: (n - lost.get(place, 0), lost.get(place, 0)) for place, n in rows.items()}


def add(known: dict[Place, int], more: Mapping[Place, int]) -> None:
    """Add up counts in place."""
    for place, n in more.items():
        known[place] = known.get(place, 0) + n


def waiting(connection: sqlite3.Connection, after: int, upto: int, owners: Owners) -> dict[Place, int]:
    """Rows of the blocks `after` < seq <= `upto`."""
    found: dict[Place, int] = {}
    blocks = "SELECT payload FROM block WHERE seq > ? AND seq <= ? AND n > 0 ORDER BY seq"
    for number, (payload,) in enumerate(connection.execute(blocks, (after, upto)), 1):
        block = decode(payload)
        add(found, count(block.received, block.point, owners))
        if number % BREATH_BLOCKS == 0:
            time.sleep(BREATH_S)
    return found


class Waiting:
    """Counts what waits for one consumer, over and over: only blocks that came or went since are looked at again."""

    def __init__(self) -> None:
        self._after = self._upto = -1
        self._counts: dict[Place, int] = {}

    def __call__(self, connection: sqlite3.Connection, after: int, upto: int, owners: Owners) -> dict[Place, int]:
        """Rows of the blocks `after` < seq <= `upto`, both of them the newest there are."""
        gone, left = after - self._after, upto - after
        if not (self._after <= after <= self._upto <= upto and gone <= left):
            self._after, self._upto, self._counts = after, after, {}
        leaving = waiting(connection, self._after, after, owners)
        add(self._counts, {place: -n for place, n in leaving.items()})
        add(self._counts, waiting(connection, self._upto, upto, owners))
        self._after, self._upto = after, upto
        self._counts = {place: n for place, n in self._counts.items() if n}
        return self._counts.copy()


def reconciled(received: Iterable[Reconciled], done: Stored, left: Mapping[Place, int], since: int) -> list[Reconciled]:
    """The three sides joined, newest hour first, then by enterprise."""
    rows = {(tally.hour, tally.enterprise): tally for tally in received}
    for place in (*done, *left):
        if place[0] >= since:
            rows.setdefault(place, Reconciled(*place))
    joined = []
    for place, row in rows.items():
        kept, refused = done.get(place, (0, 0))
        joined.append(replace(row, stored=kept, refused=refused, backlog=left.get(place, 0)))
    return sorted(joined, key=lambda row: (-row.hour, row.enterprise))


class Books:
    """Joins the three sides for any consumer, over a connection of its own; one call at a time.

    stored  (consumer, since) -> the block up to which it is, and what it has stored until there
    """

    def __init__(self, *, path: Path, stored: Callable[[str, int], tuple[int, Stored]], busy_s: float) -> None:
        self._path = path
        self._stored = stored
        self._busy_s = busy_s
        self._lock = threading.Lock()
        self._waiting: dict[str, Waiting] = {}

    def __call__(self, consumer: str, since: int, owners: Owners) -> list[Reconciled]:
        """Every hour from that of `since` on. Raises Unavailable."""
        hour = hour_of(since)
        connection = connect(self._path, synchronous="FULL", busy_s=self._busy_s)
        with self._lock, contextlib.closing(connection), guarded("the log"):
            seq, done = self._stored(consumer, hour)
            connection.execute("BEGIN")  # from here on one moment of the log, with all blocks that `done` speaks of
            found = tallies(connection.execute(TALLIES, (hour,)).fetchall())
            last = connection.execute("SELECT max(seq) FROM block").fetchone()[0] or 0
            count = self._waiting.setdefault(consumer, Waiting())
            left = count(connection, min(seq, last), last, owners)
        return reconciled(found, done, left, hour)
