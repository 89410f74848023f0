"""How rare a size is in a point's own past."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.habit import Habit, octaves

DAY = 86_400_000_000_000
ONE = np.zeros(1, np.intp)


def tell(habit: Habit, *sizes: float, day: int = 0) -> None:
    for size in sizes:
        habit.learn(ONE, np.array([day * DAY]), np.array([[size]]))


def rarity(habit: Habit, size: float) -> float:
    return float(habit.rarity(ONE, np.array([[size]]))[0, 0])


def test_octaves_are_exact_at_powers_of_two_and_near_between() -> None:
    assert octaves(np.array([0.25, 1.0, 1024.0])).tolist() == [-2.0, 0.0, 10.0]
    between = np.geomspace(1e-300, 1e120, 5000)
    off = np.log2(between) - octaves(between)
    assert off.min() > -1e-9
    assert off.max() < 0.0861


def test_what_was_never_seen_is_as_rare_as_the_past_is_long() -> None:
    habit = Habit(1, 1, DAY)
    tell(habit, *[1.0] * 1023)
    assert rarity(habit, -5.0) == 10.0  # one in 1024, in a direction that never was
    assert rarity(habit, 4.0) == 12.0  # and twice doubled beyond the largest
    assert rarity(habit, 1e30) == 26.0


def test_what_repeats_itself_exactly_is_not_rare() -> None:
    habit = Habit(1, 1, DAY)
    tell(habit, *[0.0] * 512, *[7.3] * 511)
    assert rarity(habit, 7.3) == 1.0
    assert rarity(habit, 0.0) == 0.0


def test_rank_is_that_of_sorted_sizes_when_many_were_seen() -> None:
    sizes = np.abs(np.random.default_rng(1).normal(0, 1, 4000))
    habit = Habit(1, 1, DAY)
    tell(habit, *sizes)
    for size in (0.3, 1.0, 2.0, 3.0):
        exact = np.log2(4001 / (np.sum(sizes >= size) + 1))
        low = np.log2(4001 / (np.sum(sizes >= size / 2 ** (1 / 6)) + 1))  # a bin and the error of its edge
        assert low - 0.1 <= rarity(habit, size) <= exact


def test_all_else_is_common_after_something_enormous_until_it_is_forgotten() -> None:
    habit = Habit(1, 1, DAY)
    tell(habit, *np.linspace(0.5, 1, 100), 1e9)
    assert rarity(habit, 1.0) == 0.0
    tell(habit, *np.linspace(0.5, 1, 200), day=2)
    assert rarity(habit, 1e9) > 6.0
    assert 0.0 < rarity(habit, 0.99) < rarity(habit, 1.2)


def test_counts_halve_when_the_memory_has_passed() -> None:
    habit = Habit(1, 1, DAY)
    tell(habit, *[1.0] * 15, *[8.0] * 16)
    assert rarity(habit, 8.0) == pytest.approx(float(octaves(np.array(32 / 17))))
    tell(habit, *[1.0] * 15, day=1)
    assert rarity(habit, 8.0) == pytest.approx(float(octaves(np.array(31 / 9))))
    tell(habit, 1.0, day=60)
    assert rarity(habit, 8.0) == 1.0 + 3.0  # nothing of it is left: three doublings beyond the only one known
