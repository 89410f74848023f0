"""The states of a case and what moves it from one to another, as one table."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from ganzhi.errors import Refused
from ganzhi.handling import CaseState
from ganzhi.records import Text


class CaseAction(StrEnum):
    """What can happen to a case: the first eight come from people, the last three from the machine."""

    ACCEPT = "accept"
    START = "start"
    FEEDBACK = "feedback"
    VERIFY = "verify"
    RETURN = "return"
    CLOSE = "close"
    REOPEN = "reopen"
    SUPERVISE = "supervise"
    JOIN = "join"
    RAISE = "raise"
    ESCALATE = "escalate"


BY_PERSON = tuple(CaseAction)[:8]

DISPATCHED = CaseState.DISPATCHED
ACCEPTED = CaseState.ACCEPTED
IN_PROGRESS = CaseState.IN_PROGRESS
FEEDBACK = CaseState.FEEDBACK
VERIFIED = CaseState.VERIFIED
CLOSED = CaseState.CLOSED

ACCEPT_FIRST = Text("请先接单。", "Accept the case first.")
START_FIRST = Text("请先开始处置。", "Start work on it first.")
FEEDBACK_FIRST = Text("尚无处置反馈。", "There is no feedback yet.")
VERIFY_FIRST = Text("请先核验反馈,再关闭。", "Verify the feedback before you close the case.")
TAKEN = Text("该工单已有人接单。", "The case has been accepted already.")
STARTED = Text("该工单已在处置。", "Work on it has started already.")
DONE = Text("已有处置反馈;如不合格请退回。", "There is feedback already; return it if it will not do.")
CHECKED = Text("反馈已核验;如有问题请退回。", "The feedback is verified already; return it if something is wrong.")
OVER = Text("该工单已关闭;如需继续处置请重开。", "The case is closed; reopen it if there is more to do.")
NOT_OVER = Text("该工单尚未关闭。", "The case is not closed.")
NOTHING_DUE = Text("该工单已关闭,不再计时。", "The case is closed and has no deadline.")

TABLE: Mapping[tuple[CaseState, CaseAction], CaseState | Text] = {
    (DISPATCHED, CaseAction.ACCEPT): ACCEPTED,
    (DISPATCHED, CaseAction.START): ACCEPT_FIRST,
    (DISPATCHED, CaseAction.FEEDBACK): ACCEPT_FIRST,
    (DISPATCHED, CaseAction.VERIFY): FEEDBACK_FIRST,
    (DISPATCHED, CaseAction.RETURN): FEEDBACK_FIRST,
    (DISPATCHED, CaseAction.CLOSE): FEEDBACK_FIRST,
    (DISPATCHED, CaseAction.REOPEN): NOT_OVER,
    (DISPATCHED, CaseAction.SUPERVISE): DISPATCHED,
    (DISPATCHED, CaseAction.JOIN): DISPATCHED,
    (DISPATCHED, CaseAction.RAISE): DISPATCHED,
    (DISPATCHED, CaseAction.ESCALATE): DISPATCHED,
    (ACCEPTED, CaseAction.ACCEPT): TAKEN,
    (ACCEPTED, CaseAction.START): IN_PROGRESS,
    (ACCEPTED, CaseAction.FEEDBACK): START_FIRST,
    (ACCEPTED, CaseAction.VERIFY): FEEDBACK_FIRST,
    (ACCEPTED, CaseAction.RETURN): FEEDBACK_FIRST,
    (ACCEPTED, CaseAction.CLOSE): FEEDBACK_FIRST,
    (ACCEPTED, CaseAction.REOPEN): NOT_OVER,
    (ACCEPTED, CaseAction.SUPERVISE): ACCEPTED,
    (ACCEPTED, CaseAction.JOIN): ACCEPTED,
    (ACCEPTED, CaseAction.RAISE): ACCEPTED,
    (ACCEPTED, CaseAction.ESCALATE): ACCEPTED,
    (IN_PROGRESS, CaseAction.ACCEPT): TAKEN,
    (IN_PROGRESS, CaseAction.START): STARTED,
    (IN_PROGRESS, CaseAction.FEEDBACK): FEEDBACK,
    (IN_PROGRESS, CaseAction.VERIFY): FEEDBACK_FIRST,
    (IN_PROGRESS, CaseAction.RETURN): FEEDBACK_FIRST,
    (IN_PROGRESS, CaseAction.CLOSE): FEEDBACK_FIRST,
    (IN_PROGRESS, CaseAction.REOPEN): NOT_OVER,
    (IN_PROGRESS, CaseAction.SUPERVISE): IN_PROGRESS,
    (IN_PROGRESS, CaseAction.JOIN): IN_PROGRESS,
    (IN_PROGRESS, CaseAction.RAISE): IN_PROGRESS,
    (IN_PROGRESS, CaseAction.ESCALATE): IN_PROGRESS,
    (FEEDBACK, CaseAction.ACCEPT): TAKEN,
    (FEEDBACK, CaseAction.START): DONE,
    (FEEDBACK, CaseAction.FEEDBACK): FEEDBACK,
    (FEEDBACK, CaseAction.VERIFY): VERIFIED,
    (FEEDBACK, CaseAction.RETURN): IN_PROGRESS,
    (FEEDBACK, CaseAction.CLOSE): VERIFY_FIRST,
    (FEEDBACK, CaseAction.REOPEN): NOT_OVER,
    (FEEDBACK, CaseAction.SUPERVISE): FEEDBACK,
    (FEEDBACK, CaseAction.JOIN): FEEDBACK,
    (FEEDBACK, CaseAction.RAISE): IN_PROGRESS,
    (FEEDBACK, CaseAction.ESCALATE): FEEDBACK,
    (VERIFIED, CaseAction.ACCEPT): TAKEN,
    (VERIFIED, CaseAction.START): CHECKED,
    (VERIFIED, CaseAction.FEEDBACK): CHECKED,
    (VERIFIED, CaseAction.VERIFY): CHECKED,
    (VERIFIED, CaseAction.RETURN): IN_PROGRESS,
    (VERIFIED, CaseAction.CLOSE): CLOSED,
    (VERIFIED, CaseAction.REOPEN): NOT_OVER,
    (VERIFIED, CaseAction.SUPERVISE): VERIFIED,
    (VERIFIED, CaseAction.JOIN): VERIFIED,
    (VERIFIED, CaseAction.RAISE): IN_PROGRESS,
    (VERIFIED, CaseAction.ESCALATE): VERIFIED,
    (CLOSED, CaseAction.ACCEPT): OVER,
    (CLOSED, CaseAction.START): OVER,
    (CLOSED, CaseAction.FEEDBACK): OVER,
    (CLOSED, CaseAction.VERIFY): OVER,
    (CLOSED, CaseAction.RETURN): OVER,
    (CLOSED, CaseAction.CLOSE): OVER,
    (CLOSED, CaseAction.REOPEN): DISPATCHED,
    (CLOSED, CaseAction.SUPERVISE): OVER,
    (CLOSED, CaseAction.JOIN): OVER,
    (CLOSED, CaseAction.RAISE): OVER,
    (CLOSED, CaseAction.ESCALATE): NOTHING_DUE,
}


def after(state: CaseState, action: CaseAction) -> CaseState:
    """The state after an action; raises Refused with the table's reason where it is out of place."""
    step = TABLE[state, action]
    if isinstance(step, Text):
        raise Refused(step.zh, step.en)
    return step


def allowed(state: CaseState) -> list[CaseAction]:
    """What people may do to a case in that state, if they are the ones to do it."""
    return [action for action in BY_PERSON if not isinstance(TABLE[state, action], Text)]
