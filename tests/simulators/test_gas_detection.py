"""Detectors: the plume follows its equation, a leak reaches them by distance, and quiet areas are quiet."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ganzhi.errors import ConfigError
from simulators.gas_detection import (
    BLOWDOWN_TIME_S,
    DIFFUSIVITY_M2S,
    HOLE_TIME_S,
    LARGEST_LEAK_M3S,
    LEAK_DISTANCE_M,
    LEAK_M3S,
    LEL_PERCENT,
    SLOW_HOLE_TIME_S,
    VENT_M3S,
    GasDetection,
)
from tests.simulators.plant import ammonia, detectors


def area(seed: int = 1, resolution: float = 1.0) -> GasDetection:
    return GasDetection(points=detectors(resolution=resolution), rng=np.random.default_rng(seed))


def test_places_are_metres_on_the_ground() -> None:
    place = area().place_m
    np.testing.assert_allclose(place[1], [15.0, 0.0], atol=0.01)
    np.testing.assert_allclose(place[4], [0.0, 15.0], atol=0.01)


def test_leak_grows_with_the_hole_and_decays_once_isolated() -> None:
    model = area()
    assert model.leak_m3s == 0.0
    model.start("leak", "GD-06")
    model.step(HOLE_TIME_S / 2)
    assert model.leak_m3s == pytest.approx(LEAK_M3S / 4)
    model.step(HOLE_TIME_S)
    assert model.leak_m3s == LARGEST_LEAK_M3S
    model.end("leak", "GD-06")
    assert model.leak_m3s == LARGEST_LEAK_M3S
    model.step(BLOWDOWN_TIME_S)
    assert model.leak_m3s == pytest.approx(LARGEST_LEAK_M3S / np.e)


def test_a_slow_leak_is_the_same_in_so_much_more_time() -> None:
    model = area()
    model.start("slow_leak", "GD-06")
    model.step(SLOW_HOLE_TIME_S / 2)
    assert model.leak_m3s == pytest.approx(LEAK_M3S / 4)


def test_a_vent_is_steady_small_and_over_when_it_is_shut() -> None:
    model = area(3, resolution=0.1)
    model.start("vent", "GD-06")
    model.step(60.0)
    leak = model.leak_m3s
    assert VENT_M3S[0] <= leak <= VENT_M3S[1]
    reading = model.step(300.0)["GD-06"]
    assert model.leak_m3s == leak
    assert 0.5 < reading < 20
    model.end("vent", "GD-06")
    assert model.leak_m3s == 0.0
    assert model.step(600.0)["GD-06"] < 0.8


def test_steady_plume_is_that_of_a_point_source_on_the_ground() -> None:
    """In calm air C = Q / (2 pi K r): Carslaw and Jaeger; wind, finite puffs and a finite age take a little away."""
    model = area(2)
    model.start("leak", "GD-06")
    model.step(2000.0)
    assert model.hole_m is not None
    around = model.hole_m + 6.0 * np.array([(1, 0), (0, 1), (-1, 0), (0, -1)])
    still = LARGEST_LEAK_M3S / (2 * np.pi * DIFFUSIVITY_M2S * 6.0) * 100 / LEL_PERCENT * 100
    assert model.concentration(around).mean() == pytest.approx(still, rel=0.2)
    far = model.hole_m + 12.0 * np.array([(1, 0), (0, 1), (-1, 0), (0, -1)])
    assert model.concentration(around).mean() / model.concentration(far).mean() == pytest.approx(2.0, rel=0.3)


@pytest.mark.parametrize("seed", range(4))
def test_leak_is_seen_in_the_order_of_distance(seed: int) -> None:
    model = area(seed)
    model.start("leak", "GD-06")
    assert model.hole_m is not None
    apart = np.hypot(*(model.place_m - model.hole_m).T)
    assert apart[5] == pytest.approx(LEAK_DISTANCE_M)
    seen: dict[str, int] = {}
    for step in range(70):
        for tag, reading in model.step(20.0).items():
            if reading >= 8:
                seen.setdefault(tag, step)
    times = [seen.get(tag, 99) for tag in model.subjects]
    assert model.subjects[int(np.argmin(times))] == "GD-06"
    assert sum(time < 70 for time in times) >= 6
    near = [t for t, metres in zip(times, apart, strict=True) if metres < 12.5]
    far = [t for t, metres in zip(times, apart, strict=True) if metres > 24]
    assert len(near) >= 2
    assert max(near) < min(far)


def test_detector_lags_by_its_t90_when_gas_comes_at_once() -> None:
    model = area(resolution=0.0)
    model.start("leak", "GD-06")
    model.step(2000.0)
    truth = model.concentration(model.place_m)[5]
    assert model.step(0.5)["GD-06"] == pytest.approx(truth, rel=0.1)


def test_reading_saturates_at_the_range_when_the_cloud_is_richer() -> None:
    points = [replace(point, high=20.0) for point in detectors()]
    model = GasDetection(points=points, rng=np.random.default_rng(0))
    model.start("leak", "GD-06")
    assert max(model.step(1200.0).values()) == 20.0


def test_quiet_areas_stay_quiet_for_an_hour_of_plant_time() -> None:
    gas = area(6)
    rows = np.array([list(gas.step(20.0).values()) for _ in range(180)])
    assert rows.min() == 0.0
    assert rows.max() <= 1.0
    cold = GasDetection(points=ammonia(), rng=np.random.default_rng(6))
    found = [cold.step(20.0) for _ in range(180)]
    nh3 = [row[f"AD-0{i}"] for row in found for i in range(1, 7)]
    oxygen = [row[f"OD-0{i}"] for row in found for i in (1, 2)]
    assert 0.0 <= min(nh3) <= max(nh3) < 3.0
    assert 20.7 <= min(oxygen) <= max(oxygen) <= 21.1
    assert set(oxygen) <= {20.7, 20.8, 20.9, 21.0, 21.1}


def test_same_seed_gives_same_readings_and_another_seed_others() -> None:
    def run(seed: int) -> list[dict[str, float]]:
        model = area(seed, resolution=0.1)
        model.start("leak", "GD-02")
        return [dict(model.step(20.0)) for _ in range(40)]

    assert run(4) == run(4)
    assert run(4) != run(5)


def test_faults_are_sentences() -> None:
    homeless = [replace(point, lon=None) for point in detectors(2)]
    with pytest.raises(ConfigError) as caught:
        GasDetection(points=homeless, rng=np.random.default_rng(0))
    assert [fault.place for fault in caught.value.faults] == ["chem.GD-01", "chem.GD-02"]
    with pytest.raises(ConfigError, match="no detector to simulate"):
        GasDetection(points=[replace(homeless[0], quantity="smoke")], rng=np.random.default_rng(0))
    model = GasDetection(points=ammonia(), rng=np.random.default_rng(0))
    assert model.subjects == []
    with pytest.raises(ValueError, match="no combustible detector 'AD-01' here; there are none"):
        model.start("leak", "AD-01")
    with pytest.raises(ValueError, match="not 'flood'"):
        model.start("flood", "AD-01")
    with pytest.raises(ValueError, match="longer than 0 s"):
        model.step(0.0)
