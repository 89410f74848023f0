"""An office that handles cases and warnings of the small site: its people, its clock, and a journal in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from alerting.authority import Authority
from alerting.case import Cases
from alerting.deadline import Clockwork
from alerting.register import HandlingJournal, Register
from alerting.warning import Warnings
from config import responsibility
from config.responsibility import AUTHORITY, Person, case_policy, warning_policy
from config.responsibility import Cases as CaseSettings
from config.responsibility import Warnings as WarningSettings
from ganzhi.clock import NS_PER_S
from ganzhi.errors import Unavailable
from ganzhi.handling import (
    CasePolicy,
    Deed,
    HandlingEvent,
    Matter,
    PublicWarning,
    Responsibility,
    Risk,
    Scope,
    WarningPolicy,
)
from ganzhi.records import (
    Alarm,
    AlarmClass,
    AlarmEvent,
    AlarmState,
    Catalogue,
    Change,
    Effect,
    Enterprise,
    Text,
    Tier,
)
from tests.alerting.site import START, TANK, ZONE, catalogue

DISTRICT = "滨海区"
MINUTE = 60 * NS_PER_S


class MemoryHandling:
    """Lines in memory, as strict as the ledger: a matter moves on from its newest line only, a key is taken once."""

    def __init__(self) -> None:
        self.lines: list[HandlingEvent] = []
        self.fails = False

    def write(self, line: HandlingEvent) -> HandlingEvent | None:
        if self.fails:
            raise Unavailable("the disk is full", retry_after_s=5.0)
        newest = next((kept.seq for kept in reversed(self.lines) if kept.matter.id == line.matter.id), 0)
        if newest != line.matter.seq or (line.key is not None and line.key in {kept.key for kept in self.lines}):
            return None
        seq = len(self.lines) + 1
        written = replace(line, seq=seq, matter=replace(line.matter, seq=seq))
        self.lines.append(written)
        return written

    def find(self, name: str) -> HandlingEvent | None:
        owners = {line.matter.id for line in self.lines if line.key == name}
        named = (
            line for line in reversed(self.lines)
            if name in (line.matter.id, line.matter.topic) or line.matter.id in owners
        )  # fmt: skip
        return next(named, None)

    def due(self, by: int) -> list[Matter]:
        return [matter for matter in self.matters() if matter.wake_at is not None and matter.wake_at <= by]

    def open_warnings(self) -> list[PublicWarning]:
        return [found for found in self.matters() if isinstance(found, PublicWarning) and found.open]

    def matters(self) -> list[Matter]:
        return list({line.matter.id: line.matter for line in self.lines}.values())


class OfficeJournal(HandlingJournal, Protocol):
    """What an office needs of a ledger."""

    def open_warnings(self) -> list[PublicWarning]: ...


def site() -> Catalogue:
    """The small site, in a district."""
    plain = catalogue()
    enterprises: Mapping[str, Enterprise] = {
        key: replace(enterprise, district=DISTRICT) for key, enterprise in plain.enterprises.items()
    }
    return Catalogue(enterprises, plain.sources, plain.points)


def people(*persons: Person) -> Responsibility:
    """The default roles, each a person of its own, or these people."""
    return responsibility((), persons, AUTHORITY)


@dataclass
class Office:
    """Everything wired as the service wires it, over a journal, with a clock that a test moves."""

    journal: OfficeJournal = field(default_factory=MemoryHandling)
    people: Responsibility = field(default_factory=people)
    case_policy: CasePolicy = field(default_factory=lambda: case_policy(CaseSettings()))
    warning_policy: WarningPolicy = field(default_factory=lambda: warning_policy(WarningSettings()))
    now: int = START
    told: list[HandlingEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.restart()

    def clock(self) -> int:
        return self.now

    def restart(self) -> None:
        """What a new process begins with: the journal, and nothing else."""
        register = Register(journal=self.journal, clock=self.clock, zone=ZONE, tell=self.told.append)
        authority = Authority(self.people, self.clock)
        where = site()
        self.cases = Cases(register=register, authority=authority, policy=self.case_policy, catalogue=where)
        self.warnings = Warnings(
            register=register,
            authority=authority,
            policy=self.warning_policy,
            catalogue=where,
            clock=self.clock,
            open_warnings=self.journal.open_warnings,
        )
        self.clockwork = Clockwork(register=register, cases=self.cases, warnings=self.warnings, clock=self.clock)

    def wait(self, minutes: float) -> int:
        """Time goes by, and what is due then passes; how much."""
        self.now += round(minutes * MINUTE)
        return self.clockwork()


def alarm(
    number: int = 1,
    tier: Tier = Tier.ORANGE,
    *,
    source: str = TANK.id,
    subject: str = "haihe-storage.LT-101",
    alarm_class: AlarmClass = AlarmClass.PROCESS,
    simulated: bool = False,
    retrospective: bool = False,
) -> Alarm:
    """An alarm of the small site."""
    return Alarm(
        id=f"20260501-{number:06d}", condition="level.high", rule="level-high", point=0, subject=subject,
        enterprise=subject.partition(".")[0], source=source, alarm_class=alarm_class,
        state=AlarmState.UNACKNOWLEDGED, tier=tier, worst=tier, raised_at=START, changed_at=START,
        value=14.5, score=14.5, limit=14.4, unit="m", score_unit="m", name=Text("液位高", "Level high"),
        text=Text("一号罐区 LT-101 为 14.50 m", "Tank area 1 LT-101 reads 14.50 m"),
        advice=Text("停止进料", "Stop the inflow"), basis="engineering default",
        simulated=simulated, retrospective=retrospective,
    )  # fmt: skip


def told(seq: int, about: Alarm, change: Change = Change.RAISED, *, noted: int = START) -> AlarmEvent:
    """A line of the alarms' journal; what is raised or became worse is announced."""
    effects = (Effect.ANNOUNCE,) if change in (Change.RAISED, Change.WORSENED) else ()
    return AlarmEvent(seq, about.changed_at, noted, change, Tier.NONE, about, effects=effects)


def risk(
    tier: Tier,
    *,
    scope: Scope = Scope.SOURCE,
    subject: str = TANK.id,
    worst_alarm: Tier = Tier.NONE,
    simulated: bool = False,
) -> Risk:
    """The colour of a place, as the roll-up would give it."""
    enterprise = "haihe-storage" if scope == Scope.SOURCE else ""
    return Risk(
        scope, subject, TANK.name, START, tier, worst_alarm, enterprise=enterprise, district=DISTRICT,
        simulated=simulated,
    )  # fmt: skip


def says(person: str, comment: str = "", *, key: str = "") -> Deed:
    """What somebody asks for."""
    return Deed(person, comment=comment, key=key)
