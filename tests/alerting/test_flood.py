"""Floods and incidents, and what suppresses by design among alarms themselves."""

from __future__ import annotations

import math
from dataclasses import replace

from alerting.alarm import Alarms
from alerting.flood import BEGINS, WINDOW_NS, Floods
from alerting.policy import Policy
from ganzhi.clock import NS_PER_S
from ganzhi.records import (
    OFFLINE,
    AlarmEvent,
    AlarmState,
    Catalogue,
    Change,
    Effect,
    Point,
    SuppressWhen,
    Text,
    Tier,
    Transition,
    enterprise_as_such,
    source_as_such,
)
from tests.alerting.site import GAS, HIGH, LEAK, LEVEL, POINTS, RULES, TANK, ZONE, MemoryJournal, alarms, moved, rule
from tests.alerting.site import catalogue as plain
from tests.alerting.test_chatter import Hand

S = NS_PER_S
Y, O, R, NONE = Tier.YELLOW, Tier.ORANGE, Tier.RED, Tier.NONE  # noqa: E741
ANNOUNCE, FOLD, WITHHOLD = (Effect.ANNOUNCE,), (Effect.FOLD,), (Effect.WITHHOLD,)


def told(events: list[AlarmEvent]) -> list[tuple[Change, tuple[Effect, ...]]]:
    return [(event.change, event.effects) for event in events]


def test_a_flood_begins_at_ten_in_ten_minutes_and_ends_below_five() -> None:
    floods = Floods(lambda enterprise: enterprise)
    for number in range(BEGINS - 1):
        floods.announce("a", number * S)
    floods.announce("b", 9 * S)
    assert floods.now() == []
    floods.announce("a", 10 * S)
    (flood,) = floods.now()
    assert (flood.position, flood.since, flood.count) == ("a", 10 * S, BEGINS)
    assert (floods.on("a"), floods.on("b")) == (True, False)
    floods.turn(WINDOW_NS + 4 * S)
    assert floods.on("a")
    floods.turn(WINDOW_NS + 5 * S)
    assert not floods.on("a")


def flooded(journal: MemoryJournal, clock: Hand, policy: Policy | None = None) -> Alarms:
    """A site whose gas area has just announced ten alarms."""
    site = alarms(journal, clock=clock, policy=policy or Policy())
    for number in range(10):
        assert told(site.apply([replace(moved(LEAK, number, Y), about=str(number))])) == [(Change.RAISED, ANNOUNCE)]
    return site


def test_alarms_of_one_source_are_one_incident_in_a_flood_also_after_a_restart() -> None:
    journal, clock = MemoryJournal(), Hand()
    site = flooded(journal, clock)
    (first,) = site.apply([moved(HIGH, 20, Y)])
    assert (first.effects, first.alarm.incident) == (ANNOUNCE, "")
    site = alarms(journal, clock=clock, recent=journal.lines)
    grouped, second = site.apply([moved(HIGH, 30, Y, point=1)])
    assert (grouped.change, grouped.alarm.id, grouped.alarm.incident, grouped.alarm.folded) == (
        Change.GROUPED,
        first.alarm.id,
        first.alarm.id,
        False,
    )
    assert (second.effects, second.alarm.incident, second.alarm.folded) == (FOLD, first.alarm.id, True)
    (incident,) = site.incidents()
    assert (incident.id, [alarm.id for alarm in incident.members]) == (
        first.alarm.id,
        [first.alarm.id, second.alarm.id],
    )
    assert second.alarm.id in {alarm.id for alarm in site.annunciated()}


def test_what_is_worse_than_all_that_was_announced_is_announced_and_red_always() -> None:
    journal, clock = MemoryJournal(), Hand()
    site = flooded(journal, clock)
    site.apply([moved(HIGH, 20, Y)])
    assert told(site.apply([moved(HIGH, 30, O, point=1)]))[-1] == (Change.RAISED, ANNOUNCE)
    assert told(site.apply([moved(HIGH, 40, R)])) == [(Change.WORSENED, ANNOUNCE)]
    assert told(site.apply([moved(HIGH, 50, R, old=O, point=1)])) == [(Change.WORSENED, ANNOUNCE)]


def test_what_comes_alone_or_long_after_is_no_incident() -> None:
    journal, clock = MemoryJournal(), Hand()
    site = flooded(journal, clock)
    site.apply([moved(HIGH, 20, Y)])
    (second,) = site.apply([moved(HIGH, 20 + 600, Y, point=1)])
    assert (second.effects, second.alarm.incident) == (ANNOUNCE, "")


