"""A line that can be made worse: a TCP proxy that drops connections, refuses, stalls or delays them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Self

CHUNK_BYTES = 1 << 16
MOST_CHUNKS = 64
"""Chunks on their way in one direction, before the sender has to wait: a line has a size."""
ABORT = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing sends a reset, and what is on its way is lost."""

Chunk = tuple[float, bytes]
"""When it may arrive, and what."""


class Proxy:
    """Forwards a port of its own to `target`, in a thread of its own, while the context lasts.

    Faults may overlap: each lasts as long as its context, or is over at once (`cut`).
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._listener.setblocking(False)
        self.port = int(self._listener.getsockname()[1])
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._stalls = self._refusals = 0
        self._delays_s: list[float] = []
        self._lines: set[asyncio.Task[None]] = set()
        self._serving = self._loop.create_task(self._serve())
        self._thread = threading.Thread(target=self._run, name=f"proxy-{self.port}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._serving.cancel)
        self._thread.join()
        self._listener.close()
        self._loop.close()

    def cut(self) -> None:
        """Drop every connection; new ones come through."""
        self._loop.call_soon_threadsafe(self._cut)

    @contextlib.contextmanager
    def refused(self) -> Iterator[None]:
        """No connection lives: what is there is dropped, what comes is dropped at once."""
        self._loop.call_soon_threadsafe(self._refuse, 1)
        yield
        self._loop.call_soon_threadsafe(self._refuse, -1)

    @contextlib.contextmanager
    def stalled(self) -> Iterator[None]:
        """Connections stay and come about, but nothing arrives in either direction."""
        self._loop.call_soon_threadsafe(self._stall, 1)
        yield
        self._loop.call_soon_threadsafe(self._stall, -1)

    @contextlib.contextmanager
    def delayed(self, seconds: float) -> Iterator[None]:
        """Everything arrives later by so much, in either direction."""
        self._loop.call_soon_threadsafe(self._delays_s.append, seconds)
        yield
        self._loop.call_soon_threadsafe(self._delays_s.remove, seconds)

    def _cut(self) -> None:
        for line in self._lines:
            line.cancel()

    def _refuse(self, change: int) -> None:
        self._refusals += change
        self._cut()

    def _stall(self, change: int) -> None:
        self._stalls += change
        if self._stalls:
            self._flowing.clear()
        else:
            self._flowing.set()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        with contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._serving)
        self._cut()
        self._loop.run_until_complete(asyncio.gather(*self._lines, return_exceptions=True))

    async def _serve(self) -> None:
        while True:
            near, _ = await self._loop.sock_accept(self._listener)
            line = self._loop.create_task(self._line(near))
            self._lines.add(line)
            line.add_done_callback(self._lines.discard)

    async def _line(self, near: socket.socket) -> None:
        with _aborted(near):
            if self._refusals:
                return
            far = socket.socket()
            far.setblocking(False)
            with _aborted(far), contextlib.suppress(OSError):
                await self._loop.sock_connect(far, ("127.0.0.1", self._target))
                for end in (near, far):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                await self._carry(near, far)

    async def _carry(self, near: socket.socket, far: socket.socket) -> None:
        """Both directions, until one of them ends."""
        ways: list[tuple[socket.socket, socket.socket, asyncio.Queue[Chunk]]] = [
            (near, far, asyncio.Queue(MOST_CHUNKS)),
            (far, near, asyncio.Queue(MOST_CHUNKS)),
        ]
        tasks = [self._loop.create_task(self._take(source, queue)) for source, _, queue in ways]
        tasks += [self._loop.create_task(self._give(sink, queue)) for _, sink, queue in ways]
        try:
            await asyncio.wait(tasks[2:], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _take(self, source: socket.socket, queue: asyncio.Queue[Chunk]) -> None:
        data = b"-"
        while data:
            try:
                data = await self._loop.sock_recv(source, CHUNK_BYTES)
            except OSError:
                data = b""
            await queue.put((self._loop.time() + sum(self._delays_s), data))

    async def _give(self, sink: socket.socket, queue: asyncio.Queue[Chunk]) -> None:
        while True:
            due, data = await queue.get()
            if (wait_s := due - self._loop.time()) > 0:
                await asyncio.sleep(wait_s)
            await self._flowing.wait()
            if not data:
                sink.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 0, 0))
                return
            await self._loop.sock_sendall(sink, data)


@contextlib.contextmanager
def _aborted(end: socket.socket) -> Iterator[None]:
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
    try:
        yield
    finally:
        end.close()
