"""The durable, ordered log of reading blocks, in one SQLite file; everything else lives on what it holds."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from ganzhi.clock import NS_PER_S, Clock, wall_clock
from ganzhi.records import Int32s, Int64s, ReadingBlock
from storage.consumer import LAST, Consumer
from storage.keys import NEVER, PointKeys
from storage.late import contained, span_class
from storage.offsets import Offset, Offsets
from storage.payload import encode, key_and_time
from storage.sqlite import connect, guarded, require_version, transaction

VERSION = 1
BUSY_S = 5.0
"""How long a write waits for another process that holds the file before it is Unavailable."""

PRUNE_BLOCKS = 256
PRUNE_ROWS = 262_144
"""Blocks and rows deleted in one transaction; an append waits for one such chunk at most."""

NS_PER_US = 1_000

SCHEMA = (
    """CREATE TABLE block (
        seq INTEGER PRIMARY KEY, first_row INTEGER NOT NULL, first_byte INTEGER NOT NULL, n INTEGER NOT NULL,
        time_min INTEGER, time_max INTEGER, span INTEGER, received INTEGER NOT NULL, now INTEGER NOT NULL,
        payload BLOB NOT NULL
    )""",
    "CREATE INDEX block_time ON block (span, time_max, time_min) WHERE span IS NOT NULL",
    "CREATE TABLE point (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE)",
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value NOT NULL)",
    f"PRAGMA user_version = {VERSION}",
)

INSERT = "INSERT INTO block VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
SET = "INSERT OR REPLACE INTO meta VALUES (?, ?)"


class Tail(NamedTuple):
    """Where the log ends: its last block, and the rows and payload bytes up to it."""

    seq: int
    rows: int
    bytes: int


class Log:
    """The log of reading blocks: what `append` returned for survives a kill and a loss of power.

    One thread appends; each consumer reads over a connection of its own. A new log numbers its blocks from the
    microsecond of its making, so that a log that replaces a lost one never repeats a number that a store or a
    snapshot has seen; numbers rise, but do not start at one. Before rows are appended or read, `bind` must say
    which points there are.
    """

    def __init__(
        self, path: Path | str, *, retention_s: float, clock: Clock = wall_clock, busy_s: float = BUSY_S
    ) -> None:
        if not retention_s > 0:
            raise ValueError("retention_s must be above zero")
        self.path = Path(path)
        self._retention_ns = int(retention_s * NS_PER_S)
        self._clock = clock
        self._busy_s = busy_s
        self._lock = threading.RLock()
        self._grown = threading.Condition()
        self._keys: PointKeys | None = None
        self._consumers: list[Consumer] = []

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as undo:
            self._connection = connect(self.path, synchronous="FULL", busy_s=self._busy_s)
            undo.callback(self._connection.close)
            if require_version(self._connection, self.path, VERSION):
                self._create()
            origin = self._meta("origin")
            beside = self.path.with_name(self.path.name + ".offsets")
            self._offsets = Offsets(path=beside, origin=origin, busy_s=self._busy_s)
            undo.callback(self._offsets.close)
            self._counters: dict[str, int] = json.loads(self._meta("counters"))
            ended = Tail(*(self._connection.execute(LAST).fetchone() or (origin, 0, 0)))
            passed = max((offset.seq for offset in self._offsets.all().values()), default=origin)
            # A log restored from an older copy must not give a number again that a consumer has passed.
            self._tail = ended._replace(seq=max(ended.seq, passed))
            self._readable = ended.seq
            undo.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for consumer in self._consumers:
            consumer.close()
        self._consumers.clear()
        self._offsets.close()
        self._connection.close()

    def bind(self, point_ids: Sequence[str]) -> None:
        """Say which points the catalogue has; their place in `point_ids` is their index in every block."""
        with self._lock, self._writing():
            known = [row[0] for row in self._connection.execute("SELECT id FROM point ORDER BY key")]
            keys = PointKeys(ids=point_ids, known=known)
            self._connection.executemany("INSERT INTO point VALUES (?, ?)", enumerate(keys.new_ids, len(known)))
        self._keys = keys

    def append(self, blocks: Sequence[ReadingBlock] | ReadingBlock, counters: Mapping[str, int]) -> int:
        """Store the blocks and the cumulative counters in one transaction, durable on return; the last seq.

        Raises Unavailable when the disk is full or the file locked; nothing is stored then, and the log goes on.
        """
        if isinstance(blocks, ReadingBlock):
            blocks = (blocks,)
        keys = self._bound()
        with self._lock:
            rows, tail = [], self._tail
            for block in blocks:
                payload = encode(block, keys.keys(block.point))
                rows.append((tail.seq + 1, tail.rows, tail.bytes, *_times(block), payload))
                tail = Tail(tail.seq + 1, tail.rows + len(block), tail.bytes + len(payload))
            with self._writing():
                self._connection.executemany(INSERT, rows)
                self._connection.execute(SET, ("counters", json.dumps(dict(counters))))
            self._counters = dict(counters)
            with self._grown:
                self._tail = tail
                if rows:
                    self._readable = tail.seq
                    self._grown.notify_all()
        return tail.seq

    def counters(self) -> dict[str, int]:
        """The counters as last committed."""
        with self._lock:
            return dict(self._counters)

    @property
    def rows(self) -> int:
        """Rows ever appended, those that were pruned since included."""
        return self._tail.rows

    @property
    def last_seq(self) -> int:
        """Number of the newest block."""
        return self._tail.seq

    def reader(self, name: str) -> Consumer:
        """The consumer of this name, where it left off; a new one starts at the oldest block kept."""
        keys = self._bound()
        start = self._offsets.get(name)
        if start is None:
            with self._lock:
                oldest = self._connection.execute(
                    "SELECT seq - 1, first_row FROM block ORDER BY seq LIMIT 1"
                ).fetchone()
                start = Offset(*(oldest or (self._tail.seq, self._tail.rows)))
            self._offsets.put(name, start)
        consumer = Consumer(
            name=name,
            path=self.path,
            keys=keys,
            offsets=self._offsets,
            start=start,
            wait=self._wait,
            clock=self._clock,
            busy_s=self._busy_s,
        )
        self._consumers.append(consumer)
        return consumer

    def consumers(self) -> dict[str, Offset]:
        """Every consumer the log waits for before it prunes, and where it is."""
        return self._offsets.all()

    def forget(self, name: str) -> None:
        """A consumer that will not come back no longer holds blocks."""
        self._offsets.drop(name)

    def contains(self, point: Int32s, time: Int64s) -> NDArray[np.bool_]:
        """Whether the log holds a reading of this point at this time: (n,), (n,) -> bool (n,)."""
        keys = self._bound()
        with self._lock:
            return contained(self._connection, keys.keys(point), time, keys.n_keys)

    def save_newest(self, newest: Int64s, seq: int) -> None:
        """Keep the newest time per point as of block `seq`, so that `newest` need not read from the start."""
        keys = self._bound()
        with self._lock:
            self._save(keys.by_key(newest, self._saved_newest()[0]), seq)

    def newest(self, n_points: int) -> tuple[Int64s, int]:
        """The newest time of every point in the log, int64 (n_points,), the least int64 for never, and the last seq.

        What had to be read for it is kept, so that the next call reads only what came since.
        """
        keys = self._bound()
        if n_points != keys.n_points:
            raise ValueError(f"{n_points} points asked for, {keys.n_points} bound")
        with self._lock:
            saved, seq = self._saved_newest()
            per_key: Int64s = np.full(keys.n_keys, NEVER, np.int64)
            per_key[: len(saved)] = saved
            if seq < self._readable:
                since = "SELECT payload FROM block WHERE seq > ? ORDER BY seq"
                for (payload,) in self._connection.execute(since, (seq,)):
                    np.maximum.at(per_key, *key_and_time(payload))
                self._save(per_key, self._readable)
            return keys.by_index(per_key), self._tail.seq

    def prune(self, now: int) -> int:
        """Delete blocks older than the retention that no consumer needs; how many. The newest block always stays.

        What `newest` says outlives the blocks: it is brought up to date first.
        """
        self.newest(self._bound().n_points)
        deleted = 0
        while chunk := self._prune_chunk(now - self._retention_ns):
            deleted += chunk
        return deleted

    def _prune_chunk(self, before: int) -> int:
        with self._lock:
            needed = [offset.seq for offset in self._offsets.all().values()]
            passed = min([*needed, self._readable - 1, self._meta("newest_seq")])
            rows = count = last = 0
            oldest = "SELECT seq, n, now FROM block WHERE seq <= ? ORDER BY seq LIMIT ?"
            for seq, n, closed in self._connection.execute(oldest, (passed, PRUNE_BLOCKS)):
                if closed >= before or rows > PRUNE_ROWS:
                    break
                rows, count, last = rows + n, count + 1, seq
            if count:
                with self._writing():
                    self._connection.execute("DELETE FROM block WHERE seq <= ?", (last,))
            return count

    def _create(self) -> None:
        with self._writing():
            for statement in SCHEMA:
                self._connection.execute(statement)
            self._connection.execute(SET, ("origin", self._clock() // NS_PER_US))
            self._connection.execute(SET, ("counters", "{}"))

    def _meta(self, name: str) -> Any:
        row = self._connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else row[0]

    def _save(self, per_key: Int64s, seq: int) -> None:
        with self._writing():
            self._connection.execute(SET, ("newest", per_key.astype("<i8").tobytes()))
            self._connection.execute(SET, ("newest_seq", seq))

    def _saved_newest(self) -> tuple[Int64s, int]:
        saved, seq = self._meta("newest"), self._meta("newest_seq")
        return (np.empty(0, np.int64), -1) if saved is None else (np.frombuffer(saved, "<i8"), seq)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            with guarded("the log"), transaction(self._connection):
                yield
        except sqlite3.IntegrityError as error:
            raise RuntimeError(f"another process appends to {self.path}: a log has one writer") from error

    def _wait(self, seq: int, timeout_s: float) -> None:
        with self._grown:
            self._grown.wait_for(lambda: self._readable > seq, timeout_s)

    def _bound(self) -> PointKeys:
        if self._keys is None:
            raise RuntimeError("bind the points of the catalogue first")
        return self._keys


def _times(block: ReadingBlock) -> tuple[int, int | None, int | None, int | None, int, int]:
    if len(block) == 0:
        return 0, None, None, None, block.now, block.now
    time_min, time_max = int(block.time.min()), int(block.time.max())
    return len(block), time_min, time_max, span_class(time_min, time_max), int(block.received[0]), block.now
