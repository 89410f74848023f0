"""The table of a case's states, pair by pair."""

from __future__ import annotations

import pytest

from alerting.case_state import BY_PERSON, TABLE, CaseAction, after, allowed
from ganzhi.errors import Refused
from ganzhi.handling import CaseState

D, A, P = CaseState.DISPATCHED, CaseState.ACCEPTED, CaseState.IN_PROGRESS
F, V, C = CaseState.FEEDBACK, CaseState.VERIFIED, CaseState.CLOSED
STAYS = {CaseAction.SUPERVISE, CaseAction.JOIN, CaseAction.ESCALATE}

EXPECTED = {
    D: {CaseAction.ACCEPT: A, CaseAction.RAISE: D},
    A: {CaseAction.START: P, CaseAction.RAISE: A},
    P: {CaseAction.FEEDBACK: F, CaseAction.RAISE: P},
    F: {CaseAction.FEEDBACK: F, CaseAction.VERIFY: V, CaseAction.RETURN: P, CaseAction.RAISE: P},
    V: {CaseAction.CLOSE: C, CaseAction.RETURN: P, CaseAction.RAISE: P},
    C: {CaseAction.REOPEN: D},
}
PAIRS = [(state, action) for state in CaseState for action in CaseAction]


def test_every_pair_is_in_the_table_when_states_and_actions_are_crossed() -> None:
    assert set(TABLE) == set(PAIRS)


@pytest.mark.parametrize(("state", "action"), PAIRS)
def test_state_after_is_the_expected_one_when_any_action_comes(state: CaseState, action: CaseAction) -> None:
    expected = state if action in STAYS and state != C else EXPECTED[state].get(action)
    if expected is None:
        with pytest.raises(Refused) as refused:
            after(state, action)
        assert refused.value.zh.endswith("。")
        assert refused.value.en.endswith(".")
    else:
        assert after(state, action) is expected


def test_allowed_lists_what_people_may_do_when_asked() -> None:
    assert {state: [action.value for action in allowed(state)] for state in CaseState} == {
        D: ["accept", "supervise"],
        A: ["start", "supervise"],
        P: ["feedback", "supervise"],
        F: ["feedback", "verify", "return", "supervise"],
        V: ["return", "close", "supervise"],
        C: ["reopen"],
    }


def test_only_people_can_close_a_case_when_it_is_open() -> None:
    closing = {action for (_, action), step in TABLE.items() if step is C}
    assert closing == {CaseAction.CLOSE}
    assert closing <= set(BY_PERSON)
