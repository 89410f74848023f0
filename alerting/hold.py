"""The tiers that the rules of one condition hold side by side, and how they survive a restart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ganzhi.records import Alarm, Tier, Transition

NEVER = -(1 << 63)
"""The time of a hold that never was."""

LATCH = "latch:"
"""Key of the evidence that says that a latching rule took part in the occurrence."""


@dataclass(frozen=True, slots=True)
class Hold:
    """The tier a rule gave at `time`, with the figures behind it."""

    tier: Tier
    time: int
    value: float = math.nan
    score: float = math.nan
    limit: float = math.nan
    simulated: bool = False
    figures: Mapping[str, float] = field(default_factory=dict)


NOT_HELD = Hold(Tier.NONE, NEVER)


def found(transition: Transition) -> Hold:
    """What a transition makes its rule hold; figures that are not finite are left out."""
    return Hold(
        transition.new,
        transition.time,
        transition.value,
        transition.score,
        transition.limit,
        transition.simulated,
        {name: figure for name, figure in transition.evidence.items() if math.isfinite(figure)},
    )


def kept(hold: Hold) -> Hold:
    """What is remembered of a hold, now and after a restart: once it is over, only when it ended."""
    if hold.tier == Tier.NONE:
        return Hold(Tier.NONE, hold.time)
    return finite(hold)


def finite(hold: Hold) -> Hold:
    """A hold whose score is a number or NaN: evidence has no infinity."""
    return hold if math.isfinite(hold.score) else replace(hold, score=math.nan)


def pack(holds: Mapping[str, Hold], *, latch: bool, since: int) -> dict[str, float]:
    """The holds as evidence of their alarm: keys `name:rule`, what is not finite left out.

    tier   the tier held
    after  when it was given, ns after `since` (the alarm's raised_at): exact as a float for 104 days
    value, score, limit, simulated, and `name` for every figure
    """
    packed: dict[str, float] = {LATCH: 1.0} if latch else {}
    for rule, hold in holds.items():
        figures = {
            **hold.figures,
            "tier": float(hold.tier),
            "after": float(hold.time - since),
            "value": hold.value,
            "score": hold.score,
            "limit": hold.limit,
        }
        if hold.simulated:
            figures["simulated"] = 1.0
        packed |= {f"{name}:{rule}": figure for name, figure in figures.items() if math.isfinite(figure)}
    return packed


def unpack(alarm: Alarm) -> tuple[dict[str, Hold], bool]:
    """The holds by rule out of an alarm's evidence, and whether a latching rule took part."""
    by_rule: dict[str, dict[str, float]] = {}
    for key, figure in alarm.evidence.items():
        name, colon, rule = key.partition(":")
        if colon and rule:
            by_rule.setdefault(rule, {})[name] = figure
    holds = {rule: _hold(figures, alarm.raised_at) for rule, figures in by_rule.items()}
    return holds, LATCH in alarm.evidence


def _hold(figures: dict[str, float], since: int) -> Hold:
    return Hold(
        tier=Tier(int(figures.pop("tier"))),
        time=since + int(figures.pop("after")),
        value=figures.pop("value", math.nan),
        score=figures.pop("score", math.nan),
        limit=figures.pop("limit", math.nan),
        simulated=bool(figures.pop("simulated", 0.0)),
        figures=figures,
    )
