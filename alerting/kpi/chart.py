"""Charts of the report as inline SVG: no script, no network, readable in print."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from alerting.kpi.health import FLOOD_FROM
from alerting.kpi.period import WINDOW_NS, Period
from ganzhi.clock import NS_PER_S
from ganzhi.records import Int64s, Tier

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 960, 190, 44, 24, 10
MOST_BARS = 480
"""More windows than this are drawn as the highest of neighbours, so that no peak is lost."""

PAINT = {Tier.BLUE: "#2f7de1", Tier.YELLOW: "#e0b000", Tier.ORANGE: "#e8741a", Tier.RED: "#d4343a"}
BAR, OVER, GRID = "#4a6fa5", "#d4343a", "#d5dbe5"
TICKS = 6
STEPS = (1, 2, 5)


def timeline(windows: Int64s, period: Period, title: str) -> str:
    """Bars of alarms in ten minutes along the period, red from a flood on, with the line of one and of ten."""
    bars = _highest(windows, MOST_BARS)
    top = _nice(max(int(bars.max(initial=0)), FLOOD_FROM + 2))
    high, wide = HEIGHT - BOTTOM - TOP, WIDTH - LEFT - 8
    each = wide / len(bars)

    def y(value: float) -> float:
        return TOP + high * (1 - value / top)

    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}"><title>{title}</title>']
    for value in _ticks(top):
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - 8}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="{GRID}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value}</text>')
    for i in np.flatnonzero(bars).tolist():
        count = int(bars[i])
        colour = OVER if count >= FLOOD_FROM else BAR
        size = high * count / top
        width = max(each - 0.4, 0.8)
        x, up = LEFT + i * each, TOP + high - size
        parts.append(f'<rect x="{x:.1f}" y="{up:.1f}" width="{width:.1f}" height="{size:.1f}" fill="{colour}"/>')
    limit = y(FLOOD_FROM)
    dashed = f'stroke="{OVER}" stroke-dasharray="5 4"'
    parts.append(f'<line x1="{LEFT}" x2="{WIDTH - 8}" y1="{limit:.1f}" y2="{limit:.1f}" {dashed}/>')
    parts += _times(period, wide)
    return "".join([*parts, "</svg>"])


def shares(counts: Sequence[int], tiers: Sequence[Tier], title: str) -> str:
    """One bar, divided by colour."""
    total = sum(counts)
    parts = [f'<svg viewBox="0 0 {WIDTH} 26" role="img" aria-label="{title}"><title>{title}</title>']
    at = 0.0
    for tier, count in zip(tiers, counts, strict=True):
        width = WIDTH * count / total if total else 0.0
        parts.append(f'<rect x="{at:.1f}" y="0" width="{width:.1f}" height="26" fill="{PAINT[tier]}"/>')
        at += width
    return "".join([*parts, "</svg>"])


def _highest(windows: Int64s, most: int) -> Int64s:
    if len(windows) <= most:
        return windows
    starts = np.linspace(0, len(windows), most, endpoint=False).astype(np.intp)
    highest: Int64s = np.maximum.reduceat(windows, starts)
    return highest


def _nice(value: int) -> int:
    scale = 1
    while True:
        for step in STEPS:
            if step * scale * TICKS >= value:
                return step * scale * TICKS
        scale *= 10


def _ticks(top: int) -> list[int]:
    return [top * i // TICKS for i in range(TICKS + 1)]


def _times(period: Period, wide: float) -> list[str]:
    zone = period.zone
    start = datetime.fromtimestamp(period.start / NS_PER_S, UTC).astimezone(zone)
    hours = (period.end - period.start) / (NS_PER_S * 3600)
    step = next((h for h in (1, 2, 6, 12, 24, 48, 168, 336) if hours / h <= 12), 744)
    first = start.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    while first.hour % min(step, 24):
        first += timedelta(hours=1)
    parts, moment = [], first
    span = period.windows * WINDOW_NS
    while (offset := (moment - start).total_seconds() * NS_PER_S) < period.end - period.start:
        x = LEFT + wide * offset / span
        text = moment.strftime("%m-%d" if step >= 24 else "%d %H:%M" if hours > 24 else "%H:%M")
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 8}" text-anchor="middle">{text}</text>')
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - 20}" stroke="#8893a5"/>')
        moment += timedelta(hours=step)
    return parts
