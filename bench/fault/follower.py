"""A page that follows the platform's live events across restarts, and remembers everything it is told."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

from bench.fault.oracle import Told
from bench.fault.verdict import Line

SILENCE_S = 20.0
"""Longer than the platform's heartbeat: a connection that says nothing for so long is given up."""
PAUSE_S = 0.3


class Follower:
    """Reads /api/events in a thread of its own while the context lasts; after a break it names the last event it had.

    lines    every alarm event, in the order of arrival
    resyncs  times it was told to fetch everything again
    """

    def __init__(self, console: int) -> None:
        self.lines: list[Line] = []
        self.resyncs = self.connections = 0
        self._console = console
        self._stop = threading.Event()
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self._console, timeout=SILENCE_S)
            with suppress(OSError, http.client.HTTPException):
                self._follow(connection)
            self._socket = None
            connection.close()
            self._stop.wait(PAUSE_S)

    def _follow(self, connection: http.client.HTTPConnection) -> None:
        last = {"Last-Event-ID": str(self.lines[-1].seq)} if self.lines else {}
        connection.request("GET", "/api/events", headers=last)
        self._socket = connection.sock
        with connection.getresponse() as response:
            self.connections += response.status == http.client.OK
            event: dict[str, str] = {}
            while not self._stop.is_set() and (line := response.readline()):
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name:
                    event[name] = value
                elif event:
                    self._take(event)
                    event = {}

    def _take(self, event: dict[str, str]) -> None:
        if event.get("event") == "resync":
            self.resyncs += 1
        elif event.get("event") == "alarm":
            line = json.loads(event["data"])
            alarm = line["alarm"]
            told = Told(alarm["rule"], alarm["subject"], line["at"], line["change"], alarm["tier"])
            self.lines.append(Line(line["seq"], told))
