"""Alerting: Transitions -> alarms, the journal's lines, risk colours, cases and warnings."""

from __future__ import annotations

from alerting import case_state, warning_state
from alerting.alarm import Alarms
from alerting.authority import Authority
from alerting.case import Cases
from alerting.case_state import CaseAction
from alerting.deadline import Clockwork
from alerting.journal import Journal
from alerting.policy import Policy
from alerting.register import HandlingJournal, Register
from alerting.risk import Map, colours, risks
from alerting.warning import Warnings
from alerting.warning_state import WarningAction
from alerting.work import Works

__all__ = [
    "Alarms",
    "Authority",
    "CaseAction",
    "Cases",
    "Clockwork",
    "HandlingJournal",
    "Journal",
    "Map",
    "Policy",
    "Register",
    "WarningAction",
    "Warnings",
    "Works",
    "case_state",
    "colours",
    "risks",
    "warning_state",
]
