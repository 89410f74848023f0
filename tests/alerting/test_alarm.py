"""Alarms: what transitions and people make of them, line by line."""

from __future__ import annotations

import math
import threading
from dataclasses import replace

import pytest

from ganzhi.clock import NS_PER_S
from ganzhi.errors import Refused, Unavailable
from ganzhi.records import Alarm, AlarmClass, AlarmEvent, AlarmState, Change, Effect, Text, Tier
from tests.alerting.site import (
    HIGH,
    LEAK,
    LEVEL,
    OVERFILL,
    RATE,
    SILENT,
    START,
    MemoryJournal,
    Ticking,
    alarms,
    moved,
    rule,
)

B, Y, O, R, NONE = Tier.BLUE, Tier.YELLOW, Tier.ORANGE, Tier.RED, Tier.NONE  # noqa: E741


def row(event: AlarmEvent) -> tuple[int, Change, Tier, Tier, Tier, AlarmState, str]:
    """seq, change, tier before, tier, worst, state, rule."""
    alarm = event.alarm
    return event.seq, event.change, event.before, alarm.tier, alarm.worst, alarm.state, alarm.rule


def test_alarm_holds_every_field_when_raised() -> None:
    journal = MemoryJournal()
    (event,) = alarms(journal).apply([moved(HIGH, 30, O)])
    assert event == AlarmEvent(
        seq=1,
        at=START + 30 * NS_PER_S,
        noted=START + NS_PER_S,
        change=Change.RAISED,
        before=NONE,
        alarm=Alarm(
            id="20260501-000001",
            condition="level.high",
            rule="level-high",
            point=0,
            subject="haihe-storage.LT-101",
            enterprise="haihe-storage",
            source="tank-area-1",
            alarm_class=AlarmClass.PROCESS,
            state=AlarmState.UNACKNOWLEDGED,
            tier=O,
            worst=O,
            raised_at=START + 30 * NS_PER_S,
            changed_at=START + 30 * NS_PER_S,
            value=14.52,
            score=14.52,
            limit=14.4,
            unit="m",
            score_unit="m",
            name=Text("液位高", "Level high"),
            text=Text(
                "一号罐区 LT-101 为 14.52 m,高于橙色限值 14.40 m(2026-05-01 08:00:30)",
                "Tank area 1 LT-101 is 14.52 m, above the orange limit 14.40 m (2026-05-01 08:00:30)",
            ),
            advice=Text("停止进料", "Stop the inflow"),
            basis="engineering default",
            evidence={
                "tier:level-high": 3.0,
                "after:level-high": 0.0,
                "value:level-high": 14.52,
                "score:level-high": 14.52,
                "limit:level-high": 14.4,
            },
            seq=1,
            told=True,
        ),
        effects=(Effect.ANNOUNCE,),
    )
    assert journal.lines == [event]


def test_lines_follow_the_tiers_when_two_rules_share_a_condition() -> None:
    site = alarms(MemoryJournal())
    events = site.apply(
        [
            moved(OVERFILL, 10, B, score=40, limit=60, value=11.0),
            moved(OVERFILL, 20, Y, old=B, score=25, limit=30, value=12.0),
            moved(HIGH, 30, O, score=13.7, limit=13.6, value=13.7),
            moved(OVERFILL, 40, B, old=Y, score=45, limit=60, value=13.8),
            moved(HIGH, 50, R, old=O),
            moved(HIGH, 60, NONE, old=R, score=13.0, limit=13.6, value=13.0),
            moved(OVERFILL, 70, NONE, old=B, score=math.inf, limit=60, value=12.0),
        ]
    )
    unacknowledged, returned = AlarmState.UNACKNOWLEDGED, AlarmState.RETURNED_UNACKNOWLEDGED
    assert [row(event) for event in events] == [
        (1, Change.RAISED, NONE, B, B, unacknowledged, "overfill"),
        (2, Change.WORSENED, B, Y, Y, unacknowledged, "overfill"),
        (3, Change.WORSENED, Y, O, O, unacknowledged, "level-high"),
        (4, Change.UPDATED, O, O, O, unacknowledged, "level-high"),
        (5, Change.WORSENED, O, R, R, unacknowledged, "level-high"),
        (6, Change.EASED, R, B, R, unacknowledged, "overfill"),
        (7, Change.CLEARED, B, NONE, R, returned, "overfill"),
    ]
    assert {event.alarm.id for event in events} == {"20260501-000001"}
    eased, cleared = events[5].alarm, events[6].alarm
    assert (eased.score, eased.limit, eased.value, eased.score_unit, eased.unit) == (45, 60, 13.8, "min", "m")
    assert math.isnan(cleared.score)
    assert cleared.cleared_at == START + 70 * NS_PER_S


