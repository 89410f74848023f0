"""Minutes by which a target is crossed, at a probability."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from detectors.engine import Engine
from ganzhi.records import Rule, Tier, Transition
from tests.detectors.stream import NAN, START, S, block, cut, engine, forecast, rule, run

TARGET = 14.4
LIMITS = [60, 30, NAN, NAN]
NONE, BLUE, YELLOW = Tier.NONE, Tier.BLUE, Tier.YELLOW


def overfill(*, points: Sequence[int] = (0,)) -> Rule:
    """Blue an hour and yellow half an hour before the target, each left when five minutes more remain."""
    return forecast(LIMITS, points=points, deadband=5, target=TARGET)


def noise(n: int, sigma: float = 0.003, *, seed: int = 4) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.random.default_rng(seed).normal(0, sigma, n)


def minute(found: Transition) -> float:
    return (found.time - START) / S / 60


EVIDENCE = {
    "slope_per_min", "curvature_per_min2", "target", "horizon_min", "probability", "interval",
    "minutes_expected", "minutes_early", "minutes_late",
}  # fmt: skip


def test_a_noisy_fill_is_warned_of_as_soon_as_it_is_so_probable_within_each_limit() -> None:
    # 40 mm a minute from 10 m: 14.4 m is reached after 110 minutes, 60 minutes before that is minute 50. That straight
    # fills vary by a tenth is what the default holds for known: 95 % are done in 1 / (1 - 1.645 * 0.112) of the time.
    seconds = np.arange(110 * 60.0)
    level = np.round(10 + 0.04 / 60 * seconds + noise(len(seconds)), 3)
    found = run(engine(overfill()), cut(block(seconds, level), range(0, len(seconds), 500)))
    assert [(t.old, t.new, t.limit) for t in found] == [(NONE, BLUE, 60), (BLUE, YELLOW, 30)]
    assert 110 - minute(found[0]) == pytest.approx(60 * 0.816, abs=3)
    assert 110 - minute(found[1]) == pytest.approx(30 * 0.816, abs=1.5)
    for warning in found:
        left = 110 - minute(warning)
        evidence = warning.evidence
        assert evidence.keys() == EVIDENCE
        assert evidence["minutes_early"] < left < evidence["minutes_late"]
        assert evidence["minutes_expected"] == pytest.approx(left, rel=0.05)
        assert evidence["minutes_late"] == pytest.approx(warning.score)  # both are the 95 % quantile
        assert evidence["minutes_late"] - evidence["minutes_early"] < 0.5 * left
        assert evidence["slope_per_min"] == pytest.approx(0.04, rel=0.05)
        assert (evidence["target"], evidence["horizon_min"]) == (TARGET, 60)
        assert evidence["interval"] == pytest.approx(0.9)
        assert warning.value == pytest.approx(TARGET - 0.04 * left, abs=0.015)
    assert found[0].evidence["probability"] == pytest.approx(0.95, abs=0.005)
    assert found[1].evidence["probability"] > 0.999


@pytest.mark.parametrize("probability", [0.2, 0.5, 0.9, 0.99])
def test_a_colour_comes_when_its_probability_does(probability: float) -> None:
    seconds = np.arange(110 * 60.0)
    level = np.round(10 + 0.04 / 60 * seconds + noise(len(seconds)), 3)
    soon = forecast([60, NAN, NAN, NAN], target=TARGET, probability=probability)
    first, *_ = engine(soon).update(block(seconds, level))
    assert first.evidence["probability"] == pytest.approx(probability, abs=0.02)
    assert first.evidence["probability"] >= probability


def accelerating(n: int, *, seed: int = 4) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """From 2 m with the square of time: 14.4 m is reached after 100 minutes."""
    return 2 + 12.4 * (np.arange(n) / 6000) ** 2 + noise(n, seed=seed)


def test_growth_that_speeds_up_is_warned_of_earlier_than_a_straight_line_would() -> None:
    level = accelerating(6000)
    curved = forecast([40, NAN, NAN, NAN], target=TARGET, window_s=900, curvature=1.0)
    straight = forecast([40, NAN, NAN, NAN], target=TARGET, window_s=900, curvature=1e-6)
    soon, *_ = engine(curved).update(block(np.arange(6000.0), level))
    later, *_ = engine(straight).update(block(np.arange(6000.0), level))
    assert minute(soon) < minute(later) - 3
    assert soon.evidence["minutes_early"] < 100 - minute(soon) < soon.evidence["minutes_late"]
    assert not later.evidence["minutes_early"] < 100 - minute(later) < later.evidence["minutes_late"]
    assert soon.evidence["curvature_per_min2"] == pytest.approx(2 * 12.4 / 100**2, rel=0.3)


def test_a_fill_that_has_just_begun_is_not_taken_for_one_that_speeds_up() -> None:
    # 4 mm a minute is too little to be a new course: the fit bends until it has followed.
    seconds = np.arange(7200.0)
    level = 10 + 0.004 / 60 * np.maximum(seconds - 1800, 0) + noise(7200)
    found = forecast([600, NAN, NAN, NAN], target=TARGET, curvature=1.0)
    assert engine(found).update(block(seconds, level)) == []


def test_a_fall_is_forecast_too() -> None:
    low = forecast([60, NAN, NAN, NAN], target=2.0, direction="low")
    seconds = np.arange(600.0)
    (found,) = engine(low).update(block(seconds, 3 - 0.05 / 60 * seconds + noise(600, 0.001)))
    assert found.evidence["minutes_expected"] == pytest.approx(20 - minute(found), abs=2)
    assert found.evidence["slope_per_min"] == pytest.approx(-0.05, rel=0.1)


def test_the_end_of_the_filling_ends_the_warning() -> None:
    seconds = np.arange(1800.0)
    level = 13 + 0.04 / 60 * np.minimum(seconds, 900) + noise(1800)
    found = engine(overfill()).update(block(seconds, level))
    assert [t.new for t in found] in ([BLUE, YELLOW, NONE], [BLUE, YELLOW, BLUE, NONE])
    assert minute(found[0]) < 3
    assert 15 < minute(found[-1]) < 17
    assert found[-1].score > 60


def test_a_course_that_levels_off_below_the_target_raises_nothing() -> None:
    # 0.9 m to come at most, of 1 m that is left.
    seconds = np.arange(14_400.0)
    level = 13.4 + 0.9 * (1 - np.exp(-seconds / 3600)) + noise(14_400)
    slow = forecast([60, NAN, NAN, NAN], target=TARGET, window_s=1800, curvature=1.0)
    assert all(t.time < START + 2400 * S for t in engine(slow).update(block(seconds, level)) if t.new)


def test_at_the_target_nothing_is_left() -> None:
    seconds = np.arange(200.0)
    found = engine(overfill()).update(block(seconds, 14.5 + noise(200)))
    assert [(t.new, t.score) for t in found] == [(YELLOW, 0.0)]


def many(n_points: int, watched_hours: float, signal: str) -> list[Transition]:
    """What flat, swinging or spiked signals raise, 1 m below the target, one reading each ten seconds."""
    rows = round(watched_hours * 360)
    detect = Engine(
        [overfill(points=range(n_points))],
        period_s=np.full(n_points, 10.0),
        resolution=np.full(n_points, 0.001),
    )
    random = np.random.default_rng(9)
    points = np.arange(n_points)
    found = []
    for k in range(rows):
        level = TARGET - 1 + random.normal(0, 0.003, n_points)
        if signal == "diurnal":
            level += 0.4 * np.sin(2 * np.pi * (k / 8640 + points / n_points))
        if signal == "spiked":
            level += np.where(random.random(n_points) < 0.002, random.choice([-3.0, 0.9, 5.0], n_points), 0)
        found += detect.update(block(np.full(n_points, 10.0 * k), level, point=points))
    return found


@pytest.mark.parametrize("signal", ["flat", "diurnal", "spiked"])
def test_a_level_that_goes_nowhere_raises_nothing_in_a_thousand_hours(signal: str) -> None:
    assert many(40, 25, signal) == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"target": np.array([1.0, 2.0])}, "target must be a finite number for each of 1 points"),
        ({"target": np.array([NAN])}, "target must be a finite number"),
        ({"target": None}, "target must be a finite number"),
        ({"direction": "up"}, "direction must be one of high, low, not 'up'"),
        ({"direction": None}, "direction must be one of high, low, not None"),
        ({"confidence": 0.5}, "confidence must be a number above 0.5 and below 1"),
        ({"probability": 1}, "probability must be a number above 0 and below 1"),
        ({"curvature": 0}, "curvature must be a number above 0"),
        ({"window_s": 0}, "window_s must be a number above 0"),
    ],
)
def test_an_option_out_of_place_is_refused(changed: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        engine(rule("forecast", LIMITS, side="low", options={"target": np.ones(1), "direction": "high"} | changed))


def test_a_side_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="side of a forecast is low"):
        engine(rule("forecast", LIMITS, options={"target": np.ones(1), "direction": "high"}))
