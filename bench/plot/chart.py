"""Charts as small SVG files: panels over one axis, and bands of colours below them; for light and dark pages."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from xml.sax.saxutils import escape

import numpy as np

from ganzhi.records import Floats, Tier

WIDTH, LEFT, RIGHT, TOP, FOOT, GAP = 760, 78, 14, 12, 36, 12
BAND, BAND_LABEL = 12, 11
PLAN = 170
COLUMNS, FEW_COLUMNS = 440, 110
"""A curve keeps the lowest and the highest of its values in each of so many columns; one of many in fewer."""

PAINT = {Tier.BLUE: "#3b82f6", Tier.YELLOW: "#d9a400", Tier.ORANGE: "#ea7317", Tier.RED: "#d92d20"}
STYLE = """text{font:11px system-ui,sans-serif;fill:#444}.page{fill:#fff}.grid{stroke:#e2e2e2}
.frame{stroke:#999;fill:none}
.line{fill:none;stroke-width:1.3;stroke-linejoin:round}.signal{stroke:#333}.score{stroke:#0f766e}.other{stroke:#a8a29e}
.usual{fill:#0f766e;opacity:.18}.shade{fill:#888;opacity:.18}.none{fill:#ececec}.limit{stroke-dasharray:5 3}
.dot{fill:#0f766e}.area{fill:#888;fill-opacity:.15;stroke:#888}.bar{fill:#4a90c2}
@media(prefers-color-scheme:dark){text{fill:#bbb}.page{fill:#15181c}.grid{stroke:#2b3036}.frame{stroke:#666}
.signal{stroke:#d8d8d8}.score{stroke:#2dd4bf}.other{stroke:#6b6762}.none{fill:#2b3036}.usual{fill:#2dd4bf}.dot{fill:#2dd4bf}}"""

Change = tuple[float, Tier]
"""From this place on the axis on, this colour."""


@dataclass(slots=True)
class Panel:
    """A frame with a scale of its own; what is drawn keeps within `low` and `high`."""

    label: str
    low: float
    high: float
    height: int = 120
    parts: list[tuple[str, Sequence[Floats], str]] = field(default_factory=list)

    def line(self, x: Floats, y: Floats, look: str = "signal") -> Panel:
        """A curve, interrupted where y is NaN; `look`: signal, score, or other for one of many."""
        self.parts.append(("line", _thin(x, y, FEW_COLUMNS if look == "other" else COLUMNS), look))
        return self

    def between(self, x: Floats, low: Floats, high: Floats) -> Panel:
        """What is usual or uncertain, as an area."""
        step = max(1, len(x) // COLUMNS)
        self.parts.append(("between", (x[::step], low[::step], high[::step]), "usual"))
        return self

    def bars(self, x: Floats, y: Floats, width: float) -> Panel:
        """Columns from 0."""
        self.parts.append(("bars", (x, y, np.full(len(x), width)), "bar"))
        return self

    def dots(self, x: Iterable[float], y: Iterable[float]) -> Panel:
        """Single places."""
        self.parts.append(("dots", (np.array([*x], float), np.array([*y], float)), "dot"))
        return self

    def limit(self, value: float, tier: Tier) -> Panel:
        """A limit across the panel in its colour."""
        self.parts.append(("limit", (np.array([value]),), PAINT[tier]))
        return self

    def shade(self, start: float, end: float) -> Panel:
        """A time that somebody has labelled."""
        self.parts.append(("shade", (np.array([start, end]),), "shade"))
        return self


@dataclass(slots=True)
class Chart:
    """Panels over one axis from `start` to `end`; `marks` are its places and their texts."""

    start: float
    end: float
    label: str
    marks: Sequence[tuple[float, str]]
    panels: list[Panel] = field(default_factory=list)
    bands: list[tuple[str, Sequence[Change]]] = field(default_factory=list)
    plans: list[tuple[Sequence[Floats], Floats]] = field(default_factory=list)

    def panel(self, label: str, low: float, high: float, height: int = 120) -> Panel:
        """A further panel, below the others."""
        self.panels.append(Panel(label, low, high, height))
        return self.panels[-1]

    def band(self, label: str, changes: Sequence[Change]) -> None:
        """What a rule announced, as a band of colours below the panels."""
        self.bands.append((label, changes))

    def plan(self, polygons: Sequence[Floats], track: Floats) -> None:
        """A map below the panels: polygons and a way, each (n, 2) longitude and latitude."""
        self.plans.append((polygons, track))

    def svg(self) -> str:
        """The file."""
        body: list[str] = []
        y = TOP
        for panel in self.panels:
            body += _Frame(self, panel, y).drawn()
            y += panel.height + GAP
        for label, changes in self.bands:
            body += self._band(label, changes, y)
            y += BAND + GAP // 2
        body += [_text(self.at(x), y + BAND_LABEL, mark, "middle") for x, mark in self.marks]
        body.append(_text((LEFT + WIDTH - RIGHT) / 2, y + FOOT - 8, self.label, "middle"))
        for polygons, track in self.plans:
            body += _plan(polygons, track, y + FOOT)
            y += PLAN + GAP
        head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + FOOT}" width="{WIDTH}">'
        page = f'<rect class="page" width="{WIDTH}" height="{y + FOOT}" rx="6"/>'
        return "\n".join([head, f"<style>{STYLE}</style>", page, *body, "</svg>"]) + "\n"

    def at(self, x: float) -> float:
        """Pixels from the left."""
        return LEFT + (x - self.start) / (self.end - self.start) * (WIDTH - LEFT - RIGHT)

    def _band(self, label: str, changes: Sequence[Change], y: float) -> list[str]:
        ends = [*changes, (self.end, Tier.NONE)]
        drawn = [f'<rect class="none" x="{LEFT}" y="{y}" width="{WIDTH - LEFT - RIGHT}" height="{BAND}"/>']
        for (start, tier), (end, _) in pairwise(ends):
            if tier and end > start:
                width = max(self.at(end) - self.at(start), 1.5)
                place = f'x="{self.at(start):.1f}" y="{y}" width="{width:.1f}"'
                drawn.append(f'<rect fill="{PAINT[tier]}" {place} height="{BAND}"/>')
        return [*drawn, _text(LEFT - 5, y + BAND - 2, label, "end")]


class _Frame:
    """A panel in its place."""

    def __init__(self, chart: Chart, panel: Panel, top: float) -> None:
        self.chart, self.panel, self.top = chart, panel, top

    def drawn(self) -> list[str]:
        panel, chart, right = self.panel, self.chart, WIDTH - RIGHT
        body = [f'<path class="grid" d="M{LEFT} {self.y(tick):.1f}H{right}"/>' for tick in self._ticks()]
        body += [f'<path class="grid" d="M{chart.at(x):.1f} {self.top}v{panel.height}"/>' for x, _ in chart.marks]
        body += [_text(LEFT - 5, self.y(tick) + 4, f"{tick:g}", "end") for tick in self._ticks()]
        for kind, columns, look in panel.parts:
            body += getattr(self, f"_{kind}")(look, *columns)
        frame = f'x="{LEFT}" y="{self.top}" width="{right - LEFT}" height="{panel.height}"'
        turn = f'transform="translate(13 {self.top + panel.height / 2:.0f}) rotate(-90)" text-anchor="middle"'
        return [*body, f'<rect class="frame" {frame}/>', f"<text {turn}>{escape(panel.label)}</text>"]

    def y(self, value: float) -> float:
        panel = self.panel
        within = min(max(value, panel.low), panel.high)
        return self.top + panel.height - (within - panel.low) / (panel.high - panel.low) * panel.height

    def _ticks(self) -> list[float]:
        span = self.panel.high - self.panel.low
        step = 10.0 ** math.floor(math.log10(span / 3))
        step *= next(by for by in (5, 2, 1) if by * step <= span / 2.5)
        first = math.ceil(self.panel.low / step - 1e-9)
        return [round(k * step, 10) for k in range(first, math.floor(self.panel.high / step + 1e-9) + 1)]

    def _path(self, x: Floats, y: Floats) -> str:
        return " ".join(f"{self.chart.at(a):.1f},{self.y(b):.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))

    def _line(self, look: str, x: Floats, y: Floats) -> list[str]:
        broken = np.flatnonzero(np.isnan(y))
        runs = [run[~np.isnan(y[run])] for run in np.split(np.arange(len(y)), broken)]
        return [
            f'<polyline class="line {look}" points="{self._path(x[run], y[run])}"/>' for run in runs if len(run) > 1
        ]

    def _between(self, look: str, x: Floats, low: Floats, high: Floats) -> list[str]:
        known = ~np.isnan(low) & ~np.isnan(high)
        path = f"{self._path(x[known], low[known])} {self._path(x[known][::-1], high[known][::-1])}"
        return [f'<polygon class="{look}" points="{path}"/>']

    def _bars(self, look: str, x: Floats, y: Floats, width: Floats) -> list[str]:
        wide = self.chart.at(self.chart.start + width[0]) - LEFT
        return [
            f'<rect class="{look}" x="{self.chart.at(a):.1f}" y="{self.y(b):.1f}" width="{wide:.1f}" '
            f'height="{self.y(0) - self.y(b):.1f}"/>'
            for a, b in zip(x.tolist(), y.tolist(), strict=True)
            if b > 0
        ]

    def _dots(self, look: str, x: Floats, y: Floats) -> list[str]:
        places = zip(x.tolist(), y.tolist(), strict=True)
        return [f'<circle class="{look}" cx="{self.chart.at(a):.1f}" cy="{self.y(b):.1f}" r="3"/>' for a, b in places]

    def _limit(self, look: str, value: Floats) -> list[str]:
        return [f'<path class="limit" stroke="{look}" d="M{LEFT} {self.y(float(value[0])):.1f}H{WIDTH - RIGHT}"/>']

    def _shade(self, look: str, ends: Floats) -> list[str]:
        start, end = (self.chart.at(x) for x in ends.tolist())
        size = f'width="{end - start:.1f}" height="{self.panel.height}"'
        return [f'<rect class="{look}" x="{start:.1f}" y="{self.top}" {size}/>']


def _plan(polygons: Sequence[Floats], track: Floats, top: float) -> list[str]:
    every = np.concatenate([*polygons, track])
    west, south = every.min(axis=0).tolist()
    north = float(every[:, 1].max())
    down = PLAN / (north - south)
    right = down * math.cos(math.radians((south + north) / 2))
    centre = (LEFT + WIDTH - RIGHT - (float(every[:, 0].max()) - west) * right) / 2

    def path(places: Floats) -> str:
        x, y = centre + (places[:, 0] - west) * right, top + (north - places[:, 1]) * down
        return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))

    areas = [f'<polygon class="area" points="{path(ring)}"/>' for ring in polygons]
    return [*areas, f'<polyline class="line signal" points="{path(track)}"/>']


def _thin(x: Floats, y: Floats, columns: int) -> tuple[Floats, Floats]:
    if len(x) <= 2 * columns:
        return x, y
    column = ((x - x[0]) / (x[-1] - x[0]) * columns).astype(int)
    kept = []
    for part in np.split(np.arange(len(x)), np.flatnonzero(np.diff(column)) + 1):
        known = part[~np.isnan(y[part])]
        kept += sorted({int(known[y[known].argmin()]), int(known[y[known].argmax()])}) if len(known) else [int(part[0])]
    return x[kept], y[kept]


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
