"""Which faults happen when: a list made from a seed before anything starts."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What happens. Those of KILLS end a process by SIGKILL; STOP ends the broker by SIGTERM."""

    KILL = "kill"
    STOP = "stop"
    CUT = "cut"
    REFUSE = "refuse"
    STALL = "stall"
    DELAY = "delay"
    FILL = "fill"


class Target(StrEnum):
    """Where: a process, a line between two of them, or the platform's disk."""

    PLATFORM = "platform"
    BROKER = "broker"
    DATABASE = "database"
    GATEWAYS_BROKER = "gateways-broker"
    PLATFORM_BROKER = "platform-broker"
    PLATFORM_DATABASE = "platform-database"
    DISK = "disk"


LINES = (Target.GATEWAYS_BROKER, Target.PLATFORM_BROKER, Target.PLATFORM_DATABASE)
LINE_KINDS = (Kind.CUT, Kind.REFUSE, Kind.STALL, Kind.DELAY)
LASTS_S = {
    Kind.KILL: (0.0, 3.0), Kind.STOP: (0.0, 3.0), Kind.CUT: (0.0, 0.0), Kind.REFUSE: (0.5, 4.0),
    Kind.STALL: (0.5, 12.0), Kind.DELAY: (2.0, 8.0), Kind.FILL: (3.0, 8.0),
}  # fmt: skip
"""How long a process stays away, or a fault lasts."""
DELAY_S = (0.02, 0.4)
QUIET_START_S = 6.0
"""Nothing happens before: the platform has its broker, and the gateways have theirs."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `by_s` is the delay added to a line."""

    at_s: float
    kind: Kind
    target: Target
    lasts_s: float
    by_s: float = 0.0

    def __str__(self) -> str:
        by = f" by {self.by_s * 1000:.0f} ms" if self.by_s else ""
        lasts = f" for {self.lasts_s:.1f} s" if self.lasts_s else ""
        return f"{self.kind.value} {self.target.value}{by}{lasts}"


def schedule(*, seed: int, kills: int, span_s: float, receipts: bool) -> list[Fault]:
    """Faults in the order of their moments, spread over `span_s`; every kind at every place at least once.

    Half of the kills are the platform's; the others the broker's and the database's. Without receipts the broker is
    not killed but stopped, and the kills are the platform's and the database's.
    """
    chance = random.Random(seed)
    broker = [(Kind.KILL if receipts else Kind.STOP, Target.BROKER)] * max(1, kills // 4)
    database = [(Kind.KILL, Target.DATABASE)] * max(1, kills // 4)
    others = len(database) + (len(broker) if receipts else 0)
    chosen = [(Kind.KILL, Target.PLATFORM)] * max(1, kills - others) + broker + database
    every = [(kind, line) for kind in LINE_KINDS for line in LINES]
    chosen += every * max(1, kills // 50) + [(Kind.FILL, Target.DISK)] * max(2, kills // 20)
    chance.shuffle(chosen)
    slot_s = (span_s - QUIET_START_S) / len(chosen)
    moments = [QUIET_START_S + slot_s * (number + chance.random()) for number in range(len(chosen))]
    return sorted(
        (_fault(chance, at_s, kind, target) for at_s, (kind, target) in zip(moments, chosen, strict=True)),
        key=lambda fault: fault.at_s,
    )


def _fault(chance: random.Random, at_s: float, kind: Kind, target: Target) -> Fault:
    by_s = chance.uniform(*DELAY_S) if kind is Kind.DELAY else 0.0
    return Fault(at_s, kind, target, chance.uniform(*LASTS_S[kind]), by_s)


def tally(faults: list[Fault]) -> str:
    """How many of each, as text."""
    counted = Counter(f"{fault.kind.value} {fault.target.value}" for fault in faults)
    return ", ".join(f"{count} x {name}" for name, count in sorted(counted.items()))
