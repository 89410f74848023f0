"""A joint rule over all points of the made plant, for measuring its speed: units of neighbouring points, one model."""

from __future__ import annotations

import numpy as np

from detectors.jointfit import FitOptions, fit, sampled
from detectors.jointmodel import JointModel
from detectors.rows import Rows
from ganzhi.clock import NS_PER_S
from ganzhi.records import COLOURS, Rule, Text, Unit

CHANNELS = 20
"""Of a unit; a process unit has 10 to 60."""

LIMIT = 1.0
SAMPLES = 1000
CENTRE, SPREAD = 45.0, 15.0
"""Of the model's normal running: about where the plant's values lie."""


def joint_rule(points: int, channels: int = CHANNELS) -> Rule:
    """Units of so many points each, with the lag and the mean of an ordinary fit; the points left over are in none."""
    model = _model(channels)
    units = tuple(
        Unit(f"unit-{first}", Text("", ""), first, np.arange(first, first + channels, dtype=np.int32))
        for first in range(0, points - channels + 1, channels)
    )
    limits = np.full((len(units), len(COLOURS)), np.nan)
    limits[:, 0] = LIMIT
    return Rule(
        id="joint",
        name=Text("joint", "joint"),
        kind="joint",
        points=np.arange(len(units) * channels, dtype=np.int32),
        units=units,
        limits=limits,
        side="high",
        deadband=np.zeros(len(units)),
        unit="ratio",
        options={"model": (model,) * len(units)},
    )


def _model(channels: int) -> JointModel:
    random = np.random.default_rng(7)
    loads = random.normal(0, 1, (SAMPLES, 3)) @ random.normal(0, 1, (3, channels))
    value = CENTRE + SPREAD * (loads + random.normal(0, 1, loads.shape))
    time = np.repeat(np.arange(SAMPLES) * NS_PER_S, channels)
    slot, quality = np.tile(np.arange(channels), SAMPLES), np.zeros(value.size, np.uint8)
    rows = Rows(slot, time, value.ravel(), quality, [0, value.size], 0, 0)
    names = [f"channel-{k}" for k in range(channels)]
    return fit(names, 1.0, sampled(channels, 1.0, rows), options=FitOptions()).model
