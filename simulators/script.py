"""What is to happen in the simulated city, and when, in seconds of plant time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Act:
    """At `at_s` seconds of plant time an accident begins, or, with `ends`, is brought under control.

    It befalls `subject` of `source`; a catalogue without them gets it at the first source of the sector that can
    have accidents, so that the demo's script plays in any city.
    """

    at_s: float
    sector: str
    source: str
    accident: str
    subject: str
    ends: bool = False

    def __str__(self) -> str:
        return f"{self.accident} of {self.subject} in {self.source} {'ends' if self.ends else 'begins'}"


@dataclass(frozen=True, slots=True)
class Script:
    """Acts in the order of time, played again every `repeat_s` seconds of plant time."""

    acts: tuple[Act, ...] = ()
    repeat_s: float = 6000.0

    def __post_init__(self) -> None:
        times = [act.at_s for act in self.acts]
        if times != sorted(times) or (times and not (times[0] >= 0 and times[-1] < self.repeat_s)):
            raise ValueError("acts must be in the order of time, inside the time after which the script repeats")

    def due(self, since_s: float, until_s: float) -> Iterator[Act]:
        """The acts at since_s <= t < until_s, over all repetitions."""
        cycle = since_s // self.repeat_s
        while self.acts and cycle * self.repeat_s < until_s:
            yield from (act for act in self.acts if since_s <= act.at_s + cycle * self.repeat_s < until_s)
            cycle += 1


QUIET = Script()

DEMO_SPEED = 20.0
"""The speed at which DEMO takes five minutes of the clock."""

_TANK = ("tank_farm", "tank-area-1", "overfill", "102")
_LEAK = ("gas_detection", "gas-area-1", "leak", "GD-06")
DEMO = Script(
    (
        Act(100.0, *_TANK),
        Act(600.0, *_LEAK),
        Act(1800.0, *_TANK, ends=True),
        Act(2000.0, *_LEAK, ends=True),
    ),
    repeat_s=6000.0,
)
"""A tank overfills past 85 and 90 %, and a leak past 25 and 50 %LEL; the README has the table of times."""