def test_first_of_the_rules_holds_the_alarm_when_tiers_are_equal() -> None:
    site = alarms(MemoryJournal())
    events = site.apply([moved(HIGH, 1, Y), moved(OVERFILL, 2, Y, score=20, limit=30)])
    assert [row(event)[1:] for event in events] == [
        (Change.RAISED, NONE, Y, Y, AlarmState.UNACKNOWLEDGED, "level-high"),
        (Change.UPDATED, Y, Y, Y, AlarmState.UNACKNOWLEDGED, "overfill"),
    ]


def test_transitions_are_taken_by_time_when_given_in_another_order() -> None:
    events = alarms(MemoryJournal()).apply([moved(HIGH, 20, R, old=O), moved(HIGH, 10, O)])
    assert [(event.change, event.at) for event in events] == [
        (Change.RAISED, START + 10 * NS_PER_S),
        (Change.WORSENED, START + 20 * NS_PER_S),
    ]


def test_points_have_alarms_of_their_own_when_a_rule_watches_both() -> None:
    site = alarms(MemoryJournal())
    site.apply([moved(HIGH, 1, O), moved(HIGH, 1, R, point=1), moved(SILENT, 1, B)])
    assert [(alarm.subject, alarm.condition, alarm.tier) for alarm in site.active()] == [
        ("haihe-storage.LT-102", "level.high", R),
        ("haihe-storage.LT-101", "level.high", O),
        ("haihe-storage.LT-101", "stale", B),
    ]


def test_acknowledged_alarm_asks_again_when_it_worsens() -> None:
    site = alarms(MemoryJournal())
    (raised,) = site.apply([moved(HIGH, 1, O)])
    known = site.acknowledge(raised.alarm.id, " 值班员甲 ", "已派人")
    assert (known.actor, known.comment, known.at) == ("值班员甲", "已派人", known.noted)
    assert (known.alarm.acknowledged_by, known.alarm.comment, known.alarm.acknowledged_at) == (
        "值班员甲",
        "已派人",
        known.noted,
    )
    assert row(known) == (2, Change.ACKNOWLEDGED, O, O, O, AlarmState.ACKNOWLEDGED, "level-high")
    eased = site.apply([moved(HIGH, 2, Y, old=O)])[0]
    assert eased.alarm.state == AlarmState.ACKNOWLEDGED
    assert eased.alarm.acknowledged_by == "值班员甲"
    worsened = site.apply([moved(HIGH, 3, R, old=Y)])[0]
    assert worsened.alarm.state == AlarmState.UNACKNOWLEDGED
    assert (worsened.alarm.acknowledged_at, worsened.alarm.acknowledged_by, worsened.alarm.comment) == (None, "", "")


def test_alarm_ends_when_it_was_acknowledged_and_clears() -> None:
    site = alarms(MemoryJournal())
    (raised,) = site.apply([moved(HIGH, 1, O)])
    site.acknowledge(raised.alarm.id, "甲", "")
    (cleared,) = site.apply([moved(HIGH, 2, NONE, old=O)])
    assert row(cleared) == (3, Change.CLEARED, O, NONE, O, AlarmState.NORMAL, "level-high")
    assert site.active() == []
    assert site.get(raised.alarm.id) == cleared.alarm
    (again,) = site.apply([moved(HIGH, 3, O)])
    assert again.alarm.id == "20260501-000004"
    assert again.alarm.worst == O
    assert site.get(raised.alarm.id) is None


def test_alarm_keeps_its_id_when_it_comes_back_before_it_is_acknowledged() -> None:
    site = alarms(MemoryJournal())
    (raised,) = site.apply([moved(HIGH, 1, R)])
    site.apply([moved(HIGH, 2, NONE, old=R)])
    assert [(a.id, a.state, a.tier) for a in site.active()] == [
        (raised.alarm.id, AlarmState.RETURNED_UNACKNOWLEDGED, NONE)
    ]
    (again,) = site.apply([moved(HIGH, 9_999, O)])
    assert row(again) == (3, Change.RAISED, NONE, O, R, AlarmState.UNACKNOWLEDGED, "level-high")
    assert (again.alarm.id, again.alarm.raised_at, again.alarm.cleared_at) == (raised.alarm.id, again.at, None)


