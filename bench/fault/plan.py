"""What is published: which points, when, and which values, by a formula that the publisher and the audit share."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ganzhi.records import Floats, Int64s

MIDDLE, SWING = 50.0, 4.0
"""Noise stays within MIDDLE ± SWING, far inside every limit of `bench.fault.site`."""
DECIMALS = 3
LEVELS = (82.0, 87.0, 92.0, 97.0, 84.5)
"""Plateaus of an excursion: one in each colour, and one inside the dead-band of yellow, for what is held already."""
LEVEL_JITTER = 0.2
SHORTEST, LONGEST = 3, 12
"""Samples that a plateau lasts."""
MOST_PLATEAUS = 4
LEAST_GAP = 0.65
"""Part of the mean gap between excursions that each has at least: three falls in a minute would be chatter, which the
platform damps, and what it says then is not worked out here."""
TAIL_STEPS = 25
"""Samples at the end without excursions, so that every alarm has cleared when the last reading is published."""


@dataclass(frozen=True)
class Plan:
    """Every point once a step; points in messages of `per_message`, each point always by the same gateway.

    Gateways take turns within a step, each in a slot of its own, so that the load is even.

    start_ms  the sensor's clock at step 0, UTC ms
    gap_s     mean time between two excursions of a point; 0: there are none
    """

    seed: int
    start_ms: int
    steps: int
    period_ms: int = 200
    enterprises: tuple[str, ...] = ("chaos-north", "chaos-south")
    gateways_each: int = 5
    points_each: int = 50
    per_message: int = 10
    gap_s: float = 100.0

    def __post_init__(self) -> None:
        if self.points_each % self.per_message:
            raise ValueError("points_each must be a multiple of per_message")

    def parameters(self) -> dict[str, Any]:
        """What `made` makes the same plan from, in another process."""
        return asdict(self)

    @classmethod
    def made(cls, parameters: dict[str, Any]) -> Plan:
        """A plan from its parameters, as JSON gives them back."""
        return cls(**{**parameters, "enterprises": tuple(parameters["enterprises"])})

    @property
    def gateways(self) -> int:
        return len(self.enterprises) * self.gateways_each

    @property
    def points(self) -> int:
        return self.gateways * self.points_each

    @property
    def readings(self) -> int:
        return self.points * self.steps

    def enterprise(self, gateway: int) -> str:
        return self.enterprises[gateway // self.gateways_each]

    def gateway_of(self, point: int) -> int:
        return point // self.points_each

    def topic(self, gateway: int) -> str:
        """Without its last level."""
        return f"ganzhi/v1/{self.enterprise(gateway)}/gw{gateway}"

    def point_id(self, point: int) -> str:
        return f"{self.enterprise(self.gateway_of(point))}.p{point}"

    def time_ms(self, point: int, step: int) -> int:
        """When the sensor took a reading: messages of one gateway and step differ by a millisecond."""
        turn_ms = self.slot_ms(step * self.gateways + self.gateway_of(point))
        return turn_ms + point % self.points_each // self.per_message

    def slot_ms(self, slot: int) -> int:
        """When a gateway's turn comes; slots are counted through all steps."""
        step, gateway = divmod(slot, self.gateways)
        return self.start_ms + step * self.period_ms + gateway * self.period_ms // self.gateways

    def times_ns(self, point: int) -> Int64s:
        """Every time of a point, int64 (steps,), UTC ns."""
        times: Int64s = (self.time_ms(point, 0) + np.arange(self.steps, dtype=np.int64) * self.period_ms) * 1_000_000
        return times

    def values(self, step: int) -> Floats:
        """The value of every point at a step, float64 (points,)."""
        amplitude, speed, phase = self._waves
        noise = MIDDLE + amplitude * np.sin(speed * step + phase)
        if self.gap_s:
            level = self.levels[step]
            noise = np.where(np.isnan(level), noise, level + noise % LEVEL_JITTER)
        values: Floats = np.round(noise, DECIMALS)
        return values

    def column(self, point: int) -> Floats:
        """Every value of a point, float64 (steps,)."""
        return self.matrix[:, point]

    @cached_property
    def matrix(self) -> Floats:
        """Every value, float64 (steps, points)."""
        return np.array([self.values(step) for step in range(self.steps)])

    @cached_property
    def levels(self) -> Floats:
        """The plateaus of excursions, float64 (steps, points), NaN outside of them."""
        levels = np.full((self.steps, self.points), np.nan)
        gap = self.gap_s * 1000 / self.period_ms
        for point in range(self.points):
            chance = np.random.default_rng([self.seed, point])
            step = int(chance.uniform(10, 10 + gap))
            while step < self.steps:
                step = _excursion(levels[: max(0, self.steps - TAIL_STEPS), point], step, chance)
                step += int(chance.uniform(LEAST_GAP * gap, (2 - LEAST_GAP) * gap))
        return levels

    @cached_property
    def _waves(self) -> tuple[Floats, Floats, Floats]:
        chance = np.random.default_rng([self.seed, 1 << 31])
        shape = self.points
        return chance.uniform(1, SWING, shape), chance.uniform(0.01, 0.05, shape), chance.uniform(0, 6.28, shape)


def _excursion(column: Floats, step: int, chance: np.random.Generator) -> int:
    """Write plateaus from `step` on, all or none; the step after them."""
    levels: list[float] = []
    for _ in range(int(chance.integers(1, MOST_PLATEAUS + 1))):
        level = float(chance.choice([each for each in LEVELS if not levels or each != levels[-1]]))
        levels += [level] * int(chance.integers(SHORTEST, LONGEST + 1))
    end = step + len(levels)
    if end <= len(column):
        column[step:end] = levels
    return end
