"""Time as a parameter: UTC nanoseconds inside, the site's time zone in every text for people."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000


class Clock(Protocol):
    """Says what time it is, in UTC nanoseconds."""

    def __call__(self) -> int: ...


def wall_clock() -> int:
    """The time of this machine, UTC nanoseconds."""
    return time.time_ns()


def local_text(time_ns: int, zone: ZoneInfo) -> str:
    """A moment as people of the site read it: `2026-05-01 08:00:00` in their own time zone."""
    return datetime.fromtimestamp(time_ns / NS_PER_S, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
