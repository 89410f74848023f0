"""The durable, ordered log of reading blocks, in one SQLite file; everything else lives on what it holds."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np

from ganzhi.clock import NS_PER_HOUR, NS_PER_S, Clock, hour_of, wall_clock
from ganzhi.records import Floats, Int32s, Int64s, ReadingBlock, Reconciled
from storage.consumer import LAST, Consumer
from storage.keys import NEVER, PointKeys
from storage.late import recalled, span_class
from storage.offsets import Offset, Offsets
from storage.payload import encode, key_and_time
from storage.reconcile import PUT_TALLY, TALLIES, TALLY, Books, tallies, tally_row
from storage.sqlite import connect, guarded, require_version, transaction

VERSION = 2
BUSY_S = 5.0
"""How long a write waits for another process that holds the file before it is Unavailable."""

PRUNE_BLOCKS = 256
PRUNE_ROWS = 262_144
"""Blocks and rows deleted in one transaction; an append waits for one such chunk at most."""

NS_PER_US = 1_000
COMMITS_KEPT = 1024
"""Commits over which their time is summed up."""

SCHEMA = (
    """CREATE TABLE block (
        seq INTEGER PRIMARY KEY, first_row INTEGER NOT NULL, first_byte INTEGER NOT NULL, n INTEGER NOT NULL,
        time_min INTEGER, time_max INTEGER, span INTEGER, received INTEGER NOT NULL, now INTEGER NOT NULL,
        payload BLOB NOT NULL
    )""",
    "CREATE INDEX block_time ON block (span, time_max, time_min) WHERE span IS NOT NULL",
    "CREATE TABLE point (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE)",
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value NOT NULL)",
)

SINCE_1 = (
    "ALTER TABLE point ADD COLUMN enterprise TEXT NOT NULL DEFAULT ''",
    TALLY,
    "CREATE TABLE receipt (topic TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID",
    f"PRAGMA user_version = {VERSION}",
)
"""What format 2 added: the enterprise of a point, the readings received by hour, and the receipts given."""

PUT_RECEIPT = "INSERT OR REPLACE INTO receipt VALUES (?, ?)"
TALLIES_NS = 400 * 24 * NS_PER_HOUR
"""How long the hours are kept for reconciliation: more than a year, for the report of a year."""

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
        self.commits_s: deque[float] = deque(maxlen=COMMITS_KEPT)

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as undo:
            self._connection = connect(self.path, synchronous="FULL", busy_s=self._busy_s)
            undo.callback(self._connection.close)
            self._create(require_version(self._connection, self.path, VERSION))
            origin = self._meta("origin")
            beside = self.path.with_name(self.path.name + ".offsets")
            self._offsets = Offsets(path=beside, origin=origin, busy_s=self._busy_s)
            undo.callback(self._offsets.close)
            self._books = Books(path=self.path, stored=self._offsets.stored, busy_s=self._busy_s)
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

    def bind(self, point_ids: Sequence[str], enterprises: Sequence[str] | None = None) -> None:
        """Say which points the catalogue has, and whose they are; their place is their index in every block."""
        with self._lock, self._writing():
            rows = self._connection.execute("SELECT id, enterprise FROM point ORDER BY key").fetchall()
            known, owners = [row[0] for row in rows], [row[1] for row in rows]
            keys = PointKeys(ids=point_ids, known=known, enterprises=enterprises, known_enterprises=owners)
            named = zip(known + keys.new_ids, keys.owners, strict=True)
            put = "INSERT INTO point VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET enterprise = excluded.enterprise"
            self._connection.executemany(put, ((key, id_, owner) for key, (id_, owner) in enumerate(named)))
        self._keys = keys

    def append(
        self,
        blocks: Sequence[ReadingBlock] | ReadingBlock,
        counters: Mapping[str, int],
        *,
        tallies: Sequence[Reconciled] = (),
        receipts: Mapping[str, int] | None = None,
    ) -> int:
        """Store all of it in one transaction, durable on return; the last seq.

        counters  cumulative, whatever names they have
        tallies   the receiving side of hours that have changed, as it stands now
        receipts  the highest number up to which all is committed, by the topic it came on

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
            began = time.monotonic()
            with self._writing():
                self._connection.executemany(INSERT, rows)
                self._connection.execute(SET, ("counters", json.dumps(dict(counters))))
                self._connection.executemany(PUT_TALLY, map(tally_row, tallies))
                self._connection.executemany(PUT_RECEIPT, (receipts or {}).items())
            self.commits_s.append(time.monotonic() - began)
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

    def receipts(self) -> dict[str, int]:
        """The receipts given, by the topic they are for."""
        with self._lock:
            return dict(self._connection.execute("SELECT topic, seq FROM receipt").fetchall())

    def tallies(self, since: int) -> list[Reconciled]:
        """The receiving side of every hour that began at `since` or later, UTC ns."""
        with self._lock:
            return tallies(self._connection.execute(TALLIES, (since,)).fetchall())

    def reconciled(self, consumer: str, since: int) -> list[Reconciled]:
        """Every hour from that of `since` on: received, stored by this consumer, and what waits for it.

        Neither ingest nor a consumer waits for it.
        """
        return self._books(consumer, since, self._bound().owners)

    @property
    def size_bytes(self) -> int:
        """Of the log's files on disk."""
        beside = self.path.parent.glob(self.path.name + "*")
        return sum(path.stat().st_size for path in beside)

    def start(self) -> int:
        """The number after which the oldest block kept follows."""
        with self._lock:
            row = self._connection.execute("SELECT seq FROM block ORDER BY seq LIMIT 1").fetchone()
            return int(row[0]) - 1 if row else self._tail.seq

    def closed_after(self, seq: int) -> int:
        """Our clock when the first block after `seq` was closed, UTC ns; of none, when the newest was."""
        with self._lock:
            row = self._connection.execute(
                "SELECT now FROM block WHERE seq > ? ORDER BY seq LIMIT 1", (seq,)
            ).fetchone()
            return int(row[0]) if row else self.newest_now

    @property
    def oldest(self) -> int:
        """Our clock when the oldest block kept was closed, UTC ns; of an empty log, when it was made."""
        with self._lock:
            row = self._connection.execute("SELECT now FROM block ORDER BY seq LIMIT 1").fetchone()
            return int(row[0]) if row else int(self._meta("origin")) * NS_PER_US

    @property
    def newest_now(self) -> int:
        """Our clock when the newest block was closed, UTC ns; of an empty log 0."""
        with self._lock:
            row = self._connection.execute("SELECT now FROM block ORDER BY seq DESC LIMIT 1").fetchone()
            return int(row[0]) if row else 0

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

    def keep_from(self, name: str, seq: int) -> None:
        """Keep every block after `seq` for somebody who will come back to it, such as a snapshot that begins there."""
        self._offsets.put(name, Offset(seq, 0))

    def recall(self, point: Int32s, time: Int64s) -> Floats:
        """The value that the log holds for each point at each time: (n,), (n,) -> float64 (n,), NaN for none."""
        keys = self._bound()
        with self._lock:
            return recalled(self._connection, keys.keys(point), time, keys.n_keys)

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
            return keys.by_index(self._bring_newest_up_to_date(self._connection)), self._tail.seq

    def prune(self, now: int) -> int:
        """Delete blocks older than the retention that no consumer needs; how many. The newest block always stays.

        What `newest` says outlives the blocks: where some are to go, it is brought up to date first, over a connection
        of its own, so that an append waits for one chunk of the deletion at most.
        """
        before = now - self._retention_ns
        deleted = 0
        if self.oldest < before:
            with contextlib.closing(connect(self.path, synchronous="FULL", busy_s=self._busy_s)) as connection:
                self._bring_newest_up_to_date(connection)
            while chunk := self._prune_chunk(before):
                deleted += chunk
        self._forget_hours(hour_of(now - TALLIES_NS))
        return deleted

    def _bring_newest_up_to_date(self, connection: sqlite3.Connection) -> Int64s:
        """The newest time by key, with all blocks that were not looked at before; kept for the next time."""
        saved, seq = self._saved_newest()
        per_key: Int64s = np.full(self._bound().n_keys, NEVER, np.int64)
        per_key[: len(saved)] = saved
        upto = self._readable
        if seq < upto:
            since = "SELECT payload FROM block WHERE seq > ? AND seq <= ? ORDER BY seq"
            for (payload,) in connection.execute(since, (seq, upto)):
                np.maximum.at(per_key, *key_and_time(payload))
            with self._lock:
                self._save(per_key, upto)
        return per_key

    def _forget_hours(self, before: int) -> None:
        with self._lock:
            if self._connection.execute("SELECT 1 FROM tally WHERE hour < ? LIMIT 1", (before,)).fetchone():
                with self._writing():
                    self._connection.execute("DELETE FROM tally WHERE hour < ?", (before,))
                self._offsets.forget_before(before)

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

    def _create(self, new: bool) -> None:
        with self._writing():
            if new:
                for statement in SCHEMA:
                    self._connection.execute(statement)
                self._connection.execute(SET, ("origin", self._clock() // NS_PER_US))
                self._connection.execute(SET, ("counters", "{}"))
            if self._connection.execute("PRAGMA user_version").fetchone() != (VERSION,):
                for statement in SINCE_1:
                    self._connection.execute(statement)

    def _meta(self, name: str) -> Any:
        row = self._connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else row[0]

    def _save(self, per_key: Int64s, seq: int) -> None:
        with self._writing():
            self._connection.execute(SET, ("newest", per_key.astype("<i8").tobytes()))
            self._connection.execute(SET, ("newest_seq", seq))

    def _saved_newest(self) -> tuple[Int64s, int]:
        with self._lock:
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
