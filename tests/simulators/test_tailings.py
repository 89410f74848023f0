"""A dam: its water balances, rain moves it a little, and a blocked drain or decant a lot."""

from __future__ import annotations

import numpy as np
import pytest

from ganzhi.errors import ConfigError
from ganzhi.records import Floats
from simulators import tailings
from simulators.tailings import BEACH_SLOPE, CREST_M, Tailings
from tests.simulators.plant import ammonia, dam

DAY_S, TEN_MIN_S = 86_400.0, 600.0


def section(seed: int = 1) -> Tailings:
    return Tailings(points=dam(), rng=np.random.default_rng(seed))


def days(model: Tailings, count: float) -> dict[str, Floats]:
    rows = [model.step(TEN_MIN_S) for _ in range(round(count * DAY_S / TEN_MIN_S))]
    return {tag: np.array([row[tag] for row in rows]) for tag in rows[0]}


def test_water_falls_from_pond_to_drain_inside_the_dam() -> None:
    model = section()
    assert (np.diff(model.head_m) < 0).all()
    assert (model.head_m < model.surface_m).all()
    assert model.head_m[0] < model.pond_m
    assert model.head_m[-1] > tailings.DRAIN_M


def test_water_balance_of_the_dam_closes_at_rest() -> None:
    # What flows from the crest through the dam is what the drain takes, and nothing moves without rain.
    model = section()
    gradient = (model.head_m[:-1] - model.head_m[1:]) / (tailings.LENGTH_M / tailings.CELLS)
    through = tailings.TRANSMISSIVITY_M2S * gradient * tailings.WIDTH_M
    np.testing.assert_allclose(through, model.seepage_m3s, rtol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_showers_move_it_a_little_and_it_comes_back(seed: int) -> None:
    found = days(section(seed), 30)
    for well in ("PZ-01", "PZ-02", "PZ-03"):
        usual = np.median(found[well])
        assert 0.9 * usual < found[well].min() <= found[well].max() < 1.1 * usual
    assert found["DB-01"].min() > 180
    assert 20 < found["RG-01"].sum() < 400
    np.testing.assert_allclose(found["DB-01"], (CREST_M - found["PL-01"]) / BEACH_SLOPE, atol=3)


@pytest.mark.parametrize("seed", range(3))
def test_the_phreatic_line_rises_and_the_seepage_falls_when_the_drain_is_blocked(seed: int) -> None:
    model = section(seed)
    before = days(model, 5)
    model.start("blocked", "drain")
    after = days(model, 12)
    for well in ("PZ-02", "PZ-03"):
        assert after[well][-1] < 0.75 * np.median(before[well])
    assert after["SP-01"][-1] < 0.5 * np.median(before["SP-01"])
    model.end("blocked", "drain")
    cleared = days(model, 40)
    assert cleared["PZ-03"][-1] == pytest.approx(np.median(before["PZ-03"]), rel=0.06)


def test_the_pond_rises_and_the_beach_shrinks_when_the_decant_is_blocked() -> None:
    model = section(4)
    before = days(model, 5)
    model.start("blocked", "decant")
    after = days(model, 15)
    assert after["PL-01"][-1] > before["PL-01"].max() + 0.2
    assert after["DB-01"][-1] < before["DB-01"].min() - 20
    model.end("blocked", "decant")
    assert days(model, 30)["PL-01"][-1] < before["PL-01"].max() + 0.1


def test_rain_is_what_fell_since_the_last_reading() -> None:
    one, two = section(2), section(2)
    one.start("blocked", "drain")
    two.start("blocked", "drain")
    often = sum(one.step(TEN_MIN_S)["RG-01"] for _ in range(144 * 2))
    seldom = sum(two.step(6 * TEN_MIN_S)["RG-01"] for _ in range(24 * 2))
    assert often == pytest.approx(seldom, abs=15)
    assert 55 < often < 130


def test_same_seed_gives_same_readings_and_another_seed_others() -> None:
    def run(seed: int) -> list[dict[str, float]]:
        model = section(seed)
        return [dict(model.step(TEN_MIN_S)) for _ in range(50)]

    assert run(4) == run(4)
    assert run(4) != run(5)


def test_faults_are_sentences() -> None:
    with pytest.raises(ConfigError, match="no point of a tailings dam"):
        Tailings(points=ammonia(), rng=np.random.default_rng(0))
    model = section()
    with pytest.raises(ValueError, match="nothing 'pump' here that can be blocked; there are drain, decant"):
        model.start("blocked", "pump")
    with pytest.raises(ValueError, match="not 'flood'"):
        model.end("flood", "drain")
    with pytest.raises(ValueError, match="longer than 0 s"):
        model.step(0.0)
