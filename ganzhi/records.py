"""The records that packages hand to each other; the only data types they share.

Time is int64 UTC nanoseconds everywhere in here. A point is named by its index into the catalogue. One module, long as
it is, because it is the one page on which a reader finds every word that two packages share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]


class Quality(IntEnum):
    """What is known of a reading. Only GOOD and UNCERTAIN may raise a process alarm."""

    GOOD = 0
    UNCERTAIN = 1
    OUT_OF_RANGE = 2
    IN_CALIBRATION = 3
    IN_MAINTENANCE = 4
    DEVICE_FAULT = 5


SIMULATED = 0x80
"""Bit of `ReadingBlock.quality` beside the Quality code: the reading was made up. Nothing ever clears it."""

QUALITY_MASK = 0x7F


class Tier(IntEnum):
    """Colour of an alarm; worse is greater. BLUE is 四级, RED is 一级."""

    NONE = 0
    BLUE = 1
    YELLOW = 2
    ORANGE = 3
    RED = 4


COLOURS = (Tier.BLUE, Tier.YELLOW, Tier.ORANGE, Tier.RED)
"""The four columns of a limits array, mildest first."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text for people, Chinese first."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class ReadingBlock:
    """Readings in columns, all of shape (n,), in the order in which they arrived.

    point     int32, index into the catalogue
    time      int64 UTC ns, the sensor's clock
    value     float64, in the point's unit, always finite
    quality   uint8, a Quality, with the SIMULATED bit beside it
    received  int64 UTC ns, our clock, never falling within a block
    now       our clock when the block was closed; never before a row's `received`. A block without rows
              is a tick: it says that we were listening until `now` and nothing came.
    """

    point: Int32s
    time: Int64s
    value: Floats
    quality: Bytes
    received: Int64s
    now: int

    def __len__(self) -> int:
        return len(self.point)

    def rows(self, index: NDArray[np.intp] | NDArray[np.bool_] | slice) -> ReadingBlock:
        """The block that holds only the rows chosen by an index array, a mask or a slice."""
        return ReadingBlock(
            self.point[index],
            self.time[index],
            self.value[index],
            self.quality[index],
            self.received[index],
            self.now,
        )


def tick(now: int) -> ReadingBlock:
    """A block without rows: we were listening until `now`."""
    return ReadingBlock(
        np.empty(0, np.int32),
        np.empty(0, np.int64),
        np.empty(0, np.float64),
        np.empty(0, np.uint8),
        np.empty(0, np.int64),
        now,
    )


def join(blocks: Sequence[ReadingBlock]) -> ReadingBlock:
    """Several blocks as one, in their order. Raises ValueError for none."""
    if not blocks:
        raise ValueError("join needs at least one block")
    if len(blocks) == 1:
        return blocks[0]
    return ReadingBlock(
        np.concatenate([block.point for block in blocks]),
        np.concatenate([block.time for block in blocks]),
        np.concatenate([block.value for block in blocks]),
        np.concatenate([block.quality for block in blocks]),
        np.concatenate([block.received for block in blocks]),
        blocks[-1].now,
    )