@pytest.mark.parametrize(("gap_s", "same"), [(59.9, True), (60.0, False)])
def test_alarm_is_the_same_again_when_it_comes_back_sooner_than_repeat_s(gap_s: float, same: bool) -> None:
    site = alarms(MemoryJournal())
    (raised,) = site.apply([moved(RATE, 0, B)])
    site.acknowledge(raised.alarm.id, "甲", "")
    site.apply([moved(RATE, 10, NONE, old=B)])
    (again,) = site.apply([moved(RATE, 10 + gap_s, B)])
    assert again.change == Change.RAISED
    assert (again.alarm.id == raised.alarm.id) is same
    assert again.alarm.acknowledged_at is None
    assert again.alarm.state == AlarmState.UNACKNOWLEDGED


def test_latching_alarm_waits_for_reset_when_cleared() -> None:
    site = alarms(MemoryJournal())
    (raised,) = site.apply([moved(LEAK, 1, R)])
    (cleared,) = site.apply([moved(LEAK, 2, NONE, old=R)])
    assert cleared.alarm.state == AlarmState.LATCHED_UNACKNOWLEDGED
    with pytest.raises(Refused, match="Acknowledge the alarm before"):
        site.reset(raised.alarm.id, "甲", "")
    assert site.acknowledge(raised.alarm.id, "甲", "").alarm.state == AlarmState.LATCHED_ACKNOWLEDGED
    assert [alarm.id for alarm in site.active()] == [raised.alarm.id]
    reset = site.reset(raised.alarm.id, "乙", "阀门已修复")
    assert row(reset) == (4, Change.RESET, NONE, NONE, R, AlarmState.NORMAL, "gas")
    assert (reset.actor, reset.comment, reset.at) == ("乙", "阀门已修复", reset.noted)
    assert reset.alarm.cleared_at == cleared.at
    assert site.active() == []
    (again,) = site.apply([moved(LEAK, 3, B)])
    assert again.alarm.id != raised.alarm.id


def test_latched_alarm_is_unacknowledged_when_it_comes_back() -> None:
    site = alarms(MemoryJournal())
    (raised,) = site.apply([moved(LEAK, 1, R)])
    site.acknowledge(raised.alarm.id, "甲", "")
    assert site.apply([moved(LEAK, 2, NONE)])[0].alarm.state == AlarmState.LATCHED_ACKNOWLEDGED
    (again,) = site.apply([moved(LEAK, 3, B)])
    assert (again.alarm.id, again.alarm.state) == (raised.alarm.id, AlarmState.UNACKNOWLEDGED)
    assert site.apply([moved(LEAK, 4, NONE)])[0].alarm.state == AlarmState.LATCHED_UNACKNOWLEDGED


def test_condition_latches_when_a_latching_rule_took_part_and_another_clears_last() -> None:
    plain = rule("plain", "value", "m", condition="shared", name=Text("一", "one"))
    latching = rule("latching", "value", "m", condition="shared", latch=True, name=Text("二", "two"))
    site = alarms(MemoryJournal(), rules=[plain, latching])
    site.apply([moved(plain, 1, B), moved(latching, 2, R), moved(latching, 3, NONE)])
    assert site.apply([moved(plain, 4, NONE)])[0].alarm.state == AlarmState.LATCHED_UNACKNOWLEDGED
    other = site.apply([moved(plain, 1, B, point=1), moved(plain, 2, NONE, point=1)])
    assert other[-1].alarm.state == AlarmState.RETURNED_UNACKNOWLEDGED


def test_latch_is_forgotten_when_the_alarm_was_reset_and_comes_back_by_a_rule_that_does_not_latch() -> None:
    plain = rule("plain", "value", "m", condition="shared", repeat_s=60.0, name=Text("一", "one"))
    latching = rule("latching", "value", "m", condition="shared", latch=True, name=Text("二", "two"))
    site = alarms(MemoryJournal(), rules=[plain, latching])
    raised, _ = site.apply([moved(latching, 1, R), moved(latching, 2, NONE)])
    site.acknowledge(raised.alarm.id, "甲", "")
    site.reset(raised.alarm.id, "甲", "")
    again, cleared = site.apply([moved(plain, 10, B), moved(plain, 11, NONE)])
    assert again.alarm.id == raised.alarm.id
    assert cleared.alarm.state == AlarmState.RETURNED_UNACKNOWLEDGED


