"""What the console asks of the platform about alarms: a record of callables that `ganzhi.app` supplies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ganzhi.errors import Refused
from ganzhi.records import Alarm, AlarmEvent, Flood, Incident, Text, Tier, Work, WorkKind


@dataclass(frozen=True, slots=True)
class NewWork:
    """A maintenance window or permit as a person enters it; `start` None: now. Times are UTC ns."""

    kind: WorkKind
    scope: str
    subject: str
    start: int | None
    end: int
    reason: str
    person: str
    most: Tier


@dataclass(frozen=True, slots=True)
class Reportable:
    """A kind of external event that may be reported."""

    kind: str
    name: Text
    tier: Tier
    advice: Text


Answer = Callable[[str, str, str], AlarmEvent]
"""(alarm id, person, comment or reason) -> the journal line; raises Refused, Unavailable."""


@dataclass(frozen=True, slots=True)
class AlarmBackend:
    """Alarms as the console sees them. Whatever writes raises Refused or Unavailable, and has published its lines.

    annunciated, suppressed  worst first; the second also what is suppressed while it is normal
    incidents        of what is open; may raise Unavailable, as do `find`, `lines_of`, `retrospective` and `past_works`
    find, lines_of   an alarm by its id, open or not; (id, limit) -> its lines, oldest first
    works, past_works  on or to come; (limit) -> those that are over as well, newest first
    acknowledge      (id, person, comment, seq or None)
    acknowledge_all  (ids, seq, person, comment) -> lines, and (id, why) of those refused
    shelve           (id, person, reason, minutes; None: until it clears)
    take_out_condition  (rule, point, person, reason)
    end_work         (number, person)
    report           (enterprise, JSON) -> the line of an external event; None where it says nothing new
    """

    annunciated: Callable[[], list[Alarm]]
    suppressed: Callable[[], list[Alarm]]
    incidents: Callable[[], list[Incident]]
    floods: Callable[[], list[Flood]]
    find: Callable[[str], Alarm | None]
    lines_of: Callable[[str, int], list[AlarmEvent]]
    retrospective: Callable[[int], list[Alarm]]
    works: Callable[[], list[Work]]
    past_works: Callable[[int], list[Work]]
    acknowledge: Callable[[str, str, str, int | None], AlarmEvent]
    acknowledge_all: Callable[[Sequence[str], int, str, str], tuple[list[AlarmEvent], list[tuple[str, Refused]]]]
    shelve: Callable[[str, str, str, float | None], AlarmEvent]
    reset: Answer
    unshelve: Answer
    take_out: Answer
    put_back: Answer
    close: Answer
    take_out_condition: Callable[[str, str, str, str], AlarmEvent]
    add_work: Callable[[NewWork], Work]
    end_work: Callable[[int, str], Work]
    report: Callable[[str, bytes], AlarmEvent | None]
    reportable: Sequence[Reportable]


def _refuse(alarm_id: str, *rest: object) -> AlarmEvent:
    raise Refused(f"没有这条报警：{alarm_id}", f"No such alarm: {alarm_id}", missing=True)


def _no_work(*asked: object) -> Work:
    raise Refused("这里没有作业登记。", "No work is entered here.", missing=True)


NO_ALARMS = AlarmBackend(
    annunciated=list,
    suppressed=list,
    incidents=list,
    floods=list,
    find=lambda alarm_id: None,
    lines_of=lambda alarm_id, limit: [],
    retrospective=lambda limit: [],
    works=list,
    past_works=lambda limit: [],
    acknowledge=_refuse,
    acknowledge_all=lambda ids, seq, person, comment: ([], []),
    shelve=_refuse,
    reset=_refuse,
    unshelve=_refuse,
    take_out=_refuse,
    put_back=_refuse,
    close=_refuse,
    take_out_condition=_refuse,
    add_work=_no_work,
    end_work=_no_work,
    report=lambda enterprise, payload: None,
    reportable=(),
)
"""A platform without alarms."""

Trend = Callable[[int], tuple[int, Sequence[float]]]
"""Point -> when the newest step ends, UTC ns, and its values by step, NaN for none."""

Around = Callable[[Alarm], list[Work]]
"""Works that are on where an alarm is."""

Quality = Callable[[int], int]
"""Point -> the quality code of its newest reading."""
