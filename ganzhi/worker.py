"""Threads of the service: each runs one loop, and an error that nobody foresaw ends them all."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ganzhi.errors import Unavailable

log = logging.getLogger(__name__)

MOST_DELAY_S = 5.0
JOIN_LIMIT_S = 15.0

Step = Callable[[], int]
"""One turn of a loop; how many rows or events it handled. Raises Unavailable when the far side is down."""

FULL = 8192
"""A turn that handled so much is followed by the next at once, whatever the pace: there is more to do."""


@dataclass(slots=True)
class Worker:
    """A named loop that calls `step` again and again; when it is Unavailable, it waits with jitter up to a ceiling.

    A step that had nothing to do is called again after `idle_s`, or at once where the step itself waited (0). One that
    did a little is called again after `pace_s`, so that what comes in small pieces is handled in larger ones.
    """

    name: str
    step: Step
    idle_s: float = 0.0
    pace_s: float = 0.0
    error: str = field(default="", init=False)

    def run(self, stop: threading.Event) -> None:
        delay_s = 0.0
        while not stop.is_set():
            try:
                handled = self.step()
            except Unavailable as error:
                if not self.error:
                    log.warning("%s waits: %s", self.name, error)
                self.error = str(error)
                delay_s = min(MOST_DELAY_S, max(error.retry_after_s, delay_s * 2))
                stop.wait(delay_s * random.uniform(0.5, 1.0))
                continue
            if self.error:
                log.info("%s goes on", self.name)
            self.error, delay_s = "", 0.0
            pause_s = self.pace_s if handled else self.idle_s
            if pause_s and handled < FULL:
                stop.wait(pause_s)


class Crew:
    """Runs loops in threads of their own until one fails or `stop` is set. Use as a context manager."""

    def __init__(self, loops: Sequence[tuple[str, Callable[[threading.Event], None]]]) -> None:
        self.stop = threading.Event()
        self.failure: BaseException | None = None
        self._threads = [
            threading.Thread(target=self._guard, args=(name, loop), name=name, daemon=True) for name, loop in loops
        ]

    def __enter__(self) -> Crew:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop.set()
        for thread in self._threads:
            thread.join(JOIN_LIMIT_S)
            if thread.is_alive():
                log.error("%s did not end within %g s", thread.name, JOIN_LIMIT_S)

    def _guard(self, name: str, loop: Callable[[threading.Event], None]) -> None:
        try:
            loop(self.stop)
        except BaseException as error:
            log.exception("%s failed; the service stops", name)
            self.failure = error
        finally:
            self.stop.set()
