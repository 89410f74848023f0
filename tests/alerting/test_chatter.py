"""Chatter: what counts, how long a fall is held back, and that a restart loses none."""

from __future__ import annotations

import pytest

from alerting.alarm import Alarms
from alerting.chatter import GRACE_NS, delay_ns, fallen, risen
from alerting.policy import Policy
from ganzhi.clock import NS_PER_S
from ganzhi.records import AlarmEvent, AlarmState, Change, Chatter, Effect, Tier
from tests.alerting.site import HIGH, START, MemoryJournal, alarms, moved

S = NS_PER_S
Y, O, NONE = Tier.YELLOW, Tier.ORANGE, Tier.NONE  # noqa: E741


def after(seconds: list[float]) -> Chatter:
    """An alarm that fell at these seconds."""
    chatter = Chatter()
    for second in seconds:
        chatter = fallen(risen(chatter), round(second * S))
    return chatter


@pytest.mark.parametrize(
    ("falls", "delay_s"),
    [
        ([0], 0),
        ([0, 20], 0),
        ([0, 20, 60], 0),
        ([0, 20, 59], 60),
        ([0, 20, 40, 59], 120),
        (list(range(7)), 16 * 60),
        (list(range(50)), 16 * 60),
        ([0, 20, 40, 700], 0),
        ([0, 20, 30, 40, 50, 700], 120),
        ([0, 20, 30, 40, 50, 700, 1400], 60),
        ([0, 20, 30, 40, 50, 700, 1400, 2100], 0),
    ],
)
def test_a_fall_is_held_back_the_longer_the_more_it_chatters(falls: list[float], delay_s: int) -> None:
    assert delay_ns(after(falls)) == delay_s * S


def test_easing_from_colour_to_colour_is_one_fall() -> None:
    chatter = Chatter()
    for second in (0, 5, 10, 15):
        chatter = fallen(chatter, second * S)
    assert (chatter.falls, chatter.level, chatter.at) == ((0,), 0, 15 * S)
    site = alarms(MemoryJournal())
    for second, old, new in ((0, NONE, Tier.RED), (5, Tier.RED, O), (10, O, Y), (15, Y, NONE)):
        (line,) = site.apply([moved(HIGH, second, new, old=old)])
    assert line.change == Change.CLEARED


class Hand:
    """A clock that is set, and the newest reading of every point, by the sensor's clock."""

    def __init__(self) -> None:
        self.now = START
        self.newest = 0

    def __call__(self) -> int:
        return self.now

    @property
    def policy(self) -> Policy:
        return Policy(read=lambda point: (self.newest, 0.0, 0))


def turn(site: Alarms) -> list[AlarmEvent]:
    """What is done before a block is taken in."""
    return site.apply(site.overdue())


def chattering(site: Alarms, high: Tier = Y, low: Tier = NONE) -> None:
    """Three falls in 25 seconds."""
    for at in (0, 10, 20):
        site.apply([moved(HIGH, at, high), moved(HIGH, at + 5, low, old=high)])


def test_a_chattering_alarm_stays_and_is_announced_no_more_and_falls_when_it_is_quiet() -> None:
    journal, clock = MemoryJournal(), Hand()
    site = alarms(journal, clock=clock, policy=clock.policy)
    told = []
    for cycle in range(10):
        at = cycle * 10
        told += site.apply([moved(HIGH, at, Y), moved(HIGH, at + 5, NONE, old=Y, score=13.0)])
    changes = [event.change for event in told]
    assert changes[:5] == [Change.RAISED, Change.CLEARED, Change.RAISED, Change.CLEARED, Change.RAISED]
    assert set(changes[5:]) == {Change.UPDATED}
    assert sum(Effect.ANNOUNCE in event.effects for event in told) == 3
    (alarm,) = site.active()
    assert (alarm.tier, alarm.state, alarm.chatter.level) == (Y, AlarmState.UNACKNOWLEDGED, 5)
    due = START + (95 + 16 * 60) * S
    assert alarm.falls_at == due
    clock.newest = due - 1
    assert turn(site) == []
    site = alarms(journal, clock=clock, policy=clock.policy, recent=journal.lines)
    assert turn(site) == []
    clock.newest = due
    (fell,) = turn(site)
    assert (fell.change, fell.effects, fell.alarm.tier, fell.at) == (Change.CLEARED, (Effect.RESOLVE,), NONE, due)
    assert fell.alarm.cleared_at == START + 95 * S
    assert fell.alarm.text.en.startswith("Tank area 1 LT-101 is back at 13.00 m")
    assert turn(site) == []


def test_a_fall_is_taken_before_what_comes_after_it_whoever_finds_it_first() -> None:
    journals = []
    for asked in (True, False):
        clock, journal = Hand(), MemoryJournal()
        site = alarms(journal, clock=clock, policy=clock.policy)
        chattering(site)
        clock.newest = START + 90 * S
        if asked:
            turn(site)
        site.apply([moved(HIGH, 100, O)])
        journals.append([(line.change, line.at, line.alarm.tier) for line in journal.lines])
    assert journals[0] == journals[1]
    assert journals[0][-2:] == [(Change.CLEARED, START + 85 * S, NONE), (Change.RAISED, START + 100 * S, O)]


def test_our_clock_lets_an_alarm_fall_whose_point_has_fallen_silent() -> None:
    clock = Hand()
    site = alarms(MemoryJournal(), clock=clock, policy=clock.policy)
    chattering(site)
    clock.now = START + 60 * S + GRACE_NS - 1
    assert site.tick() == []
    clock.now += 1
    (fell,) = site.tick()
    assert (fell.change, fell.at) == (Change.CLEARED, START + 85 * S)
    assert site.tick() == []


def test_what_rises_beyond_a_held_back_colour_is_announced_at_once() -> None:
    clock = Hand()
    site = alarms(MemoryJournal(), clock=clock, policy=clock.policy)
    chattering(site)
    (worse,) = site.apply([moved(HIGH, 30, O)])
    assert (worse.change, worse.effects, worse.alarm.falls_at) == (Change.WORSENED, (Effect.ANNOUNCE,), None)
    clock.now += 3600 * S
    clock.newest = clock.now
    assert (site.tick(), turn(site)) == ([], [])


def test_a_held_back_fall_to_a_milder_colour_is_taken_later() -> None:
    clock = Hand()
    site = alarms(MemoryJournal(), clock=clock, policy=clock.policy)
    chattering(site, O, Y)
    (alarm,) = site.active()
    assert alarm.tier == O
    clock.newest = START + 85 * S
    (eased,) = turn(site)
    assert (eased.change, eased.before, eased.alarm.tier) == (Change.EASED, O, Y)


def test_an_alarm_whose_rule_was_withdrawn_while_its_fall_was_held_back_still_ends() -> None:
    journal, clock = MemoryJournal(), Hand()
    chattering(alarms(journal, clock=clock))
    site = alarms(journal, rules=[], clock=clock, recent=journal.lines)
    assert site.overdue() == []
    clock.now += 60 * S + GRACE_NS
    (cleared,) = site.tick()
    assert cleared.change == Change.CLEARED
