"""对账: what was received, by enterprise and hour, held against what is stored and what still waits.

The receiving side is counted by ingest and committed with the blocks; the storing side by the consumer that feeds the
store and committed with its offset; what waits is counted in the blocks themselves. Three counts that know nothing of
each other, each exact at any death: so a sum that does not close means that something was lost or came twice.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ganzhi.clock import NS_PER_S
from ganzhi.records import Int32s, Int64s, Reconciled
from storage.payload import decode

HOUR_NS = 3600 * NS_PER_S

RECEIVING = ("received", "accepted", "late", "duplicate", "rejected", "unknown", "conflict")

TALLY = f"""CREATE TABLE tally (
    hour INTEGER NOT NULL, enterprise TEXT NOT NULL, {", ".join(f"{name} INTEGER NOT NULL" for name in RECEIVING)},
    PRIMARY KEY (hour, enterprise)
) WITHOUT ROWID"""
"""Received in an hour, by enterprise; one row is replaced again and again until its hour is over."""

PUT_TALLY = f"INSERT OR REPLACE INTO tally VALUES ({', '.join('?' * (2 + len(RECEIVING)))})"
TALLIES = "SELECT * FROM tally WHERE hour >= ?"

Place = tuple[int, str]
"""The beginning of an hour, UTC ns, and an enterprise."""
Stored = Mapping[Place, tuple[int, int]]
"""Rows stored and rows refused, by place."""


def hour_of(time: int) -> int:
    """The beginning of the hour, UTC ns, in which a moment lies."""
    return time - time % HOUR_NS


def tally_row(tally: Reconciled) -> tuple[int | str, ...]:
    """The receiving side of a tally, as a row of its table."""
    return (tally.hour, tally.enterprise, *(getattr(tally, name) for name in RECEIVING))


def tallies(rows: Iterable[Sequence[int | str]]) -> list[Reconciled]:
    """Rows of the table again."""
    return [Reconciled(int(row[0]), str(row[1]), *(int(figure) for figure in row[2:])) for row in rows]


def count(received: Int64s, key: Int32s, enterprise_of_key: Sequence[str]) -> dict[Place, int]:
    """Rows (n,) by the hour of their arrival and the enterprise of their key."""
    names = sorted(set(enterprise_of_key))
    number = {name: i for i, name in enumerate(names)}
    of_key = np.array([number[name] for name in enterprise_of_key], np.int64)
    found: dict[Place, int] = {}
    if not len(key):
        return found
    hour = received // HOUR_NS
    for which in [int(hour[0])] if hour[0] == hour[-1] else np.unique(hour).tolist():
        chosen = key if hour[0] == hour[-1] else key[hour == which]
        counts = np.bincount(of_key[chosen], minlength=len(names))
        found |= {(which * HOUR_NS, names[i]): int(counts[i]) for i in np.flatnonzero(counts)}
    return found


def stored(
    received: Int64s, key: Int32s, enterprise_of_key: Sequence[str], refused: NDArray[np.intp]
) -> dict[Place, tuple[int, int]]:
    """The same with the refused rows counted apart."""
    rows = count(received, key, enterprise_of_key)
    lost = count(received[refused], key[refused], enterprise_of_key)
    return {place: (n - lost.get(place, 0), lost.get(place, 0)) for place, n in rows.items()}


def add(known: dict[Place, int], more: Mapping[Place, int]) -> None:
    """Add up counts in place."""
    for place, n in more.items():
        known[place] = known.get(place, 0) + n


def waiting(
    connection: sqlite3.Connection, after: int, upto: int, enterprise_of_key: Sequence[str]
) -> dict[Place, int]:
    """Rows of the blocks `after` < seq <= `upto`."""
    found: dict[Place, int] = {}
    blocks = "SELECT payload FROM block WHERE seq > ? AND seq <= ? AND n > 0 ORDER BY seq"
    for (payload,) in connection.execute(blocks, (after, upto)):
        block = decode(payload)
        add(found, count(block.received, block.point, enterprise_of_key))
    return found


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
