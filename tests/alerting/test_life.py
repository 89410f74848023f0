"""Whatever rules, people, the clock and restarts do in whatever order: a simple model says the same of every alarm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ganzhi.clock import NS_PER_S
from ganzhi.errors import Refused
from ganzhi.records import AlarmEvent, AlarmState, Change, Effect, SuppressionKind, Tier, Transition
from tests.alerting.site import HIGH, LEAK, START, MemoryJournal, alarms, moved

STEP_S = 40
"""Between two transitions: too slow for chatter, which has tests of its own."""
WATCHED = ((HIGH, 0), (LEAK, 2))
KEYS = st.integers(0, len(WATCHED) - 1)
TIERS = st.sampled_from(Tier)

ANNOUNCED = {Effect.ANNOUNCE, Effect.FOLD}
"""A fold is an announcement made in another way; floods have tests of their own."""

Said = list[tuple[Change, str]]
"""Changes with what is told: "told", "withheld", "over", "quiet" or ""."""


@dataclass
class Condition:
    """What a control room would write on paper about one condition.

    shelf  (until in s, colour); until None: until it clears
    """

    latch: bool
    tier: Tier = Tier.NONE
    worst: Tier = Tier.NONE
    known: bool = True
    waiting: bool = False
    shelf: tuple[float | None, Tier] | None = None
    out: bool = False

    @property
    def quiet(self) -> bool:
        return self.shelf is not None or self.out

    @property
    def open(self) -> bool:
        return self.tier > Tier.NONE or not self.known or self.waiting

    @property
    def state(self) -> AlarmState:
        if self.tier:
            return AlarmState.ACKNOWLEDGED if self.known else AlarmState.UNACKNOWLEDGED
        if self.waiting:
            return AlarmState.LATCHED_ACKNOWLEDGED if self.known else AlarmState.LATCHED_UNACKNOWLEDGED
        return AlarmState.NORMAL if self.known else AlarmState.RETURNED_UNACKNOWLEDGED

    def news(self) -> str:
        return "withheld" if self.quiet else "told"

    def back(self) -> str:
        if not self.tier or self.known:
            return ""
        return self.news()

    def move(self, new: Tier) -> Said:
        was_open, old, self.tier = self.open, self.tier, new
        if new == old:
            return []
        if new > old:
            self.known, self.waiting = False, False
            self.worst = max(self.worst, new) if was_open else new
            lines: Said = [(Change.RAISED if old == Tier.NONE else Change.WORSENED, self.news())]
            if self.shelf is not None and new > self.shelf[1]:
                self.shelf = None
                lines.append((Change.UNSHELVED, self.back()))
            return lines
        if new:
            return [(Change.EASED, "")]
        self.waiting = self.latch
        if self.shelf is not None and self.shelf[0] is None:
            self.shelf = None
            return [(Change.CLEARED, "over"), (Change.UNSHELVED, "")]
        return [(Change.CLEARED, "over")]

    def pass_time(self, now_s: float) -> Said:
        if self.shelf is None or self.shelf[0] is None or self.shelf[0] > now_s:
            return []
        self.shelf = None
        return [(Change.UNSHELVED, self.back())]


@dataclass
class Hand:
    """The clock, moved by hand; s since the start."""

    now_s: float = 0.0

    def __call__(self) -> int:
        return START + round(self.now_s * NS_PER_S)


def effect(event: AlarmEvent) -> str:
    if ANNOUNCED & set(event.effects):
        return "told"
    words = {Effect.WITHHOLD: "withheld", Effect.RESOLVE: "over", Effect.SILENCE: "quiet"}
    return words[event.effects[0]] if event.effects else ""


def lines(events: list[AlarmEvent]) -> Said:
    return [(event.change, effect(event)) for event in events if event.change != Change.GROUPED]


class Life(RuleBasedStateMachine):
    """Alarms and the model side by side."""

    @initialize()
    def begin(self) -> None:
        self.journal, self.clock = MemoryJournal(), Hand()
        self.conditions = [Condition(by.latch) for by, _ in WATCHED]
        self.ids: dict[int, str] = {}
        self.told: list[list[Transition]] = []
        self.open_with(0)

    def open_with(self, recent: int) -> None:
        newest = self.journal.lines[len(self.journal.lines) - recent :]
        noted = self.journal.lines[-1].noted if self.journal.lines else 0
        self.alarms = alarms(self.journal, clock=self.clock, recent=newest, last_noted=noted)

    @rule(key=KEYS, new=TIERS)
    def a_rule_finds(self, key: int, new: Tier) -> None:
        self.clock.now_s += STEP_S
        self.the_clock_turns()
        by, point = WATCHED[key]
        found = [moved(by, self.clock.now_s, new, point=point)]
        self.told.append(found)
        events = self.alarms.apply(found)
        assert lines(events) == self.conditions[key].move(new)
        for event in events:
            if event.change == Change.RAISED:
                self.ids[key] = event.alarm.id

    @rule(seconds=st.sampled_from([1, 30, 59, 61, 600, 5000]))
    def time_passes(self, seconds: int) -> None:
        self.clock.now_s += seconds
        self.the_clock_turns()

    def the_clock_turns(self) -> None:
        expected = [line for each in self.conditions for line in each.pass_time(self.clock.now_s)]
        assert sorted(lines(self.alarms.tick())) == sorted(expected)
        assert self.alarms.tick() == []

    @rule(key=KEYS, bulk=st.booleans())
    def a_person_acknowledges(self, key: int, bulk: bool) -> None:
        each = self.conditions[key]
        allowed = each.open and not each.known
        if not self.act(key, allowed, lambda alarm: self.acknowledged(alarm, bulk), (Change.ACKNOWLEDGED, "quiet")):
            return
        each.known = True

    def acknowledged(self, alarm_id: str, bulk: bool) -> AlarmEvent:
        if not bulk:
            return self.alarms.acknowledge(alarm_id, "甲")
        done = self.alarms.acknowledge_all([alarm_id], self.journal.last_seq(), "甲")
        for _, refused in done.refused:
            raise refused
        return done.events[0]

    @rule(key=KEYS)
    def it_is_handled_and_ends(self, key: int) -> None:
        self.a_person_acknowledges(key, bulk=False)
        self.a_rule_finds(key, Tier.NONE)
        self.a_person_resets(key)

    @rule(key=KEYS)
    def a_person_resets(self, key: int) -> None:
        each = self.conditions[key]
        allowed = each.waiting and each.known and not each.tier
        if self.act(key, allowed, lambda alarm: self.alarms.reset(alarm, "甲"), (Change.RESET, "")):
            each.waiting = False

    @rule(key=KEYS, minutes=st.sampled_from([1, 10, 60, None]))
    def a_person_shelves(self, key: int, minutes: int | None) -> None:
        each = self.conditions[key]
        allowed = minutes is not None or each.tier > Tier.NONE
        if self.act(
            key, allowed, lambda alarm: self.alarms.shelve(alarm, "甲", "校表", minutes), (Change.SHELVED, "quiet")
        ):
            until = None if minutes is None else self.shelf_time(key) + minutes * 60
            each.shelf = until, each.tier or each.worst

    def shelf_time(self, key: int) -> float:
        found = self.alarms.get(self.ids[key])
        assert found is not None
        (shelf,) = (each for each in found.suppressions if each.kind == SuppressionKind.SHELVED)
        assert 0 <= shelf.since - self.clock() < NS_PER_S
        return (shelf.since - START) / NS_PER_S

    @rule(key=KEYS)
    def a_person_unshelves(self, key: int) -> None:
        each = self.conditions[key]
        shelf, each.shelf = each.shelf, None
        self.act(
            key, shelf is not None, lambda alarm: self.alarms.unshelve(alarm, "甲"), (Change.UNSHELVED, each.back())
        )

    @rule(key=KEYS)
    def a_person_takes_it_out_of_service(self, key: int) -> None:
        each = self.conditions[key]
        if self.act(
            key, not each.out, lambda alarm: self.alarms.take_out(alarm, "甲", "拆检"), (Change.OUT_OF_SERVICE, "quiet")
        ):
            each.out = True

    @rule(key=KEYS)
    def a_person_puts_it_back(self, key: int) -> None:
        each = self.conditions[key]
        out, each.out = each.out, False
        self.act(key, out, lambda alarm: self.alarms.put_back(alarm, "甲"), (Change.IN_SERVICE, each.back()))

    def act(self, key: int, allowed: bool, do: Callable[[str], AlarmEvent], expected: tuple[Change, str]) -> bool:
        if key not in self.ids:
            return False
        before = len(self.journal.lines)
        try:
            event = do(self.ids[key])
        except Refused:
            assert not allowed
            assert len(self.journal.lines) == before
            return False
        assert allowed
        assert event.actor == "甲"
        assert lines(self.journal.lines[before:]) == [expected]
        return True

    @rule(recent=st.integers(0, 40), again=st.integers(0, 5))
    def it_is_restarted_and_the_log_replayed(self, recent: int, again: int) -> None:
        ended = [key for key, each in enumerate(self.conditions) if not each.open]
        enough = max([len(self.journal.lines) - i for i, line in enumerate(self.journal.lines)
                      if any(self.ids.get(key) == line.alarm.id for key in ended)], default=0)  # fmt: skip
        self.open_with(max(min(recent, len(self.journal.lines)), enough))
        for found in self.told[len(self.told) - again :]:
            assert self.alarms.apply(found) == []

    @invariant()
    def they_agree(self) -> None:
        if not hasattr(self, "conditions"):
            return
        open_ = {(alarm.condition, alarm.point) for alarm in self.alarms.active()}
        for key, each in enumerate(self.conditions):
            by, point = WATCHED[key]
            assert ((by.condition or by.id, point) in open_) == each.open
            if key not in self.ids:
                continue
            alarm = self.alarms.get(self.ids[key])
            assert alarm is not None
            assert (alarm.state, alarm.tier) == (each.state, each.tier)
            kinds = {each.kind for each in alarm.suppressions}
            assert (SuppressionKind.SHELVED in kinds) == (each.shelf is not None)
            assert (SuppressionKind.OUT_OF_SERVICE in kinds) == each.out
            assert (alarm in self.alarms.suppressed()) == each.quiet


Life.TestCase.settings = settings(max_examples=40, stateful_step_count=50, deadline=None)
TestLife = Life.TestCase