def test_figures_are_those_of_the_rule_that_holds_the_alarm_when_it_passes_to_another() -> None:
    site = alarms(MemoryJournal())
    events = site.apply(
        [
            moved(OVERFILL, 1, B, score=40, limit=60, evidence={"target": 14.4, "minutes_early": 30.0}),
            moved(HIGH, 2, R),
            moved(HIGH, 3, NONE, old=R),
        ]
    )
    figures = [{k: v for k, v in event.alarm.evidence.items() if ":" not in k} for event in events]
    assert figures == [{"target": 14.4, "minutes_early": 30.0}, {}, {"target": 14.4, "minutes_early": 30.0}]
    assert events[2].alarm.text.zh.startswith("一号罐区 LT-101 预计 40 分钟后达到 90%/14.40 m")


def test_retrospective_alarm_is_listed_and_over_when_late_data_exceed_a_limit() -> None:
    journal = MemoryJournal()
    site = alarms(journal)
    (raised,) = site.apply([moved(HIGH, 100, O)])
    (event,) = site.apply([moved(HIGH, 50, R, retrospective=True, evidence={"x": 1.0, "y": math.inf})])
    alarm = event.alarm
    assert row(event) == (2, Change.RETROSPECTIVE, NONE, NONE, R, AlarmState.NORMAL, "level-high")
    assert (alarm.raised_at, alarm.changed_at, alarm.cleared_at, event.at) == (START + 50 * NS_PER_S,) * 4
    assert (alarm.id, alarm.retrospective, alarm.evidence) == ("20260501-000002", True, {"x": 1.0})
    assert alarm.text == Text(
        "〔补传〕一号罐区 LT-101 为 14.52 m,高于红色限值 14.40 m(2026-05-01 08:00:50)",
        "[late data] Tank area 1 LT-101 is 14.52 m, above the red limit 14.40 m (2026-05-01 08:00:50)",
    )
    assert site.active() == [raised.alarm]
    assert site.held() == {("level-high", 0): O}
    assert site.apply([moved(HIGH, 50, R, retrospective=True), moved(HIGH, 51, NONE, retrospective=True)]) == []
    with pytest.raises(Refused) as refused:
        site.acknowledge(alarm.id, "甲", "")
    assert refused.value.missing
    assert alarms(journal, recent=journal.lines).apply([moved(HIGH, 50, R, retrospective=True)]) == []


def test_nothing_is_written_when_a_transition_says_nothing_new() -> None:
    journal = MemoryJournal()
    site = alarms(journal)
    site.apply([moved(HIGH, 10, O)])
    same_tier = [moved(HIGH, 10, O), moved(HIGH, 11, O, old=O), moved(RATE, 1, NONE)]
    told_before = [moved(HIGH, 5, R), moved(HIGH, 10, R)]
    assert site.apply(same_tier + told_before) == []
    assert site.apply([]) == []
    assert (journal.writes, site.repeats) == (1, 5)


def test_all_lines_go_to_the_journal_at_once_when_one_call_changes_many_alarms() -> None:
    journal = MemoryJournal()
    events = alarms(journal).apply([moved(HIGH, 1, O), moved(RATE, 1, B), moved(LEAK, 2, R)])
    assert journal.writes == 1
    assert journal.lines == events
    assert [event.seq for event in events] == [1, 2, 3]
    assert len({event.alarm.id for event in events}) == 3


