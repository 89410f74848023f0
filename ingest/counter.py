"""The five closing counters, and what an engineer needs to see behind them."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

SAMPLE_CHARACTERS = 200
MOST_UNKNOWN = 1000
"""Unknown points listed for registration; further ones are only counted."""

MOST_CONFLICTS = 50
"""Conflicts shown; further ones are only counted."""

ENDS = ("accepted", "late", "duplicate", "rejected", "unknown")
"""Every reading received ends in exactly one of these."""


@dataclass(slots=True)
class Rejection:
    """How often a reason was met, and the last sample of it."""

    count: int = 0
    topic: str = ""
    sample: str = ""
    at: int = 0


@dataclass(slots=True)
class UnknownPoint:
    """A tag that is not in the catalogue, for registration."""

    enterprise: str
    gateway: str
    tag: str
    count: int = 0
    at: int = 0


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two values for one point and time: the first was kept. `time` by the sensor's clock, `at` ours, UTC ns."""

    point: int
    time: int
    kept: float
    refused: float
    at: int


@dataclass(slots=True)
class Counters:
    """Readings by how they ended. Written by the ingest thread alone; read by anyone.

    received = accepted + late + duplicate + rejected + unknown, at every moment between two batches; `conflict` are
    those of `duplicate` that said another value than the one kept.
    """

    received: int = 0
    accepted: int = 0
    late: int = 0
    duplicate: int = 0
    rejected: int = 0
    unknown: int = 0
    conflict: int = 0
    messages: int = 0
    conflicts: deque[Conflict] = field(default_factory=lambda: deque(maxlen=MOST_CONFLICTS))
    reasons: dict[str, Rejection] = field(default_factory=dict)
    unknown_points: dict[tuple[str, str, str], UnknownPoint] = field(default_factory=dict)

    def reject(self, reason: str, *, topic: str, sample: str, at: int, count: int = 1) -> None:
        """Count readings refused for `reason` and keep a sample, cut to a length."""
        self.rejected += count
        entry = self.reasons.setdefault(reason, Rejection())
        entry.count += count
        entry.topic, entry.sample, entry.at = _clean(topic), _clean(sample), at

    def meet_unknown(self, enterprise: str, gateway: str, tag: str, *, at: int) -> None:
        """Count a reading of a point that nobody registered, and list the point."""
        self.unknown += 1
        key = (_clean(enterprise), _clean(gateway), _clean(tag))
        point = self.unknown_points.get(key)
        if point is None:
            if len(self.unknown_points) >= MOST_UNKNOWN:
                return
            point = self.unknown_points[key] = UnknownPoint(*key)
        point.count += 1
        point.at = at

    def totals(self) -> dict[str, int]:
        """The counters by name, as kept in the log beside the readings they count."""
        return {name: getattr(self, name) for name in ("received", *ENDS, "conflict", "messages")}

    def resume(self, totals: Mapping[str, int]) -> None:
        """Go on from the totals of an earlier run."""
        for name, count in totals.items():
            if name in ("received", *ENDS, "conflict", "messages"):
                setattr(self, name, int(count))


def _clean(text: str) -> str:
    """Outside text as it can be shown and sent as JSON: cut, and without half characters."""
    return text[:SAMPLE_CHARACTERS].encode("utf-8", "replace").decode()
