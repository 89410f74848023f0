"""Instruments: lag, drift, noise, resolution, suppression and range."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganzhi.records import Floats, Point
from simulators.sensor import Sensors


def point(resolution: float = 0.1, low: float = 0.0, high: float = 100.0) -> Point:
    return Point("e.T", "e", "s", "T", "q", "u", low, high, resolution, 1.0)


def sensors(
    *points: Point, noise: float = 0.0, drift: float = 0.0, lag_s: float = 0.0, suppress: float = 0.0
) -> Sensors:
    n = len(points)
    return Sensors(
        points=points,
        rng=np.random.default_rng(5),
        noise=np.full(n, noise),
        drift=np.full(n, drift),
        lag_s=np.full(n, lag_s),
        drift_time_s=3600.0,
        suppress=suppress,
    )


def read(instruments: Sensors, true: float, dt_s: float = 1.0) -> float:
    instruments.step(dt_s, np.array([true]))
    return float(instruments.read()[0])


@given(st.floats(-1e3, 1e3), st.sampled_from([0.001, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0]))
def test_reading_is_a_multiple_of_the_resolution_inside_the_range(true: float, resolution: float) -> None:
    reading = read(sensors(point(resolution)), true)
    assert 0.0 <= reading <= 100.0
    assert reading == round(reading / resolution) * resolution or reading == pytest.approx(reading, abs=1e-9)
    assert abs(reading - np.clip(true, 0, 100)) <= resolution / 2 + 1e-9


def test_reading_has_no_dust_when_the_resolution_is_decimal() -> None:
    assert read(sensors(point(0.1)), 20.93) == 20.9
    assert read(sensors(point(0.001)), 9.1234) == 9.123


def test_reading_keeps_its_value_when_there_is_no_resolution() -> None:
    assert read(sensors(point(0.0)), 1.23456) == 1.23456


def test_reading_saturates_when_the_truth_is_beyond_the_range() -> None:
    assert read(sensors(point()), 240.0) == 100.0
    assert str(read(sensors(point()), -0.01)) == "0.0"


def test_small_reading_is_zero_when_it_is_suppressed() -> None:
    assert read(sensors(point(), suppress=2.0), 1.9) == 0.0
    assert read(sensors(point(), suppress=2.0), 2.1) == 2.1


def test_ninety_percent_are_shown_after_t90_whatever_the_step() -> None:
    for steps in (1, 3, 30):
        instruments = sensors(point(0.0), lag_s=15.0 / np.log(10))
        assert read(instruments, 0.0) == 0.0
        for _ in range(steps):
            reading = read(instruments, 50.0, 15.0 / steps)
        assert reading == pytest.approx(45.0)


def test_noise_and_drift_have_their_spread_when_many_are_read() -> None:
    many = [point(0.0, -100.0) for _ in range(4000)]
    instruments = sensors(*many, noise=0.3, drift=0.4)
    for _ in range(50):
        instruments.step(600.0, np.zeros(4000))
    first, second = instruments.read(), instruments.read()
    assert np.std(first) == pytest.approx(0.5, rel=0.05)
    assert np.std(first - second) == pytest.approx(0.3 * np.sqrt(2), rel=0.05)


def test_wrong_shapes_and_negative_spreads_are_refused() -> None:
    def make(noise: Floats) -> Sensors:
        zero = np.zeros(1)
        return Sensors(
            points=[point()], rng=np.random.default_rng(0), noise=noise, drift=zero, lag_s=zero, drift_time_s=1.0
        )

    with pytest.raises(ValueError, match=r"noise must be float64 \(1,\)"):
        make(np.zeros(2))
    with pytest.raises(ValueError, match="noise"):
        make(np.array([-1.0]))
    with pytest.raises(RuntimeError, match="before the first step"):
        make(np.zeros(1)).read()
