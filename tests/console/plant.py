"""A small hazardous site behind a real Backend: plain functions over real records, no part of the platform."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

import numpy as np

from console.alarm_backend import NO_ALARMS
from console.alarm_shape import AlarmShape, Surroundings
from console.backend import NEVER, Backend, Columns
from console.feed import Feed
from console.health import Health
from console.shape import colour_json
from ganzhi.errors import Refused, Unavailable
from ganzhi.records import (
    SIMULATED,
    Alarm,
    AlarmClass,
    AlarmEvent,
    AlarmState,
    Catalogue,
    Change,
    Delivery,
    Effect,
    Enterprise,
    Int32s,
    Point,
    Quality,
    Reconciled,
    RiskColour,
    Rule,
    Source,
    Text,
    Tier,
)

NOW = 1_777_593_600_000_000_000
"""2026-05-01 08:00:00 in Shanghai."""
S = 1_000_000_000
LEVEL, TEMPERATURE, PRESSURE, GAS = range(4)
LEVEL_ADVICE = Text(
    "立即停止进料，核对现场液位，必要时倒罐。", "Stop the inflow, verify the level on site, transfer if needed."
)
LEVEL_BASIS = "design limits of the tank; engineering default"


def catalogue() -> Catalogue:
    """Two enterprises, two sources, four points; the gas point's tag needs escaping in an address."""
    tank = ("haihe-storage", "tank-area-1")
    gas = ("binhai-chem", "gas-area-1")

    def point(owner: tuple[str, str], tag: str, quantity: str, unit: str, ends: tuple[float, float]) -> Point:
        return Point(f"{owner[0]}.{tag}", owner[0], owner[1], tag, quantity, unit, *ends, 0.01, 1.0, 117.7, 38.98)

    return Catalogue(
        {
            "haihe-storage": Enterprise(
                "haihe-storage", Text("海河石化仓储", "Haihe Petrochemical Storage"), district="滨海区"
            ),
            "binhai-chem": Enterprise("binhai-chem", Text("滨海精细化工", "Binhai Fine Chemicals"), district="滨海区"),
        },
        {
            "tank-area-1": Source(
                "tank-area-1", "haihe-storage", Text("一号罐区", "Tank area 1"), "tank_farm", 1, 117.7, 38.98
            ),
            "gas-area-1": Source("gas-area-1", "binhai-chem", Text("丙烷装置区", "Propane unit"), "gas_detection", 2),
        },
        (
            point(tank, "LT-101", "level", "m", (0.0, 16.0)),
            point(tank, "TT-101", "temperature", "°C", (-20.0, 120.0)),
            point(tank, "PT-101", "pressure", "kPa", (-5.0, 20.0)),
            point(gas, "GD/01", "combustible_gas", "%LEL", (0.0, 100.0)),
        ),
    )


def rules() -> list[Rule]:
    """A value rule for the level with two of the four limits, and a forecast, which draws no limit."""
    nan = np.nan
    level = np.array([LEVEL], np.int32)
    return [
        Rule(
            "level.high", Text("液位高", "Level high"), "value", level, np.array([[nan, nan, 13.6, 14.4]]),
            "high", np.array([0.1]), "m", condition="level.high", basis=LEVEL_BASIS, advice=LEVEL_ADVICE,
        ),
        Rule(
            "level.overfill", Text("满罐预测", "Overfill"), "forecast", level, np.array([[60.0, 30.0, nan, nan]]),
            "low", np.array([1.0]), "min", condition="level.high",
        ),
    ]  # fmt: skip


def quiet_health() -> Health:
    """A platform that has just started and has heard nothing."""
    return {
        "now": NOW // 1_000_000,
        "started": NOW // 1_000_000 - 3_600_000,
        "mqtt": {"connected": True, "url": "mqtt://127.0.0.1:1883", "since": None, "outstanding": 0, "error": ""},
        "counters": {
            "received": 0, "accepted": 0, "late": 0, "duplicate": 0,
            "rejected": 0, "unknown": 0, "stored": 0, "backlog": 0, "conflict": 0,
        },
        "rejected_by_reason": {},
        "unknown_points": [],
        "gateways": [],
        "consumers": [],
        "rates": {"readings_per_s": 0.0, "messages_per_s": 0.0},
        "delay_ms": {"p50": None, "p99": None},
        "conflicts": [],
        "conditions": [],
        "enterprises": {},
        "log": {"bytes": 0, "free_bytes": 0, "commit_p50_ms": None, "commit_p99_ms": None, "pending_rows": 0},
        "store_refused": {"count": 0, "sample": ""},
        "snapshot": {"at": None, "seq": 0, "bytes": 0, "error": ""},
    }  # fmt: skip


