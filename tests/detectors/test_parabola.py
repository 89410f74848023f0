"""Level, slope and curvature of signals with a known course."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.parabola import Course, Parabola
from detectors.rows import Rows
from detectors.trend import WINDOW_TIMES, Trend
from tests.detectors.stream import START, S

Floats = NDArray[np.float64]
N_POINTS = 100
SECONDS = np.arange(1500.0)
WINDOW_S = 300.0
TIMES_PER_S = WINDOW_TIMES / WINDOW_S


def noise(sigma: float, *, seed: int = 5, n: int = len(SECONDS), n_points: int = N_POINTS) -> Floats:
    return np.random.default_rng(seed).normal(0, sigma, (n_points, n))


def rows(value: Floats, second: float) -> Rows:
    m = len(value)
    time = np.full(m, START + round(second * S))
    return Rows(np.arange(m), time, value.copy(), np.zeros(m, np.uint8), [0, m], 0, 0)


def follow(signals: Floats, seconds: Floats = SECONDS, *, resolution: float = 0.001) -> Course:
    """What is known after each reading, (n_points, n) each, per second instead of per time constant."""
    m = len(signals)
    parabola = Parabola(window_s=WINDOW_S, period_s=np.ones(m), resolution=np.full(m, resolution))
    found = [parabola.follow(rows(signals[:, k], second)) for k, second in enumerate(seconds.tolist())]
    columns = {name: np.stack([getattr(f, name) for f in found], axis=1) for name in Course.__slots__}
    for name, power in (("slope", 1), ("slope_error", 1), ("bend", 2), ("bend_error", 2), ("level_by", -2)):
        columns[name] = columns[name] * TIMES_PER_S**power
    columns["slope_by"] = columns["slope_by"] / TIMES_PER_S
    return Course(**columns)


def test_a_parabola_is_found_exactly_at_any_spacing() -> None:
    seconds = np.cumsum(np.random.default_rng(2).choice([0.1, 0.5, 1.0, 5.0, 40.0], 300))
    fit = follow((3.0 + 0.02 * seconds + 1e-4 * seconds**2)[np.newaxis], seconds)
    known = ~np.isnan(fit.slope_error[0])
    assert not known[:8].any()
    assert known[-200:].all()
    assert fit.bend[0, known] == pytest.approx(1e-4, rel=1e-4)
    slope = fit.slope + fit.slope_by * fit.bend
    assert slope[0, known] == pytest.approx((0.02 + 2e-4 * seconds)[known], rel=1e-4)
    level = fit.level + fit.level_by * fit.bend
    assert level[0, known] == pytest.approx((3.0 + 0.02 * seconds + 1e-4 * seconds**2)[known], rel=1e-5)


def test_the_line_is_that_of_the_trend() -> None:
    signal = 10 + 0.01 * SECONDS + noise(0.005, n_points=1)
    trend = Trend(window_s=WINDOW_S, period_s=np.ones(1), resolution=np.full(1, 0.001))
    lines = [trend.follow(rows(signal[:, k], second)) for k, second in enumerate(SECONDS.tolist())]
    fit = follow(signal)
    assert fit.slope[0, 600:] == pytest.approx([line.slope[0] / 60 for line in lines[600:]], rel=0.02)
    assert fit.slope_error[0, 600:] == pytest.approx([line.error[0] / 60 for line in lines[600:]], rel=0.1)


def test_the_errors_cover_the_truth_in_white_noise() -> None:
    fit = follow(10 + 2e-5 * SECONDS**2 + noise(0.05))
    bend, error = fit.bend[:, 600:], fit.bend_error[:, 600:]
    assert np.mean(np.abs(bend - 2e-5) < 1.645 * error) > 0.97
    assert np.std(bend) < np.mean(error) < 3 * np.std(bend)


@pytest.mark.parametrize("height", [0.02, 5.0, -1e6])
def test_a_spike_or_a_step_leaves_no_curvature(height: float) -> None:
    calm = follow(10 + noise(0.002))
    spiked = 10 + noise(0.002)
    spiked[:, 700] += height
    assert np.nanmax(np.abs(follow(spiked).bend - calm.bend)[:, 600:]) < 2 * np.nanmean(calm.bend_error[:, 600:])
    stepped = follow(10 + noise(0.002) + height * (SECONDS >= 700))
    assert np.mean(np.abs(stepped.bend[:, 900:]) > 2.5 * stepped.bend_error[:, 900:]) < 0.05


def test_a_silence_starts_it_again() -> None:
    seconds = np.concatenate([np.arange(400.0), 400 + 3 * WINDOW_S + 1 + np.arange(400.0)])
    signal = np.concatenate([0.1 * np.arange(400.0), np.full(400, 3.0)])[np.newaxis]
    fit = follow(signal, seconds)
    assert fit.slope[0, 399] == pytest.approx(0.1)
    assert np.isnan(fit.slope_error[0, 400:420]).all()
    assert fit.slope[0, 500:] == pytest.approx(0, abs=1e-9)


def test_thirty_thousand_readings_leave_it_as_sound_as_a_thousand() -> None:
    parabola = Parabola(window_s=16.0, period_s=np.ones(1), resolution=np.full(1, 0.001))
    for second in range(30_000):
        found = parabola.follow(rows(np.array([0.5 * second]), float(second)))
    covariance = parabola.state["parabola"][0, 3:9]
    settled = Parabola(window_s=16.0, period_s=np.ones(1), resolution=np.full(1, 0.001))
    for second in range(1_000):
        settled.follow(rows(np.array([0.5 * second]), float(second)))
    assert covariance == pytest.approx(settled.state["parabola"][0, 3:9], rel=1e-9)
    assert found.slope[0] * found.per_min[0] == pytest.approx(30.0, rel=1e-9)
