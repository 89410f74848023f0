"""The states of a warning and what moves it from one to another, as one table."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from ganzhi.errors import Refused
from ganzhi.handling import WarningState
from ganzhi.records import Text


class WarningAction(StrEnum):
    """What can happen to a warning: the first four come from people, PROPOSE and the last two from the machine.

    RELEASE puts a colour in force, the proposed one or another; LIFT ends what is in force.
    """

    PROPOSE = "propose"
    RELEASE = "release"
    DECLINE = "decline"
    LIFT = "lift"
    WITHDRAW = "withdraw"
    ESCALATE = "escalate"


BY_PERSON = tuple(WarningAction)[:4]

PROPOSED = WarningState.PROPOSED
RELEASED = WarningState.RELEASED
CHANGE_PROPOSED = WarningState.CHANGE_PROPOSED
DECLINED = WarningState.DECLINED
LIFTED = WarningState.LIFTED

NOT_IN_FORCE = Text("该预警尚未签发;不予签发请选择驳回。", "The warning is not in force yet; decline it instead.")
BY_A_PERSON = Text("预警建议须由人签发或驳回。", "Only a person decides on a proposal.")
NOTHING_WAITS = Text("没有待决定的预警建议。", "Nothing waits for a decision.")
WAS_DECLINED = Text("该预警建议已被驳回。", "The proposal was declined.")
WAS_LIFTED = Text("该预警已解除。", "The warning was lifted.")

TABLE: Mapping[tuple[WarningState, WarningAction], WarningState | Text] = {
    (PROPOSED, WarningAction.PROPOSE): PROPOSED,
    (PROPOSED, WarningAction.RELEASE): RELEASED,
    (PROPOSED, WarningAction.DECLINE): DECLINED,
    (PROPOSED, WarningAction.LIFT): NOT_IN_FORCE,
    (PROPOSED, WarningAction.WITHDRAW): BY_A_PERSON,
    (PROPOSED, WarningAction.ESCALATE): PROPOSED,
    (RELEASED, WarningAction.PROPOSE): CHANGE_PROPOSED,
    (RELEASED, WarningAction.RELEASE): RELEASED,
    (RELEASED, WarningAction.DECLINE): NOTHING_WAITS,
    (RELEASED, WarningAction.LIFT): LIFTED,
    (RELEASED, WarningAction.WITHDRAW): NOTHING_WAITS,
    (RELEASED, WarningAction.ESCALATE): NOTHING_WAITS,
    (CHANGE_PROPOSED, WarningAction.PROPOSE): CHANGE_PROPOSED,
    (CHANGE_PROPOSED, WarningAction.RELEASE): RELEASED,
    (CHANGE_PROPOSED, WarningAction.DECLINE): RELEASED,
    (CHANGE_PROPOSED, WarningAction.LIFT): LIFTED,
    (CHANGE_PROPOSED, WarningAction.WITHDRAW): RELEASED,
    (CHANGE_PROPOSED, WarningAction.ESCALATE): CHANGE_PROPOSED,
    (DECLINED, WarningAction.PROPOSE): WAS_DECLINED,
    (DECLINED, WarningAction.RELEASE): WAS_DECLINED,
    (DECLINED, WarningAction.DECLINE): WAS_DECLINED,
    (DECLINED, WarningAction.LIFT): WAS_DECLINED,
    (DECLINED, WarningAction.WITHDRAW): WAS_DECLINED,
    (DECLINED, WarningAction.ESCALATE): WAS_DECLINED,
    (LIFTED, WarningAction.PROPOSE): WAS_LIFTED,
    (LIFTED, WarningAction.RELEASE): WAS_LIFTED,
    (LIFTED, WarningAction.DECLINE): WAS_LIFTED,
    (LIFTED, WarningAction.LIFT): WAS_LIFTED,
    (LIFTED, WarningAction.WITHDRAW): WAS_LIFTED,
    (LIFTED, WarningAction.ESCALATE): WAS_LIFTED,
}


def after(state: WarningState, action: WarningAction) -> WarningState:
    """The state after an action; raises Refused with the table's reason where it is out of place."""
    step = TABLE[state, action]
    if isinstance(step, Text):
        raise Refused(step.zh, step.en)
    return step


def allowed(state: WarningState) -> list[WarningAction]:
    """What people may do to a warning in that state, if they are the ones to do it."""
    return [action for action in BY_PERSON if not isinstance(TABLE[state, action], Text)]
