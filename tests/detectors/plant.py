"""A unit of channels that go together, and its models."""

from __future__ import annotations

from typing import Any

import numpy as np

from detectors.jointfit import FitOptions, Fitted, fit, sampled
from detectors.jointmodel import JointModel, Space
from detectors.rows import Rows
from detectors.sampler import Samples
from ganzhi.records import Floats
from tests.detectors.stream import START, S

CHANNELS = ("flow", "pressure", "level")


def plant(n: int, seed: int = 1) -> Floats:
    """Flow and pressure that follow one load, and a level of their own noise: (n, 3)."""
    random = np.random.default_rng(seed)
    load = random.normal(0, 1, n)
    noise = random.normal(0, [[0.1], [0.1], [1.0]], (3, n))
    return np.stack([30 + 2 * load + noise[0], 6 + load + noise[1], 4 + 0.2 * noise[2]], axis=1)


def rows(values: Floats, first: int = 0) -> Rows:
    """A reading of each channel a second; NaN: none."""
    n, d = values.shape
    time = START + (first + np.arange(n)) * S
    found = np.isfinite(values)
    slot, moment = np.tile(np.arange(d), (n, 1))[found], np.repeat(time, d).reshape(n, d)[found]
    return Rows(slot, moment, values[found], np.zeros(len(slot), np.uint8), [0, len(slot)], 0, 0)


def samples(values: Floats) -> Samples:
    """The samples of such readings."""
    return sampled(values.shape[1], 1.0, rows(values))


def fitted(values: Floats, **options: Any) -> Fitted:
    """A model of them."""
    return fit(CHANNELS, 1.0, samples(values), options=FitOptions(**options))


def simple(whiten: Floats, main: int, *, t2: float = 1.0, spe: float = 1.0, lags: int = 0) -> JointModel:
    """A model around 0 in steps of 1 and without a running mean."""
    d = len(whiten) // (lags + 1)
    space = Space(np.asarray(whiten, float), main, t2, spe)
    return JointModel(tuple(f"point-{k}" for k in range(d)), 1.0, np.zeros(d), np.ones(d), lags, 0.0, space)
