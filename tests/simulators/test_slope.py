"""A slope: it creeps and follows the rain, and an accident runs to its failure by the law of inverse velocity."""

from __future__ import annotations

import numpy as np
import pytest

from ganzhi.errors import ConfigError
from ganzhi.records import Floats
from simulators.rain import Rain
from simulators.slope import Slope
from tests.simulators.plant import ammonia, slope

DAY_S, HOUR_S = 86_400.0, 3_600.0


def pit(seed: int = 1) -> Slope:
    return Slope(points=slope(), rng=np.random.default_rng(seed))


def dry() -> Rain:
    """Not a shower in a lifetime."""
    return Rain(np.random.default_rng(0), between_s=1e12)


def days(model: Slope, count: float) -> dict[str, Floats]:
    rows = [model.step(HOUR_S) for _ in range(round(count * 24))]
    return {tag: np.array([row[tag] for row in rows]) for tag in rows[0]}


@pytest.mark.parametrize("seed", range(4))
def test_a_quiet_slope_creeps_and_moves_faster_after_rain(seed: int) -> None:
    found = days(pit(seed), 30)
    for mark in ("GP-01", "GP-02"):
        moved = found[mark][-24:].mean() - found[mark][:24].mean()
        assert 5 < moved < 80
        assert np.diff(found[mark].reshape(-1, 24).mean(axis=1)).min() > -1.0
    assert found["CR-01"].max() < 0.8 * found["GP-01"].max()


def test_the_day_is_seen_in_the_displacement() -> None:
    model = pit(3)
    model.rain = dry()
    moved = days(model, 20)["GP-01"]
    rest = moved - np.polyval(np.polyfit(np.arange(len(moved)), moved, 1), np.arange(len(moved)))
    wave = np.abs(np.fft.rfft(rest))
    assert int(wave.argmax()) == 20


@pytest.mark.parametrize("seed", range(4))
def test_the_inverse_velocity_falls_in_a_line_to_the_failure(seed: int) -> None:
    model = pit(seed)
    days(model, 5)
    model.rain = dry()
    model.soaked_mm = 0.0
    model.start("failure", "GP-02")
    inverse = []
    while (rate := model.creep_mm_d[1]) < 200:
        inverse.append(1 / rate)
        model.step(HOUR_S)
    hours = np.arange(len(inverse))
    slope_, level = np.polyfit(hours, inverse, 1)
    assert np.abs(np.polyval([slope_, level], hours) - inverse).max() < 1e-3 * max(inverse)
    assert 6 * 24 - 1 < -level / slope_ < 16 * 24 + 1
    assert (model.creep_mm_d[[0, 2]] == 0).all()


def test_it_has_failed_and_reads_the_end_of_its_range() -> None:
    model = pit(2)
    model.start("failure", "GP-01")
    found = days(model, 20)
    assert found["GP-01"][-1] == 2000.0
    assert found["GP-02"][-1] < 100


def test_rain_hastens_it() -> None:
    calm, wet = pit(5), pit(5)
    for model in (calm, wet):
        model.rain = dry()
        model.start("failure", "GP-01")
    wet.rain.storm(60.0, 12 * HOUR_S)
    for model in (calm, wet):
        days(model, 3)
    assert wet.creep_mm_d[0] > 1.1 * calm.creep_mm_d[0]


def test_a_loaded_toe_stops_it() -> None:
    model = pit(1)
    model.start("failure", "GP-01")
    days(model, 3)
    model.end("failure", "GP-01")
    days(model, 5)
    assert model.creep_mm_d[0] < 0.01


def test_showers_bring_what_they_were_to_bring_however_the_steps_fall() -> None:
    for step_s in (60.0, 600.0, 7_000.0):
        rain = Rain(np.random.default_rng(3))
        rain.storm(40.0, 6 * HOUR_S)
        fell = [rain.step(step_s) for _ in range(int(np.ceil(6 * HOUR_S / step_s)))]
        assert sum(fell) == pytest.approx(40.0)
        assert min(fell) >= 0


def test_same_seed_gives_same_readings_and_another_seed_others() -> None:
    def run(seed: int) -> list[dict[str, float]]:
        model = pit(seed)
        model.start("failure", "CR-01")
        return [dict(model.step(HOUR_S)) for _ in range(50)]

    assert run(4) == run(4)
    assert run(4) != run(5)


def test_faults_are_sentences() -> None:
    with pytest.raises(ConfigError, match="no point that moves"):
        Slope(points=ammonia(), rng=np.random.default_rng(0))
    model = pit()
    with pytest.raises(ValueError, match="no moving point 'RG-01' here; there are GP-01, GP-02, CR-01"):
        model.start("failure", "RG-01")
    with pytest.raises(ValueError, match="not 'fire'"):
        model.end("fire", "GP-01")
    with pytest.raises(ValueError, match="longer than 0 s"):
        model.step(-1.0)
