"""The clock that never falls."""

from __future__ import annotations

from ganzhi.clock import MOST_AHEAD_S, NS_PER_S, SteadyClock

S = NS_PER_S


class Hands:
    """A wall clock and an elapsed time that a test can move."""

    def __init__(self, wall: int) -> None:
        self.wall, self.elapsed = wall, 0

    def go(self, seconds: float, wall: float | None = None) -> None:
        self.elapsed += round(seconds * S)
        self.wall += round((seconds if wall is None else wall) * S)


def steady(hands: Hands, no_earlier_than: int = 0) -> SteadyClock:
    return SteadyClock(no_earlier_than=no_earlier_than, wall=lambda: hands.wall, elapsed=lambda: hands.elapsed)


def test_it_is_the_wall_clock_while_that_goes_forward() -> None:
    hands = Hands(100 * S)
    clock = steady(hands)
    assert clock() == 100 * S
    hands.go(1, wall=3600)
    assert (clock(), clock.behind_s) == (3700 * S, 0.0)


def test_a_fine_adjustment_stands_still_and_is_no_setting_back() -> None:
    hands = Hands(100 * S)
    clock = steady(hands)
    clock()
    hands.go(0.1, wall=-0.3)
    assert (clock(), clock.behind_s) == (100 * S, 0.0)
    hands.go(1)
    assert clock() == hands.wall


def test_time_goes_on_when_the_clock_is_set_back_and_is_followed_again_when_level() -> None:
    hands = Hands(10_000 * S)
    clock = steady(hands)
    clock()
    hands.go(1, wall=-3600)
    assert clock() == 10_001 * S
    hands.go(5)
    assert clock() == 10_006 * S
    assert clock.behind_s == 3601
    hands.go(0, wall=3700)
    assert (clock(), clock.behind_s) == (hands.wall, 0.0)


def test_time_goes_on_from_the_run_before_unless_its_clock_was_wrong_altogether() -> None:
    hands = Hands(10_000 * S)
    assert steady(hands, 10_600 * S)() == 10_600 * S
    assert steady(hands, 9_000 * S)() == 10_000 * S
    assert steady(hands, hands.wall + round(MOST_AHEAD_S * S) + S)() == 10_000 * S
