"""What is learned of normal running."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from detectors.jointfit import FitOptions, fit, shares
from tests.detectors.plant import CHANNELS, fitted, plant, samples


def test_limits_are_exceeded_as_often_as_was_asked() -> None:
    found = fitted(plant(5000), false_alarms=0.02)
    assert (found.samples, found.held_back) == (2999, 1999)
    assert found.beyond == pytest.approx(0.02, abs=0.001)
    fresh = shares(found.model, samples(plant(5000, seed=9)))
    assert (fresh.max(axis=1) > 1).mean() == pytest.approx(0.02, abs=0.012)


def test_the_directions_are_of_unit_variance_and_t2_holds_the_wide_ones() -> None:
    model = fitted(plant(5000), lags=0, weight=0.0, ridge=1e-9).model
    values = (plant(5000, seed=3) - model.centre) / model.scale
    assert np.cov(values @ model.now.whiten, rowvar=False) == pytest.approx(np.eye(3), abs=0.1)
    assert model.now.main == 2  # the load and the level; flow and pressure part in the third


def test_a_channel_that_wanders_counts_for_less_when_it_may_go_on() -> None:
    values = plant(400)
    values[:, 2] += np.linspace(0, 3, 400)
    later = plant(100, seed=5)
    later[:, 2] += 4
    held = samples(plant(100, seed=6) + np.array([0, 0, 3]))
    scores = [
        np.median(shares(fit(CHANNELS, 1.0, samples(values), held, FitOptions(wander=w)).model, samples(later)))
        for w in (0.0, 8.0)
    ]
    assert scores[1] < scores[0]


def test_a_channel_that_stands_still_does_no_harm() -> None:
    values = plant(400)
    values[:, 2] = 4.0
    model = fitted(values).model
    assert np.isfinite(shares(model, samples(values))).all()
    values[200, 2] = 4.1
    assert shares(model, samples(values)).max() > 1e6


def test_a_step_of_the_instrument_is_no_large_deviation() -> None:
    values = plant(400)
    values[:, 2] = 4.0
    found = fit(CHANNELS, 1.0, samples(values), resolution=np.array([0.01, 0.01, 0.1]))
    values[200, 2] = 4.1
    assert found.model.scale[2] == 0.1
    assert shares(found.model, samples(values)).max() < 1e4


def test_samples_with_gaps_are_not_fitted_to() -> None:
    values = plant(400)
    values[::4, 1] = np.nan
    assert fitted(values, lags=0).samples == pytest.approx(180, abs=2)


def test_too_few_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="24 whole samples to fit to and 16"):
        fitted(plant(40))


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"lags": -1}, "lags"),
        ({"lags": 21}, "lags"),
        ({"weight": 1.5}, "weight"),
        ({"variance": 0.0}, "variance"),
        ({"ridge": 0.0}, "ridge"),
        ({"wander": -1.0}, "wander"),
        ({"false_alarms": 0.0}, "false alarms"),
        ({"false_alarms": float("nan")}, "false alarms"),
    ],
)
def test_an_option_that_means_nothing_is_refused(options: dict[str, Any], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        FitOptions(**options)
