"""Sending lines so that a bad one costs only itself: what a server refuses is halved until bad lines stand alone."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganzhi.errors import Unavailable

CHUNK_LINES = 10_000
"""Lines a request: InfluxDB's own advice is 5,000 to 10,000."""

MAX_REFUSALS = 1_000
"""Requests that a delivery may spend on finding bad lines. Beyond it the rest goes out once, in the pieces it is in,
and pieces that are refused count as refused whole; the good lines of a partial write are kept all the same."""

SAMPLE_CHARS = 500

DROPPED = re.compile(r"\bdropped=(\d+)\b")
"""How many lines of a request InfluxDB 1.x and 2.x dropped, in their own words: `partial write: … dropped=3`."""


class RefusedLines(Exception):
    """The server can do nothing with some of these lines; with at least `dropped` of them, where it says how many."""

    def __init__(self, words: str, *, dropped: int = 1) -> None:
        super().__init__(words)
        self.dropped = dropped


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

    def __call__(self, lines: Sequence[str]) -> NDArray[np.intp]:
        """Send all lines; the indices (n,) of those refused, rising. Raises Unavailable: then send all again."""
        refused: list[range] = []
        refusals = 0
        sample = ""
        everything = range(len(lines))
        pending = [everything[at : at + CHUNK_LINES] for at in range(0, len(lines), CHUNK_LINES)][::-1]
        while pending:
            part = pending.pop()
            try:
                self._send("\n".join(lines[part.start : part.stop]).encode())
            except RefusedLines as error:
                refusals += 1
                if error.dropped < len(part) and refusals <= MAX_REFUSALS:
                    half = len(part) // 2
                    pending += [part[half:], part[:half]]
                else:
                    refused.append(part)
                    sample = f"{str(error)[:SAMPLE_CHARS]}: {lines[part.start][:SAMPLE_CHARS]}"
        if not refused:
            return np.empty(0, np.intp)
        found = np.concatenate([np.arange(part.start, part.stop, dtype=np.intp) for part in refused])
        with self._lock:
            self.rejected = Rejected(self.rejected.count + len(found), sample)
        return found


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
        dropped = DROPPED.search(answer)
        raise RefusedLines(f"{status} {words}", dropped=max(1, int(dropped[1])) if dropped else 1)
    raise Unavailable(f"InfluxDB cannot write now ({status}: {words})", retry_after_s=_seconds(retry_after))


ACCESS_RETRY_S = 30.0
RETRY_S = 2.0
MAX_RETRY_S = 300.0


def _seconds(retry_after: str | None) -> float:
    return min(float(retry_after), MAX_RETRY_S) if retry_after and retry_after.isdecimal() else RETRY_S
