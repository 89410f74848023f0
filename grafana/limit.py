"""How the curve of each point is drawn: its unit, its axis, and its limits as constant lines.

Limits differ by point, and a panel has one set of thresholds; so they are written as field overrides that match the
name of the series, `quantity point column`. Points of one quantity that are drawn alike share one override, the
most common way of a quantity needs no list of points, and only the exceptions are named. So the dashboard grows
with the number of different sets of limits, not with the number of points, and no query carries them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.models.dashboard import DynamicConfigValue

from ganzhi.records import COLOURS, Catalogue, Point, Rule, Tier
from grafana.view import PAINT

SERIES_ALIAS = "$tag_quantity $tag_point $col"
MOST_DECIMALS = 4
MARGIN = 0.05
"""Share of the instrument's range that is left beyond the outermost limit (engineering default)."""
GAP_PERIODS = 3
"""Sampling periods without a reading after which the curve breaks, as the stale condition counts them."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A line: `tier` holds on the `side` of `value`."""

    value: float
    side: str
    tier: Tier


@dataclass(frozen=True, slots=True)
class Drawing:
    """All that decides how a point's curve looks; equal drawings share an override."""

    unit: str
    decimals: int
    gap_ms: int
    low: float
    high: float
    limits: tuple[Limit, ...]


def limits_of(rules: Sequence[Rule], count: int) -> list[tuple[Limit, ...]]:
    """The limits of each point, in the point's unit, from the rules that judge the reading itself."""
    found: list[set[Limit]] = [set() for _ in range(count)]
    for rule in rules:
        if rule.kind != "value":
            continue
        for point, row in zip(rule.subjects.tolist(), rule.limits.tolist(), strict=True):
            found[point].update(
                Limit(value, rule.side, tier) for value, tier in zip(row, COLOURS, strict=True) if not math.isnan(value)
            )
    return [tuple(sorted(limits, key=lambda limit: (limit.value, limit.side, limit.tier))) for limits in found]


def steps(limits: Sequence[Limit]) -> list[dict[str, object]]:
    """Grafana's threshold steps: the colour from each limit upwards, `transparent` where none holds.

    Grafana draws the line of a step below the transparent one in the colour of the step before it, so that a low
    limit gets the colour of the region under it.
    """
    starts = [-math.inf, *sorted({limit.value for limit in limits})]
    made: list[dict[str, object]] = []
    for start in starts:
        tier = max((limit.tier for limit in limits if holds(limit, start)), default=Tier.NONE)
        colour = PAINT[tier] if tier else "transparent"
        if not made or made[-1]["color"] != colour:
            made.append({"value": None if start == -math.inf else start, "color": colour})
    return made


def holds(limit: Limit, start: float) -> bool:
    """Whether a limit holds in the region that begins at `start` and ends before the next limit."""
    return limit.value > start if limit.side == "low" else limit.value <= start


def drawing(point: Point, limits: tuple[Limit, ...]) -> Drawing:
    """How one point is drawn."""
    decimals = math.ceil(-math.log10(point.resolution) - 1e-9) if point.resolution > 0 else 2
    gap_ms = math.ceil(GAP_PERIODS * point.period_s * 1000)
    return Drawing(point.unit, min(max(decimals, 0), MOST_DECIMALS), gap_ms, point.low, point.high, limits)


def properties(drawn: Drawing) -> list[DynamicConfigValue]:
    """The field properties of a drawing."""
    unit = f"suffix:{drawn.unit}" if drawn.unit else "none"
    made = [
        DynamicConfigValue("unit", unit),
        DynamicConfigValue("decimals", drawn.decimals),
        DynamicConfigValue("custom.spanNulls", drawn.gap_ms),
        DynamicConfigValue("thresholds", {"mode": "absolute", "steps": steps(drawn.limits)}),
    ]
    if not drawn.limits:
        return made
    margin = MARGIN * (drawn.high - drawn.low)
    lows = [limit.value for limit in drawn.limits if limit.side == "low"]
    highs = [limit.value for limit in drawn.limits if limit.side != "low"]
    bottom = min(lows) - margin if lows else drawn.low
    top = max(highs) + margin if highs else drawn.high
    return [
        *made,
        DynamicConfigValue("custom.axisSoftMin", round(bottom, 6)),
        DynamicConfigValue("custom.axisSoftMax", round(top, 6)),
    ]


def overrides(catalogue: Catalogue, rules: Sequence[Rule]) -> Iterator[tuple[str, list[DynamicConfigValue]]]:
    """Pairs of a pattern for the name of a series and the properties of its field, the general one first."""
    limits = limits_of(rules, len(catalogue.points))
    groups: dict[str, dict[Drawing, list[str]]] = {}
    for point, of_point in zip(catalogue.points, limits, strict=True):
        groups.setdefault(point.quantity, {}).setdefault(drawing(point, of_point), []).append(point.id)
    for quantity, alike in groups.items():
        general, *others = sorted(alike.items(), key=lambda item: -len(item[1]))
        start = f"/^{pattern(quantity)} "
        yield f"{start}/", properties(general[0])
        for drawn, points in others:
            yield f"{start}(?:{'|'.join(map(pattern, points))}) /", properties(drawn)


def pattern(text: str) -> str:
    """A text as a JavaScript pattern between slashes that matches it alone."""
    return re.sub(r"[\\^$.*+?()\[\]{}|/]", r"\\\g<0>", text)
