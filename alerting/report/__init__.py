"""The alarm report: what operators were asked to bear in a period, and what became of it (ISA-18.2, EEMUA 191)."""

from __future__ import annotations

from alerting.report.handling import Handled, handled
from alerting.report.kpi import Health, measure
from alerting.report.page import page
from alerting.report.period import WINDOW_NS, Period
from alerting.report.sheet import sheet

__all__ = ["WINDOW_NS", "Handled", "Health", "Period", "handled", "measure", "page", "sheet"]