@dataclass(frozen=True, slots=True)
class Enterprise:
    """企业: an operator. `id` is its topic name; `credit_code` the 18-character unified social credit code."""

    id: str
    name: Text
    credit_code: str = ""
    district: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """危险源: a hazardous installation. `level` is its inherent level by GB 18218 (1 worst to 4; 0 not graded)."""

    id: str
    enterprise: str
    name: Text
    sector: str
    level: int = 0
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """测点: one measured quantity at one place. `low` and `high` bound the instrument's range, in `unit`."""

    id: str
    enterprise: str
    source: str
    tag: str
    quantity: str
    unit: str
    low: float
    high: float
    resolution: float
    period_s: float
    lon: float | None = None
    lat: float | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What is watched. The position of a point in `points` is its index in every ReadingBlock."""

    enterprises: Mapping[str, Enterprise]
    sources: Mapping[str, Source]
    points: tuple[Point, ...]
    index: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", {point.id: i for i, point in enumerate(self.points)})


def source_as_such(source: str) -> str:
    """The id of the point that stands for a source itself: alarms about it have it for a subject. No list has it."""
    return f"{source}/source"


def enterprise_as_such(enterprise: str) -> str:
    """The same for an enterprise."""
    return f"{enterprise}/enterprise"


EVENT, OFFLINE, STALE = "event", "offline", "stale"
"""Kinds of rules that alerting knows by name: external events, a silent source or gateway, a silent point."""


class AlarmClass(StrEnum):
    """PROCESS: something is wrong with the plant. DEVICE: with the instrument or its line."""

    PROCESS = "process"
    DEVICE = "device"


@dataclass(frozen=True, slots=True)
class SuppressWhen:
    """抑制条件: an alarm is suppressed by design while this holds; one of `rule`, `tag` and `quantity` is given.

    rule      this rule holds `tier` or worse at the same point, or at any point of the same source
    tag       the point of this tag in the same enterprise
    quantity  every point of this quantity in the same source
    above, below  bounds of a reading, in the point's unit; it must be good or uncertain, and not older than three of
                  its sampling periods and a minute: what nobody can vouch for suppresses nothing
    """

    rule: str = ""
    tier: Tier = Tier.BLUE
    tag: str = ""
    quantity: str = ""
    above: float | None = None
    below: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """Several points that a rule judges as one: the channels of a reactor, the items of a dam, a detector's neighbours.

    id       what its alarm is about: a source's id, or that of the point in the middle
    point    the point that stands for it in transitions, alarms and on maps; of one rule no two units share it
    members  int32 (k,), the catalogue's indices of its points
    """

    id: str
    name: Text
    point: int
    members: Int32s


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A score with limits and holds, resolved against the catalogue.

    kind       the score, a key of detectors.KINDS
    points     int32 (m,), the points it watches
    units      what it judges, where that is not each of its points by itself; `points` are then all of their members
    limits     float64 (m, 4), a row a subject, one column a colour in the order of COLOURS, in the unit of the score;
               NaN: none
    side       "high": worse is greater; "low": worse is smaller
    deadband   float64 (m,), how far back inside a limit the score of a subject must come to leave its tier
    options    what the score itself takes; a per-point option is a float64 (m,) array
    condition  rules that share it speak of one condition of a subject and so share one alarm
    repeat_s   an alarm that comes back sooner than this after it cleared is the same alarm again
    basis      clause, paper, or "engineering default"
    suppress_when  its alarms are suppressed by design while this holds
    """

    id: str
    name: Text
    kind: str
    points: Int32s
    limits: Floats
    side: str
    deadband: Floats
    unit: str
    on_delay_s: float = 0.0
    off_delay_s: float = 0.0
    repeat_s: float = 0.0
    latch: bool = False
    condition: str = ""
    alarm_class: AlarmClass = AlarmClass.PROCESS
    options: Mapping[str, object] = field(default_factory=dict)
    basis: str = "engineering default"
    advice: Text = Text("", "")
    units: tuple[Unit, ...] = ()
    suppress_when: SuppressWhen | None = None

    @property
    def subjects(self) -> Int32s:
        """int32 (m,): the points that stand for what the rule judges: each of its points, or one of each unit."""
        return np.array([unit.point for unit in self.units], np.int32) if self.units else self.points


@dataclass(frozen=True, slots=True)
class Transition:
    """A rule's tier for one subject changed at `time` (the sensor's clock).

    score      in the unit of the rule; `limit` the limit of the new tier (of the old one when it clears)
    value      the reading behind it, in the point's unit; NaN where there is none
    evidence   further figures of the score by name, such as the bounds of a forecast
    retrospective  judged from a reading older than its point's newest: listed, never sounded
    about      tells apart what one point may have several of, such as external events; "" for the point itself
    details    words beside the evidence: a picture's address, who reported, what they said
    """

    rule: str
    point: int
    time: int
    old: Tier
    new: Tier
    score: float
    limit: float
    value: float
    evidence: Mapping[str, float] = field(default_factory=dict)
    simulated: bool = False
    retrospective: bool = False
    about: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


class AlarmState(StrEnum):
    """States of annunciation (ISA-18.2 / IEC 62682); a Suppression stands beside them and so hides none of them."""

    NORMAL = "normal"
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED_UNACKNOWLEDGED = "returned_unacknowledged"
    LATCHED_UNACKNOWLEDGED = "latched_unacknowledged"
    LATCHED_ACKNOWLEDGED = "latched_acknowledged"


class Change(StrEnum):
    """What happened to an alarm."""

    RAISED = "raised"
    WORSENED = "worsened"
    EASED = "eased"
    UPDATED = "updated"
    CLEARED = "cleared"
    ACKNOWLEDGED = "acknowledged"
    RESET = "reset"
    RETROSPECTIVE = "retrospective"
    SHELVED = "shelved"
    UNSHELVED = "unshelved"
    SUPPRESSED = "suppressed"
    RELEASED = "released"
    OUT_OF_SERVICE = "out_of_service"
    IN_SERVICE = "in_service"
    GROUPED = "grouped"


