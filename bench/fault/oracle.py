"""What the platform must say of the readings: every change of every alarm, worked out one reading at a time.

Written anew from the meaning of a value rule in config/README.md, in plain Python, and shares nothing with
detectors/: limits with a dead-band give a tier; every colour must be true for the on-delay, or false for the
off-delay, before it is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bench.fault.plan import Plan


@dataclass(frozen=True, slots=True)
class HighRule:
    """A value rule with its worse side up. `limits` of blue, yellow, orange, red; None: there is none."""

    id: str
    limits: tuple[float | None, float | None, float | None, float | None]
    deadband: float
    on_delay_s: float = 0.0
    off_delay_s: float = 0.0


class Told(NamedTuple):
    """One change of an alarm, by the sensor's clock."""

    rule: str
    point: str
    at_ms: int
    change: str
    tier: int


def told_of(rule: HighRule, point: str, times_ms: Sequence[int], values: Sequence[float]) -> Iterator[Told]:
    """The changes that a rule tells of one point's readings, which come in rising time."""
    limits = [(tier, limit) for tier, limit in enumerate(rule.limits, 1) if limit is not None]
    mildest = limits[0][1]
    judged = announced = 0
    since: dict[int, int] = {}
    for at_ms, value in zip(times_ms, values, strict=True):
        if value < mildest and not judged and not announced and not since:
            continue
        judged = _tier(limits, rule.deadband, value, judged)
        after = announced
        for tier in (1, 2, 3, 4):
            if (judged >= tier) == (announced >= tier):
                since.pop(tier, None)
                continue
            began = since.setdefault(tier, at_ms)
            delay_s = rule.on_delay_s if judged >= tier else rule.off_delay_s
            if at_ms - began >= delay_s * 1000:
                after += 1 if judged >= tier else -1
                del since[tier]
        if after != announced:
            yield Told(rule.id, point, at_ms, _change(announced, after), after)
        announced = after


def _tier(limits: Sequence[tuple[int, float]], deadband: float, value: float, held: int) -> int:
    reached = [tier for tier, limit in limits if value >= limit or (held >= tier and value >= limit - deadband)]
    return max(reached, default=0)


def _change(before: int, after: int) -> str:
    if before == 0:
        return "raised"
    if after == 0:
        return "cleared"
    return "worsened" if after > before else "eased"


def expected(plan: Plan, rules: Sequence[HighRule]) -> list[Told]:
    """Every change that the plan's readings must lead to, by rule and point, then by time."""
    found: list[Told] = []
    for rule in rules:
        for point in range(plan.points):
            times = [plan.time_ms(point, step) for step in range(plan.steps)]
            found += told_of(rule, plan.point_id(point), times, plan.column(point).tolist())
    return found
