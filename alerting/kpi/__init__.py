"""The alarm report: what operators were asked to bear in a period, and what became of it (ISA-18.2, EEMUA 191)."""

from __future__ import annotations

from alerting.kpi.handling import Handled, handled
from alerting.kpi.health import Health, Position, measure
from alerting.kpi.page import page
from alerting.kpi.period import WINDOW_NS, Period
from alerting.kpi.sheet import sheet

__all__ = ["WINDOW_NS", "Handled", "Health", "Period", "Position", "handled", "measure", "page", "sheet"]
