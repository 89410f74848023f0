"""Keeps the state of detection, with the block it belongs to: on a period, on stop, and when the rules have changed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from ganzhi.clock import Clock
from ganzhi.errors import Unavailable

log = logging.getLogger(__name__)

PERIOD_S = 10.0
SHARE = 50.0
"""A state that takes long to write is written less often: this many times as long passes in between."""

Arrays = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """The newest state that is safe: when it was saved (UTC ns), of which block, how large; what is wrong since."""

    at: int | None = None
    seq: int = 0
    size_bytes: int = 0
    error: str = ""


class Keeper:
    """Told of every batch by the thread that judges: copies the state there, and writes it elsewhere.

    capture  a copy of the state
    save     (state, seq) -> bytes; raises Unavailable, and the old one stays
    passed   told the block of a state that is safe: the log may forget what came before
    """

    def __init__(
        self,
        *,
        capture: Callable[[], Arrays],
        save: Callable[[Arrays, int], int],
        passed: Callable[[int], None],
        clock: Clock,
        period_s: float = PERIOD_S,
    ) -> None:
        self._capture = capture
        self._save = save
        self._passed = passed
        self._clock = clock
        self._period_s = period_s
        self._due = 0.0
        self._seq: int | None = None
        self._writer = ThreadPoolExecutor(1, "state")
        self._writing: Future[None] | None = None
        self.kept = Kept()

    def __enter__(self) -> Keeper:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Save once more: nobody judges any longer. A batch that was not done leaves the state as it was saved."""
        self._writer.shutdown()
        if kind is None and self._seq is not None and self._seq != self.kept.seq:
            self._write(self._capture(), self._seq)

    def begin(self) -> None:
        """A batch is being judged, and until it is done the state belongs to no block."""
        self._seq = None

    def done(self, seq: int) -> None:
        """The state is that after block `seq`."""
        self._seq = seq
        if time.monotonic() < self._due or (self._writing is not None and not self._writing.done()):
            return
        began = time.monotonic()
        state = self._capture()
        self._due = began + max(self._period_s, SHARE * (time.monotonic() - began))
        self._writing = self._writer.submit(self._write, state, seq)

    def _write(self, state: Arrays, seq: int) -> None:
        began = time.monotonic()
        try:
            size = self._save(state, seq)
            self._passed(seq)
        except Unavailable as error:
            if not self.kept.error:
                log.warning("the state of detection is not saved: %s", error)
            self.kept = Kept(self.kept.at, self.kept.seq, self.kept.size_bytes, str(error))
            return
        if self.kept.error:
            log.info("the state of detection is saved again")
        self.kept = Kept(self._clock(), seq, size)
        self._due = max(self._due, began + SHARE * (time.monotonic() - began))
