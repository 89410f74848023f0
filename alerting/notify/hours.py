"""Hours of the day at the site, over midnight where need be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from ganzhi.clock import NS_PER_S

MINUTES_PER_HOUR = 60


@dataclass(frozen=True, slots=True)
class Hours:
    """From minute `first` of the day until before minute `last`; where `last` is not later, over midnight."""

    first: int
    last: int

    def hold(self, at: int, zone: ZoneInfo) -> bool:
        """Whether a moment, UTC ns, lies within them."""
        local = _local(at, zone)
        minute = local.hour * MINUTES_PER_HOUR + local.minute
        if self.first < self.last:
            return self.first <= minute < self.last
        return minute >= self.first or minute < self.last

    def end(self, at: int, zone: ZoneInfo) -> int:
        """When they next end after a moment, UTC ns."""
        local = _local(at, zone)
        hour, minute = divmod(self.last, MINUTES_PER_HOUR)
        days = 0 if (hour, minute) > (local.hour, local.minute) else 1
        # Wall clock times of another day: the zone gives them the offset of that day.
        end = (local + timedelta(days=days)).replace(hour=hour, minute=minute, second=0, microsecond=0)
        return round(end.astimezone(UTC).timestamp()) * NS_PER_S


def _local(at: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(at // NS_PER_S, UTC).astimezone(zone)
