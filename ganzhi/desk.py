"""The control room's desk: what the page asks of alarms, put together from alerting, the ledger and the console."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from alerting import Alarms, Policy, Works
from config import Configuration, Settings
from console import AlarmBackend, AlarmShape, Feed, NewWork, Reportable, Surroundings, work_json
from ganzhi import device, event, own
from ganzhi.clock import Clock
from ganzhi.errors import BadPayload, Refused
from ganzhi.latest import Latest
from ganzhi.records import COLOURS, AlarmEvent, Catalogue, Change, ExternalEvent, Quality, Text, Work
from ganzhi.trend import Trend
from storage import Ledger

TIERS = {tier.name.lower(): tier for tier in COLOURS}

LOOK_UP = Text("各字段的写法见 docs/alarms.md。", "docs/alarms.md says how each key is written.")
REMEDIES = {
    "not_json": Text("正文不是 JSON。", "The body is not JSON."),
    "not_a_message": Text("正文应为一个 JSON 对象。", "The body must be one JSON object."),
    "no_key": Text("请填写 key:发送方给该事件的编号。", "Give key, the sender's own name for the event."),
    "unknown_enterprise": Text("地址中的企业未登记。", "The enterprise in the address is not in the catalogue."),
    "unknown_source": Text("该企业没有这个危险源。", "The enterprise has no such source."),
    "unknown_kind": Text("可用的 kind 见 /api/event-kinds。", "GET /api/event-kinds lists the kinds."),
    "clock_ahead": Text("ts 晚于平台时间,请核对发送方时钟。", "ts is ahead of our clock; check the sender's."),
    "clock_not_set": Text(
        "ts 应为 UTC 毫秒;发送方时钟似未校准。", "ts is in UTC ms; the sender's clock seems not to be set."
    ),
}
"""What would be right, by the reason why an external event was refused."""

Announce = Callable[[Sequence[AlarmEvent]], None]
Report = Callable[[str, bytes], AlarmEvent | None]
Read = Callable[[str, bytes], ExternalEvent]
"""(enterprise, JSON) -> the event; raises BadPayload."""


def policy(
    settings: Settings, catalogue: Catalogue, works: Works, *, latest: Latest, clock: Clock, tell: Announce
) -> Policy:
    """How the settings want alarms run."""
    chosen = settings.alarms

    def position(enterprise: str) -> str:
        owner = catalogue.enterprises.get(enterprise)
        return owner.district if owner is not None and chosen.position == "district" else ""

    def read(point: int) -> tuple[int, float, int]:
        if point >= len(catalogue.points):  # a place as such, or the platform: told by our clock
            return clock(), float("nan"), int(Quality.DEVICE_FAULT)
        time, value, quality = latest(np.array([point], np.int32))
        return int(time[0]), float(value[0]), int(quality[0])

    return Policy(TIERS.get(chosen.comment_from), chosen.shelve_most, position, works, read, tell)


@dataclass(frozen=True, slots=True)
class Desk:
    """Alarms with what belongs to them. `watched`: the catalogue with the platform itself, and with every source and
    enterprise as such; publish: tells the live page of lines that the journal holds."""

    watched: Catalogue
    works: Works
    alarms: Alarms
    shape: AlarmShape
    feed: Feed
    publish: Announce


def open_desk(
    configuration: Configuration,
    ledger: Ledger,
    *,
    recent: Sequence[AlarmEvent],
    latest: Latest,
    trend: Trend,
    clock: Clock,
) -> Desk:
    """Alarms where they left off; `recent`: the newest lines of the journal. Raises Unavailable."""
    settings, catalogue, measured = configuration.settings, configuration.catalogue, len(configuration.catalogue.points)
    watched, feed = own.extended(device.extended(catalogue)), Feed()
    rules = [*configuration.rules, *device.rules(watched, measured), *event.rules(watched), *own.rules(watched)]
    works = Works(
        catalogue=catalogue,
        ledger=ledger,
        clock=clock,
        announce=lambda work: feed.publish("work", work_json(work)),
    )
    shape = AlarmShape(
        Surroundings(
            catalogue=watched,
            measured=measured,
            rules={rule.id: rule for rule in rules},
            around=lambda alarm: works.around(alarm, clock()),
            quality=lambda point: int(latest(np.array([point], np.int32))[2][0]),
            trend=trend,
            comment_from=TIERS.get(settings.alarms.comment_from),
            clock=clock,
        )
    )

    def publish(lines: Sequence[AlarmEvent]) -> None:
        for line in lines:
            feed.publish("alarm", shape.event(line), line.seq)

    alarms = Alarms(
        catalogue=watched,
        rules=rules,
        journal=ledger,
        clock=clock,
        zone=ZoneInfo(settings.site.time_zone),
        last_noted=ledger.last_noted(),
        recent=recent,
        policy=policy(settings, catalogue, works, latest=latest, clock=clock, tell=publish),
    )
    return Desk(watched, works, alarms, shape, feed, publish)


def backend(alarms: Alarms, works: Works, ledger: Ledger, *, report: Report) -> AlarmBackend:
    """What people can see of alarms and do to them."""

    def acknowledge_all(
        ids: Sequence[str], seq: int, person: str, comment: str
    ) -> tuple[list[AlarmEvent], list[tuple[str, Refused]]]:
        done = alarms.acknowledge_all(ids, seq, person, comment)
        return done.events, done.refused

    return AlarmBackend(
        annunciated=alarms.annunciated,
        suppressed=alarms.suppressed,
        incidents=lambda: alarms.incidents(ledger.alarm),
        floods=alarms.floods,
        find=lambda alarm_id: alarms.get(alarm_id) or ledger.alarm(alarm_id),
        lines_of=ledger.lines_of,
        retrospective=ledger.retrospective,
        works=works.open,
        past_works=lambda limit: ledger.works(0, limit),
        acknowledge=lambda key, person, comment, seq: alarms.acknowledge(key, person, comment, seq=seq),
        acknowledge_all=acknowledge_all,
        shelve=alarms.shelve,
        reset=alarms.reset,
        unshelve=alarms.unshelve,
        take_out=alarms.take_out,
        put_back=alarms.put_back,
        close=alarms.close,
        take_out_condition=alarms.take_out_condition,
        add_work=lambda new: _entered(works, new),
        end_work=works.end,
        report=report,
        reportable=[Reportable(kind, each.name, each.tier, each.advice) for kind, each in event.KINDS.items()],
    )


def reporter(alarms: Alarms, read: Read, watched: Catalogue, announce: Announce) -> Report:
    """Takes the external events that come by HTTP."""

    def report(enterprise: str, payload: bytes) -> AlarmEvent | None:
        try:
            found = event.transition(read(enterprise, payload), watched)
        except BadPayload as bad:
            remedy = REMEDIES.get(bad.reason, LOOK_UP)
            zh, en = f"事件不符合约定:{bad.reason}。", f"The event does not fit: {bad.reason}."
            raise Refused(zh + remedy.zh, f"{en} {remedy.en}") from bad
        events = [] if found is None else alarms.apply([found])
        announce(events)
        return next((line for line in events if line.change != Change.GROUPED), None)

    return report


def _entered(works: Works, new: NewWork) -> Work:
    return works.add(
        new.kind,
        new.scope,
        new.subject,
        start=new.start,
        end=new.end,
        reason=new.reason,
        person=new.person,
        most=new.most,
    )
