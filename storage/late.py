"""Finding single readings in the log, to tell a late reading that is new from one that came twice or otherwise."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import numpy as np

from ganzhi.clock import NS_PER_S
from ganzhi.records import Floats, Int32s, Int64s
from storage.payload import key_and_time, values

SPANS_NS = (10 * NS_PER_S, 600 * NS_PER_S, 86_400 * NS_PER_S)
"""Blocks are indexed by class of time span, then by time: one clock that is days off makes its block wide, and must
not make every search read all blocks since."""

UNBOUNDED = len(SPANS_NS)
MAX_CLUSTERS = 32
"""Searched times are grouped where gaps are widest; each group is one search."""

OVERLAPPING = "SELECT payload FROM block WHERE span = ? AND time_max BETWEEN ? AND ? AND time_min <= ?"
INT64_MAX = int(np.iinfo(np.int64).max)


def span_class(time_min: int, time_max: int) -> int:
    """Which class of time span a block falls into."""
    span = time_max - time_min
    return next((i for i, bound in enumerate(SPANS_NS) if span <= bound), UNBOUNDED)


def recalled(connection: sqlite3.Connection, key: Int32s, time: Int64s, n_keys: int) -> Floats:
    """The value that the log holds for each (key, time), both (n,): float64 (n,), NaN where it holds none."""
    times, which = np.unique(time, return_inverse=True)
    wanted = which.astype(np.int64) * n_keys + key
    asked = np.zeros(n_keys, np.bool_)  # few of the points are late at a time: their column is the cheaper sieve
    asked[key] = True
    seen: list[Int64s] = []
    held: list[Floats] = []
    for low, high in _clusters(times):
        for payload in _payloads(connection, low, high):
            block_key, block_time = key_and_time(payload)
            of_asked = np.flatnonzero(asked[block_key])
            block_key, block_time = block_key[of_asked], block_time[of_asked]
            at: Int64s = np.minimum(np.searchsorted(times, block_time), len(times) - 1).astype(np.int64)
            hit = times[at] == block_time
            if hit.any():
                seen.append(at[hit] * n_keys + block_key[hit])
                held.append(values(payload)[of_asked][hit])
    found: Floats = np.full(len(time), np.nan)
    if seen:
        names, first = np.unique(np.concatenate(seen), return_index=True)
        place = np.minimum(np.searchsorted(names, wanted), len(names) - 1)
        there = names[place] == wanted
        found[there] = np.concatenate(held)[first[place[there]]]
    return found


def _clusters(times: Int64s) -> Iterator[tuple[int, int]]:
    if len(times) == 0:
        return
    gap = np.diff(times)
    widest = np.argsort(gap)[::-1][: MAX_CLUSTERS - 1]
    cuts = np.sort(widest[gap[widest] > SPANS_NS[0]]) + 1
    for part in np.split(times, cuts):
        yield int(part[0]), int(part[-1])


def _payloads(connection: sqlite3.Connection, low: int, high: int) -> Iterator[bytes]:
    for span in range(UNBOUNDED + 1):
        latest = INT64_MAX if span == UNBOUNDED else min(INT64_MAX, high + SPANS_NS[span])
        for (payload,) in connection.execute(OVERLAPPING, (span, low, latest, high)):
            yield payload