def test_nothing_has_changed_when_the_journal_is_unavailable() -> None:
    journal = MemoryJournal()
    site = alarms(journal)
    (raised,) = site.apply([moved(HIGH, 1, O)])
    journal.fails = True
    for _ in range(2):
        with pytest.raises(Unavailable, match="the disk is full"):
            site.apply([moved(HIGH, 2, R), moved(LEAK, 2, B), moved(HIGH, 1, B, retrospective=True)])
        with pytest.raises(Unavailable):
            site.acknowledge(raised.alarm.id, "甲", "")
    assert site.active() == [raised.alarm]
    assert site.held() == {("level-high", 0): O}
    assert site.repeats == 0
    journal.fails = False
    retried = site.apply([moved(HIGH, 2, R), moved(LEAK, 2, B), moved(HIGH, 1, B, retrospective=True)])
    assert [(event.seq, event.change) for event in retried] == [
        (2, Change.RETROSPECTIVE),
        (3, Change.WORSENED),
        (4, Change.RAISED),
    ]
    assert site.acknowledge(raised.alarm.id, "甲", "").seq == 5


def test_noted_rises_when_the_clock_stands_still_or_falls_back() -> None:
    clock = Ticking()
    site = alarms(MemoryJournal(), clock=clock, last_noted=START + 60 * NS_PER_S)
    events = site.apply([moved(HIGH, 1, O), moved(RATE, 1, B)])
    clock.now = START - 3600 * NS_PER_S
    events += site.apply([moved(HIGH, 2, R)])
    assert [event.noted - START - 60 * NS_PER_S for event in events] == [1, 2, 3]


def test_id_has_the_day_at_the_site_when_utc_is_still_the_day_before() -> None:
    clock = Ticking(START + 16 * 3600 * NS_PER_S)
    (event,) = alarms(MemoryJournal(), clock=clock).apply([moved(HIGH, 1, O)])
    assert event.alarm.id == "20260502-000001"


def test_alarm_is_real_when_one_of_the_rules_that_hold_it_saw_real_readings() -> None:
    site = alarms(MemoryJournal())
    raised, worsened, eased = site.apply(
        [moved(OVERFILL, 1, B, simulated=True), moved(HIGH, 2, R), moved(HIGH, 3, NONE, old=R)]
    )
    assert [event.alarm.simulated for event in (raised, worsened, eased)] == [True, False, True]
    assert raised.alarm.text.zh.startswith("〔模拟〕一号罐区 LT-101 ")
    (cleared,) = site.apply([moved(OVERFILL, 4, NONE, simulated=True)])
    assert cleared.alarm.simulated


def test_refusal_names_who_and_when_when_somebody_clicks_twice() -> None:
    site = alarms(MemoryJournal(), clock=Ticking(START + 3600 * NS_PER_S))
    (raised,) = site.apply([moved(HIGH, 1, O)])
    site.acknowledge(raised.alarm.id, "甲", "")
    with pytest.raises(Refused) as refused:
        site.acknowledge(raised.alarm.id, "乙", "")
    assert refused.value.zh == "该报警已由甲于 2026-05-01 09:00:02 确认。"
    assert refused.value.en == "The alarm was already acknowledged by 甲 at 2026-05-01 09:00:02."
    site.apply([moved(HIGH, 2, NONE)])
    with pytest.raises(Refused, match="already acknowledged by 甲"):
        site.acknowledge(raised.alarm.id, "乙", "")


def test_refusal_says_why_when_the_id_is_unknown_or_the_name_empty() -> None:
    site = alarms(MemoryJournal())
    (raised,) = site.apply([moved(HIGH, 1, O)])
    with pytest.raises(Refused) as unknown:
        site.acknowledge("20260501-000099", "甲", "")
    assert unknown.value.missing
    assert unknown.value.zh == "没有编号为 20260501-000099 的报警,或它早已结束。"
    assert unknown.value.en == "There is no alarm 20260501-000099, or it ended long ago."
    for act in (site.acknowledge, site.reset):
        with pytest.raises(Refused) as nameless:
            act(raised.alarm.id, "  ", "")
        assert (nameless.value.zh, nameless.value.en) == ("请填写姓名。", "Please give a name.")
    with pytest.raises(Refused, match="still holds"):
        site.reset(raised.alarm.id, "甲", "")
    assert site.active() == [raised.alarm]


def test_active_is_worst_first_then_unacknowledged_then_newest() -> None:
    site = alarms(MemoryJournal())
    site.apply(
        [
            moved(HIGH, 1, O, point=0),
            moved(HIGH, 2, O, point=1),
            moved(RATE, 3, O, point=0),
            moved(LEAK, 4, R),
            moved(RATE, 5, B, point=1),
            moved(RATE, 6, NONE, point=1),
        ]
    )
    newest = next(alarm for alarm in site.active() if alarm.rule == "level-rate" and alarm.tier == O)
    site.acknowledge(newest.id, "甲", "")
    assert [(a.rule, a.point, a.tier) for a in site.active()] == [
        ("gas", 2, R),
        ("level-high", 1, O),
        ("level-high", 0, O),
        ("level-rate", 0, O),
        ("level-rate", 1, NONE),
    ]


