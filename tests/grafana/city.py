"""A small city with a known story: the records, and the rows in InfluxDB that the platform would have written."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ganzhi.clock import NS_PER_S
from ganzhi.records import (
    Alarm,
    AlarmClass,
    AlarmEvent,
    AlarmState,
    Catalogue,
    Change,
    Enterprise,
    Point,
    Rule,
    Source,
    Text,
    Tier,
)

NOW = 1_777_622_400 * NS_PER_S
"""2026-05-01 16:00:00 in Shanghai."""
MINUTE = 60 * NS_PER_S
SPAN_MIN = 360
NAN = float("nan")
DUTY = "值班员"

Value = str | int | float | bool


def point(source: str, tag: str, quantity: str, unit: str, span: tuple[float, float]) -> Point:
    enterprise = "haihe-storage" if source.startswith("tank") else "binhai-chem"
    low, high = span
    return Point(f"{enterprise}.{tag}", enterprise, source, tag, quantity, unit, low, high, (high - low) / 1000, 1.0)


def tank(source: str, number: int) -> tuple[Point, ...]:
    return (
        point(source, f"LT-{number}", "level", "m", (0, 16)),
        point(source, f"TT-{number}", "temperature", "°C", (-20, 120)),
        point(source, f"PT-{number}", "pressure", "kPa", (-5, 20)),
    )


CATALOGUE = Catalogue(
    {
        "haihe-storage": Enterprise("haihe-storage", Text("海河石化仓储", "Haihe Petrochemical Storage")),
        "binhai-chem": Enterprise("binhai-chem", Text("滨海精细化工", "Binhai Fine Chemicals")),
    },
    {
        "tank-area-1": Source("tank-area-1", "haihe-storage", Text("一号罐区", "Tank area 1"), "tank_farm"),
        "tank-area-2": Source("tank-area-2", "haihe-storage", Text("二号罐区", "Tank area 2"), "tank_farm"),
        "gas-area-1": Source("gas-area-1", "binhai-chem", Text("丙烷装置区", "Propane unit"), "gas_detection"),
        "gas-area-2": Source("gas-area-2", "binhai-chem", Text("氨制冷区", "Ammonia plant"), "gas_detection"),
    },
    (
        *tank("tank-area-1", 101),
        *tank("tank-area-1", 102),
        *tank("tank-area-2", 201),
        *(point("gas-area-1", f"GD-0{n}", "combustible_gas", "%LEL", (0, 100)) for n in range(1, 5)),
        point("gas-area-2", "AD-01", "ammonia", "mg/m3", (0, 300)),
        point("gas-area-2", "OD-01", "oxygen", "%VOL", (0, 25)),
    ),
)


def value_rule(name: str, tags: dict[str, tuple[float, float, float, float]], side: str = "high") -> Rule:
    """A rule of kind value; `tags` gives blue, yellow, orange and red of each point."""
    index = np.array([CATALOGUE.index[tag] for tag in tags], np.int32)
    limits = np.array(list(tags.values()), np.float64)
    unit = CATALOGUE.points[index[0]].unit
    return Rule(name, Text(name, name), "value", index, limits, side, np.zeros(len(index)), unit, condition=name)


RULES = (
    value_rule(
        "level.high",
        {
            "haihe-storage.LT-101": (NAN, NAN, 13.6, 14.4),
            "haihe-storage.LT-102": (NAN, NAN, 13.6, 14.4),
            "haihe-storage.LT-201": (NAN, NAN, 12.0, 13.0),
        },
    ),
    value_rule("level.low", {f"haihe-storage.LT-{n}": (NAN, 1.6, NAN, NAN) for n in (101, 102, 201)}, side="low"),
    value_rule("gas.high", {f"binhai-chem.GD-0{n}": (NAN, 25.0, NAN, 50.0) for n in range(1, 5)}),
    value_rule("oxygen.low", {"binhai-chem.OD-01": (NAN, NAN, NAN, 19.5)}, side="low"),
    value_rule("oxygen.high", {"binhai-chem.OD-01": (NAN, NAN, NAN, 23.5)}),
)


CONDITIONS = {
    "level.high": Text("液位高", "Level high"),
    "gas.high": Text("可燃气体浓度高", "Combustible gas high"),
    "pressure.high": Text("罐压高", "Tank pressure high"),
    "ammonia.high": Text("氨气浓度高", "Ammonia high"),
    "stale": Text("数据中断", "Stopped reporting"),
}
READING = {"level.high": 13.72, "gas.high": 27.5}
LIMIT = {"level.high": 13.6, "gas.high": 25.0}


def alarm(number: int, tag: str, condition: str, tier: Tier, at: int) -> Alarm:
    """An alarm as it stands when it is raised."""
    subject = CATALOGUE.points[CATALOGUE.index[tag]]
    value = READING.get(condition, NAN)
    return Alarm(
        id=f"A{number:04d}",
        condition=condition,
        rule=f"{condition}.value",
        point=CATALOGUE.index[tag],
        subject=tag,
        enterprise=subject.enterprise,
        source=subject.source,
        alarm_class=AlarmClass.DEVICE if condition == "stale" else AlarmClass.PROCESS,
        state=AlarmState.UNACKNOWLEDGED,
        tier=tier,
        worst=tier,
        raised_at=at,
        changed_at=at,
        value=value,
        score=value,
        limit=LIMIT.get(condition, NAN),
        unit=subject.unit,
        score_unit=subject.unit,
        name=CONDITIONS[condition],
        text=sentence(tag, condition, tier),
        advice=Text("现场核实", "Check on site"),
        basis="engineering default",
        simulated=True,
    )


def sentence(tag: str, condition: str, tier: Tier) -> Text:
    name = CONDITIONS[condition]
    if tier is Tier.NONE:
        return Text(f"{tag} {name.zh}，已恢复正常", f"{tag}: {name.en}, back to normal")
    return Text(f"{tag} {name.zh}，达到{'四三二一'[tier - 1]}级", f"{tag}: {name.en}, level {'4321'[tier - 1]}")


def raised(alarm: Alarm) -> AlarmEvent:
    return AlarmEvent(0, alarm.raised_at, alarm.raised_at, Change.RAISED, Tier.NONE, alarm)


def changed(event: AlarmEvent, minutes: int, change: Change, tier: Tier) -> AlarmEvent:
    """What the journal says next about the same alarm, `minutes` after the event given."""
    at = event.at + minutes * MINUTE
    before = event.alarm
    after = replace(before, tier=tier, worst=max(tier, before.worst), changed_at=at)
    if change is Change.ACKNOWLEDGED:
        after = replace(after, state=AlarmState.ACKNOWLEDGED, acknowledged_at=at, acknowledged_by=DUTY)
    else:
        after = replace(after, text=sentence(before.subject, before.condition, tier))
    if change is Change.CLEARED:
        after = replace(after, state=AlarmState.RETURNED_UNACKNOWLEDGED, cleared_at=at)
    return AlarmEvent(0, at, at, change, before.tier, after, DUTY if change is Change.ACKNOWLEDGED else "")


def story(now: int) -> list[AlarmEvent]:
    """The journal up to `now`: one red, one orange, two yellow and one blue alarm are active at its end."""

    def start(number: int, tag: str, condition: str, tier: Tier, *, minutes_ago: int) -> AlarmEvent:
        return raised(alarm(number, tag, condition, tier, now - minutes_ago * MINUTE))

    level = [start(1, "haihe-storage.LT-101", "level.high", Tier.BLUE, minutes_ago=50)]
    level.append(changed(level[-1], 8, Change.WORSENED, Tier.YELLOW))
    level.append(changed(level[-1], 22, Change.WORSENED, Tier.ORANGE))
    level.append(changed(level[-1], 2, Change.ACKNOWLEDGED, Tier.ORANGE))
    gas = [start(2, "binhai-chem.GD-03", "gas.high", Tier.YELLOW, minutes_ago=15)]
    gas.append(changed(gas[-1], 6, Change.WORSENED, Tier.RED))
    ammonia = [start(4, "binhai-chem.AD-01", "ammonia.high", Tier.YELLOW, minutes_ago=200)]
    ammonia.append(changed(ammonia[-1], 30, Change.CLEARED, Tier.NONE))
    late = start(6, "haihe-storage.LT-102", "level.high", Tier.RED, minutes_ago=3)
    late = replace(late, change=Change.RETROSPECTIVE, alarm=replace(late.alarm, retrospective=True))
    events = [
        *level,
        *gas,
        *ammonia,
        late,
        start(3, "binhai-chem.GD-04", "gas.high", Tier.YELLOW, minutes_ago=12),
        start(5, "haihe-storage.TT-102", "stale", Tier.BLUE, minutes_ago=5),
        start(7, "haihe-storage.PT-201", "pressure.high", Tier.YELLOW, minutes_ago=9 * 60),
    ]
    events.sort(key=lambda event: event.noted)
    return [replace(event, seq=seq, noted=event.noted + seq) for seq, event in enumerate(events, 1)]


def row(measurement: str, tags: dict[str, str], fields: dict[str, Value], time: int) -> str:
    """One row in line protocol; a NaN is left out."""

    def shown(value: Value) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str):
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return f"{int(value)}i" if isinstance(value, int) else repr(float(value))

    head = ",".join((measurement, *(f"{key}={text}" for key, text in tags.items())))
    kept = {key: value for key, value in fields.items() if not (isinstance(value, float) and math.isnan(value))}
    return f"{head} {','.join(f'{key}={shown(value)}' for key, value in kept.items())} {time}"


def alarm_row(event: AlarmEvent) -> str:
    """The row of measurement `alarm` that stands for a line of the journal."""
    alarm = event.alarm
    tags = {
        "enterprise": alarm.enterprise,
        "source": alarm.source,
        "point": alarm.subject,
        "condition": alarm.condition,
        "alarm_class": alarm.alarm_class.value,
    }
    fields: dict[str, Value] = {
        "id": alarm.id,
        "change": event.change.value,
        "state": alarm.state.value,
        "rule": alarm.rule,
        "name_zh": alarm.name.zh,
        "name_en": alarm.name.en,
        "text_zh": alarm.text.zh,
        "text_en": alarm.text.en,
        "actor": event.actor,
        "unit": alarm.unit,
        "tier": int(alarm.tier),
        "before": int(event.before),
        "worst": int(alarm.worst),
        "seq": event.seq,
        "at_ms": event.at // 1_000_000,
        "value": alarm.value,
        "score": alarm.score,
        "limit": alarm.limit,
        "simulated": alarm.simulated,
        "retrospective": alarm.retrospective,
    }
    return row("alarm", tags, fields, event.noted)


def risk_rows(events: list[AlarmEvent], now: int) -> Iterator[str]:
    """The colour of each source once a minute, as the journal stood then."""
    judged = [event for event in events if not event.alarm.retrospective]
    for minute in range(SPAN_MIN, -1, -1):
        at = now - minute * MINUTE
        standing = {event.alarm.id: event.alarm for event in judged if event.at <= at}
        for source in CATALOGUE.sources.values():
            here = [alarm for alarm in standing.values() if alarm.source == source.id and alarm.tier > Tier.NONE]
            process = [alarm.tier for alarm in here if alarm.alarm_class is AlarmClass.PROCESS]
            count = {tier.name.lower(): sum(alarm.tier is tier for alarm in here) for tier in Tier if tier}
            tags = {"enterprise": source.enterprise, "source": source.id}
            yield row("risk", tags, {"tier": int(max(process, default=Tier.NONE)), **count}, at)


def level_at(minutes_ago: float) -> float:
    """Tank 101 fills from an hour ago on and is at 13.72 m now."""
    return 9.0 + 4.72 * max(0.0, 1 - minutes_ago / 60)


def gas_at(minutes_ago: float) -> float:
    """A leak reaches GD-03 18 minutes ago."""
    return 1.5 + 52.0 * math.pow(max(0.0, 1 - minutes_ago / 18), 0.8)


def reading_rows(now: int, step_s: int) -> Iterator[str]:
    """Readings of every point; GD-03 and LT-101 tell the story, the others swing a little around their normal."""
    normal = {
        "level": 9.0,
        "temperature": 24.0,
        "pressure": 4.0,
        "combustible_gas": 1.5,
        "ammonia": 2.0,
        "oxygen": 20.9,
    }
    for number, point in enumerate(CATALOGUE.points):
        tags = {
            "enterprise": point.enterprise,
            "source": point.source,
            "point": point.id,
            "quantity": point.quantity,
        }
        for second in range(SPAN_MIN * 60, -1, -step_s):
            ago = second / 60
            swing = math.sin(second / 37 + number) + 0.6 * math.sin(second / 11 + 2 * number)
            value = normal[point.quantity] + swing * (point.high - point.low) / 400
            if point.id == "haihe-storage.LT-101":
                value = level_at(ago) + swing * 0.01
            elif point.id == "binhai-chem.GD-03":
                value = gas_at(ago) + swing * 0.3
            elif point.id == "haihe-storage.TT-102" and ago < 8:
                continue
            yield row("reading", tags, {"value": value, "quality": 0x80}, now - second * NS_PER_S)


def pipeline_rows(now: int) -> Iterator[str]:
    """Counters since the start of the service, every ten seconds; the sums close."""
    for second in range(SPAN_MIN * 60, -1, -10):
        done = SPAN_MIN * 60 - second
        parts = {
            "accepted": 420 * done,
            "late": 3 * done,
            "duplicate": done,
            "rejected": done // 5,
            "unknown": done // 10,
        }
        waiting = 40 + int(30 * math.sin(done / 300))
        stored = max(0, parts["accepted"] + parts["late"] - waiting)
        fields: dict[str, Value] = {
            "received": sum(parts.values()),
            **parts,
            "stored": stored,
            "backlog": parts["accepted"] + parts["late"] - stored,
            "delay_p50_ms": 18.0 + 4 * math.sin(done / 200),
            "delay_p99_ms": 65.0 + 20 * math.sin(done / 170),
        }
        yield row("pipeline", {}, fields, now - second * NS_PER_S)


def rows(now: int, *, step_s: int = 60) -> list[str]:
    """Everything the platform would have written up to `now`, with one reading each `step_s`."""
    events = story(now)
    return [
        *map(alarm_row, events),
        *risk_rows(events, now),
        *reading_rows(now, step_s),
        *pipeline_rows(now),
    ]