class Effect(StrEnum):
    """What a change of an alarm asks of those who tell people.

    ANNOUNCE  sound it and tell people
    WITHHOLD  it would be announced, but is suppressed
    FOLD      it would be announced, but is folded into the incident of its source
    SILENCE   it need not sound any longer
    RESOLVE   the condition is over: tell whoever was told of it, also where it was suppressed meanwhile
    """

    ANNOUNCE = "announce"
    WITHHOLD = "withhold"
    FOLD = "fold"
    SILENCE = "silence"
    RESOLVE = "resolve"


class SuppressionKind(StrEnum):
    """Why an alarm is not annunciated although its condition may hold (ISA-18.2 / IEC 62682)."""

    SHELVED = "shelved"
    BY_DESIGN = "by_design"
    OUT_OF_SERVICE = "out_of_service"


@dataclass(frozen=True, slots=True)
class Suppression:
    """搁置, 设计抑制, 停用: one way in which an alarm is not annunciated; at most one of a kind at a time.

    since   UTC ns; `until`: when a timed shelf ends, by our clock; None: it has no time
    once    a shelf that ends with the condition
    tier    the colour at which it was shelved: a worse one ends the shelf
    person  who did it, "" for the machine; `reason` in their words
    cause   what suppresses by design: `maintenance:7`, `rule:unit.shutdown`, `offline`
    """

    kind: SuppressionKind
    since: int
    reason: Text
    person: str = ""
    until: int | None = None
    once: bool = False
    tier: Tier = Tier.NONE
    cause: str = ""


CHATTER_QUIET_S = 600.0
"""The delay of a fall is halved for every so much time without one (engineering default)."""


@dataclass(frozen=True, slots=True)
class Chatter:
    """How often an alarm fell lately, and by how much its falls are held back for it.

    falls   UTC ns of the last falls of its colour that came after a rise, oldest first, by the sensor's clock
    level   doublings of the delay of a fall; 0: not chattering. `at`: when it last fell
    risen   it has risen since its last fall: easing from colour to colour is one fall
    """

    falls: tuple[int, ...] = ()
    level: int = 0
    at: int = 0
    risen: bool = True

    def level_at(self, at: int) -> int:
        """The level as it has decayed by that moment: by one for every CHATTER_QUIET_S without a fall."""
        return max(0, self.level - int((at - self.at) / (CHATTER_QUIET_S * 1e9))) if self.level else 0


@dataclass(frozen=True, slots=True)
class Alarm:
    """One occurrence of a condition at one subject, as it stands now. Times are UTC ns; None: not yet.

    rule    the rule that holds the present tier (the worst of those that share the condition)
    tier    present colour, NONE when the condition has cleared; `worst` the worst it has been
    subject the id of the point; `point#about` where one point may have several
    seq     the line of the journal that left it so
    told    whether it was announced, or folded, since it was raised
    falls_at  when a fall of its colour that is held back for chatter takes effect, by the sensor's clock; falls_by: by
            ours, where no reading says that it is so late
    incident  the id of the first alarm of the incident that it belongs to, "" for none; `folded`: shown below it
    details words of an external event: `picture`, `key`, `by`, `text`; of a gateway its name
    """

    id: str
    condition: str
    rule: str
    point: int
    subject: str
    enterprise: str
    source: str
    alarm_class: AlarmClass
    state: AlarmState
    tier: Tier
    worst: Tier
    raised_at: int
    changed_at: int
    value: float
    score: float
    limit: float
    unit: str
    score_unit: str
    name: Text
    text: Text
    advice: Text
    basis: str
    simulated: bool = False
    retrospective: bool = False
    cleared_at: int | None = None
    acknowledged_at: int | None = None
    acknowledged_by: str = ""
    comment: str = ""
    evidence: Mapping[str, float] = field(default_factory=dict)
    seq: int = 0
    told: bool = False
    suppressions: tuple[Suppression, ...] = ()
    chatter: Chatter = Chatter()
    falls_at: int | None = None
    falls_by: int | None = None
    incident: str = ""
    folded: bool = False
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AlarmEvent:
    """One line of the journal: what changed, when, by whom, and the alarm as it stands after it.

    seq   rises by one a line and is the key under which receivers know the event
    at    UTC ns: the sensor's clock for what a detector found, ours for what a person did
    noted our clock when the line was written, UTC ns; rises by at least one a line
    actor a person's name, or "" for the machine
    effects  what is to be told, as it was decided when the line was written
    """

    seq: int
    at: int
    noted: int
    change: Change
    before: Tier
    alarm: Alarm
    actor: str = ""
    comment: str = ""
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class Flood:
    """An operator position at which more is announced than a person can follow. Times UTC ns.

    count  alarms announced there within the last ten minutes; `since`: when the flood began
    """

    position: str
    since: int
    count: int


