"""Reading the log: each consumer has its own connection and its own offset, and meets the others nowhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganzhi.clock import NS_PER_S, Clock
from ganzhi.records import ReadingBlock, join
from storage.keys import PointKeys
from storage.offsets import Offset, Offsets
from storage.payload import decode
from storage.reconcile import Stored, stored, waiting
from storage.sqlite import connect, guarded

MAX_ROWS = 65_536
"""Rows joined into one batch at most, so that small blocks cost little downstream."""

POLL_S = 0.25
"""How often a waiting consumer looks for blocks that another process appended; its own process wakes it at once."""

AFTER = "SELECT seq, first_row + n, n, payload FROM block WHERE seq > ? ORDER BY seq"
NEXT = "SELECT seq, first_row, first_byte, now FROM block WHERE seq > ? ORDER BY seq LIMIT 1"
LAST = "SELECT seq, first_row + n, first_byte + length(payload) FROM block ORDER BY seq DESC LIMIT 1"
ROWS_UP_TO = "SELECT first_row + n FROM block WHERE seq <= ? ORDER BY seq DESC LIMIT 1"
OLDEST = "SELECT first_row FROM block ORDER BY seq LIMIT 1"


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive blocks of the log as one.

    block    the rows whose point is in the present catalogue; none for a tick
    rows     rows of the log that the batch covers, those of points that are gone included
    end_row  rows of the log up to and with this batch
    kept     all its rows, their points named by key
    gone     those of `kept` that `block` has not, for their point is gone: int (m,)
    """

    block: ReadingBlock
    first_seq: int
    last_seq: int
    rows: int
    end_row: int
    kept: ReadingBlock
    gone: NDArray[np.intp]

    def refused(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Rows of `kept` that were not stored: those of `block` that were refused, and those whose point is gone."""
        if not len(self.gone):
            return rows
        there = np.delete(np.arange(len(self.kept)), self.gone)
        return np.union1d(self.gone, there[rows])


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a consumer has not yet committed. `age_s` is the age of the oldest block of it, 0 when there is none."""

    rows: int
    blocks: int
    age_s: float
    bytes: int


class Consumer:
    """One reader of the log. `read` belongs to one thread at a time; the other methods may be called from any.

    `read` goes on after what it last returned; `commit` says how far the work is done. A consumer that is opened
    again goes on after what was committed. `dropped` counts rows whose point is gone from the catalogue.
    """

    def __init__(
        self,
        *,
        name: str,
        path: Path,
        keys: PointKeys,
        offsets: Offsets,
        start: Offset,
        wait: Callable[[int, float], None],
        clock: Clock,
        busy_s: float,
    ) -> None:
        self.name = name
        self.dropped = 0
        self._keys = keys
        self._offsets = offsets
        self._wait = wait
        self._clock = clock
        self._lock = threading.Lock()
        self._committed = start
        self._seq = start.seq
        self._connection = connect(path, synchronous="FULL", busy_s=busy_s)
        self._connection.execute("PRAGMA query_only = TRUE")

    @property
    def position(self) -> Offset:
        """What was committed last."""
        return self._committed

    def read(self, max_rows: int = MAX_ROWS, timeout_s: float = 1.0) -> Batch | None:
        """The next blocks joined into one, or None when none came in time.

        At least one block and, beyond it, none that would make more than `max_rows` rows. A tick is returned alone
        and ends a join, and so does a clock that was set back. Raises Unavailable when the disk cannot be read.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            batch = self._next(max_rows)
            left_s = deadline - time.monotonic()
            if batch is not None or left_s <= 0:
                return batch
            self._wait(self._seq, min(left_s, POLL_S))

    def commit(self, batch: Batch, refused: NDArray[np.intp] | None = None) -> None:
        """The work on this batch, and all before it, is done; survives the death of the process.

        A consumer that stores says which rows of `batch.block` were refused: what it has stored is then counted, by
        enterprise and hour, together with the offset.
        """
        done = None
        if refused is not None and len(batch.kept):
            kept = batch.kept
            done = stored(kept.received, kept.point, self._keys.owners, batch.refused(refused))
        self._move(Offset(batch.last_seq, batch.end_row), done)

    def seek(self, seq: int, *, stored: bool = False) -> None:
        """Go on after block `seq`, back or forth, as if it had been committed last.

        `stored` says that the store is exactly there: what lies between counts as stored, or as stored no longer.
        """
        with self._lock:
            row = self._one(ROWS_UP_TO, seq) or self._one(OLDEST) or (0,)
            self._seq = seq
            done = self._between(self._committed.seq, seq) if stored else None
        self._move(Offset(seq, int(row[0])), done)

    def backlog(self) -> Backlog:
        """What is still to be done. `blocks` is exact as long as the log was never restored from a copy."""
        with self._lock:
            following, last = self._one(NEXT, self._committed.seq), self._one(LAST)
        if following is None or last is None:
            return Backlog(0, 0, 0.0, 0)
        seq, first_row, first_byte, now = following
        age_s = max(0, self._clock() - now) / NS_PER_S
        return Backlog(last[1] - first_row, last[0] - seq + 1, age_s, last[2] - first_byte)

    def close(self) -> None:
        self._connection.close()

    def _between(self, old: int, new: int) -> Stored:
        with guarded("the log"):
            rows = waiting(self._connection, min(old, new), max(old, new), self._keys.owners)
        sign = 1 if new > old else -1
        return {place: (sign * n, 0) for place, n in rows.items()}

    def _move(self, offset: Offset, done: Stored | None = None) -> None:
        self._offsets.put(self.name, offset, done)
        self._committed = offset

    def _one(self, query: str, *values: int) -> tuple[int, ...] | None:
        with guarded("the log"):
            row: tuple[int, ...] | None = self._connection.execute(query, values).fetchone()
            return row

    def _next(self, max_rows: int) -> Batch | None:
        blocks: list[ReadingBlock] = []
        rows = first = last = end_row = 0
        with self._lock, guarded("the log"):
            cursor = self._connection.execute(AFTER, (self._seq,))
            for seq, row_end, n, payload in cursor:
                if blocks and (n == 0 or rows + n > max_rows):
                    break
                block = decode(payload)
                if blocks and block.now < blocks[-1].now:
                    break  # our clock was set back in between: `received` must not fall within a batch
                blocks.append(block)
                first, last, end_row = first or seq, seq, row_end
                rows += n
                if n == 0:
                    break
            cursor.close()  # ends the read transaction, so that the write-ahead log can be emptied
        if not blocks:
            return None
        self._seq = last
        kept = join(blocks)
        block, gone = self._keys.indexed(kept)
        self.dropped += len(gone)
        return Batch(block, first, last, rows, end_row, kept, gone)
