"""Random lives of alarms: what always holds, and that a restart changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.alarm import Alarms
from ganzhi.clock import NS_PER_S
from ganzhi.errors import Refused, Unavailable
from ganzhi.records import AlarmEvent, AlarmState, Change, Rule, Text, Tier, Transition
from tests.alerting.site import LEAK, RULES, START, MemoryJournal, Ticking, alarms, moved, rule

LATCHING = rule("trip", "value", "m", condition="level.high", latch=True, name=Text("联锁", "Trip"), repeat_s=20.0)
ALL = (*RULES, LATCHING)
WATCHED = [(by, point) for by in ALL for point in by.points.tolist()]


@dataclass(frozen=True)
class Act:
    """Somebody acknowledges or resets the alarm that is n-th in the list."""

    number: int
    reset: bool


Step = list[Transition] | Act


@st.composite
def transition(draw: st.DrawFn, at_s: float) -> Transition:
    by, point = draw(st.sampled_from(WATCHED))
    return moved(
        by,
        at_s,
        draw(st.sampled_from(Tier)),
        point=point,
        score=draw(st.floats(allow_nan=True, allow_infinity=True, width=32)),
        limit=draw(st.floats(-100, 100) | st.just(float("nan"))),
        value=draw(st.floats(-100, 100) | st.just(float("nan"))),
        evidence=draw(st.dictionaries(st.sampled_from(["target", "minutes_early"]), st.floats(0, 1e6), max_size=2)),
        simulated=draw(st.booleans()),
        retrospective=draw(st.integers(0, 9)) == 0,
    )


@st.composite
def lives(draw: st.DrawFn) -> list[Step]:
    """Calls in the order of time: lists of transitions, and what people do."""
    steps: list[Step] = []
    at_s = 0.0
    for _ in range(draw(st.integers(1, 12))):
        if draw(st.integers(0, 2)) == 0:
            steps.append(Act(draw(st.integers(0, 3)), draw(st.booleans())))
            continue
        found = []
        for _ in range(draw(st.integers(1, 4))):
            at_s += draw(st.integers(1, 40)) / 2
            found.append(draw(transition(at_s)))
        steps.append(found)
    return steps


def live(site: Alarms, steps: Sequence[Step]) -> list[AlarmEvent]:
    """Take the steps; the lines that were returned."""
    events: list[AlarmEvent] = []
    for step in steps:
        if isinstance(step, Act):
            listed = site.active()
            if listed:
                act = site.reset if step.reset else site.acknowledge
                try:
                    events.append(act(listed[step.number % len(listed)].id, "甲", ""))
                except Refused as refused:
                    assert not refused.missing
        else:
            events += site.apply(step)
    return events


def rows(events: Sequence[AlarmEvent]) -> list[str]:
    """Lines so that they can be compared: NaN is NaN, evidence in any order."""
    return [repr((event, sorted(event.alarm.evidence.items()))) for event in events]


def held_by_rules(site: Alarms, alarm_point: int, condition: str) -> Tier:
    by_id: dict[str, Rule] = {by.id: by for by in ALL}
    return max(
        (
            tier
            for (rule_id, point), tier in site.held().items()
            if point == alarm_point and (by_id[rule_id].condition or rule_id) == condition
        ),
        default=Tier.NONE,
    )


@given(lives())
@settings(deadline=None, max_examples=150)
def test_invariants_hold_when_anything_happens(steps: list[Step]) -> None:
    journal = MemoryJournal()
    site = alarms(journal, rules=ALL)
    events: list[AlarmEvent] = []
    for step in steps:
        events += live(site, [step])
        listed = site.active()
        assert len({(alarm.condition, alarm.subject) for alarm in listed}) == len(listed)
        for alarm in listed:
            held = held_by_rules(site, alarm.point, alarm.condition)
            assert alarm.tier == held if alarm.falls_at is None else alarm.tier > held
            assert alarm.worst >= alarm.tier
            assert (alarm.cleared_at is None) == (alarm.tier > Tier.NONE)
            sounding = alarm.state in (AlarmState.UNACKNOWLEDGED, AlarmState.ACKNOWLEDGED)
            assert sounding == (alarm.tier > Tier.NONE)
            assert site.get(alarm.id) == alarm
        assert {alarm.id for alarm in listed} == {alarm.id for alarm in journal.open_alarms()}
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert all(a.noted < b.noted for a, b in pairwise(events))
    assert rows(events) == rows(journal.lines)
    for event in events:
        if event.change in (Change.RAISED, Change.WORSENED, Change.EASED, Change.CLEARED):
            assert event.before != event.alarm.tier
    begun = [e.alarm.id for e in events if e.change in (Change.RAISED, Change.RETROSPECTIVE)]
    assert list(dict.fromkeys(begun)) == sorted(set(begun))


@given(lives(), st.data())
@settings(deadline=None, max_examples=150)
def test_life_goes_on_alike_when_restarted_anywhere(steps: list[Step], data: st.DataObject) -> None:
    whole, cut = MemoryJournal(), MemoryJournal()
    clock = Ticking()
    expected = live(alarms(whole, rules=ALL, clock=clock), steps)
    moment = data.draw(st.integers(0, len(steps)))
    other = Ticking()
    first = live(alarms(cut, rules=ALL, clock=other), steps[:moment])
    recent = data.draw(st.permutations(cut.lines))
    second = live(alarms(cut, rules=ALL, clock=other, recent=recent), steps[moment:])
    assert rows(first + second) == rows(expected)


@given(lives(), st.data())
@settings(deadline=None, max_examples=150)
def test_nobody_is_told_again_when_the_log_is_replayed(steps: list[Step], data: st.DataObject) -> None:
    journal = MemoryJournal()
    site = alarms(journal, rules=ALL)
    live(site, steps)
    told = [step for step in steps if not isinstance(step, Act)]
    again = alarms(journal, rules=ALL, recent=journal.lines)
    since = data.draw(st.integers(0, len(told)))
    for replayed in (site, again):
        before = (replayed.active(), replayed.held())
        for step in told[since:]:
            assert replayed.apply(step) == []
        assert (replayed.active(), replayed.held()) == before


@given(lives(), st.sets(st.integers(0, 11)))
@settings(deadline=None, max_examples=100)
def test_lines_are_the_same_when_writes_fail_and_are_repeated(steps: list[Step], failing: set[int]) -> None:
    steady, shaky = MemoryJournal(), MemoryJournal()
    expected = [event.seq for event in live(alarms(steady, rules=ALL), steps)]
    site = alarms(shaky, rules=ALL)
    for number, step in enumerate(steps):
        if number in failing:
            shaky.fails = True
            before = (site.active(), site.held())
            try:
                live(site, [step])
            except Unavailable:
                assert (site.active(), site.held()) == before
            shaky.fails = False
        live(site, [step])
    assert [line.seq for line in shaky.lines] == expected
    assert list(map(summary, shaky.lines)) == list(map(summary, steady.lines))


def summary(line: AlarmEvent) -> tuple[object, ...]:
    """A line without what follows our clock, which has moved on when a write is repeated."""
    found = not line.actor and line.change != Change.GROUPED
    return line.change, line.before, line.alarm.tier, line.alarm.state, line.effects, line.at if found else 0


def test_open_alarm_goes_on_when_only_open_alarms_are_restored() -> None:
    journal = MemoryJournal()
    (raised,) = alarms(journal).apply([moved(LEAK, 1, Tier.RED)])
    site = alarms(journal, last_noted=journal.lines[-1].noted, clock=Ticking(START - NS_PER_S))
    assert site.held() == {("gas", 2): Tier.RED}
    assert site.apply([moved(LEAK, 1, Tier.RED)]) == []
    (cleared,) = site.apply([moved(LEAK, 2, Tier.NONE)])
    assert (cleared.seq, cleared.alarm.id, cleared.alarm.state) == (
        2,
        raised.alarm.id,
        AlarmState.LATCHED_UNACKNOWLEDGED,
    )
    assert cleared.noted == raised.noted + 1
