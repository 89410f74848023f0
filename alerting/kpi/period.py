"""The time that a report is about, in windows of ten minutes."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from ganzhi.clock import NS_PER_S

WINDOW_NS = 600 * NS_PER_S
"""Ten minutes: the window in which ISA-18.2 and EEMUA 191 count."""

DAY_NS = 86_400 * NS_PER_S


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` to `end`, UTC ns, `end` not included; windows and days begin at `start`.

    Raises ValueError for a period that does not last.
    """

    start: int
    end: int
    zone: ZoneInfo

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError("a period ends after it starts")

    def __contains__(self, moment: int) -> bool:
        return self.start <= moment < self.end

    @property
    def windows(self) -> int:
        """How many windows it has; the last may be cut short."""
        return -(-(self.end - self.start) // WINDOW_NS)

    @property
    def days(self) -> int:
        """How many days it has; the last may be cut short."""
        return -(-(self.end - self.start) // DAY_NS)

    def window(self, moment: int) -> int:
        """The window in which a moment of the period lies."""
        return (moment - self.start) // WINDOW_NS
