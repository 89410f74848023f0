"""Grades: how bad some members are together, and that more or worse never lowers it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.grade import EXAMPLE, GB_39496, AtLeast, Counting, Grade, Raised, Worst, counts
from ganzhi.records import Tier
from tests.detectors.stream import group

NONE, BLUE, YELLOW, ORANGE, RED = range(5)

GRADES: dict[str, Callable[[], Grade]] = {
    "worst": lambda: Worst(group("worst", ("a",), [(0,)])),
    "at least": lambda: AtLeast(group("at_least", ("a",), [(0,)], tier="yellow")),
    "raised": lambda: Raised(group("raised", ("a",), [(0,)], agree=2)),
    "raised by red": lambda: Raised(group("raised", ("a",), [(0,)], agree=1, tier="red")),
    "clause": lambda: Counting(group("counting", ("a",), [(0,)])),
    "leap": lambda: Counting(group("counting", ("a",), [(0,)], counts="2 blue -> red, 5 yellow -> orange")),
}


def graded(grade: Grade, *tiers: int) -> float:
    """Of one unit, whose own point is its first member."""
    members = np.array([tiers], np.uint8)
    return float(grade(members, members[:, 0])[0])


@pytest.mark.parametrize(
    ("tiers", "expected"),
    [
        ((BLUE,) * 3, BLUE),
        ((BLUE,) * 4, YELLOW),
        ((BLUE,) * 9, YELLOW),
        ((YELLOW,) * 2, YELLOW),
        ((YELLOW,) * 3, ORANGE),
        ((ORANGE,), ORANGE),
        ((ORANGE,) * 2, RED),
        ((RED, RED), RED),
        ((BLUE, BLUE, BLUE, YELLOW), YELLOW),
        ((YELLOW, YELLOW, ORANGE), ORANGE),
        ((ORANGE, RED), RED),
        ((NONE,) * 5, NONE),
    ],
)
def test_the_clause_is_counted_when_points_of_one_kind_are_in_colour(tiers: tuple[int, ...], expected: int) -> None:
    assert graded(GRADES["clause"](), *tiers) == expected


def test_the_table_is_the_clause_when_a_rule_says_nothing_else() -> None:
    assert counts(group("counting", ("a",), [(0,)])) == [*GB_39496]
    written = "4 blue -> yellow, 3 yellow→orange, 2 orange -> red"
    assert counts(group("counting", ("a",), [(0,)], counts=written)) == [*GB_39496]
    assert (4, Tier.BLUE, Tier.YELLOW) in GB_39496


@given(st.lists(st.integers(NONE, RED), min_size=1, max_size=12))
def test_it_is_the_same_to_count_each_in_its_own_colour_only_when_steps_lead_one_up(tiers: list[int]) -> None:
    worst = max(tiers)
    own = [to for least, of, to in counts(group("counting", ("a",), [(0,)])) if tiers.count(of) >= least]
    assert graded(GRADES["clause"](), *tiers) == max([worst, *own])


@pytest.mark.parametrize("name", GRADES)
@given(tiers=st.lists(st.integers(NONE, RED), min_size=1, max_size=9), data=st.data())
def test_more_or_worse_never_lowers_it_when_anything_changes(name: str, tiers: list[int], data: st.DataObject) -> None:
    grade = GRADES[name]()
    place = data.draw(st.integers(0, len(tiers) - 1))
    worse = [*tiers]
    worse[place] = data.draw(st.integers(tiers[place], RED))
    before = graded(grade, *tiers)
    assert graded(grade, *worse) >= before
    assert graded(grade, *tiers, data.draw(st.integers(NONE, RED))) >= before


def test_items_are_counted_each_and_then_together_when_rules_are_kinds_of_item() -> None:
    dam = Counting(group("counting", ("a", "b", "c"), [(0,)], items=True))
    none = [NONE, NONE, NONE]
    points = [[BLUE, *none[:2]], [BLUE, YELLOW, NONE], [BLUE, YELLOW, NONE], [BLUE, YELLOW, YELLOW], none, none]
    items = dam.counted(np.array([points], np.uint8))
    assert items.tolist() == [[YELLOW, ORANGE, YELLOW]]
    assert dam(items, items[:, 0]).tolist() == [ORANGE]
    worse = dam.counted(np.array([[*points, [NONE, NONE, YELLOW], [NONE, NONE, YELLOW]]], np.uint8))
    assert worse.tolist() == [[YELLOW, ORANGE, ORANGE]]
    assert dam(worse, worse[:, 0]).tolist() == [RED]


def test_others_are_asked_and_not_the_point_itself_when_a_colour_is_raised() -> None:
    raised = GRADES["raised"]()
    assert graded(raised, YELLOW, BLUE, NONE) == NONE
    assert graded(raised, YELLOW, BLUE, BLUE) == ORANGE
    assert graded(raised, NONE, RED, RED) == NONE
    assert graded(raised, RED, BLUE, BLUE) == RED


def test_members_from_a_colour_on_count_when_k_of_n_is_asked() -> None:
    assert graded(GRADES["at least"](), BLUE, YELLOW, RED, NONE) == 2.0


@pytest.mark.parametrize(
    "text", ["", "4 blue", "4 blue -> blue", "0 blue -> red", "4 red -> red", "4 blue -> yellow;", EXAMPLE + ",", 4]
)
def test_counts_that_cannot_be_read_are_refused(text: object) -> None:
    with pytest.raises(ValueError, match="counting: counts must be steps such as"):
        Counting(group("counting", ("a",), [(0,)], counts=text))


def test_a_wrong_colour_or_number_is_refused() -> None:
    with pytest.raises(ValueError, match="tier must be one of blue"):
        AtLeast(group("at_least", ("a",), [(0,)], tier="pink"))
    with pytest.raises(ValueError, match="items must be true or false"):
        Counting(group("counting", ("a",), [(0,)], items=1))
    with pytest.raises(ValueError, match="agree must be a number above 0"):
        Raised(group("raised", ("a",), [(0,)]))
