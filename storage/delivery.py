"""Sending lines so that a bad one costs only itself: what a server refuses is halved until bad lines stand alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ganzhi.errors import Unavailable

CHUNK_LINES = 10_000
"""Lines a request: InfluxDB's own advice is 5,000 to 10,000."""

MAX_REFUSALS = 1_000
"""Requests that a delivery may spend on finding bad lines. Beyond it the rest goes out once, in the pieces it is in,
and pieces that are refused count as rejected whole; servers of 1.x keep their good lines all the same."""

SAMPLE_CHARS = 500


class RefusedLines(Exception):
    """The server can do nothing with some of these lines."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """Lines the server would not take since the start, and the newest of them with the server's words."""

    count: int
    sample: str


Send = Callable[[bytes], None]
"""Writes lines; raises Unavailable to try all of them again later, RefusedLines when some are bad."""


class Delivery:
    """Writes lines in chunks and keeps count of those the server will not take. Safe to call from several threads."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._lock = threading.Lock()
        self.rejected = Rejected(0, "")

    def __call__(self, lines: Sequence[str]) -> int:
        """Send all lines; how many were taken. Raises Unavailable; what was sent may then be sent again."""
        refused = refusals = 0
        sample = ""
        pending = [lines[at : at + CHUNK_LINES] for at in range(0, len(lines), CHUNK_LINES)][::-1]
        while pending:
            part = pending.pop()
            try:
                self._send("\n".join(part).encode())
            except RefusedLines as error:
                refusals += 1
                if len(part) > 1 and refusals <= MAX_REFUSALS:
                    half = len(part) // 2
                    pending += [part[half:], part[:half]]
                else:
                    refused += len(part)
                    sample = f"{str(error)[:SAMPLE_CHARS]}: {part[0][:SAMPLE_CHARS]}"
        if refused:
            with self._lock:
                self.rejected = Rejected(self.rejected.count + refused, sample)
        return len(lines) - refused


def judge(status: int, answer: str, retry_after: str | None, *, access: str, place: str) -> None:
    """What an HTTP status says of a write: nothing when it was taken, otherwise an error.

    `access` and `place` name the settings to look at when entry is refused, and when what is written to is not there.
    """
    if status < 300:
        return
    words = " ".join(answer.split())[:SAMPLE_CHARS]
    if status in (401, 403):
        raise Unavailable(f"InfluxDB refuses entry ({status}: {words}): check {access}", retry_after_s=ACCESS_RETRY_S)
    if status == 404:
        raise Unavailable(f"InfluxDB has no such place ({words}): check {place}", retry_after_s=ACCESS_RETRY_S)
    if status in (400, 413, 422):
        raise RefusedLines(f"{status} {words}")
    raise Unavailable(f"InfluxDB cannot write now ({status}: {words})", retry_after_s=_seconds(retry_after))


ACCESS_RETRY_S = 30.0
RETRY_S = 2.0
MAX_RETRY_S = 300.0


def _seconds(retry_after: str | None) -> float:
    return min(float(retry_after), MAX_RETRY_S) if retry_after and retry_after.isdecimal() else RETRY_S
