"""What troubles of instruments make of good readings: values, qualities, and readings that never come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.week.plan import Trouble
from ganzhi.records import Bytes, Floats, Quality

GONE = 255
"""Quality of a reading that is not sent."""


@dataclass(slots=True)
class _Now:
    """One moment, all points: values and qualities, changed in place; `low`, `high` the instruments' ranges."""

    value: Floats
    quality: Bytes
    low: Floats
    high: Floats
    frozen: dict[Trouble, float]
    rng: np.random.Generator


def _frozen(now: _Now, trouble: Trouble) -> None:
    now.value[trouble.point] = now.frozen.setdefault(trouble, float(now.value[trouble.point]))


def _silent(now: _Now, trouble: Trouble) -> None:
    now.quality[trouble.point] = GONE


def _spike(now: _Now, trouble: Trouble) -> None:
    p = trouble.point
    now.value[p] = now.low[p] + trouble.size * (now.high[p] - now.low[p])


def _noisy(now: _Now, trouble: Trouble) -> None:
    p = trouble.point
    noise = now.rng.normal(0, trouble.size * (now.high[p] - now.low[p]))
    now.value[p] = np.clip(now.value[p] + noise, now.low[p], now.high[p])


def _calibration(now: _Now, trouble: Trouble) -> None:
    now.value[trouble.point] = trouble.size
    now.quality[trouble.point] = Quality.IN_CALIBRATION


def _out_of_range(now: _Now, trouble: Trouble) -> None:
    now.value[trouble.point] = now.high[trouble.point]
    now.quality[trouble.point] = Quality.OUT_OF_RANGE


def _fault(now: _Now, trouble: Trouble) -> None:
    now.value[trouble.point] = now.low[trouble.point]
    now.quality[trouble.point] = Quality.DEVICE_FAULT


KINDS: Mapping[str, Callable[[_Now, Trouble], None]] = {
    "frozen": _frozen,
    "silent": _silent,
    "spike": _spike,
    "noisy": _noisy,
    "calibration": _calibration,
    "out_of_range": _out_of_range,
    "fault": _fault,
}


class Troubles:
    """All troubles of a plan; `low` and `high` float64 (n_points,)."""

    def __init__(self, troubles: Sequence[Trouble], *, low: Floats, high: Floats, seed: int) -> None:
        self._troubles = sorted(troubles, key=lambda trouble: trouble.start_s)
        self._low, self._high = low, high
        self._frozen: dict[Trouble, float] = {}
        self._rng = np.random.default_rng([seed, 0x7B0])
        self._next = 0
        self._on: list[Trouble] = []

    def apply(self, at_s: float, value: Floats) -> Bytes:
        """Change the readings of a moment; the qualities. Moments rise from call to call."""
        while self._next < len(self._troubles) and self._troubles[self._next].start_s <= at_s:
            self._on.append(self._troubles[self._next])
            self._next += 1
        self._on = [trouble for trouble in self._on if at_s < trouble.end_s]
        quality: NDArray[np.uint8] = np.zeros(len(value), np.uint8)
        now = _Now(value, quality, self._low, self._high, self._frozen, self._rng)
        for trouble in self._on:
            KINDS[trouble.kind](now, trouble)
        return quality
