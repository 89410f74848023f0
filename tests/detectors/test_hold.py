"""Judged tiers -> announced tiers."""

from __future__ import annotations

from ganzhi.records import Tier
from tests.detectors.stream import NAN, block, course, engine, rule

NONE, BLUE, YELLOW, ORANGE, RED = Tier


def announced(seconds: list[float], values: list[float], **holds: float) -> list[tuple[float, Tier, Tier]]:
    watched = rule("value", [10, 20, 30, 40], **holds)  # type: ignore[arg-type]
    return course(engine(watched).update(block(seconds, values)))


def test_without_delays_every_row_counts() -> None:
    assert announced([1, 2, 3, 4], [45, 25, 45, 5]) == [
        (1, NONE, RED),
        (2, RED, YELLOW),
        (3, YELLOW, RED),
        (4, RED, NONE),
    ]


def test_an_on_delay_is_met_at_the_first_row_that_late() -> None:
    assert announced([1, 2, 5.9, 6.1, 9], [15] * 5, on_delay_s=5) == [(6.1, NONE, BLUE)]
    assert announced([1, 2, 3, 6, 9], [15] * 5, on_delay_s=5) == [(6, NONE, BLUE)]


def test_a_row_within_limits_starts_the_on_delay_again() -> None:
    assert announced([1, 4, 5, 6, 10, 11], [15, 15, 5, 15, 15, 15], on_delay_s=5) == [(11, NONE, BLUE)]


def test_a_flicker_between_red_and_yellow_announces_yellow() -> None:
    assert announced([0, 2, 4, 6, 8], [45, 25, 45, 25, 45], on_delay_s=5) == [(6, NONE, YELLOW)]


def test_red_that_stays_is_announced_after_its_own_delay() -> None:
    assert announced([0, 2, 4, 6, 7, 8], [25, 45, 45, 45, 45, 45], on_delay_s=5) == [
        (6, NONE, YELLOW),
        (7, YELLOW, RED),
    ]


def test_an_off_delay_holds_each_tier_until_it_has_been_left_that_long() -> None:
    seconds = [0.0, 1, 2, 3, 4, 5, 6, 7, 8]
    values = [45.0, 25, 5, 25, 5, 5, 5, 5, 5]
    assert announced(seconds, values, off_delay_s=4) == [(0, NONE, RED), (5, RED, YELLOW), (8, YELLOW, NONE)]


def test_delays_go_by_the_sensors_clock() -> None:
    watched = rule("value", [10, NAN, NAN, NAN], on_delay_s=5)
    assert course(engine(watched).update(block([0, 1, 2], 15, received=[0, 50, 100]))) == []
    assert course(engine(watched).update(block([0, 1, 5], 15, received=100))) == [(5, NONE, BLUE)]
