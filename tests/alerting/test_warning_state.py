"""The table of a warning's states, pair by pair."""

from __future__ import annotations

import pytest

from alerting.warning_state import BY_PERSON, TABLE, WarningAction, after, allowed
from ganzhi.errors import Refused
from ganzhi.handling import WarningState

P, R, C = WarningState.PROPOSED, WarningState.RELEASED, WarningState.CHANGE_PROPOSED
D, L = WarningState.DECLINED, WarningState.LIFTED

EXPECTED = {
    P: {
        WarningAction.PROPOSE: P,
        WarningAction.RELEASE: R,
        WarningAction.DECLINE: D,
        WarningAction.ESCALATE: P,
    },
    R: {WarningAction.PROPOSE: C, WarningAction.RELEASE: R, WarningAction.LIFT: L},
    C: {
        WarningAction.PROPOSE: C,
        WarningAction.RELEASE: R,
        WarningAction.DECLINE: R,
        WarningAction.LIFT: L,
        WarningAction.WITHDRAW: R,
        WarningAction.ESCALATE: C,
    },
    D: {},
    L: {},
}
PAIRS = [(state, action) for state in WarningState for action in WarningAction]


def test_every_pair_is_in_the_table_when_states_and_actions_are_crossed() -> None:
    assert set(TABLE) == set(PAIRS)


@pytest.mark.parametrize(("state", "action"), PAIRS)
def test_state_after_is_the_expected_one_when_any_action_comes(state: WarningState, action: WarningAction) -> None:
    expected = EXPECTED[state].get(action)
    if expected is None:
        with pytest.raises(Refused) as refused:
            after(state, action)
        assert refused.value.zh.endswith("。")
        assert refused.value.en.endswith(".")
    else:
        assert after(state, action) is expected


def test_only_people_put_a_colour_in_force_or_end_one_when_the_table_is_read() -> None:
    deciding = {
        action
        for (state, action), step in TABLE.items()
        if step in (R, D, L) and state != step and action != WarningAction.WITHDRAW
    }
    assert deciding == {WarningAction.RELEASE, WarningAction.DECLINE, WarningAction.LIFT}
    assert deciding <= set(BY_PERSON)


def test_allowed_lists_what_people_may_do_when_asked() -> None:
    assert {state: [action.value for action in allowed(state)] for state in WarningState} == {
        P: ["propose", "release", "decline"],
        R: ["propose", "release", "lift"],
        C: ["propose", "release", "decline", "lift"],
        D: [],
        L: [],
    }
