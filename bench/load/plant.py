"""Made readings of a plant for the detectors: every point once a second, gateway by gateway, or one point's backlog.

Values lie on a scale of 0 to 100. Of the points 94 % stand within their limits, 2 % beyond the second one for good, 2 %
swing over the first two every five minutes, 2 % rise slowly, again and again; all with noise of 0.2; one reading in
2,000 is a spike, one in 500 of bad quality, and clocks of sensors are up to 50 ms off.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ganzhi.clock import NS_PER_S
from ganzhi.records import Floats, Int32s, Int64s, Quality, ReadingBlock

START = 1_780_000_000 * NS_PER_S
PER_GATEWAY = 50
SHARE = 50
"""One point in so many stands beyond, one swings, one rises."""

NOISE, SPIKE = 0.2, 15.0
SPIKES, BAD = 2_000, 500
SWING_S, RISE_S = 300.0, 600.0
JITTER_NS = 50_000_000
STEPS = 7_368_787, 15_485_863
"""Primes by which moments differ from point to point and from second to second."""

ARRIVAL_NS = 10_000_000
"""Backlogs arrive in so much time a block."""


@dataclass(frozen=True, slots=True)
class Plant:
    """So many points; the same seed makes the same readings."""

    points: int
    seed: int = 7

    def live(self, rows: int, first_s: int, seconds: int) -> Iterator[ReadingBlock]:
        """Blocks of so many rows in which every point comes once a second, gateways in a random order.

        Where points are few a block holds several seconds, each of which arrived when it was over: it had to wait.
        """
        random = np.random.default_rng([self.seed, first_s])
        gateways = random.permutation(-(-self.points // PER_GATEWAY))
        order = (gateways[:, np.newaxis] * PER_GATEWAY + np.arange(PER_GATEWAY)).ravel()
        order = order[order < self.points].astype(np.int32)
        row = np.arange(first_s * self.points, (first_s + seconds) * self.points)
        for begin in range(0, len(row), rows):
            mine = row[begin : begin + rows]
            second = mine // self.points * NS_PER_S
            now = int(mine[-1] * NS_PER_S // self.points)
            heard = np.minimum(second + NS_PER_S, now)
            yield self._block(random, order[mine % self.points], START + second, heard, now)

    def backlog(self, rows: int, points: Int32s, first_s: int) -> Iterator[ReadingBlock]:
        """For each of some points a block of its own: a reading a second from `first_s` on, all arriving at once."""
        random = np.random.default_rng([self.seed, first_s, 1])
        time = START + (first_s + np.arange(rows)) * NS_PER_S
        for k, point in enumerate(points.tolist(), start=1):
            now = (first_s + 1) * NS_PER_S + k * ARRIVAL_NS
            yield self._block(random, np.full(rows, point, np.int32), time, np.full(rows, now), now)

    def some(self, count: int) -> Int32s:
        """So many points of every sort and every remainder by 3."""
        return (np.arange(count) * (SHARE + 3) % self.points).astype(np.int32)

    def _block(
        self, random: np.random.Generator, point: Int32s, second: Int64s, heard: Int64s, now: int
    ) -> ReadingBlock:
        # The two points of a position are read at one moment.
        time = second + (point // 2 * np.int64(STEPS[0]) + second // NS_PER_S * STEPS[1]) % JITTER_NS
        quality = np.where(random.random(len(point)) < 1 / BAD, Quality.DEVICE_FAULT, Quality.GOOD).astype(np.uint8)
        late = START + JITTER_NS
        return ReadingBlock(point, time, _value(random, point, time), quality, heard + late, now + late)


def _value(random: np.random.Generator, point: Int32s, time: Int64s) -> Floats:
    seconds = (time - START) / NS_PER_S
    sort = point % SHARE
    usual = 30.0 + point * 7919 % 30
    phase = point * 31 % 97 / 97
    value = np.select(
        [sort == 0, sort == 1, sort == 2],
        [
            np.full(len(point), 87.0),
            70.0 + 15.0 * np.sin(2 * np.pi * (seconds / SWING_S + phase)),
            30.0 + 50.0 * ((seconds / RISE_S + phase) % 1.0),
        ],
        usual,
    )
    value += random.normal(0.0, NOISE, len(point))
    value += SPIKE * (random.random(len(point)) < 1 / SPIKES)
    return np.round(value, 2)
