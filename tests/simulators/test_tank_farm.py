"""Tanks: the mass balance closes, normal operation is calm, and an overfilled tank behaves."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganzhi.errors import ConfigError
from ganzhi.records import Floats
from simulators.tank_farm import (
    BREATHE_IN_KPA,
    BREATHE_OUT_KPA,
    EMPTY_SHARE,
    RATED_IN_M3H,
    TRANSFER_M3H,
    TankFarm,
)
from tests.simulators.plant import tanks

HOUR_S = 3600.0
FORECAST_TARGET_M = 0.9 * 16


def farm(seed: int = 1, *names: str) -> TankFarm:
    return TankFarm(points=tanks(*(names or ("101", "102", "103"))), rng=np.random.default_rng(seed))


def table(model: TankFarm, steps: int, dt_s: float) -> dict[str, Floats]:
    rows = [model.step(dt_s) for _ in range(steps)]
    return {tag: np.array([row[tag] for row in rows]) for tag in rows[0]}


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    steps=st.lists(st.tuples(st.floats(0.05, 90.0), st.sampled_from(["", "start", "end"])), min_size=1, max_size=60),
)
def test_mass_balance_closes_whatever_happens(seed: int, steps: list[tuple[float, str]]) -> None:
    model = farm(seed)
    before = model.volume_m3.copy()
    for dt_s, event in steps:
        if event == "start":
            model.start("overfill", "102")
        elif event == "end":
            model.end("overfill", "102")
        model.step(dt_s)
        assert (model.volume_m3 >= 0).all()
        assert (model.level_m <= model.height_m + 1e-9).all()
    gained = model.total_in_m3 - model.total_out_m3 - model.spilled_m3
    np.testing.assert_allclose(model.volume_m3 - before, gained, atol=1e-6)


def test_tank_spills_and_balance_closes_when_nobody_shuts_the_valve() -> None:
    model = farm()
    before = model.volume_m3.copy()
    model.start("overfill", "102")
    readings = [model.step(20.0) for _ in range(200)][-1]
    assert readings["LT-102"] == 16.0
    assert (model.spilled_m3 > 0).tolist() == [False, True, False]
    gained = model.total_in_m3 - model.total_out_m3 - model.spilled_m3
    np.testing.assert_allclose(model.volume_m3 - before, gained, atol=1e-6)


def test_tank_never_runs_below_empty_when_its_outlet_stays_open() -> None:
    model = farm()
    model.volume_m3[:] = 1.0
    model.opening_out[:] = 1.0
    model.opening_in[:] = 0.0
    model.step(10.0)
    assert (model.volume_m3 >= 0).all()
    np.testing.assert_allclose(model.volume_m3, 1.0 + model.total_in_m3 - model.total_out_m3, atol=1e-9)


def test_same_seed_gives_same_readings_and_another_seed_others() -> None:
    def run(seed: int) -> list[dict[str, float]]:
        model = farm(seed)
        return [dict(model.step(7.0)) for _ in range(50)]

    assert run(4) == run(4)
    assert run(4) != run(5)


def test_normal_operation_stays_inside_limits_for_an_hour_of_plant_time() -> None:
    found = table(farm(3), 3600, 1.0)
    for name, share in (("101", 0.58), ("102", 0.668), ("103", 0.51)):
        level = found[f"LT-{name}"] / 16
        assert 0.48 < level.min() <= level.max() < 0.70
        assert level.mean() == pytest.approx(share, abs=0.01)
        assert 0.2 < found[f"PT-{name}"].min() <= found[f"PT-{name}"].max() < 0.6
        assert 15 < found[f"TT-{name}"].min() <= found[f"TT-{name}"].max() < 40
        assert 150 < found[f"FI-{name}"].min() <= found[f"FI-{name}"].max() < 450
        assert 150 < found[f"FO-{name}"].min() <= found[f"FO-{name}"].max() < 450


@pytest.mark.parametrize("seed", range(3))
def test_normal_trend_promises_no_overfill_within_an_hour_at_demo_speed(seed: int) -> None:
    found = table(farm(seed), 1500, 20.0)
    window = 60
    offsets = np.arange(window) - (window - 1) / 2
    for name in ("101", "102", "103"):
        level = found[f"LT-{name}"]
        per_s = np.convolve(level, offsets[::-1], "valid") / (offsets**2).sum()
        minutes = (FORECAST_TARGET_M - level[window - 1 :]) / np.maximum(per_s, 1e-12) / 60
        assert minutes.min() > 90


def test_readings_are_multiples_of_their_resolution() -> None:
    model = farm()
    for point in tanks("101", "102", "103"):
        reading = model.step(5.0)[point.tag]
        assert reading == pytest.approx(round(reading / point.resolution) * point.resolution, abs=1e-9)


def test_stuck_valve_opens_with_its_stroke_and_gives_the_rated_flow() -> None:
    model = farm()
    model.step(1.0)
    model.start("overfill", "102")
    flows = [model.step(2.0)["FI-102"] for _ in range(60)]
    assert flows[0] < 450
    assert all(later > earlier - 15 for earlier, later in itertools.pairwise(flows) if earlier < 1700)
    assert flows[-1] == pytest.approx(RATED_IN_M3H, rel=0.02)
    assert model.step(1.0)["FI-101"] < 450


def test_vapour_space_breathes_within_its_valve_when_filled_and_emptied() -> None:
    model = farm()
    model.start("overfill", "102")
    filling = [model.step(20.0)["PT-102"] for _ in range(75)]
    model.end("overfill", "102")
    emptying = [model.step(20.0)["PT-102"] for _ in range(30)]
    assert BREATHE_OUT_KPA < max(filling) < BREATHE_OUT_KPA + 0.5
    assert BREATHE_IN_KPA - 0.5 < min(emptying) < BREATHE_IN_KPA


def test_warm_feed_warms_a_tank_more_when_more_of_it_flows_in() -> None:
    model = farm()
    before = model.temperature_c.copy()
    model.start("overfill", "102")
    for _ in range(80):
        model.step(20.0)
    gained = model.temperature_c - before
    assert gained[1] > 0.3
    assert gained[1] > gained[0]


def test_tank_height_is_the_range_of_its_level_and_stray_points_are_left_out() -> None:
    points = [*tanks("101"), *tanks("999")[1:]]
    model = TankFarm(points=points, rng=np.random.default_rng(0))
    assert model.subjects == ["101"]
    assert sorted(model.step(1.0)) == ["FI-101", "FO-101", "LT-101", "PT-101", "TT-101"]
    assert model.height_m.tolist() == [16.0]


def test_faults_are_sentences() -> None:
    with pytest.raises(ConfigError, match="tank-area-1: no level point"):
        TankFarm(points=tanks("101")[1:], rng=np.random.default_rng(0))
    model = farm()
    with pytest.raises(ValueError, match="no tank '999' here; there are 101, 102, 103"):
        model.start("overfill", "999")
    with pytest.raises(ValueError, match="not 'fire'"):
        model.end("fire", "102")
    for dt_s in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="longer than 0 s"):
            model.step(dt_s)


@pytest.mark.parametrize("seed", range(3))
def test_a_receipt_ends_at_its_level_and_a_dispatch_too(seed: int) -> None:
    model = farm(seed)
    model.start("receipt", "101")
    model.start("dispatch", "102")
    full = model.full_share[0] * 16
    found = table(model, 3000, 20.0)
    assert found["LT-101"].max() == pytest.approx(full, abs=0.15)
    assert found["LT-101"][-1] == pytest.approx(full, abs=0.15)
    assert found["LT-102"][-1] == pytest.approx(EMPTY_SHARE * 16, abs=0.15)
    rise = np.diff(found["LT-101"][5:25]).mean() * 180 * model.area_m2[0]
    assert TRANSFER_M3H[0] * 0.95 < rise < TRANSFER_M3H[1] * 1.05


def test_an_overrun_goes_past_the_level_of_a_receipt() -> None:
    model = farm(2)
    model.start("overrun", "101")
    found = table(model, 2000, 20.0)["LT-101"]
    assert found.max() > 0.95 * 16
    model.end("overrun", "101")
    assert table(model, 400, 20.0)["LT-101"][-1] < 0.8 * 16


def test_a_transfer_that_is_ended_stays_where_it_is() -> None:
    model = farm(2)
    model.start("receipt", "101")
    reached = table(model, 200, 20.0)["LT-101"][-1]
    model.end("receipt", "101")
    assert table(model, 500, 20.0)["LT-101"] == pytest.approx(reached, abs=0.25)
