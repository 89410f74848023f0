"""Score: change per minute."""

from __future__ import annotations

from collections.abc import Mapping

from detectors.option import number
from detectors.rows import Rows, State
from detectors.trend import Trend
from ganzhi.records import Floats, Rule

WINDOW_S = 60.0


class Rate:
    """Measure how fast a signal rises (or, below 0, falls) by the robust slope of its recent past.

    Good for   a pressure or temperature that runs away.      Poor for   jumps, changes shorter than the window.
    Input      value float64 (n,), unit of the point; rows in time order per point, any spacing
    Output     score float64 (n,), unit of the point a minute
    Options    window_s 60: as precise as least squares over the last so many seconds; at least 16 sampling periods
    Warm-up    NaN until 8 residuals are known and the readings span about a quarter of the window
    Missing    rows of bad quality do not come here and so change nothing; 3 windows of silence start it again
    Flat       0
    Cost       O(n) a block; 104 bytes a point
    Raises     ValueError for a wrong option
    Source     detectors/trend.py
    """

    def __init__(self, rule: Rule, *, period_s: Floats, resolution: Floats) -> None:
        window_s = number(rule, "window_s", WINDOW_S, above=0)
        self._trend = Trend(window_s=window_s, period_s=period_s, resolution=resolution)
        self.state: State = self._trend.state

    def update(self, rows: Rows) -> tuple[Rows, Floats]:
        return rows, self._trend.follow(rows).slope

    def evidence(self, row: int) -> Mapping[str, float]:
        return {}
