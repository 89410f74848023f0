"""Alerting: Transitions -> alarms, the journal's lines and risk colours."""

from __future__ import annotations

from alerting.alarm import Alarms, Policy
from alerting.journal import Journal
from alerting.risk import colours
from alerting.work import Works

__all__ = ["Alarms", "Journal", "Policy", "Works", "colours"]
