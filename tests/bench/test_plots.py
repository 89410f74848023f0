"""Every score is drawn at work, small enough for a page, and what is drawn is what the detectors said."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from bench.plot import recorded, simulated
from bench.plot.chart import COLUMNS, PAINT, Chart
from bench.plot.run import Readings, announced, changes, rule, scores
from detectors import GROUPS, KINDS
from ganzhi.records import Tier

ROOT = Path(__file__).parents[2]
MOST_BYTES = 40_000
SVG = "{http://www.w3.org/2000/svg}"


def test_every_score_is_drawn_and_shown_beside_its_words() -> None:
    readme = (ROOT / "detectors" / "README.md").read_text(encoding="utf-8")
    plots = simulated.PLOTS.keys() | recorded.PLOTS.keys()
    assert plots >= KINDS.keys()
    assert plots - KINDS.keys() <= GROUPS.keys()
    for kind in plots:
        assert readme.count(f"](../docs/detectors/{kind}.svg)") == 1, kind
        path = ROOT / "docs" / "detectors" / f"{kind}.svg"
        assert path.stat().st_size < MOST_BYTES, kind
        assert ElementTree.parse(path).getroot().tag == f"{SVG}svg"


@pytest.mark.parametrize("kind", ["stale", "creep", "fence", "raised"])
def test_a_plot_shows_colours_when_it_is_drawn(kind: str) -> None:
    drawn = ElementTree.fromstring(simulated.PLOTS[kind]().svg())
    fills = {element.get("fill") for element in drawn.iter(f"{SVG}rect")}
    assert fills & set(PAINT.values())
    assert not re.search(r"\bnan\b|\binf\b", ElementTree.tostring(drawn, encoding="unicode"))


def test_a_curve_is_broken_where_nothing_is_known_and_keeps_its_peaks_when_it_is_thinned() -> None:
    x = np.arange(20_000.0)
    y = np.sin(x / 900)
    y[5000] = 30.0
    y[9000:9500] = np.nan
    chart = Chart(0, 20_000, "seconds", [(0, "0")])
    chart.panel("peak", -1, 30).line(x, y)
    lines = list(ElementTree.fromstring(chart.svg()).iter(f"{SVG}polyline"))
    assert len(lines) == 2
    points = [point for line in lines for point in str(line.get("points")).split()]
    assert len(points) <= 2 * COLUMNS + 2
    assert min(float(point.split(",")[1]) for point in points) == 12.0


def test_scores_and_colours_are_those_of_the_engine() -> None:
    readings = Readings.every(1.0, np.array([1.0, 3.0, 5.0, np.nan, 1.0]), resolution=0.1)
    high = rule("value", [2, 4], name="high")
    _, (score,) = scores(high, Readings.every(1.0, np.array([1.0, 3.0]), resolution=0.1))
    assert score.tolist() == [1.0, 3.0]
    found = announced([high], readings)
    assert changes(found, "high", 1.0) == [(1.0, Tier.ORANGE), (2.0, Tier.RED), (4.0, Tier.NONE)]
