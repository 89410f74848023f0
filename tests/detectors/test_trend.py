"""Level, slope and error of signals with a known course."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.rows import Rows
from detectors.trend import Fit, Trend
from tests.detectors.stream import START, S

Floats = NDArray[np.float64]
N_POINTS = 100
SECONDS = np.arange(1500.0)
Z95 = 1.645


def noise(sigma: float, *, seed: int = 5, n: int = len(SECONDS), n_points: int = N_POINTS) -> Floats:
    return np.random.default_rng(seed).normal(0, sigma, (n_points, n))


def follow(signals: Floats, seconds: Floats = SECONDS, *, resolution: float = 0.001, window_s: float = 120.0) -> Fit:
    """What is known after each reading; slopes and errors (n_points, n) in units a minute."""
    m = len(signals)
    trend = Trend(window_s=window_s, period_s=np.ones(m), resolution=np.full(m, resolution))
    fits = [_step(trend, signals[:, k], second) for k, second in enumerate(seconds.tolist())]
    return Fit(*(np.stack(column, axis=1) for column in zip(*((f.level, f.slope, f.error) for f in fits), strict=True)))


def _step(trend: Trend, value: Floats, second: float) -> Fit:
    m = len(value)
    time = np.full(m, START + round(second * S))
    return trend.follow(Rows(np.arange(m), time, value.copy(), np.zeros(m, np.uint8), [0, m], 0, 0))


def rising(fit: Fit) -> NDArray[np.bool_]:
    """Where the slope is up beyond doubt."""
    with np.errstate(invalid="ignore"):
        return fit.slope > Z95 * fit.error


def test_a_line_is_found_exactly_at_any_spacing() -> None:
    seconds = np.cumsum(np.random.default_rng(2).choice([0.1, 0.5, 1.0, 5.0, 40.0], 200))
    fit = follow(3.0 + 0.02 * seconds[np.newaxis], seconds)
    assert np.isnan(fit.slope[0, :8]).all()
    known = ~np.isnan(fit.slope[0])
    assert known[-100:].all()
    assert fit.slope[0, known] == pytest.approx(1.2, rel=1e-6)
    assert fit.level[0] == pytest.approx(3.0 + 0.02 * seconds, rel=1e-6)


def test_the_error_covers_the_truth_in_white_noise() -> None:
    fit = follow(10 + 0.04 / 60 * SECONDS + noise(0.005))
    slope, error = fit.slope[:, 300:], fit.error[:, 300:]
    assert np.mean(np.abs(slope - 0.04) < Z95 * error) > 0.99
    assert np.std(slope) < np.mean(error) < 3 * np.std(slope)


def test_the_error_covers_the_truth_in_waves_and_damped_noise() -> None:
    damped = noise(0.005)
    for k in range(1, len(SECONDS)):
        damped[:, k] = 0.8 * damped[:, k - 1] + 0.6 * damped[:, k]
    phase = np.random.default_rng(3).random((N_POINTS, 1))
    waves = 0.02 * np.sin(2 * np.pi * (SECONDS / 60 + phase)) + noise(0.002)
    for flat in (damped, waves):
        assert rising(follow(10 + flat)).mean() < 0.005


def test_one_step_of_resolution_is_no_trend() -> None:
    flicker = np.where((SECONDS > 700) & (SECONDS < 703), 1.0, 0.0) + (SECONDS > 1000)
    assert not rising(follow(10 + 0.01 * flicker[np.newaxis], resolution=0.01)).any()


def test_a_spike_leaves_no_trend() -> None:
    signal = 10 + noise(0.002)
    calm = follow(signal)
    signal[:, 700] += 5.0
    signal[:, 1100] -= 1e6
    spiked = follow(signal)
    assert rising(spiked)[:, 300:].mean() < 1e-4
    assert np.nanmax(np.abs(spiked.slope - calm.slope)) < 1.5 * np.nanmean(calm.error)


@pytest.mark.parametrize("height", [0.02, 1.0, -50.0])
def test_a_step_leaves_no_trend(height: float) -> None:
    fit = follow(10 + noise(0.002) + height * (SECONDS >= 700))
    assert np.mean(rising(fit)[:, 700:], axis=0).max() < 0.1
    assert not np.isnan(fit.slope[:, 760:]).any()
    assert fit.level[:, 760:] == pytest.approx(10 + height, abs=0.01)


def test_a_changed_inflow_is_followed_within_the_window() -> None:
    fit = follow(10 + noise(0.002) + 0.04 / 60 * np.clip(SECONDS - 500, 0, 500))
    assert fit.slope[:, 499] == pytest.approx(0, abs=0.002)
    assert fit.slope[:, 500 + 120] == pytest.approx(0.04, abs=0.006)
    assert fit.slope[:, 999] == pytest.approx(0.04, abs=0.002)
    assert fit.slope[:, 1000 + 120] == pytest.approx(0, abs=0.006)
    assert rising(fit)[:, 560:1000].all()


def test_a_long_silence_starts_it_again() -> None:
    seconds = np.concatenate([np.arange(200.0), 200 + 361 + np.arange(200.0)])
    signal = np.concatenate([0.1 * np.arange(200.0), np.full(200, 3.0)])[np.newaxis]
    fit = follow(signal, seconds)
    assert fit.slope[0, 199] == pytest.approx(6.0)
    assert np.isnan(fit.slope[0, 200:228]).all()
    assert fit.slope[0, 240:] == pytest.approx(0, abs=1e-9)


def test_a_shorter_silence_does_not() -> None:
    seconds = np.concatenate([np.arange(200.0), 200 + 300 + np.arange(200.0)])
    fit = follow(0.1 * seconds[np.newaxis], seconds)
    assert fit.slope[0, 40:] == pytest.approx(6.0)
