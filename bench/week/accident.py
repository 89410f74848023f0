"""What became of the accidents of the week: when each was first told, at what colour, and how long before its limit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bench.week.plan import Accident
from ganzhi.records import Alarm, AlarmClass, AlarmEvent, Catalogue, Effect, Floats, Tier

LEVEL_SHARES, GAS_LIMITS = (0.85, 0.90), (25.0, 50.0)
"""The limits of the packs: high and high-high level as shares of the range, level 1 and 2 in %LEL."""


@dataclass(slots=True)
class Fate:
    """Seconds of the week; None: did not happen. `reached_s` when a reading reached the first and the second limit."""

    accident: Accident
    told_s: float | None = None
    colour: Tier = Tier.NONE
    worst: Tier = Tier.NONE
    reached_s: list[float | None] | None = None

    @property
    def missed(self) -> bool:
        """Nobody was told before the second limit was reached, or at all."""
        limit = self.reached_s[1] if self.reached_s else None
        return self.told_s is None or (limit is not None and self.told_s > limit)

    @property
    def lead_min(self) -> float | None:
        """Minutes from the first word to the first limit."""
        first = self.reached_s[0] if self.reached_s else None
        return None if first is None or self.told_s is None else (first - self.told_s) / 60


class Watcher:
    """Follows readings and lines of the journal."""

    def __init__(self, catalogue: Catalogue, accidents: Sequence[Accident], *, epoch_ns: int) -> None:
        self.fates = [Fate(accident, reached_s=[None, None]) for accident in accidents]
        self._epoch_ns = epoch_ns
        self._rows: list[np.ndarray[tuple[int], np.dtype[np.intp]]] = []
        self._limits: list[tuple[float, float]] = []
        self._subjects: list[set[str]] = []
        for accident in accidents:
            tank = accident.kind.startswith("over")
            mine = [
                (index, point)
                for index, point in enumerate(catalogue.points)
                if point.source == accident.source
                and (point.tag.endswith(f"-{accident.subject}") if tank else point.quantity == "combustible_gas")
            ]
            watched = [(index, point) for index, point in mine if not tank or point.quantity == "level"]
            high = watched[0][1].high
            self._rows.append(np.array([index for index, _ in watched]))
            self._limits.append((LEVEL_SHARES[0] * high, LEVEL_SHARES[1] * high) if tank else GAS_LIMITS)
            self._subjects.append({point.id for _, point in mine})

    def read(self, at_s: float, value: Floats) -> None:
        """The true readings of a moment, before troubles of instruments."""
        for fate, rows, limits in zip(self.fates, self._rows, self._limits, strict=True):
            if fate.accident.start_s <= at_s <= fate.accident.end_s:
                assert fate.reached_s is not None
                top = float(value[rows].max())
                for i, limit in enumerate(limits):
                    if fate.reached_s[i] is None and top >= limit:
                        fate.reached_s[i] = at_s

    def hear(self, events: Iterable[AlarmEvent]) -> None:
        """Lines of the journal."""
        for event in events:
            if Effect.ANNOUNCE not in event.effects or event.alarm.alarm_class != AlarmClass.PROCESS:
                continue
            at_s = (event.noted - self._epoch_ns) / 1e9
            for fate, subjects in zip(self.fates, self._subjects, strict=True):
                if self._of(event.alarm, subjects, fate, at_s):
                    fate.told_s = at_s if fate.told_s is None else fate.told_s
                    fate.colour = fate.colour or event.alarm.tier
                    fate.worst = max(fate.worst, event.alarm.tier)

    def table(self) -> str:
        """A row an accident."""
        rows = ["accident                                     began    first told  after   colour  before limit  worst"]
        for fate in self.fates:
            began = fate.accident.start_s
            told, after = "-", "-"
            if fate.told_s is not None:
                told, after = _clock(fate.told_s), f"{(fate.told_s - began) / 60:.1f} min"
            lead = "not reached" if fate.lead_min is None else f"{fate.lead_min:.1f} min"
            end = "  MISSED" if fate.missed else ""
            rows.append(
                f"{fate.accident!s:<44} {_clock(began)}  {told:<10} {after:>9}  {fate.colour.name.lower():<7} "
                f"{lead:>11}  {fate.worst.name.lower()}{end}"
            )
        return "\n".join(rows)

    @staticmethod
    def _of(alarm: Alarm, subjects: set[str], fate: Fate, at_s: float) -> bool:
        return alarm.subject in subjects and fate.accident.start_s <= at_s <= fate.accident.end_s + 60


def _clock(seconds: float) -> str:
    days, rest = divmod(int(seconds), 86_400)
    return f"d{days + 1} {rest // 3600:02d}:{rest % 3600 // 60:02d}"
