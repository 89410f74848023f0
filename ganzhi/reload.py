"""New settings, points and rules for a service that runs: read and checked at once, put in force by starting anew."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from ganzhi.errors import ConfigError

log = logging.getLogger(__name__)

C = TypeVar("C")


class Reload(Generic[C]):
    """Takes requests, from a signal or from the console, and holds what is to be put in force.

    load   reads everything; raises ConfigError with every fault
    asked  set by a signal handler, which must not do more
    """

    def __init__(self, load: Callable[[], C], asked: threading.Event) -> None:
        self._load = load
        self._asked = asked
        self._lock = threading.Lock()
        self._wanted: C | None = None

    def __call__(self) -> list[str]:
        """Read and check; the faults as sentences, and the old ones stay in force, or none."""
        with self._lock:
            try:
                self._wanted = self._load()
            except ConfigError as error:
                for fault in error.faults:
                    log.error("not reloaded, the old settings stay in force: %s", fault)
                return [str(fault) for fault in error.faults]
            log.info("settings, points and rules were read anew and are put in force")
            return []

    @property
    def pending(self) -> bool:
        """Whether there is something to put in force; reads it first where that was asked for."""
        if self._asked.is_set():
            self._asked.clear()
            self()
        return self._wanted is not None

    def take(self) -> C | None:
        """What is to be put in force, once."""
        with self._lock:
            wanted, self._wanted = self._wanted, None
            return wanted
