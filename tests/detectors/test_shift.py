"""A lasting shift of the mean against a reference that learns by itself."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.rows import Rows
from detectors.shift import Shift
from ganzhi.records import Tier
from tests.detectors.stream import NAN, START, S, block, course, engine, rule

Floats = NDArray[np.float64]
NONE, BLUE = Tier.NONE, Tier.BLUE
METHODS = pytest.mark.parametrize(("method", "limit"), [("cusum", 12.0), ("ewma", 5.0)])


def follow(signals: Floats, seconds: Floats | None = None, *, resolution: float = 0.01, **options: object) -> Floats:
    """The scores of (n_points, n) signals, of a reading a second unless said otherwise."""
    m, n = signals.shape
    score = Shift(
        rule("shift", [12, NAN, NAN, NAN], points=range(m), options=options),
        period_s=np.ones(m),
        resolution=np.full(m, resolution),
    )
    time = START + np.round((np.arange(n) if seconds is None else seconds) * S).astype(np.int64)
    slot, quality = np.arange(m), np.zeros(m, np.uint8)
    rows = (Rows(slot, np.full(m, time[k]), signals[:, k].copy(), quality, [0, m], 0, 0) for k in range(n))
    return np.stack([score.update(part)[1] for part in rows], axis=1)


def noise(n: int, *, m: int = 100, likeness: float = 0.0, seed: int = 1) -> Floats:
    """Of standard deviation 1; `likeness` is the correlation of neighbours."""
    signal = np.random.default_rng(seed).normal(0, 1, (m, n))
    for k in range(1, n) if likeness else ():
        signal[:, k] = likeness * signal[:, k - 1] + np.sqrt(1 - likeness**2) * signal[:, k]
    return signal


def alarms(score: Floats, limit: float) -> int:
    above = np.nan_to_num(score) >= limit
    return int(np.count_nonzero(above[:, 1:] & ~above[:, :-1]))


def delays(score: Floats, at: int, limit: float) -> NDArray[np.intp]:
    """Readings from the first shifted one to the alarm, both counted; one more than there are for none."""
    above = np.nan_to_num(score[:, at:]) >= limit
    waited: NDArray[np.intp] = np.where(above.any(axis=1), above.argmax(axis=1) + 1, above.shape[1] + 1)
    return waited


def test_the_alarm_comes_at_the_reading_that_makes_it_so() -> None:
    # A saw-tooth of +-1 has sigma 1 (and neighbours that are unlike, which makes none of them worth more than one).
    value = 50 + np.where(np.arange(400) % 2, 1.0, -1.0)
    value[300:] += 3
    found = engine(rule("shift", [12, NAN, NAN, NAN], deadband=4)).update(block(np.arange(400), value))
    # w = 0.9; readings of 2 and 4 sigma, the latter clipped at 3.5, less 0.5: 1.35 and 2.7 in turn.
    assert course(found)[0] == (305.0, NONE, BLUE)
    assert found[0].score == pytest.approx(12.1, abs=0.5)
    assert found[0].evidence["reference"] == pytest.approx(50, abs=0.03)
    assert found[0].evidence["shift"] == pytest.approx(2.6, abs=0.3)


def test_a_fall_has_a_shift_below_zero_and_a_large_one_its_size() -> None:
    value = 50 + np.where(np.arange(400) % 2, 1.0, -1.0)
    value[300:] -= 40
    found = engine(rule("shift", [12, NAN, NAN, NAN])).update(block(np.arange(400), value))
    assert found[0].evidence["shift"] == pytest.approx(-40, abs=1.1)


@METHODS
def test_noise_raises_few_false_alarms(method: str, limit: float) -> None:
    score = follow(noise(1300, m=400), method=method)
    assert np.count_nonzero(~np.isnan(score)) > 450_000
    assert alarms(score, limit) <= 4


def test_a_slow_swing_beneath_white_noise_is_no_shift() -> None:
    signal = noise(3000, m=200) + noise(3000, m=200, likeness=0.98, seed=2)
    score = follow(signal)
    assert np.count_nonzero(~np.isnan(score)) > 300_000
    assert alarms(score, 12) <= 200  # some 2,000 by the likeness of neighbours alone


@METHODS
def test_a_damped_sensor_raises_no_more_of_them(method: str, limit: float) -> None:
    score = follow(noise(2500, m=200, likeness=0.9), method=method)
    assert np.count_nonzero(~np.isnan(score)) > 200_000
    assert alarms(score, limit) == 0


@pytest.mark.parametrize(
    ("method", "limit", "height", "usual", "most"),
    [
        ("cusum", 12.0, 1.0, 28, 90),
        ("cusum", 12.0, 3.0, 6, 12),
        ("cusum", 12.0, -10.0, 5, 9),
        ("ewma", 5.0, 2.0, 14, 40),
        ("ewma", 5.0, 3.0, 8, 13),
        ("ewma", 5.0, -10.0, 7, 9),
    ],
)
def test_a_step_is_found_soon(method: str, limit: float, height: float, usual: float, most: int) -> None:
    signal = noise(1300)
    signal[:, 1000:] += height
    waited = delays(follow(signal, method=method), 1000, limit)
    assert np.median(waited) <= usual
    assert waited.max() <= most


def test_a_step_is_found_soon_after_the_warm_up_too() -> None:
    signal = noise(500)
    signal[:, 150:] += 3
    waited = delays(follow(signal), 150, 12)
    assert np.median(waited) <= 9
    assert waited.max() <= 20


def test_a_spike_is_no_shift() -> None:
    signal = noise(600)
    signal[:, 400] += 1e6
    assert alarms(follow(signal), 12) == 0


def test_one_step_of_resolution_is_no_shift() -> None:
    value = np.full((1, 2000), 50.0)
    value[0, 1000:] = 51
    for slack_sigma in (0.25, 0.5, 1.0):
        assert np.nanmax(follow(value, resolution=1.0, slack_sigma=slack_sigma)) < 1e-6
    assert np.nanmax(follow(value, resolution=1.0, method="ewma")) < 5
    value[0, 1000:] = 54
    assert np.nanmax(follow(value, resolution=1.0)) > 12


def test_a_lasting_shift_becomes_the_reference() -> None:
    signal = noise(1200)
    signal[:, 500:] += 5
    score = follow(signal)
    assert (np.nanmax(score[:, 500:600], axis=1) > 30).all()
    assert np.isnan(score[:, 620:690]).all()
    assert np.nanmax(score[:, 740:]) < 12
    held = rule("shift", [12, 30, NAN, NAN], deadband=4)
    found = engine(held).update(block(np.arange(1200), signal[0]))
    assert [t.new for t in found] == [BLUE, Tier.YELLOW, NONE]
    assert 700 <= course(found)[-1][0] <= 720


def test_a_silence_ages_the_sums_and_a_long_one_starts_it_again() -> None:
    signal = noise(400)
    signal[:, 300:305] += 2.5
    for silence_s, low, high in ((0.0, 3.0, 12.0), (300.0, 0.2, 3.0)):
        seconds = np.arange(400.0) + silence_s * (np.arange(400) >= 305)
        score = follow(signal, seconds)
        assert low < np.median(score[:, 305]) < high
    seconds = np.arange(400.0) + 1000 * (np.arange(400) >= 250)
    score = follow(signal, seconds, reference_s=800)
    assert np.isnan(score[:, 250:350]).all()
    assert not np.isnan(score[:, 380:]).any()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"method": "page"}, "method must be one of cusum, ewma"),
        ({"slack_sigma": 0}, "slack_sigma must be a number above 0"),
        ({"weight": 1}, "weight must be a number above 0 and below 1"),
        ({"warmup": 7}, "warmup must be a number above 7"),
        ({"reference_s": -1}, "reference_s must be a number above 0"),
    ],
)
def test_an_option_out_of_place_is_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        engine(rule("shift", [12, NAN, NAN, NAN], options=options))
