"""A signal that scatters more, or less, than it used to."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.rows import Rows
from detectors.spread import Spread
from ganzhi.records import Tier
from tests.detectors.stream import NAN, START, S, block, course, engine, rule

Floats = NDArray[np.float64]
NONE, BLUE = Tier.NONE, Tier.BLUE


def follow(signals: Floats, seconds: Floats | None = None, *, resolution: float = 0.01, **options: object) -> Floats:
    """The scores of (n_points, n) signals, of a reading a second unless said otherwise."""
    m, n = signals.shape
    score = Spread(
        rule("spread", [2, NAN, NAN, NAN], points=range(m), options=options),
        period_s=np.ones(m),
        resolution=np.full(m, resolution),
    )
    time = START + np.round((np.arange(n) if seconds is None else seconds) * S).astype(np.int64)
    slot, quality = np.arange(m), np.zeros(m, np.uint8)
    rows = (Rows(slot, np.full(m, time[k]), signals[:, k].copy(), quality, [0, m], 0, 0) for k in range(n))
    return np.stack([score.update(part)[1] for part in rows], axis=1)


def noise(n: int, *, m: int = 100, seed: int = 1) -> Floats:
    return np.random.default_rng(seed).normal(0, 1, (m, n))


def first(score: Floats, limit: float) -> NDArray[np.intp]:
    """Of each point the first column at the limit or beyond."""
    found: NDArray[np.intp] = (np.nan_to_num(score) >= limit).argmax(axis=1)
    return found


def test_the_alarm_comes_at_the_reading_that_makes_it_so() -> None:
    # A saw-tooth of +-1 deviates by 2 / sqrt(1.5) from its neighbours' line; ten times as much follows at second 400.
    value = np.where(np.arange(500) % 2, 1.0, -1.0) * np.where(np.arange(500) < 400, 1, 10)
    wide = rule("spread", [2, NAN, NAN, NAN], deadband=0.5)
    (found,) = engine(wide).update(block(np.arange(500), 50 + value))
    # Clipped at 3.0 times the mean size, each reading adds a sixteenth to the present: it has doubled after a dozen.
    assert course([found]) == [(413.0, NONE, BLUE)]
    assert found.score == pytest.approx(2.0, abs=0.12)
    assert found.evidence["usual"] == pytest.approx(2 / np.sqrt(1.5) * 1.2533, abs=0.3)
    assert found.evidence["now"] == pytest.approx(found.score * found.evidence["usual"])


def test_wider_noise_is_found_and_told_in_its_ratio() -> None:
    signal = noise(1100)
    signal[:, 600:] *= 3
    score = follow(signal)
    assert np.mean(first(score, 1.75)) - 600 < 45
    assert (first(score, 1.75) < 750).all()
    assert np.median(score[:, 900]) == pytest.approx(1.8, abs=0.2)  # a third of the reference is like it by then


def test_narrower_noise_is_found_from_below() -> None:
    signal = noise(900)
    signal[:, 600:] *= 0.1
    score = follow(signal)
    assert np.nanmin(score[:, :600]) > 0.5
    assert (np.nanmin(score[:, 600:700], axis=1) < 0.4).all()
    low = rule("spread", [0.4, NAN, NAN, NAN], side="low", deadband=0.2)
    found = engine(low).update(block(np.arange(900), signal[0]))
    assert [t.new for t in found] == [BLUE]


def test_noise_raises_no_alarm_in_half_a_million_readings() -> None:
    score = follow(noise(1300, m=400))
    assert np.count_nonzero(~np.isnan(score)) > 480_000
    assert np.nanmax(score) < 1.75
    assert np.nanmin(score) > 0.5


def test_a_damped_sensor_is_no_wider_than_it_was() -> None:
    signal = noise(1300, m=200)
    for k in range(1, 1300):
        signal[:, k] = 0.9 * signal[:, k - 1] + 0.436 * signal[:, k]
    assert np.nanmax(follow(signal)) < 1.75


@pytest.mark.parametrize("course_", ["step", "ramp", "swing", "spike"])
def test_a_course_is_no_spread(course_: str) -> None:
    seconds = np.arange(900.0)
    change = {
        "step": 20.0 * (seconds >= 600),
        "ramp": 5 * np.maximum(seconds - 600, 0),
        "swing": 40 * np.sin(np.maximum(seconds - 600, 0) / 40),
        "spike": 50.0 * (seconds == 600),
    }
    assert np.nanmax(follow(noise(900) + change[course_])) < 1.85


def test_a_course_at_any_spacing_is_no_spread() -> None:
    seconds = np.cumsum(np.random.default_rng(2).choice([0.2, 1.0, 1.0, 2.0, 5.0], 1500))
    score = follow(0.1 * noise(1500) + 3 * seconds, seconds, window=100)
    assert np.count_nonzero(~np.isnan(score)) > 100_000
    assert np.nanmax(score) < 1.75


def test_a_flicker_of_the_last_digit_is_as_usual() -> None:
    flicker = np.round(0.3 * noise(900))
    flicker[:, :400] = 0
    score = follow(50 + flicker, resolution=1.0)
    assert np.nanmax(score) == np.nanmin(score) == 1


def test_nothing_is_said_before_both_are_known_and_after_a_silence() -> None:
    seconds = np.concatenate([np.arange(300.0), 300 + 3600 + np.arange(100.0)])
    score = follow(noise(400), seconds)
    assert np.isnan(score[:, :66]).all()
    assert not np.isnan(score[:, 70:300]).any()
    assert np.isnan(score[:, 300:364]).all()
    assert not np.isnan(score[:, 364:]).any()


@pytest.mark.parametrize(("name", "wrong"), [("window", 7), ("reference_s", 0), ("window", "64")])
def test_an_option_out_of_place_is_refused(name: str, wrong: object) -> None:
    with pytest.raises(ValueError, match=f"{name} must be a number above"):
        engine(rule("spread", [2, NAN, NAN, NAN], options={name: wrong}))
