"""The people of the week: an operator who acknowledges, and those who carry cases from dispatch to close."""

from __future__ import annotations

from alerting import CaseAction
from ganzhi.clock import NS_PER_S
from ganzhi.errors import Refused
from ganzhi.handling import Case, CaseState, Deed
from ganzhi.parts import Parts

OPERATOR = "值班员"
LOOKS_S = 180.0
"""How long an alarm waits for the operator's eye."""
STEP_S = 900.0
"""How long people take for each step of a case once they have accepted it."""

NEXT = {
    CaseState.DISPATCHED: CaseAction.ACCEPT,
    CaseState.ACCEPTED: CaseAction.START,
    CaseState.IN_PROGRESS: CaseAction.FEEDBACK,
    CaseState.FEEDBACK: CaseAction.VERIFY,
    CaseState.VERIFIED: CaseAction.CLOSE,
}


class People:
    """Acts on what is open; `refused` counts what was not let through."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.refused = 0

    def acknowledge(self) -> None:
        """What was announced some minutes ago is acknowledged."""
        now, alarms = self._parts.clock(), self._parts.alarms
        due = [
            alarm.id
            for alarm in alarms.annunciated()
            if alarm.acknowledged_at is None and now - alarm.changed_at >= LOOKS_S * NS_PER_S
        ]
        if due:
            self.refused += len(alarms.acknowledge_all(due, None, OPERATOR, "已核实").refused)

    def handle(self) -> None:
        """Every open case goes a step on when its time has come; none is closed while its alarm is open."""
        now = self._parts.clock()
        standing = {alarm.id for alarm in self._parts.alarms.active()}
        for case in self._parts.ledger.handling.cases(open=True, limit=1000):
            wait_s = LOOKS_S if case.state == CaseState.DISPATCHED else STEP_S
            over = case.state in (CaseState.DISPATCHED, CaseState.ACCEPTED) or not standing & set(case.alarms)
            if over and now - case.changed_at >= wait_s * NS_PER_S:
                self._act(case)

    def _act(self, case: Case) -> None:
        action = NEXT[case.state]
        others = [role for role in case.chain if role != case.feedback_person]
        person = others[0] if action in (CaseAction.VERIFY, CaseAction.CLOSE) else case.chain[case.step]
        try:
            self._parts.handling.cases.act(case.id, action, Deed(person, comment="已现场处置"))
        except Refused:
            self.refused += 1
