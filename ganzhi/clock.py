"""Time as a parameter: UTC nanoseconds inside, the site's time zone in every text for people."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000
NS_PER_HOUR = 3600 * NS_PER_S


class Clock(Protocol):
    """Says what time it is, in UTC nanoseconds."""

    def __call__(self) -> int: ...


def wall_clock() -> int:
    """The time of this machine, UTC nanoseconds."""
    return time.time_ns()


class SteadyClock:
    """The time of this machine, which never falls: where it is set back, time goes on from the last moment.

    `behind_s` says by how much the machine's clock is behind, 0 in the usual case; it is followed again once it has
    come level, and at the next start. May be called from any thread.

    no_earlier_than  UTC ns, the last moment of the run before; forgotten when it is further ahead than MOST_AHEAD_S
    """

    def __init__(
        self,
        *,
        no_earlier_than: int = 0,
        wall: Clock = wall_clock,
        elapsed: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._wall = wall
        self._elapsed = elapsed
        self._lock = threading.Lock()
        self._last = no_earlier_than if no_earlier_than - wall() < MOST_AHEAD_S * NS_PER_S else 0
        self._at = elapsed()
        self.behind_s = 0.0

    def __call__(self) -> int:
        with self._lock:
            wall, elapsed = self._wall(), self._elapsed()
            if self._last - wall > SET_BACK_NS or self.behind_s:
                went_on = self._last + elapsed - self._at
                self.behind_s = max(0, went_on - wall) / NS_PER_S
                wall = max(wall, went_on)
            self._last, self._at = max(self._last, wall), elapsed
            return self._last


SET_BACK_NS = NS_PER_S
"""Less is the fine adjustment of NTP, which a moment's standstill hides."""
MOST_AHEAD_S = 86_400.0
"""A run before whose clock was further ahead had a clock that was wrong altogether."""


def hour_of(time_ns: int) -> int:
    """The beginning of the hour, UTC ns, in which a moment lies."""
    return time_ns - time_ns % NS_PER_HOUR


def local_text(time_ns: int, zone: ZoneInfo) -> str:
    """A moment as people of the site read it: `2026-05-01 08:00:00` in their own time zone."""
    return datetime.fromtimestamp(time_ns / NS_PER_S, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
