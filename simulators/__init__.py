"""Simulated sources and recorded data, published over MQTT like real gateways do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from ganzhi.records import Point
from simulators.gas_detection import GasDetection
from simulators.slope import Slope
from simulators.tailings import Tailings
from simulators.tank_farm import TankFarm


class Model(Protocol):
    """The physics of one source, with its instruments. Equal seeds and equal steps give equal readings."""

    @property
    def subjects(self) -> Sequence[str]:
        """What an accident can befall, by name; empty: nothing can happen here."""

    def step(self, dt_s: float) -> Mapping[str, float]:
        """Advance by `dt_s` seconds of plant time; what the instruments read then, by tag, in the points' units."""

    def start(self, accident: str, subject: str) -> None:
        """Let a scripted accident begin. Raises ValueError for an accident or subject it does not know."""

    def end(self, accident: str, subject: str) -> None:
        """Let people bring it under control; the plant then finds its own way back to normal."""


class Maker(Protocol):
    """Builds a model from the points of one source; raises ConfigError where they do not make one."""

    def __call__(self, *, points: Sequence[Point], rng: np.random.Generator) -> Model: ...


KINDS: Mapping[str, Maker] = {
    "tank_farm": TankFarm,
    "gas_detection": GasDetection,
    "tailings": Tailings,
    "slope": Slope,
}
"""Models by the sector of the source."""

__all__ = ["KINDS", "GasDetection", "Maker", "Model", "Slope", "Tailings", "TankFarm"]