@dataclass
class Plant:
    """The state behind the callables, and ways to change it as the platform would."""

    feed: Feed = field(default_factory=Feed)
    catalogue: Catalogue = field(default_factory=catalogue)
    rules: list[Rule] = field(default_factory=rules)
    health: Health = field(default_factory=quiet_health)
    site_name: Text = field(default_factory=lambda: Text("示范市滨海区", "Binhai District"))
    now: int = NOW
    store_is_down: bool = False
    history: list[AlarmEvent] = field(default_factory=list)
    active: dict[str, Alarm] = field(default_factory=dict)
    acknowledged: list[tuple[str, str, str]] = field(default_factory=list)
    reconciled: list[Reconciled] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    reloaded: int = 0

    def __post_init__(self) -> None:
        size = len(self.catalogue.points)
        self.latest = (np.full(size, NEVER, np.int64), np.zeros(size), np.zeros(size, np.uint8))
        self.curves: dict[int, list[tuple[int, float, int]]] = {}
        self.lock = threading.Lock()
        self.shape = AlarmShape(
            Surroundings(
                catalogue=self.catalogue,
                measured=size,
                rules={rule.id: rule for rule in self.rules},
                around=lambda alarm: [],
                quality=lambda point: int(self.latest[2][point]),
                trend=lambda point: (self.now, [float("nan"), 1.0, 2.0]),
                comment_from=None,
                clock=lambda: self.now,
            )
        )

    def backend(self) -> Backend:
        """What the console is given."""
        return Backend(
            catalogue=self.catalogue,
            rules=self.rules,
            zone=ZoneInfo("Asia/Shanghai"),
            language="zh",
            site_name=self.site_name,
            alarms=lambda: sorted(self.active.values(), key=lambda alarm: -alarm.tier),
            history=lambda limit: self.history[::-1][:limit],
            latest=self.read_latest,
            curve=self.read_curve,
            colours=self.colours,
            health=lambda: {**self.health, "now": self.now // 1_000_000},
            reconciliation=self.reconcile,
            reload=self.reload,
            alarm=replace(
                NO_ALARMS,
                annunciated=lambda: sorted(self.active.values(), key=lambda alarm: -alarm.tier),
                find=self.active.get,
                lines_of=lambda alarm_id, limit: [event for event in self.history if event.alarm.id == alarm_id],
                acknowledge=lambda alarm_id, person, comment, seq: self.acknowledge(alarm_id, person, comment),
            ),
            shape=self.shape,
            deliveries=self.told,
        )

    def told(self, most: int, asked: Mapping[str, str]) -> list[Delivery]:
        found = [row for row in self.deliveries if all(getattr(row, key) == value for key, value in asked.items())]
        return found[::-1][:most]

    def reconcile(self, since: int) -> list[Reconciled]:
        if self.store_is_down:
            raise Unavailable("connection refused", retry_after_s=5.0)
        rows = [row for row in self.reconciled if row.hour >= since]
        return sorted(rows, key=lambda row: (-row.hour, row.enterprise))

    def reload(self) -> list[str]:
        self.reloaded += 1
        return self.faults

    def read_latest(self, points: Int32s) -> Columns:
        time, value, quality = self.latest
        return time[points], value[points], quality[points]

    def read_curve(self, point: int, start: int, end: int, most: int) -> Columns:
        if self.store_is_down:
            raise Unavailable("connection refused", retry_after_s=5.0)
        rows = [row for row in self.curves.get(point, []) if start <= row[0] < end][-most:]
        time, value, quality = zip(*rows, strict=True) if rows else ((), (), ())
        return np.array(time, np.int64), np.array(value, np.float64), np.array(quality, np.uint8)

    def colours(self) -> list[RiskColour]:
        found = []
        for source in self.catalogue.sources.values():
            tiers = [alarm.tier for alarm in self.active.values() if alarm.source == source.id]
            counts = tuple(tiers.count(tier) for tier in (Tier.BLUE, Tier.YELLOW, Tier.ORANGE, Tier.RED))
            worst = max(tiers, default=Tier.NONE)
            found.append(
                RiskColour(source.id, source.enterprise, self.now, worst, (counts[0], counts[1], counts[2], counts[3]))
            )
        return found

    def read(self, point: int, value: float, quality: Quality = Quality.GOOD, simulated: bool = False) -> None:
        """A reading of now arrives."""
        code = quality | (SIMULATED if simulated else 0)
        self.latest[0][point], self.latest[1][point], self.latest[2][point] = self.now, value, code
        self.curves.setdefault(point, []).append((self.now, value, code))

    def note(self, alarm: Alarm, change: Change, before: Tier, actor: str = "", comment: str = "") -> AlarmEvent:
        """Journal a change and publish it, as the platform does."""
        with self.lock:
            told = (Effect.ANNOUNCE,) if change in (Change.RAISED, Change.WORSENED) else ()
            seq = len(self.history) + 1
            event = AlarmEvent(seq, alarm.changed_at, self.now, change, before, alarm, actor, comment, told)
            self.history.append(event)
            if alarm.state is AlarmState.NORMAL:
                self.active.pop(alarm.id, None)
            else:
                self.active[alarm.id] = alarm
            self.feed.publish("alarm", self.shape.event(event), event.seq)
            for colour in self.colours():
                self.feed.publish("colour", colour_json(colour))
        return event

    def raise_alarm(self, point: int, tier: Tier, name: Text, text: Text, **more: object) -> Alarm:
        """A new condition at a point."""
        where = self.catalogue.points[point]
        alarm = Alarm(
            id=f"alarm-{len(self.history) + 1}", condition="level.high", rule="level.high", point=point,
            subject=where.id, enterprise=where.enterprise, source=where.source, alarm_class=AlarmClass.PROCESS,
            state=AlarmState.UNACKNOWLEDGED, tier=tier, worst=tier, raised_at=self.now, changed_at=self.now,
            value=float(self.latest[1][point]), score=float("nan"), limit=14.4, unit=where.unit, score_unit=where.unit,
            name=name, text=text, advice=LEVEL_ADVICE, basis=LEVEL_BASIS,
        )  # fmt: skip
        alarm = replace(alarm, **more)  # type: ignore[arg-type]
        self.note(alarm, Change.RAISED, Tier.NONE)
        return alarm

    def clear(self, alarm_id: str) -> None:
        """The condition has gone: an acknowledged alarm ends, another waits for its acknowledgement."""
        alarm = self.active[alarm_id]
        done = alarm.state is AlarmState.ACKNOWLEDGED
        state = AlarmState.NORMAL if done else AlarmState.RETURNED_UNACKNOWLEDGED
        gone = replace(alarm, state=state, tier=Tier.NONE, cleared_at=self.now, changed_at=self.now)
        self.note(gone, Change.CLEARED, alarm.tier)

    def acknowledge(self, alarm_id: str, person: str, comment: str) -> AlarmEvent:
        alarm = self.active.get(alarm_id)
        if alarm is None:
            raise Refused(f"没有这条报警：{alarm_id}", f"No such alarm: {alarm_id}", missing=True)
        if alarm.acknowledged_at is not None:
            raise Refused(f"已由 {alarm.acknowledged_by} 确认。", f"Already acknowledged by {alarm.acknowledged_by}.")
        self.acknowledged.append((alarm_id, person, comment))
        known = replace(
            alarm,
            state=AlarmState.ACKNOWLEDGED,
            acknowledged_at=self.now,
            acknowledged_by=person,
            comment=comment,
            changed_at=self.now,
        )
        return self.note(known, Change.ACKNOWLEDGED, alarm.tier, person, comment)