def test_positions_flood_apart() -> None:
    journal, clock = MemoryJournal(), Hand()
    site = flooded(journal, clock, Policy(position=lambda enterprise: enterprise))
    assert [flood.position for flood in site.floods()] == [GAS.enterprise]
    assert told(site.apply([moved(HIGH, 20, Y)])) == [(Change.RAISED, ANNOUNCE)]
    assert told(site.apply([moved(HIGH, 30, Y, point=1)])) == [(Change.RAISED, ANNOUNCE)]


LINK = Point(source_as_such(TANK.id), TANK.enterprise, TANK.id, "", "place", "", 0, math.inf, 1.0, 1.0)
HALL = Point(enterprise_as_such(TANK.enterprise), TANK.enterprise, TANK.id, "", "place", "", 0, math.inf, 1.0, 1.0)
LOST = rule("lost", OFFLINE, "s", points=(3, 4), name=Text("数据整体中断", "Everything is silent"))
SILENT = rule("silent", "stale", "periods", points=(0, 1, 2), condition="stale", name=Text("数据中断", "Silent"))
EMPTY = rule("empty", "value", "m", points=(0,), name=Text("空罐", "Empty"))
LOW = replace(
    rule("low", "value", "m", points=(0, 1), name=Text("液位低", "Low")),
    suppress_when=SuppressWhen("empty", Tier.YELLOW),
)


def designed(journal: MemoryJournal, clock: Hand) -> Alarms:
    by_name = plain((*POINTS, LINK, HALL))
    return Alarms(
        catalogue=Catalogue(by_name.enterprises, by_name.sources, by_name.points),
        rules=[*RULES[:4], LOST, SILENT, EMPTY, LOW],
        journal=journal,
        clock=clock,
        zone=ZONE,
        recent=journal.lines,
    )


def silent(at_s: float, new: Tier, point: int) -> Transition:
    return moved(SILENT, at_s, new, point=point, score=3.0, limit=3.0, value=math.nan)


def lost(at_s: float, new: Tier, *, point: int = 3) -> Transition:
    return moved(LOST, at_s, new, point=point, score=3.0, limit=math.nan, value=math.nan)


def test_a_silent_source_is_one_alarm_and_suppresses_the_silence_of_its_points() -> None:
    journal, clock = MemoryJournal(), Hand()
    site = designed(journal, clock)
    events = site.apply([silent(3, Tier.BLUE, 0), silent(3, Tier.BLUE, 1), silent(3, Tier.BLUE, 2), lost(4, Y)])
    assert [(event.alarm.condition, event.effects) for event in events] == [
        ("lost", ANNOUNCE),
        ("stale", WITHHOLD),
        ("stale", WITHHOLD),
        ("stale", ANNOUNCE),
    ]
    assert events[0].alarm.text.zh == "一号罐区 全部测点已 3 秒没有数据(2026-05-01 08:00:04)"
    assert [alarm.suppressions[0].cause for alarm in site.suppressed()] == ["offline", "offline"]
    site = designed(journal, clock)
    (cleared,) = site.apply([silent(40, NONE, 0)])
    assert (cleared.change, cleared.alarm.state, cleared.alarm.suppressions) == (Change.CLEARED, AlarmState.NORMAL, ())
    site.apply([lost(60, NONE)])
    assert [(event.change, event.alarm.subject, event.effects) for event in site.tick()] == [
        (Change.RELEASED, "haihe-storage.LT-102", ANNOUNCE),
    ]


def test_a_silent_enterprise_is_one_alarm_and_leaves_nothing_of_its_sources_to_acknowledge() -> None:
    site = designed(MemoryJournal(), Hand())
    hall = lost(9, O, point=4)
    events = site.apply([lost(4, Y), silent(3, Tier.BLUE, 0), hall])
    assert [(event.alarm.subject, event.effects) for event in events] == [
        ("haihe-storage/enterprise", ANNOUNCE),
        ("tank-area-1/source", WITHHOLD),
        (LEVEL.id, WITHHOLD),
    ]
    site.acknowledge(events[0].alarm.id, "甲")
    site.apply([silent(20, NONE, 0), lost(50, NONE), lost(50, NONE, point=4)])
    assert (site.active(), site.suppressed()) == ([], [])


def test_another_rule_suppresses_at_the_same_point_or_in_the_same_source() -> None:
    site = designed(MemoryJournal(), Hand())
    site.apply([moved(EMPTY, 1, Tier.BLUE)])
    assert told(site.apply([moved(LOW, 2, O)])) == [(Change.RAISED, ANNOUNCE)]
    site.apply([moved(EMPTY, 3, Y)])
    assert told(site.tick()) == [(Change.SUPPRESSED, (Effect.SILENCE,))]
    assert told(site.apply([moved(LOW, 4, O, point=1)])) == [(Change.RAISED, WITHHOLD)]
    site.apply([moved(EMPTY, 5, NONE)])
    assert told(site.tick()) == [(Change.RELEASED, ANNOUNCE)] * 2
