"""What the scheduler calls: it only wakes; which deadlines there are is in the ledger."""

from __future__ import annotations

import logging
from collections.abc import Callable

from ganzhi.errors import Unavailable

log = logging.getLogger(__name__)


class Due:
    """Lets deadlines pass; while the ledger is away they wait in it, and that is said once.

    clockwork  how many passed; raises Unavailable
    """

    def __init__(self, clockwork: Callable[[], int]) -> None:
        self._clockwork = clockwork
        self._waits = False

    def __call__(self) -> None:
        try:
            self._clockwork()
        except Unavailable as error:
            if not self._waits:
                log.warning("deadlines wait: %s", error)
            self._waits = True
        else:
            if self._waits:
                log.info("deadlines go on")
            self._waits = False
