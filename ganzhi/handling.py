"""The records of what people do about alarms: risks, cases, warnings, and the one journal of both.

Time is int64 UTC nanoseconds, as in `records`. None: not yet, or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ganzhi.records import AlarmClass, Text, Tier


class Scope(StrEnum):
    """What a risk colour or a warning is about."""

    SOURCE = "source"
    ENTERPRISE = "enterprise"
    DISTRICT = "district"


@dataclass(frozen=True, slots=True)
class Reason:
    """One cause of a risk colour: a sentence, and the ids of the alarms that it speaks of."""

    text: Text
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Risk:
    """The colour of a source, an enterprise or a district at a moment, and why.

    subject    id of the source or enterprise, or the name of the district
    level      inherent level of a source (GB 18218); of the others 0
    simulated  every alarm behind the colour was made up
    """

    scope: Scope
    subject: str
    name: Text
    at: int
    tier: Tier
    reasons: tuple[Reason, ...] = ()
    enterprise: str = ""
    district: str = ""
    level: int = 0
    simulated: bool = False


class CaseKind(StrEnum):
    """ALARM: opened by the machine for an alarm. HAZARD: 隐患, entered by a person."""

    ALARM = "alarm"
    HAZARD = "hazard"


class CaseState(StrEnum):
    """已派发 → 已接单 → 处置中 → 已反馈 → 已核验 → 已关闭 (a hazard: 已销号)."""

    DISPATCHED = "dispatched"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    FEEDBACK = "feedback"
    VERIFIED = "verified"
    CLOSED = "closed"


class WarningState(StrEnum):
    """PROPOSED: nothing in force yet. CHANGE_PROPOSED: in force, and to be raised, lowered or lifted."""

    PROPOSED = "proposed"
    RELEASED = "released"
    CHANGE_PROPOSED = "change_proposed"
    DECLINED = "declined"
    LIFTED = "lifted"


class Act(StrEnum):
    """What happened to a case or a warning. RAISED: a worse colour, of either."""

    OPENED = "opened"
    JOINED = "joined"
    RAISED = "raised"
    ACCEPTED = "accepted"
    STARTED = "started"
    FEEDBACK = "feedback"
    VERIFIED = "verified"
    RETURNED = "returned"
    CLOSED = "closed"
    REOPENED = "reopened"
    SUPERVISED = "supervised"
    ESCALATED = "escalated"
    PROPOSED = "proposed"
    RELEASED = "released"
    LOWERED = "lowered"
    LIFTED = "lifted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Case:
    """处置工单: work to be done about an alarm or a hazard, as it stands now.

    chain      roles that answer for it, nearest first; `step` the one in charge now
    due_at     when the present step is to be over; `missed_at` the last deadline that passed
    overdue    deadlines missed so far
    limit_at   for a hazard: when it is to be put right, where that was said
    alarms     ids; the first one opened it
    seq        of its newest line in the journal
    """

    id: str
    kind: CaseKind
    state: CaseState
    tier: Tier
    title: Text
    text: Text
    advice: Text
    enterprise: str
    source: str
    district: str
    chain: tuple[str, ...]
    opened_at: int
    changed_at: int
    due_at: int | None
    step: int = 0
    missed_at: int | None = None
    overdue: int = 0
    limit_at: int | None = None
    supervised_at: int | None = None
    alarms: tuple[str, ...] = ()
    opened_by: str = ""
    accepted_at: int | None = None
    accepted_by: str = ""
    feedback_at: int | None = None
    feedback_by: str = ""
    feedback: str = ""
    photos: tuple[str, ...] = ()
    verified_at: int | None = None
    verified_by: str = ""
    closed_at: int | None = None
    closed_by: str = ""
    simulated: bool = False
    seq: int = 0

    @property
    def open(self) -> bool:
        """Whether somebody still has something to do."""
        return self.state != CaseState.CLOSED

    @property
    def wake_at(self) -> int | None:
        """When the machine must look at it: its deadline, unless that has passed and nobody is left to turn to."""
        return None if self.due_at == self.missed_at else self.due_at


@dataclass(frozen=True, slots=True)
class PublicWarning:
    """预警: a coloured warning about a source, an enterprise or a district, as it stands now.

    tier       the colour in force, NONE before the release and after the end
    proposed   the colour that waits for a decision (NONE: to be lifted); None: nothing waits
    needs      the colour that a person must have the authority for, to decide what waits
    chain      roles with that authority; `step` the one that was asked last
    due_at     when the decision is due; `missed_at` the last deadline that passed
    declined   the colour that was declined last, and `declined_at` when
    by_machine whether rules proposed it, so that they may also propose its end
    """

    id: str
    scope: Scope
    subject: str
    name: Text
    enterprise: str
    district: str
    state: WarningState
    tier: Tier
    proposed: Tier | None
    needs: Tier
    reason: Text
    chain: tuple[str, ...]
    opened_at: int
    changed_at: int
    due_at: int | None
    by_machine: bool
    step: int = 0
    missed_at: int | None = None
    overdue: int = 0
    supervised_at: int | None = None
    proposed_by: str = ""
    released_at: int | None = None
    released_by: str = ""
    declined: Tier = Tier.NONE
    declined_at: int | None = None
    ended_at: int | None = None
    ended_by: str = ""
    simulated: bool = False
    seq: int = 0

    @property
    def open(self) -> bool:
        """Whether it is in force or waits for a decision."""
        return self.state not in (WarningState.DECLINED, WarningState.LIFTED)

    @property
    def wake_at(self) -> int | None:
        """When the machine must look at it; see `Case.wake_at`."""
        return None if self.due_at == self.missed_at else self.due_at


Matter = Case | PublicWarning
"""What a line of the journal is about."""


@dataclass(frozen=True, slots=True)
class HandlingEvent:
    """One line of the journal of cases and warnings, and its matter as it stands after it.

    seq    given by the ledger, rises with every line; 0 in a line that is not written yet
    actor  id of the person, "" for the machine; `name` as it was then; `role` that in which he acted
    before colour before the line; `key` names the cause, so that one cause makes one line; None: need not
    """

    seq: int
    at: int
    act: Act
    before: Tier
    matter: Matter
    actor: str = ""
    name: str = ""
    role: str = ""
    comment: str = ""
    photos: tuple[str, ...] = ()
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may act. An empty `enterprise` or `district`: everywhere. `pin` "" asks for none."""

    id: str
    name: str
    roles: tuple[str, ...]
    enterprise: str = ""
    district: str = ""
    pin: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Responsibility:
    """Who may do what: names of roles, people, and the colours that a role may release, in order of asking."""

    roles: Mapping[str, Text]
    persons: Mapping[str, Person]
    authority: Mapping[str, frozenset[Tier]]


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long each step of a case of one colour may take: to accept, then to give feedback, then to close."""

    accept_s: float
    feedback_s: float
    verify_s: float


@dataclass(frozen=True, slots=True)
class CasePolicy:
    """Which alarms open a case (`open_at` NONE: none), and by colour the chain of responsibility and the deadlines."""

    open_at: Tier
    classes: frozenset[AlarmClass]
    chains: Mapping[Tier, tuple[str, ...]]
    deadlines: Mapping[Tier, Deadlines]


@dataclass(frozen=True, slots=True)
class WarningPolicy:
    """When the machine proposes a warning, and how long a decision may take.

    propose_at  by scope the risk colour from which it does; NONE: never
    alarm_at    colour of a single process alarm from which it does for its source; NONE: never
    decide_s    by colour
    calm_s      how long the colour must have been milder before lowering or lifting is proposed
    again_s     how long what was declined is not proposed again
    """

    propose_at: Mapping[Scope, Tier]
    alarm_at: Tier
    decide_s: Mapping[Tier, float]
    calm_s: float
    again_s: float
