"""Score: the reading itself."""

from __future__ import annotations

from collections.abc import Mapping

from detectors.rows import Rows, State
from ganzhi.records import Floats, Rule


class Value:
    """Judge each reading by itself.

    Good for   design limits: H/HH, L/LL, concentrations.      Poor for   warning before a limit is reached.
    Input      value float64 (n,), unit of the point
    Output     score float64 (n,), the same
    Options    none
    Warm-up    none
    Missing    rows of bad quality do not come here and so change nothing
    Flat       scores as any other
    Cost       nothing; no memory
    Raises     nothing
    Source     IEC 62682 / ISA-18.2, absolute alarm
    """

    def __init__(self, rule: Rule, *, period_s: Floats, resolution: Floats) -> None:
        self.state: State = {}

    def update(self, rows: Rows) -> tuple[Rows, Floats]:
        return rows, rows.value

    def evidence(self, row: int) -> Mapping[str, float]:
        return {}