def test_alarm_stays_listed_and_ends_by_acknowledging_when_its_rule_or_point_is_gone() -> None:
    journal = MemoryJournal()
    before = alarms(journal)
    high, rate, leak = (
        e.alarm for e in before.apply([moved(HIGH, 1, O), moved(RATE, 2, B, point=1), moved(LEAK, 3, R)])
    )
    before.acknowledge(high.id, "甲", "")
    # LT-102 and the level rules are gone; what is left has other indices.
    points = [replace(LEVEL, id="haihe-storage.LT-001"), LEVEL]
    site = alarms(journal, rules=[RATE, SILENT], points=points, recent=journal.lines)
    assert [(a.id, a.tier, a.point) for a in site.active()] == [(leak.id, R, -1), (high.id, O, 1), (rate.id, B, -1)]
    assert site.held() == {}
    event = site.acknowledge(high.id, "乙", "规则已撤销")
    assert row(event)[1:] == (Change.CLEARED, O, NONE, O, AlarmState.NORMAL, "level-high")
    assert (event.alarm.cleared_at, event.alarm.acknowledged_by, event.actor) == (event.noted, "乙", "乙")
    assert site.acknowledge(leak.id, "乙", "").alarm.state == AlarmState.NORMAL
    assert site.acknowledge(rate.id, "乙", "").alarm.state == AlarmState.NORMAL
    assert site.active() == []
    assert alarms(journal).active() == []


def test_remaining_rule_takes_the_alarm_over_when_the_one_that_held_it_is_gone() -> None:
    journal = MemoryJournal()
    raised = alarms(journal).apply([moved(OVERFILL, 1, B), moved(HIGH, 2, R)])[-1].alarm
    site = alarms(journal, rules=[OVERFILL])
    assert site.held() == {("overfill", 0): B}
    assert [alarm.tier for alarm in site.active()] == [R]
    with pytest.raises(Refused, match="still holds"):
        site.reset(raised.id, "甲", "")
    (event,) = site.apply([moved(OVERFILL, 3, Y, old=B)])
    assert row(event)[1:] == (Change.EASED, R, Y, R, AlarmState.UNACKNOWLEDGED, "overfill")


def test_every_line_has_one_writer_when_threads_race() -> None:
    journal = MemoryJournal()
    site = alarms(journal)
    (raised,) = site.apply([moved(LEAK, 0, R)])
    outcomes: list[str] = []

    def acknowledge(name: str) -> None:
        try:
            outcomes.append(site.acknowledge(raised.alarm.id, name, "").actor)
        except Refused:
            outcomes.append("refused")

    def detect(point: int) -> None:
        for at in range(1, 100):
            site.apply([moved(HIGH, at, Tier(at % 4 + 1), point=point)])
            site.active()
            site.held()

    threads = [threading.Thread(target=acknowledge, args=(f"甲{i}",)) for i in range(4)]
    threads += [threading.Thread(target=detect, args=(point,)) for point in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("refused") == 3
    assert [line.seq for line in journal.lines] == list(range(1, len(journal.lines) + 1))
    assert sum(line.change != Change.GROUPED for line in journal.lines) == 2 + 2 * 99


def test_alarms_refuses_to_start_when_two_rules_have_one_id() -> None:
    with pytest.raises(ValueError, match="two rules have one id"):
        alarms(MemoryJournal(), rules=[HIGH, HIGH])


def test_reading_does_not_wait_when_the_journal_is_slow() -> None:
    entered, leave = threading.Event(), threading.Event()

    class Slow(MemoryJournal):
        def write(self, events: object) -> None:
            entered.set()
            assert leave.wait(30)

    site = alarms(Slow())
    thread = threading.Thread(target=lambda: site.apply([moved(HIGH, 1, O)]))
    thread.start()
    try:
        assert entered.wait(30)
        assert site.active() == []
        assert site.held() == {}
        assert site.get("20260501-000001") is None
    finally:
        leave.set()
        thread.join()
    assert len(site.active()) == 1
