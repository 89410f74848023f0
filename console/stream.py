"""What one page hears: the feed's events, the values of the source it shows, and a heartbeat."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
from starlette.concurrency import run_in_threadpool

from console.backend import NEVER, Backend, Columns
from console.feed import Feed, frame
from console.shape import Json, dumps, ms, quality_name
from ganzhi.clock import Clock
from ganzhi.records import SIMULATED, Int32s

RETRY = b"retry: 2000\n\n"
HEARTBEAT = b": heartbeat\n\n"


class Values:
    """The latest values of one source; each frame holds the points that reported since the frame before."""

    def __init__(self, backend: Backend, source_id: str, rows: Int32s) -> None:
        self._backend = backend
        self._source_id = source_id
        self._rows = rows
        self._ids = [backend.catalogue.points[index].id for index in rows.tolist()]
        self._sent = np.full(len(rows), NEVER, np.int64)

    def frame(self, now: int) -> bytes:
        """A "values" event, also when nothing is new: it tells the page that we live."""
        columns = self._backend.latest(self._rows)
        new = np.flatnonzero(columns[0] != self._sent)
        self._sent = columns[0].copy()
        return frame("values", dumps(self._json(now, new, columns)))

    def _json(self, now: int, new: np.ndarray[tuple[int], np.dtype[np.intp]], columns: Columns) -> Json:
        time, value, quality = (column[new].tolist() for column in columns)
        return {
            "source": self._source_id,
            "now": ms(now),
            "rows": [
                [self._ids[i], ms(t), v, quality_name(q), bool(q & SIMULATED)]
                for i, t, v, q in zip(new.tolist(), time, value, quality, strict=True)
            ],
        }


async def stream(
    feed: Feed,
    values: Values | None,
    *,
    last_id: int | None,
    clock: Clock,
    values_s: float,
    heartbeat_s: float,
) -> AsyncIterator[bytes]:
    """Server-sent events until the page leaves or the feed ends the stream.

    values_s     time between two "values" events
    heartbeat_s  silence after which a comment is sent, so that proxies keep the connection
    """
    now = asyncio.get_running_loop().time
    with feed.subscribe(last_id) as subscriber:
        yield RETRY
        due = now()
        while not subscriber.ended:
            wait_s = heartbeat_s if values is None else due - now()
            data = await subscriber.take(min(heartbeat_s, wait_s))
            if values is not None and now() >= due and not subscriber.ended:
                data += await run_in_threadpool(values.frame, clock())
                due = max(due + values_s, now())
            yield data or HEARTBEAT
