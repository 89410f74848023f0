"""The platform's eye on itself."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ganzhi.clock import NS_PER_S
from ganzhi.errors import Unavailable
from ganzhi.own import CONDITIONS, extended, rule_id, rules, tier
from ganzhi.records import AlarmEvent, Catalogue, Reconciled, Tier, Transition
from ganzhi.vital import difference
from ganzhi.watch import Age, Lasting, Risen, Watch

BY_ID = {condition.id: condition for condition in CONDITIONS}
POINTS = {rule_id(condition): index for index, condition in enumerate(CONDITIONS)}


class Room:
    """A watch with figures, a journal and a clock that a test can move."""

    def __init__(self, held: dict[tuple[str, int], Tier] | None = None) -> None:
        self.figures: dict[str, float] = {}
        self.journal: list[Transition] = []
        self.down = False
        self.now = 100 * NS_PER_S
        self.watch = Watch(
            figures=lambda: self.figures,
            apply=self.apply,
            announce=lambda events: None,
            points=POINTS,
            held=held or {},
            clock=lambda: self.now,
        )

    def apply(self, transitions: Sequence[Transition]) -> list[AlarmEvent]:
        if self.down:
            raise Unavailable("the disk is full")
        self.journal += transitions
        return []

    def told(self) -> list[tuple[str, Tier, Tier]]:
        return [(t.rule.partition(".")[2], t.old, t.new) for t in self.journal]


def test_an_alarm_is_raised_worsens_and_ends_once() -> None:
    room = Room()
    for figure in (0.0, 2.0, 5.0, 30.0, 31.0, 0.0, 0.0):
        room.figures = {"log_held": figure}
        room.now += NS_PER_S
        room.watch()
    assert room.told() == [
        ("log_held", Tier.NONE, Tier.ORANGE),
        ("log_held", Tier.ORANGE, Tier.RED),
        ("log_held", Tier.RED, Tier.NONE),
    ]
    assert [t.limit for t in room.journal] == [2.0, 30.0, 30.0]


def test_it_is_shown_at_once_and_journalled_later_when_the_journal_is_down() -> None:
    room = Room()
    room.down = True
    room.figures = {"log_held": 40.0, "log_free": 100.0}
    with pytest.raises(Unavailable):
        room.watch()
    shown = room.watch.conditions()
    assert [(condition["id"], condition["tier"]) for condition in shown] == [("log_held", 4), ("log_free", 3)]
    assert "未丢失" in shown[0]["text"]["zh"]
    assert "100 MiB" in shown[1]["text"]["en"]
    assert shown[0]["since"] == 100_000
    room.now += 7 * NS_PER_S
    room.down = False
    room.figures = {"log_held": 0.0, "log_free": 100.0}
    room.watch()
    assert [(*told, t.time // NS_PER_S) for told, t in zip(room.told(), room.journal, strict=True)] == [
        ("log_held", Tier.NONE, Tier.RED, 100),
        ("log_free", Tier.NONE, Tier.ORANGE, 100),
        ("log_held", Tier.RED, Tier.NONE, 107),
    ]


def test_what_the_journal_holds_from_the_run_before_is_ended() -> None:
    key = rule_id(BY_ID["mqtt_lost"])
    room = Room({(key, POINTS[key]): Tier.ORANGE})
    room.figures = {"mqtt_lost": 0.0}
    room.watch()
    assert room.told() == [("mqtt_lost", Tier.ORANGE, Tier.NONE)]


def test_a_figure_that_is_not_known_changes_nothing() -> None:
    room = Room()
    room.figures = {"store_behind": 90.0}
    room.watch()
    room.figures = {}
    room.watch()
    assert room.told() == [("store_behind", Tier.NONE, Tier.YELLOW)]
    assert len(room.watch.conditions()) == 1


def test_a_tier_is_left_beyond_its_dead_band_only() -> None:
    free = BY_ID["log_free"]
    assert tier(free, 256.0, Tier.NONE) == Tier.ORANGE
    assert tier(free, 260.0, Tier.ORANGE) == Tier.ORANGE
    assert tier(free, 270.0, Tier.ORANGE) == Tier.YELLOW
    assert tier(free, 1050.0, Tier.YELLOW) == Tier.YELLOW
    assert tier(free, 1050.0, Tier.NONE) == Tier.NONE


def test_every_condition_has_a_rule_and_a_point_behind_the_catalogue() -> None:
    catalogue = extended(Catalogue({}, {}, ()))
    found = rules(catalogue)
    assert [rule.id for rule in found] == [point.id for point in catalogue.points] == list(POINTS)
    assert all(rule.advice.zh and rule.advice.en and rule.name.zh for rule in found)


def test_ages_and_rises_are_counted_from_when_they_were_first_seen() -> None:
    now = [0]
    age, risen = Age(lambda: now[0]), Risen(lambda: now[0], 10.0)
    assert (age(True), risen(5)) == (0.0, 0.0)
    now[0] = 4 * NS_PER_S
    assert (age(True), risen(8)) == (4.0, 3.0)
    now[0] = 13 * NS_PER_S
    assert (age(False), risen(8)) == (0.0, 3.0)
    now[0] = 14 * NS_PER_S
    assert (age(True), risen(8)) == (0.0, 0.0)


def test_only_what_lasts_counts() -> None:
    lasting = Lasting(3)
    assert [lasting(figure) for figure in (12.0, 13.0, 14.0, 15.0, 0.0, 16.0)] == [0.0, 0.0, 12.0, 13.0, 0.0, 0.0]


def test_a_sum_that_does_not_close_is_counted_by_its_readings() -> None:
    closed = Reconciled(0, "a", received=5, accepted=3, late=1, rejected=1, stored=2, refused=1, backlog=1)
    assert difference([closed]) == 0
    lost = Reconciled(0, "b", received=5, accepted=4, stored=2, backlog=1)
    assert difference([closed, lost]) == 2
