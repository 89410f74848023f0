"""Deadlines: when each step of a case or of a decision is to be over, and what becomes of those that are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from alerting.register import Register
from ganzhi.clock import NS_PER_S, Clock
from ganzhi.handling import Case, CaseState, Deadlines, HandlingEvent, Matter


class Escalates(Protocol):
    """What a deadline that passed is told to; None where it was dealt with meanwhile."""

    def escalate(self, id: str) -> HandlingEvent | None: ...


def step_s(state: CaseState, deadlines: Deadlines) -> float | None:
    """How long a case may stay in a step, s, counted from its beginning; None: for ever."""
    if state == CaseState.CLOSED:
        return None
    if state == CaseState.DISPATCHED:
        return deadlines.accept_s
    if state in (CaseState.ACCEPTED, CaseState.IN_PROGRESS):
        return deadlines.feedback_s
    return deadlines.verify_s


def same_step(one: CaseState, other: CaseState) -> bool:
    """Whether one deadline holds for both: to start work on a case does not give more time for it."""
    steps = ({CaseState.ACCEPTED, CaseState.IN_PROGRESS}, {CaseState.FEEDBACK, CaseState.VERIFIED})
    return one == other or any(one in step and other in step for step in steps)


def later(now: int, seconds: float) -> int:
    """So many seconds from now, UTC ns."""
    return now + round(seconds * NS_PER_S)


def sooner(matter: Matter, now: int, seconds: float) -> int:
    """The deadline after a turn for the worse: never later than it was, unless that one has passed for good."""
    fresh = later(now, seconds)
    return fresh if matter.wake_at is None else min(matter.wake_at, fresh)


def moved_step(chain: Sequence[str], step: int, onto: Sequence[str]) -> int:
    """Where in another chain the role in charge stands; at its place in line where it is not in there."""
    role = chain[step] if step < len(chain) else ""
    return onto.index(role) if role in onto else min(step, len(onto) - 1)


@dataclass(frozen=True, slots=True)
class Passed:
    """What a deadline that has passed leaves behind: one step further up, with the same time again, or no deadline."""

    step: int
    due_at: int
    missed_at: int


def passed(matter: Matter, now: int, seconds: float) -> Passed:
    """What becomes of a matter whose deadline has passed; at the end of the chain the clock stops."""
    assert matter.due_at is not None
    if matter.step + 1 < len(matter.chain):
        return Passed(matter.step + 1, later(now, seconds), matter.due_at)
    return Passed(matter.step, matter.due_at, matter.due_at)


class Clockwork:
    """Lets every deadline pass once that is over by now. Whatever wakes it: the deadlines are in the journal."""

    def __init__(self, *, register: Register, cases: Escalates, warnings: Escalates, clock: Clock) -> None:
        self._register = register
        self._cases = cases
        self._warnings = warnings
        self._clock = clock

    def __call__(self) -> int:
        """How many passed. Raises Unavailable; what is not done then is done at the next call."""
        due = self._register.due(self._clock())
        lines = [(self._cases if isinstance(matter, Case) else self._warnings).escalate(matter.id) for matter in due]
        return sum(line is not None for line in lines)
