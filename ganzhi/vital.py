"""Figures of the platform itself, for the conditions of ganzhi/own.py."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from ganzhi.clock import NS_PER_S, Clock
from ganzhi.errors import Unavailable
from ganzhi.keeper import Keeper
from ganzhi.records import Reconciled
from ganzhi.watch import Age, Lasting, Risen
from ganzhi.worker import Worker

RECONCILE_S = 60.0
REFUSED_WINDOW_S = 600.0
LASTING_TURNS = 5
"""Turns, one a second, for which a consumer must be behind."""
MIB = 1 << 20


class Backlog(Protocol):
    """What a consumer of the log has still to do."""

    @property
    def age_s(self) -> float: ...


class Consumer(Protocol):
    """A place in the log."""

    def backlog(self) -> Backlog: ...


def free_bytes(path: Path) -> int:
    """Free on the disk that holds a file."""
    return shutil.disk_usage(path.parent).free


def difference(rows: Sequence[Reconciled]) -> int:
    """Readings by which the two sums of any enterprise and hour do not close, added up."""
    found = 0
    for row in rows:
        ends = row.accepted + row.late + row.duplicate + row.rejected + row.unknown
        found += abs(row.received - ends)
        found += abs(row.accepted + row.late - row.stored - row.refused - row.backlog)
    return found


class Vitals:
    """Measures once a turn; see ganzhi/own.py for what each figure means."""

    def __init__(
        self,
        *,
        status: Any,
        log_path: Path,
        detecting: tuple[Consumer, Worker],
        storing: tuple[Consumer, Worker],
        refused: Callable[[], int],
        reconciled: Callable[[int], Sequence[Reconciled]],
        keeper: Keeper,
        clock: Clock,
    ) -> None:
        self._status = status
        self._log_path = log_path
        self._detecting = detecting
        self._storing = storing
        self._refused = refused
        self._reconciled = reconciled
        self._keeper = keeper
        self._clock = clock
        self._lost, self._unsaved = Age(clock), Age(clock)
        self._detect_behind, self._store_behind = Lasting(LASTING_TURNS), Lasting(LASTING_TURNS)
        self._risen = Risen(clock, REFUSED_WINDOW_S)
        self._difference: list[int] = []
        self._reconcile_at = time.monotonic() + RECONCILE_S

    def __call__(self) -> dict[str, float]:
        now = self._clock()
        held_since = self._status.held_since
        figures = {
            "log_held": 0.0 if held_since is None else max(0, now - held_since) / NS_PER_S,
            "mqtt_lost": self._lost(not self._status.connected),
            "store_refused": self._risen(self._refused()),
            "clock_behind": float(getattr(self._clock, "behind_s", 0.0)),
            "state_unsaved": self._unsaved(bool(self._keeper.kept.error)),
        }
        with suppress(OSError):
            figures["log_free"] = free_bytes(self._log_path) / MIB
        with suppress(Unavailable):
            figures["detect_behind"] = self._detect_behind(self._detecting[0].backlog().age_s)
            figures["store_behind"] = self._store_behind(self._storing[0].backlog().age_s)
        self._reconcile(now, figures)
        return figures

    def _reconcile(self, now: int, figures: dict[str, float]) -> None:
        """Twice in a row, lest a moment in between two files be taken for a loss."""
        if time.monotonic() < self._reconcile_at:
            return
        self._reconcile_at = time.monotonic() + RECONCILE_S
        with suppress(Unavailable):
            found = difference(self._reconciled(now - int(3600 * NS_PER_S)))
            self._difference = [*self._difference[-1:], found]
            figures["not_closed"] = float(min(self._difference))
