"""How rare a size is in a point's own past."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.habit import STRETCH, Habit, octaves
from detectors.rows import Rows
from ganzhi.records import Floats, Int64s

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


VIEWS = 3


def by_row(habit: Habit, slot: int, time: Int64s, size: Floats, settled: int) -> Floats:
    """What `update` is to tell."""
    rare = np.empty_like(size)
    one = np.array([slot])
    for k in range(len(size)):
        rare[k] = habit.rarity(one, size[k : k + 1])
        if k >= settled:
            habit.learn(one, time[k : k + 1], size[k : k + 1])
    return rare


def sizes(n: int, decades: float, random: np.random.Generator) -> Floats:
    """Bursts of many magnitudes between usual ones, and of nothing."""
    usual = random.normal(0, 1, (n, VIEWS))
    burst = 10.0 ** np.repeat(random.uniform(-decades, decades, (n // 50 + 1, VIEWS)), 50, axis=0)[:n]
    kind = random.integers(0, 4, (n, VIEWS))
    return np.where(kind == 0, 0.0, usual * np.where(kind == 1, burst, 1.0))


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 2**32 - 1),
    decades=st.sampled_from([0.0, 2.0, 30.0, 150.0]),
    hours=st.sampled_from([0.01, 0.2, 3.0]),
    settled=st.integers(0, 40),
)
def test_many_rows_of_a_point_at_once_tell_what_they_do_one_by_one(
    seed: int, decades: float, hours: float, settled: int
) -> None:
    random = np.random.default_rng(seed)
    together, alone = Habit(2, VIEWS, DAY), Habit(2, VIEWS, DAY)
    clock = 0
    for n in random.integers(60, 300, 3):
        time = clock + np.cumsum(random.exponential(hours * DAY / 24, n)).astype(np.int64)
        size = sizes(int(n), decades, random)
        rows = Rows(np.ones(n, np.intp), time, size[:, 0], np.zeros(n, np.uint8), np.arange(n + 1), 0, 0)
        found = together.update(rows, size, np.arange(n) >= settled)
        assert found.tobytes() == by_row(alone, 1, time, size, settled).tobytes()
        settled, clock = 0, int(time[-1])
    for name, array in together.state.items():
        assert array.tobytes() == alone.state[name].tobytes(), name


def test_a_backlog_is_counted_in_stretches_when_it_is_long() -> None:
    n = STRETCH + 500
    random = np.random.default_rng(4)
    size = random.normal(0, 1, (n, 1))
    whole, cut = Habit(1, 1, DAY), Habit(1, 1, DAY)
    time = np.arange(n) * (DAY // n)

    def told(habit: Habit, part: slice) -> Floats:
        k = len(size[part])
        rows = Rows(np.zeros(k, np.intp), time[part], size[part, 0], np.zeros(k, np.uint8), np.arange(k + 1), 0, 0)
        return habit.update(rows, size[part], np.ones(k, np.bool_))

    parts = (slice(0, 7000), slice(7000, n))
    assert told(whole, slice(0, n)).tobytes() == np.concatenate([told(cut, part) for part in parts]).tobytes()
    assert all(array.tobytes() == cut.state[name].tobytes() for name, array in whole.state.items())