@dataclass(frozen=True, slots=True)
class Incident:
    """事件: the alarms of one source that came in one flood; the first on top, the others folded below it.

    id       that of the first alarm; `members`: those still open, the first among them, worst first
    """

    id: str
    first: Alarm
    members: tuple[Alarm, ...]


class WorkKind(StrEnum):
    """MAINTENANCE suppresses alarms by design; a PERMIT (动火作业票, …) is shown as context and suppresses nothing."""

    MAINTENANCE = "maintenance"
    PERMIT = "permit"


@dataclass(frozen=True, slots=True)
class Work:
    """作业: work at an enterprise, a source or a point, for a time. Times are UTC ns.

    scope    "enterprise", "source" or "point"; `subject` its id
    most     the worst colour that maintenance suppresses; worse alarms are announced all the same
    ended_at, ended_by  when and by whom it was ended early; None, "": it was not
    """

    id: int
    kind: WorkKind
    scope: str
    subject: str
    start: int
    end: int
    reason: str
    person: str
    noted: int
    most: Tier = Tier.ORANGE
    ended_at: int | None = None
    ended_by: str = ""


@dataclass(frozen=True, slots=True)
class ExternalEvent:
    """What a camera, a call point or a person reports: an event, not a value. `time` UTC ns, the sender's clock.

    kind     a key of ganzhi.event.KINDS; it decides the rule
    key      the sender's own name for the event: the same key is the same event told again, or its end
    source   "" where only the enterprise is known
    tier     NONE: the rule's own
    over     the event is over
    picture  an address
    by       the camera, the call point, the number of the report
    """

    key: str
    kind: str
    enterprise: str
    source: str
    time: int
    tier: Tier = Tier.NONE
    over: bool = False
    text: str = ""
    picture: str = ""
    by: str = ""
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class RiskColour:
    """The colour of a source at a moment, rolled up from the process alarms active there (docs/cases.md).

    counts   active alarms of every class by colour, in the order of COLOURS
    """

    source: str
    enterprise: str
    at: int
    tier: Tier
    counts: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Reconciled:
    """对账: what came of an enterprise's readings in one hour, and where it is now.

    hour        UTC ns of its beginning, by our clock at arrival; `enterprise` "" for what no known enterprise sent
    conflict    those of `duplicate` whose value was another than the one kept
    stored      rows in the telemetry store; `refused` rows it will not take; `backlog` rows still in the log only
    """

    hour: int
    enterprise: str
    received: int = 0
    accepted: int = 0
    late: int = 0
    duplicate: int = 0
    rejected: int = 0
    unknown: int = 0
    conflict: int = 0
    stored: int = 0
    refused: int = 0
    backlog: int = 0

    @property
    def closes(self) -> bool:
        """Whether nothing is missing: received = the five ends, accepted + late = stored + refused + backlog."""
        ends = self.accepted + self.late + self.duplicate + self.rejected + self.unknown
        return self.received == ends and self.accepted + self.late == self.stored + self.refused + self.backlog


class Outcome(StrEnum):
    """What has become of a delivery."""

    WAITING = "waiting"
    SENT = "sent"
    NOT_SENT = "not_sent"


class Unsent(StrEnum):
    """Why something was not sent, or, while it waits, why it waits. DUE: nothing holds it back but its turn."""

    DUE = ""
    NO_ROUTE = "no_route"
    LATE = "late"
    SIMULATED = "simulated"
    DRILL = "drill"
    NOT_WORSE = "not_worse"
    GROUPED = "grouped"
    QUIET_HOURS = "quiet_hours"
    INHIBITED = "inhibited"
    SHELVED = "shelved"
    FOLDED = "folded"
    ACKNOWLEDGED = "acknowledged"
    NOT_TOLD = "not_told"
    TOO_OLD = "too_old"
    QUEUE_FULL = "queue_full"
    RECEIVER_DOWN = "receiver_down"
    RECEIVER_GONE = "receiver_gone"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One line of a journal for one receiver, and what has become of it. Times are UTC ns; None: not yet.

    stream, seq, again  the journal, its line, and which repetition this is; with `receiver` they name the delivery
    receiver, route     "" where no route took it
    grouping            deliveries of a route that share it are told together
    subject             the alarm, case or warning that the line is about
    happening           what happened to it, a word of alerting.notify
    due                 before this moment it is not sent
    notice              the key of the message that told it; several deliveries may share one
    message             the line as alerting.notify keeps it, JSON
    """

    id: int
    stream: str
    seq: int
    again: int
    receiver: str
    route: str
    grouping: str
    subject: str
    happening: str
    tier: Tier
    noted: int
    outcome: Outcome
    reason: Unsent
    due: int
    message: str
    attempts: int = 0
    tried_at: int | None = None
    sent_at: int | None = None
    notice: str = ""
    error: str = ""
