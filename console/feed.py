"""Fan-out of events from the platform's threads to the pages that listen, over server-sent events."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from console.shape import dumps

QUEUE_FRAMES = 1000
"""Frames that wait for one slow page before it is told to fetch everything again (engineering default)."""


def frame(kind: str, data: bytes, event_id: int | None = None) -> bytes:
    """One server-sent event. `data` is JSON on one line."""
    head = b"" if event_id is None else b"id: %d\n" % event_id
    return head + b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n"


RESYNC = frame("resync", b"{}")
"""Tells the page that events are missing and that it must fetch the state again."""


class Subscriber:
    """The bounded queue of one page. `offer` and `end` from any thread, `take` on the loop that made it."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._frames: deque[bytes] = deque()
        self._lock = threading.Lock()
        self._loop = asyncio.get_running_loop()
        self._ready = asyncio.Event()
        self.ended = False

    def offer(self, data: bytes) -> bool:
        """Queue a frame; False when the queue was full and is now one RESYNC."""
        with self._lock:
            kept = len(self._frames) < self._size
            if not kept:
                self._frames.clear()
            self._frames.append(data if kept else RESYNC)
            first = len(self._frames) == 1
        if first:
            self._wake()
        return kept

    def end(self) -> None:
        """Let `take` return at once from now on."""
        self.ended = True
        self._wake()

    async def take(self, timeout_s: float) -> bytes:
        """Every frame that waits, in one piece; b"" after `timeout_s` without any, or when ended."""
        try:
            async with asyncio.timeout(max(0.0, timeout_s)):
                await self._ready.wait()
        except TimeoutError:
            return b""
        with self._lock:
            data = b"".join(self._frames)
            self._frames.clear()
            if not self.ended:
                self._ready.clear()
        return data

    def _wake(self) -> None:
        with suppress(RuntimeError):  # the loop has closed, and the page with it
            self._loop.call_soon_threadsafe(self._ready.set)


class Feed:
    """Publish once, from any thread, to every page.

    published  events so far
    resyncs    times a page fell behind by more than `queue_frames` and was told to fetch again
    newest     id of the newest event that had one; None before the first
    """

    def __init__(self, *, queue_frames: int = QUEUE_FRAMES) -> None:
        self._queue_frames = queue_frames
        self._subscribers: set[Subscriber] = set()
        self._lock = threading.Lock()
        self.published = 0
        self.resyncs = 0
        self.newest: int | None = None

    def publish(self, kind: str, payload: Mapping[str, object], id: int | None = None) -> None:
        """Send an event to every page; never waits for one. Pages know "alarm" and "colour" (see shape)."""
        data = frame(kind, dumps(payload), id)
        with self._lock:
            self.published += 1
            if id is not None:
                self.newest = id
            for subscriber in self._subscribers:
                if not subscriber.offer(data):
                    self.resyncs += 1

    @contextmanager
    def subscribe(self, last_id: int | None) -> Iterator[Subscriber]:
        """A queue of what comes from now on; it starts with RESYNC unless the page has the newest event already."""
        subscriber = Subscriber(self._queue_frames)
        with self._lock:
            if last_id is None or last_id != self.newest:
                subscriber.offer(RESYNC)
            self._subscribers.add(subscriber)
        try:
            yield subscriber
        finally:
            with self._lock:
                self._subscribers.discard(subscriber)

    @property
    def subscribers(self) -> int:
        """Pages that listen now."""
        return len(self._subscribers)

    def disconnect(self) -> None:
        """End every stream; pages connect again by themselves, unless the server is going down."""
        with self._lock:
            for subscriber in self._subscribers:
                subscriber.end()
