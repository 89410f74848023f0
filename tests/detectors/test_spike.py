"""A few readings that leave the course of a signal and come back."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.rows import Rows
from detectors.spike import Spike
from ganzhi.records import Tier
from tests.detectors.stream import NAN, START, S, block, course, engine, rule

Floats = NDArray[np.float64]
NONE, BLUE = Tier.NONE, Tier.BLUE
GLITCH = rule("spike", [6, NAN, NAN, NAN])


def follow(signals: Floats, *, resolution: float = 0.01, **options: object) -> Floats:
    """The scores of (n_points, n) signals of a reading a second."""
    m, n = signals.shape
    score = Spike(
        rule("spike", [6, NAN, NAN, NAN], points=range(m), options=options),
        period_s=np.ones(m),
        resolution=np.full(m, resolution),
    )
    slot, quality = np.arange(m), np.zeros(m, np.uint8)
    rows = (Rows(slot, np.full(m, START + k * S), signals[:, k].copy(), quality, [0, m], 0, 0) for k in range(n))
    return np.stack([score.update(part)[1] for part in rows], axis=1)


def noise(n: int, *, m: int = 100, sigma: float = 1.0, seed: int = 1) -> Floats:
    return np.random.default_rng(seed).normal(0, sigma, (m, n))


def alarms(score: Floats, limit: float = 6.0) -> int:
    return int(np.count_nonzero(np.nan_to_num(score) >= limit))


def test_a_spike_is_told_at_the_first_reading_after_it() -> None:
    # Readings alternate by one step around 50: the median is 50.0 or 50.1, the MAD 0 or 0.1, and sigma 0.148.
    value = 50 + 0.1 * (np.arange(40) % 2)
    value[30] = 55.1
    detect = engine(GLITCH, resolution=0.1)
    up, down = detect.update(block(np.arange(40), value))
    assert course([up, down]) == [(31.0, NONE, BLUE), (32.0, BLUE, NONE)]
    assert up.score == pytest.approx(5.1 / 0.1, rel=0.5)
    assert up.evidence == {"height": pytest.approx(5.05, abs=0.06), "readings": 1.0}
    assert up.value == pytest.approx(50.1)
    assert (down.score, down.evidence) == (0.0, {})


def test_the_score_is_the_height_in_resolutions_where_nothing_else_moves() -> None:
    value = np.full(40, 50.0)
    value[[25, 30, 31]] = 54.0, 43.0, 42.0
    found = engine(GLITCH, resolution=0.5).update(block(np.arange(40), value))
    assert [(t.new, t.score) for t in found] == [
        (BLUE, pytest.approx(8.0)),
        (NONE, 0),
        (BLUE, pytest.approx(16)),
        (NONE, 0),
    ]
    assert [at for at, _, _ in course(found)] == [26, 27, 32, 33]
    assert found[2].evidence == {"height": -8.0, "readings": 2.0}


def test_nothing_is_said_until_the_signal_is_back_or_stays() -> None:
    value = np.full((1, 50), 5.0)
    value[0, 30:] = 9.0
    score = follow(value)[0]
    assert np.isnan(score[:22]).all()
    assert np.isnan(score[30:33]).all()
    assert (score[22:30] == 0).all()
    assert (score[33:] == 0).all()


def test_a_pulse_longer_than_asked_is_none() -> None:
    value = np.full((1, 60), 5.0)
    value[0, 30:34] = 9.0
    assert alarms(follow(value)) == 0
    assert alarms(follow(value, longest=4)) == 1
    assert alarms(follow(value, window=15, longest=7)) == 1


@pytest.mark.parametrize("height", [5.0, 6.0, 8.0, 20.0, -50.0])
def test_a_step_in_noise_is_no_spike(height: float) -> None:
    signal = noise(300, m=400)
    signal[:, 200:] += height
    score = follow(signal)
    assert np.mean((np.nan_to_num(score) >= 6).any(axis=1)) <= 0.03
    assert not np.isnan(score[:, 210:]).all(axis=0).any()


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_spike_in_noise_is_found(length: int) -> None:
    signal = noise(300, m=400)
    signal[:, 200 : 200 + length] += 10.0
    score = np.nan_to_num(follow(signal))
    assert np.mean(score[:, 200 + length] >= 6) > 0.9
    assert np.mean((score[:, 200 + length : 203 + length] >= 6).any(axis=1)) > 0.93


def test_noise_raises_less_than_one_false_alarm_in_a_hundred_thousand_readings() -> None:
    assert alarms(follow(noise(1100, m=400))) <= 4
    coarse = np.round(noise(1100, m=100, sigma=0.4))
    assert alarms(follow(coarse, resolution=1.0)) == 0


def test_what_moves_by_itself_has_no_spikes() -> None:
    seconds = np.arange(600.0)
    ramp = noise(600) + np.maximum(seconds - 200, 0) * 4
    swing = noise(600, sigma=0.3) + 20 * np.sin(seconds / 5)
    rare = np.repeat(np.round(noise(60, sigma=3)), 10, axis=1)
    assert alarms(follow(ramp)) == 0
    assert alarms(follow(swing)) == 0
    assert alarms(follow(rare, resolution=1.0)) == 0


def test_a_silence_of_three_windows_starts_it_again() -> None:
    seconds = np.concatenate([np.arange(30.0), 30 + 33 + np.arange(30.0)])
    value = np.full(60, 5.0)
    value[[40, 55]] = 9.0
    found = engine(GLITCH).update(block(seconds, value))
    assert course(found) == [(seconds[56], NONE, BLUE), (seconds[57], BLUE, NONE)]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"window": 4}, "window must be a number above 4 and below 32"),
        ({"window": 8}, "window must be an odd number"),
        ({"window": 5, "longest": 3}, "longest must be a number above 0 and below 2.5"),
        ({"longest": 1.5}, "longest a whole one"),
    ],
)
def test_an_option_out_of_place_is_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        engine(rule("spike", [6, NAN, NAN, NAN], options=options))
