"""A small site, and a journal that keeps its lines in memory as a ledger keeps them on disk."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from alerting.alarm import Alarms
from alerting.journal import Journal
from alerting.policy import Policy
from ganzhi.clock import NS_PER_S, Clock
from ganzhi.errors import Unavailable
from ganzhi.records import (
    Alarm,
    AlarmClass,
    AlarmEvent,
    AlarmState,
    Catalogue,
    Enterprise,
    Point,
    Rule,
    Source,
    Text,
    Tier,
    Transition,
)

ZONE = ZoneInfo("Asia/Shanghai")
START = int(datetime(2026, 5, 1, 0, 0, tzinfo=UTC).timestamp()) * NS_PER_S
"""08:00 at the site."""

TANK = Source("tank-area-1", "haihe-storage", Text("一号罐区", "Tank area 1"), "tank_farm", 1)
GAS = Source("gas-area-1", "binhai-chem", Text("丙烷装置区", "Propane unit"), "gas_detection", 2)


def point(
    tag: str,
    quantity: str,
    unit: str,
    high: float,
    resolution: float,
    *,
    low: float = 0.0,
    period_s: float = 1.0,
    source: Source = TANK,
    name: str = "",
) -> Point:
    """A point of one of the two sources."""
    key = f"{source.enterprise}.{tag}"
    return Point(
        key,
        source.enterprise,
        source.id,
        tag,
        quantity,
        unit,
        low,
        high,
        resolution,
        period_s,
        name=name,
    )


LEVEL = point("LT-101", "level", "m", 16.0, 0.01)
LEVEL_2 = point("LT-102", "level", "m", 16.0, 0.01)
GAS_1 = point("GD-01", "combustible_gas", "%LEL", 100.0, 0.5, source=GAS, period_s=15.0)
POINTS = (LEVEL, LEVEL_2, GAS_1)


def catalogue(points: Sequence[Point] = POINTS) -> Catalogue:
    """Two enterprises, two sources."""
    return Catalogue(
        {
            "haihe-storage": Enterprise("haihe-storage", Text("海河石化仓储", "Haihe Petrochemical Storage")),
            "binhai-chem": Enterprise("binhai-chem", Text("滨海精细化工", "Binhai Fine Chemicals")),
        },
        {TANK.id: TANK, GAS.id: GAS},
        tuple(points),
    )


def rule(
    rule_id: str,
    kind: str,
    unit: str,
    *,
    points: Sequence[int] = (0, 1),
    condition: str = "",
    side: str = "high",
    latch: bool = False,
    repeat_s: float = 0.0,
    alarm_class: AlarmClass = AlarmClass.PROCESS,
    name: Text,
) -> Rule:
    """A rule; its limits are of no interest to alerting, which reads those of transitions."""
    m = len(points)
    return Rule(
        id=rule_id,
        name=name,
        kind=kind,
        points=np.array(points, np.int32),
        limits=np.full((m, 4), np.nan),
        side=side,
        deadband=np.zeros(m),
        unit=unit,
        condition=condition,
        latch=latch,
        repeat_s=repeat_s,
        alarm_class=alarm_class,
        advice=Text("停止进料", "Stop the inflow"),
        basis="engineering default",
    )


OVERFILL = rule("overfill", "forecast", "min", condition="level.high", side="low", name=Text("预计满罐", "Overfill"))
HIGH = rule("level-high", "value", "m", condition="level.high", name=Text("液位高", "Level high"))
RATE = rule("level-rate", "rate", "m/min", name=Text("液位上升过快", "Level rises fast"), repeat_s=60.0)
LEAK = rule("gas", "value", "%LEL", points=(2,), latch=True, name=Text("可燃气体", "Combustible gas"))
SILENT = rule(
    "silent",
    "stale",
    "periods",
    points=(0, 1, 2),
    condition="stale",
    alarm_class=AlarmClass.DEVICE,
    name=Text("数据中断", "Data lost"),
)
RULES = (OVERFILL, HIGH, RATE, LEAK, SILENT)


PLAIN = Policy()


class Ticking:
    """A clock that moves by a second each time somebody looks."""

    def __init__(self, now: int = START) -> None:
        self.now = now

    def __call__(self) -> int:
        self.now += NS_PER_S
        return self.now


class MemoryJournal:
    """Lines in memory, as strict as a ledger: one after the other, all or none; evidence goes through JSON and back."""

    def __init__(self) -> None:
        self.lines: list[AlarmEvent] = []
        self.writes = 0
        self.fails = False

    def write(self, events: Sequence[AlarmEvent]) -> None:
        if self.fails:
            raise Unavailable("the disk is full", retry_after_s=5.0)
        seq, noted = (self.lines[-1].seq, self.lines[-1].noted) if self.lines else (0, 0)
        kept = []
        for event in events:
            assert event.seq == seq + 1
            assert event.noted > noted
            seq, noted = event.seq, event.noted
            evidence: Mapping[str, float] = json.loads(json.dumps(dict(event.alarm.evidence), allow_nan=False))
            kept.append(replace(event, alarm=replace(event.alarm, evidence=evidence)))
        self.lines += kept
        self.writes += 1

    def open_alarms(self) -> list[Alarm]:
        last = {line.alarm.id: line.alarm for line in self.lines}
        newest = {(a.condition, a.subject): a for a in (line.alarm for line in self.lines) if not a.retrospective}
        suppressed = {alarm.id for alarm in newest.values() if alarm.suppressions}
        return [alarm for alarm in last.values() if alarm.state != AlarmState.NORMAL or alarm.id in suppressed]

    def last_seq(self) -> int:
        return self.lines[-1].seq if self.lines else 0


def alarms(
    journal: Journal,
    *,
    rules: Sequence[Rule] = RULES,
    points: Sequence[Point] = POINTS,
    clock: Clock | None = None,
    recent: Sequence[AlarmEvent] = (),
    last_noted: int = 0,
    policy: Policy = PLAIN,
) -> Alarms:
    """The site's alarms over a journal."""
    return Alarms(
        catalogue=catalogue(points),
        rules=rules,
        journal=journal,
        clock=clock or Ticking(),
        zone=ZONE,
        recent=recent,
        last_noted=last_noted,
        policy=policy,
    )


def moved(
    by: Rule,
    at_s: float,
    new: Tier,
    *,
    old: Tier = Tier.NONE,
    point: int | None = None,
    score: float = 14.52,
    limit: float = 14.4,
    value: float = 14.52,
    evidence: Mapping[str, float] | None = None,
    simulated: bool = False,
    retrospective: bool = False,
) -> Transition:
    """A transition `at_s` seconds after the start, at the rule's first point unless told otherwise."""
    return Transition(
        rule=by.id,
        point=int(by.points[0]) if point is None else point,
        time=START + round(at_s * NS_PER_S),
        old=old,
        new=new,
        score=score,
        limit=limit,
        value=value,
        evidence=evidence or {},
        simulated=simulated,
        retrospective=retrospective,
    )
