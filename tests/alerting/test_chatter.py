"""Chatter: what counts, how long a fall is held back, and that a restart loses none."""

from __future__ import annotations

import pytest

from alerting.chatter import delay_ns, fallen
from ganzhi.clock import NS_PER_S
from ganzhi.records import AlarmState, Change, Chatter, Effect, Tier
from tests.alerting.site import HIGH, START, MemoryJournal, alarms, moved

S = NS_PER_S
Y, O, NONE = Tier.YELLOW, Tier.ORANGE, Tier.NONE  # noqa: E741


def after(seconds: list[float]) -> Chatter:
    """An alarm that fell at these seconds."""
    chatter = Chatter()
    for second in seconds:
        chatter = fallen(chatter, round(second * S))
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


class Hand:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return self.now


def test_a_chattering_alarm_stays_and_is_announced_no_more_and_falls_when_it_is_quiet() -> None:
    journal, clock = MemoryJournal(), Hand()
    site = alarms(journal, clock=clock)
    told = []
    for cycle in range(10):
        at = cycle * 10
        clock.now = START + at * S
        told += site.apply([moved(HIGH, at, Y), moved(HIGH, at + 5, NONE, old=Y, score=13.0)])
    changes = [event.change for event in told]
    assert changes[:5] == [Change.RAISED, Change.CLEARED, Change.RAISED, Change.CLEARED, Change.RAISED]
    assert set(changes[5:]) == {Change.UPDATED}
    assert sum(Effect.ANNOUNCE in event.effects for event in told) == 3
    (alarm,) = site.active()
    assert (alarm.tier, alarm.state, alarm.chatter.level) == (Y, AlarmState.UNACKNOWLEDGED, 5)
    assert alarm.falls_at == clock.now + 16 * 60 * S
    clock.now = alarm.falls_at - 1
    assert site.tick() == []
    site = alarms(journal, clock=clock, recent=journal.lines)
    assert site.tick() == []
    clock.now += 1
    (fallen_,) = site.tick()
    assert (fallen_.change, fallen_.effects, fallen_.alarm.tier) == (Change.CLEARED, (Effect.RESOLVE,), NONE)
    assert fallen_.alarm.cleared_at == START + 95 * S
    assert fallen_.alarm.text.en.startswith("Tank area 1 LT-101 is back at 13.00 m")
    assert site.tick() == []


def test_what_rises_beyond_a_held_back_colour_is_announced_at_once() -> None:
    clock = Hand()
    site = alarms(MemoryJournal(), clock=clock)
    for at in (0, 10, 20):
        site.apply([moved(HIGH, at, Y), moved(HIGH, at + 5, NONE, old=Y)])
    (worse,) = site.apply([moved(HIGH, 30, O)])
    assert (worse.change, worse.effects, worse.alarm.falls_at) == (Change.WORSENED, (Effect.ANNOUNCE,), None)
    clock.now += 3600 * S
    assert site.tick() == []


def test_a_held_back_fall_to_a_milder_colour_is_taken_later() -> None:
    clock = Hand()
    site = alarms(MemoryJournal(), clock=clock)
    for at in (0, 10, 20):
        site.apply([moved(HIGH, at, O), moved(HIGH, at + 5, Y, old=O)])
    (alarm,) = site.active()
    assert alarm.tier == O
    clock.now += 61 * S
    (eased,) = site.tick()
    assert (eased.change, eased.before, eased.alarm.tier) == (Change.EASED, O, Y)


def test_an_alarm_whose_rule_was_withdrawn_while_its_fall_was_held_back_still_ends() -> None:
    journal, clock = MemoryJournal(), Hand()
    site = alarms(journal, clock=clock)
    for at in (0, 10, 20):
        site.apply([moved(HIGH, at, Y), moved(HIGH, at + 5, NONE, old=Y)])
    site = alarms(journal, rules=[], clock=clock, recent=journal.lines)
    clock.now += 61 * S
    (cleared,) = site.tick()
    assert cleared.change == Change.CLEARED
