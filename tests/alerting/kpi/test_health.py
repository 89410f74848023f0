from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from alerting.kpi.health import Health, chatters, in_flood, measure
from ganzhi.records import Alarm, Change, Chatter, Effect, Tier
from tests.alerting.kpi.journal import MINUTE, Journal, hours
from tests.alerting.site import START


def only(journal: Journal, span_h: float = 2.0, before: tuple[Alarm, ...] = ()) -> Health:
    """The one position's figures."""
    (health,) = measure(journal.lines, before, hours(span_h), lambda _: "中控室", ["中控室"])
    return health


def test_a_position_without_alarms_has_a_quiet_report() -> None:
    quiet = only(Journal())
    assert (quiet.announced, quiet.per_window, quiet.peak, quiet.flood_share, quiet.top_share) == (0, 0, 0, 0, 0)
    assert len(quiet.windows) == 12


def test_only_what_was_announced_counts() -> None:
    journal = Journal()
    alarm = journal.raise_(1, "LT-101")
    alarm = journal.acknowledge(2, alarm)
    journal.add(3, alarm, Change.SHELVED, Effect.SILENCE)
    journal.add(4, alarm, Change.UNSHELVED)
    journal.raise_(5, "LT-102", Tier.BLUE, Effect.WITHHOLD)
    journal.raise_(6, "LT-103", Tier.BLUE, Effect.FOLD)
    journal.add(7, replace(alarm, id="late", retrospective=True), Change.RETROSPECTIVE, Effect.ANNOUNCE)
    journal.add(8, replace(alarm, id="own", enterprise="_platform"), Change.RAISED, Effect.ANNOUNCE)
    health = only(journal)
    assert health.announced == 1
    assert (health.withheld, health.folded, health.shelved, health.shelved_now) == (1, 1, 1, 0)


def test_an_alarm_that_becomes_worse_is_heard_once_more() -> None:
    journal = Journal()
    alarm = journal.raise_(1, "LT-101", Tier.BLUE)
    journal.add(2, replace(alarm, tier=Tier.RED, worst=Tier.RED), Change.WORSENED, Effect.ANNOUNCE, before=Tier.BLUE)
    assert only(journal).by_tier == (1, 0, 0, 1)


def test_alarms_fall_into_windows_of_ten_minutes() -> None:
    journal = Journal()
    for minute in (0, 9.99, 10, 10.01, 119):
        journal.raise_(minute, f"LT-{minute}")
    assert only(journal).windows.tolist() == [2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("windows", "flood"),
    [([9, 9, 9], 0), ([10], 1), ([10, 5, 5, 4, 9], 3), ([0, 12, 4, 11, 5], 3), ([5, 5, 5], 0)],
)
def test_a_flood_lasts_from_ten_alarms_until_fewer_than_five(windows: list[int], flood: int) -> None:
    assert in_flood(np.array(windows)) == flood


def test_an_alarm_chatters_when_it_comes_three_times_within_a_minute() -> None:
    second = MINUTE // 60
    assert chatters([0, 30 * second, 60 * second])
    assert not chatters([0, 30 * second, 61 * second])
    assert chatters([0, 600 * second, 630 * second, 650 * second])
    journal = Journal()
    for minute in (1, 1.4, 1.9):
        journal.clear(minute + 0.1, journal.raise_(minute, "LT-101"))
    journal.add(9, replace(journal.raise_(5, "LT-102"), chatter=Chatter((), 1, START)), Change.UPDATED)
    journal.raise_(10, "LT-103")
    assert only(journal).chattering == 2


def test_an_alarm_is_stale_on_each_day_after_its_first_24_hours() -> None:
    journal = Journal()
    journal.clear(50 * 60, journal.raise_(60, "LT-101"))  # from hour 1 to hour 50
    journal.raise_(3 * 60, "LT-102")  # to the end
    journal.clear(26 * 60, journal.raise_(2 * 60 + 1, "LT-103"))  # just below 24 hours
    assert only(journal, 72).stale == (0, 2, 2)


def test_an_alarm_that_stood_before_the_period_is_stale_in_it() -> None:
    stood = replace(Journal().raise_(0, "LT-101"), raised_at=START - 30 * 60 * MINUTE)
    assert only(Journal(), 24, (stood,)).stale == (1,)


def test_acknowledging_takes_as_long_as_it_took_since_the_announcement() -> None:
    journal = Journal()
    alarm = journal.raise_(1, "LT-101", Tier.ORANGE)
    journal.clear(8, journal.acknowledge(3.5, alarm))
    journal.raise_(4, "LT-102", Tier.ORANGE)
    delays = only(journal).delays
    assert list(delays[Tier.ORANGE].acknowledge) == [150.0]
    assert list(delays[Tier.ORANGE].close) == [420.0]
    assert delays[Tier.ORANGE].unacknowledged == 1
    assert list(delays) == [Tier.RED, Tier.ORANGE, Tier.YELLOW, Tier.BLUE]


def test_the_most_frequent_alarms_come_first() -> None:
    journal = Journal()
    for minute in range(24):
        journal.raise_(minute, f"LT-{minute % 12 if minute < 12 else 1}")
    health = only(journal)
    assert (health.frequent[0].subject, health.frequent[0].count) == ("LT-1", 13)
    assert len(health.frequent) == 10
    assert health.top_share == pytest.approx(22 / 24)


def test_positions_are_counted_apart() -> None:
    journal = Journal()
    journal.raise_(1, "LT-101")
    journal.raise_(2, "LT-102")
    found = measure(journal.lines, (), hours(1), lambda alarm: alarm.subject, ["LT-102", "LT-103"])
    assert [(each.position, each.announced) for each in found] == [("LT-102", 1), ("LT-103", 0), ("LT-101", 1)]
