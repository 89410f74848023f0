"""Wakes a thread that sleeps in `select`."""

from __future__ import annotations

import contextlib
import socket


class Bell:
    """Goes into `select` like a socket; rings from any thread, and silently once it is closed."""

    def __init__(self) -> None:
        self._ends: tuple[socket.socket, socket.socket] | None = None

    def hang(self) -> None:
        self._ends = socket.socketpair()
        for end in self._ends:
            end.setblocking(False)

    def fileno(self) -> int:
        return -1 if self._ends is None else self._ends[0].fileno()

    def ring(self) -> None:
        if self._ends is not None:
            with contextlib.suppress(OSError):  # full: it rings already; closed: nobody sleeps
                self._ends[1].send(b"\0")

    def calm(self) -> None:
        if self._ends is not None:
            with contextlib.suppress(BlockingIOError):
                self._ends[0].recv(4096)

    def close(self) -> None:
        ends, self._ends = self._ends, None
        for end in ends or ():
            end.close()
