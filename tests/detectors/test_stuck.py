"""A signal that stands still longer than it ever used to."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.rows import Rows
from detectors.stuck import Stuck
from ganzhi.records import Tier
from tests.detectors.stream import NAN, START, S, block, course, engine, rule

Floats = NDArray[np.float64]
NONE, BLUE = Tier.NONE, Tier.BLUE
LIMIT = 4.0


def follow(signals: Floats, seconds: Floats | None = None, **options: object) -> Floats:
    """The scores of (n_points, n) signals of resolution 1, of a reading a second unless said otherwise."""
    m, n = signals.shape
    score = Stuck(
        rule("stuck", [LIMIT, NAN, NAN, NAN], points=range(m), options={"learn_s": 1000} | options),
        period_s=np.ones(m),
        resolution=np.ones(m),
    )
    time = START + np.round((np.arange(n) if seconds is None else seconds) * S).astype(np.int64)
    slot, quality = np.arange(m), np.zeros(m, np.uint8)
    rows = (Rows(slot, np.full(m, time[k]), signals[:, k].copy(), quality, [0, m], 0, 0) for k in range(n))
    return np.stack([score.update(part)[1] for part in rows], axis=1)


def noise(sigma: float, n: int = 4000, *, m: int = 100, seed: int = 1) -> Floats:
    """In whole steps of resolution."""
    return np.round(np.random.default_rng(seed).normal(0, sigma, (m, n)))


def valve(n: int, every: int = 500) -> Floats:
    """A position that moves for ten readings and then stands."""
    moves = np.arange(n) % every < 10
    moved: Floats = np.where(np.arange(n) // every % 2, -2.0, 2.0) * moves
    return np.cumsum(moved)[np.newaxis]


def test_the_alarm_comes_after_so_many_usual_pauses() -> None:
    # A change every 10 s, 99 of them: the usual pause is 10 s x (1 + 10 / 99) = 11.01 s, four of them 44.04 s.
    seconds = np.arange(1130.0)
    value = 5.0 * (np.minimum(seconds, 999) // 10) + 20 * (seconds >= 1100)
    held = rule("stuck", [LIMIT, NAN, NAN, NAN], options={"learn_s": 500})
    up, down = engine(held, resolution=1.0).update(block(seconds, value))
    assert course([up, down]) == [(990 + 45, NONE, BLUE), (1100.0, BLUE, NONE)]
    assert up.score == pytest.approx(45 / (10 * (1 + 10 / 99)), rel=1e-3)
    assert up.evidence == {"still_s": 45.0, "usual_s": pytest.approx(11.01, abs=0.01)}
    assert (down.score, down.evidence["still_s"]) == (0.0, 0.0)


def test_what_never_changed_is_not_called_stuck() -> None:
    assert np.isnan(follow(np.full((1, 3000), 7.0))).all()
    flicker = np.where(np.arange(3000) % 3, 7.0, 8.0)[np.newaxis]
    assert np.isnan(follow(flicker)).all()
    slow = np.floor(np.arange(3000.0)[np.newaxis] / 500) * 5
    assert np.isnan(follow(slow)).all()


def test_a_frozen_noisy_signal_is_found_within_seconds() -> None:
    signal = noise(3)
    signal[:, 3000:3200] = signal[:, 3000:3001]
    score = follow(signal)
    assert np.nanmax(score[:, :3000]) < 2
    waited = (score[:, 3000:3200] >= LIMIT).argmax(axis=1)
    assert waited.min() > 10
    assert waited.max() < 60
    assert np.nanmax(score[:, 3210:]) < 2


def test_it_is_found_a_second_time() -> None:
    signal = noise(3)
    for at in (2000, 3500):
        signal[:, at : at + 300] = signal[:, at : at + 1]
    score = follow(signal)
    assert (score[:, 3799] > LIMIT).all()


def test_a_valve_that_stands_as_long_as_ever_is_not_stuck() -> None:
    position = valve(4000)
    assert np.nanmax(follow(position)) < 1
    position[0, 3500:] = position[0, 3500]
    assert np.nanmax(follow(position)) == pytest.approx(500 / 490 / (1 + 10 / 80), rel=0.05)
    longer = np.concatenate([position, np.full((1, 2000), position[0, -1])], axis=1)
    assert np.nanmax(follow(longer)) > LIMIT


@pytest.mark.parametrize("sigma", [0.3, 0.5, 0.7, 1.0, 3.0])
def test_noise_of_any_width_is_not_stuck(sigma: float) -> None:
    score = follow(noise(sigma))
    assert np.nan_to_num(score).max() < LIMIT


def test_rare_random_steps_are_seldom_called_stuck() -> None:
    random = np.random.default_rng(3)
    steps = (random.random((200, 5000)) < 1 / 50) * random.choice([-5.0, 5.0], (200, 5000))
    score = follow(np.cumsum(steps, axis=1), changes=50)
    above = np.nan_to_num(score) >= LIMIT
    assert np.count_nonzero(above[:, 1:] & ~above[:, :-1]) <= 1  # of 16,000 pauses


def test_a_silence_is_no_proof_of_standing_still() -> None:
    signal = noise(3, 2000, m=1)
    signal[0, 1500:] = signal[0, 1499]
    hours = np.arange(2000) + 7200.0 * (np.arange(2000) >= 1500)
    assert np.isnan(follow(signal, hours, memory_s=1e-3)[0, 900])
    score = follow(signal, hours)[0]
    assert score[1500] < 1
    assert score[1600] > LIMIT
    assert np.nanmax(np.diff(score[1500:1600])) < 1


def test_a_pause_is_forgotten_in_time() -> None:
    position = np.concatenate([valve(3000), noise(3, 3000, m=1)], axis=1)
    position[0, 5500:5600] = position[0, 5500]
    assert np.nanmax(follow(position)[0, 5500:5600]) < 1
    assert np.nanmax(follow(position, memory_s=300)[0, 5500:5600]) > LIMIT


@pytest.mark.parametrize(("name", "wrong"), [("changes", 2), ("learn_s", 0), ("memory_s", "1d")])
def test_an_option_out_of_place_is_refused(name: str, wrong: object) -> None:
    with pytest.raises(ValueError, match=f"{name} must be a number above"):
        engine(rule("stuck", [LIMIT, NAN, NAN, NAN], options={name: wrong}))
