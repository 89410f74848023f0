"""Alerting: Transitions -> alarms, the journal's lines and risk colours."""

from __future__ import annotations

from alerting.alarm import Alarms
from alerting.journal import Journal
from alerting.risk import colours

__all__ = ["Alarms", "Journal", "colours"]
