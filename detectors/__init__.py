"""Detectors: ReadingBlock -> Transitions, with numpy only; no I/O, no clock, no logging."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from detectors.accumulate import Accumulate
from detectors.creep import Creep
from detectors.fence import Fence
from detectors.forecast import Forecast
from detectors.grade import AtLeast, Counting, Grade, Raised, Worst
from detectors.joint import Joint
from detectors.novelty import Novelty
from detectors.profile import Profile
from detectors.rate import Rate
from detectors.rows import Rows, State
from detectors.shift import Shift
from detectors.spike import Spike
from detectors.spread import Spread
from detectors.stale import Stale
from detectors.stuck import Stuck
from detectors.value import Value
from ganzhi.records import Floats, Rule


class Score(Protocol):
    """How bad it is, point by point: the first of score, judge, hold.

    state     everything it remembers: named arrays, changed in place, saved and restored by the engine
    update    the rows that it judges (mostly those it was given) and their scores; NaN: cannot say
    evidence  further figures behind one row of the last update
    """

    state: State

    def update(self, rows: Rows) -> tuple[Rows, Floats]: ...
    def evidence(self, row: int) -> Mapping[str, float]: ...


class Build(Protocol):
    """Makes the score of a rule; `period_s` and `resolution` are float64 (m,), of the rule's own points."""

    def __call__(self, rule: Rule, *, period_s: Floats, resolution: Floats) -> Score: ...


@dataclass(frozen=True, slots=True)
class KindSpec:
    """One kind of score.

    options    the names that a rule may set
    arrivals   it reads when rows arrive, all of them, by our clock; otherwise what good rows say, by the sensor's
    in_turn    good rows come to it as one round, in the order of their arrival, and a point may be in it twice
    stateless  a row is scored by itself alone, so that late rows can be judged too
    passing    options that tell how the next rows are read: when they change, what was learned stays
    """

    score: Build
    options: frozenset[str]
    arrivals: bool = False
    in_turn: bool = False
    stateless: bool = False
    passing: frozenset[str] = frozenset()


KINDS: dict[str, KindSpec] = {
    "value": KindSpec(Value, frozenset(), stateless=True),
    "rate": KindSpec(Rate, frozenset({"window_s"})),
    "forecast": KindSpec(
        Forecast, frozenset({"target", "direction", "window_s", "probability", "curvature", "confidence"})
    ),
    "stale": KindSpec(Stale, frozenset(), arrivals=True),
    "accumulate": KindSpec(Accumulate, frozenset({"steps", "reading"})),
    "profile": KindSpec(
        Profile,
        frozenset({"utc_offset_s", "holidays", "workdays", "visits", "cell_s", "cells"}),
        passing=frozenset({"holidays", "workdays"}),
    ),
    "creep": KindSpec(Creep, frozenset({"window_s", "settle_s", "direction", "least_per_day", "confidence"})),
    "spike": KindSpec(Spike, frozenset({"window", "longest"})),
    "spread": KindSpec(Spread, frozenset({"window", "reference_s"})),
    "shift": KindSpec(Shift, frozenset({"method", "slack_sigma", "weight", "warmup", "reference_s"})),
    "stuck": KindSpec(Stuck, frozenset({"changes", "learn_s", "memory_s"})),
    "fence": KindSpec(Fence, frozenset({"polygons", "stay", "wait"}), in_turn=True),
    "joint": KindSpec(Joint, frozenset({"model", "wait"}), in_turn=True),
    "novelty": KindSpec(Novelty, frozenset({"pace", "warmup", "memory_s", "rhythm"})),
}


@dataclass(frozen=True, slots=True)
class GroupSpec:
    """One kind of group rule: how it grades the tiers of a unit's members, and the names that a rule may set."""

    grade: Callable[[Rule], Grade]
    options: frozenset[str]


GROUPS: dict[str, GroupSpec] = {
    "worst": GroupSpec(Worst, frozenset({"rules"})),
    "at_least": GroupSpec(AtLeast, frozenset({"rules", "tier"})),
    "raised": GroupSpec(Raised, frozenset({"rules", "tier", "agree"})),
    "counting": GroupSpec(Counting, frozenset({"rules", "counts", "items"})),
}
"""Kinds that judge the tiers that other rules announce."""

OPTIONS: Mapping[str, frozenset[str]] = {kind: spec.options for kind, spec in (KINDS | GROUPS).items()}
"""What a rule pack may set, by kind."""
