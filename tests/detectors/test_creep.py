"""The tangent angle of a creep curve, and the failure that it runs towards."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.creep import _angle
from detectors.engine import Engine
from ganzhi.records import Rule, Tier, Transition
from tests.detectors.stream import NAN, START, S, block, cut, engine, rule, run

Floats = NDArray[np.float64]
STEADY_H = 480
RATE = 0.5
"""Steady rate, mm an hour."""

SCALE = 100.0
"""mm: the velocity is SCALE over the time that is left, so that its inverse falls along a line."""

FAILURE_H = STEADY_H + SCALE / RATE
LIMITS = [50.0, 60, 80, 85]
NONE, BLUE, YELLOW, ORANGE, RED = Tier


def slope(limits: Sequence[float] = LIMITS, *, points: int = 1, **options: object) -> Rule:
    return rule("creep", limits, points=range(points), deadband=3, options=options)


def meters(watched: Rule) -> Engine:
    return engine(watched, n_points=len(watched.points), period_s=3600.0, resolution=0.1)


def displacement(hours: Floats, sigma: float, *, n: int = 1, seed: int = 2) -> Floats:
    """(n, len) mm: RATE for STEADY_H, then faster and faster until FAILURE_H."""
    left = np.minimum(FAILURE_H - hours, FAILURE_H - STEADY_H)
    course = np.where(hours < STEADY_H, RATE * hours, RATE * STEADY_H - SCALE * np.log(left * RATE / SCALE))
    return np.round(course + np.random.default_rng(seed).normal(0, sigma, (n, len(hours))), 1)


def play(detect: Engine, hours: Floats, moved: Floats) -> list[Transition]:
    n = len(moved)
    point, moment = np.tile(np.arange(n), len(hours)), np.repeat(hours * 3600, n)
    return run(detect, cut(block(moment, moved.T.ravel(), point=point), range(0, len(point), 1000)))


def hours_left(found: Transition) -> float:
    return FAILURE_H - (found.time - START) / S / 3600


@pytest.mark.parametrize("sigma", [0.1, 1.0])
def test_a_slope_that_fails_is_warned_of_and_its_hour_is_told_within_the_interval(sigma: float) -> None:
    n, hours = 20, np.arange(0, FAILURE_H - 0.5)
    found = play(meters(slope(points=n)), hours, displacement(hours, sigma, n=n))
    for point in range(n):
        mine = [t for t in found if t.point == point]
        raised = {t.new: t for t in mine if t.new > t.old}
        assert raised.keys() == {BLUE, YELLOW, ORANGE, RED}
        assert not [t for t in mine if t.new < t.old > YELLOW]
        # True angles: 50° at 168 h, 60° at 115 h, 80° at 35 h, 85° at 17.5 h before the failure.
        assert 100 < hours_left(raised[BLUE]) < 180
        assert 75 < hours_left(raised[YELLOW]) < 130
        assert 22 < hours_left(raised[ORANGE]) < 40
        assert 10 < hours_left(raised[RED]) < 20
    told = [t for t in found if t.new >= ORANGE]
    assert all("minutes_failure" in t.evidence for t in told)
    within = [t.evidence["minutes_early"] <= hours_left(t) * 60 <= t.evidence["minutes_late"] for t in told]
    assert np.mean(within) >= 0.9
    for t in told:
        assert t.evidence["minutes_failure"] == pytest.approx(hours_left(t) * 60, rel=0.25)
        assert t.evidence["minutes_late"] - t.evidence["minutes_early"] < 1.2 * hours_left(t) * 60
        assert t.evidence["steady_per_day"] == pytest.approx(24 * RATE, rel=0.35)


def test_a_fall_is_followed_too() -> None:
    hours = np.arange(0, FAILURE_H - 0.5)
    moved = displacement(hours, 0.3)
    up, down = meters(slope()), meters(slope(direction="low"))
    rises, falls = play(up, hours, moved), play(down, hours, -moved)
    assert [(t.time, t.new, t.score) for t in falls] == [(t.time, t.new, t.score) for t in rises]
    assert falls[-1].evidence["rate_per_day"] == -rises[-1].evidence["rate_per_day"]
    assert play(meters(slope(direction="low")), hours, moved) == []


@pytest.mark.parametrize("sigma", [0.0, 0.1, 2.0])
@pytest.mark.parametrize("rate", [0.0, 0.02, 0.5])
def test_a_steady_slope_is_silent_for_months(sigma: float, rate: float) -> None:
    hours = np.arange(3000.0)
    moved = np.round(rate * hours + np.random.default_rng(8).normal(0, sigma, (10, 3000)), 1)
    assert play(meters(slope([55, NAN, NAN, NAN], points=10)), hours, moved) == []


def test_spikes_are_no_movement() -> None:
    hours = np.arange(1500.0)
    moved = RATE * hours + np.random.default_rng(8).normal(0, 0.5, (10, 1500))
    moved[np.random.default_rng(9).random(moved.shape) < 0.01] += 300
    assert play(meters(slope([55, NAN, NAN, NAN], points=10)), hours, moved) == []


def test_movement_that_comes_to_rest_ends_the_warning() -> None:
    hours = np.arange(1200.0)
    rate = np.where((hours > 500) & (hours < 620), 5 * RATE, RATE)
    moved = np.cumsum(rate) + np.random.default_rng(8).normal(0, 0.3, 1200)
    found = play(meters(slope()), hours, moved[np.newaxis])
    assert max(t.new for t in found) == YELLOW
    assert found[-1].new == NONE
    assert "minutes_failure" not in found[-1].evidence
    assert 620 < (found[-1].time - START) / S / 3600 < 660


def test_a_rate_below_the_least_is_no_creep() -> None:
    hours = np.arange(800.0)
    moved = np.cumsum(np.where(hours > 500, 0.1, 0.02))
    assert [t.new for t in play(meters(slope()), hours, moved[np.newaxis])] == [YELLOW]
    assert play(meters(slope(least_per_day=3.0)), hours, moved[np.newaxis]) == []


def test_nothing_is_said_before_the_steady_rate_is_known() -> None:
    hours = np.arange(90.0)
    moved = np.cumsum(np.where(hours > 60, 5.0, 0.5))[np.newaxis]
    assert play(meters(slope()), hours, moved) == []
    assert play(meters(slope(settle_s=86_400)), hours, moved) != []


def test_a_long_silence_forgets_the_acceleration() -> None:
    hours = np.arange(0, FAILURE_H - 40)
    detect = meters(slope())
    assert play(detect, hours, displacement(hours, 0.3))[-1].new == YELLOW
    later = np.arange(1000.0, 1100.0)
    found = play(detect, later, 1e4 + RATE * later[np.newaxis])
    assert [t.new for t in found] == [NONE]
    assert detect.snapshot()["creep.score.marks"].tolist() == [0]


def test_the_angle_is_the_arctangent() -> None:
    ratio = np.concatenate([[0.0, -3.0, 1.0, 1e300, 1e-300], np.geomspace(1e-6, 1e6, 999)])
    exact = [max(math.degrees(math.atan(each)), 0.0) for each in ratio.tolist()]
    assert _angle(ratio) == pytest.approx(exact, abs=2e-6)
    assert np.isnan(_angle(np.array([NAN]))).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"direction": "up"}, "direction must be one of high, low, not 'up'"),
        ({"confidence": 0.5}, "confidence must be a number above 0.5 and below 1"),
        ({"window_s": 0}, "window_s must be a number above 0"),
        ({"settle_s": 0}, "settle_s must be a number above 0"),
        ({"least_per_day": "1"}, "least_per_day must be a number"),
    ],
)
def test_an_option_out_of_place_is_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        engine(rule("creep", [1, NAN, NAN, NAN], options=options))
