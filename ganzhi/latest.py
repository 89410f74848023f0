"""What the live page and the health page show of the stream: newest readings, rates, delays."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ganzhi.clock import NS_PER_MS, NS_PER_S
from ganzhi.records import Bytes, Floats, Int32s, Int64s, ReadingBlock

NEVER = np.iinfo(np.int64).min
DELAYS_KEPT = 4096
"""Blocks over which the detection delay is summed up."""
RATE_WINDOW_S = 5.0


class Latest:
    """The newest reading of every point. Written by the detection thread; read by anyone."""

    def __init__(self, n_points: int) -> None:
        self._time = np.full(n_points, NEVER, np.int64)
        self._value = np.full(n_points, np.nan)
        self._quality = np.zeros(n_points, np.uint8)
        self._lock = threading.Lock()

    def update(self, block: ReadingBlock) -> None:
        """Take in a block; rows older than what is there are passed over."""
        newer = block.time >= self._time[block.point]
        if not newer.all():
            block = block.rows(newer)
        order = slice(None)
        if len(block) > 1 and (np.diff(block.time) < 0).any():
            order = np.argsort(block.time, kind="stable")  # type: ignore[assignment]
        with self._lock:
            point = block.point[order]
            self._time[point] = block.time[order]
            self._value[point] = block.value[order]
            self._quality[point] = block.quality[order]

    def __call__(self, points: Int32s) -> tuple[Int64s, Floats, Bytes]:
        """(time, value, quality) of these points, each (n,); time NEVER where nothing came."""
        with self._lock:
            return self._time[points], self._value[points], self._quality[points]

    def state(self) -> dict[str, NDArray[np.generic]]:
        """A copy, to be saved with the state of detection."""
        with self._lock:
            return {"time": self._time.copy(), "value": self._value.copy(), "quality": self._quality.copy()}

    def adopt(self, state: Mapping[str, NDArray[np.generic]], came_from: Int32s) -> None:
        """Go on from a copy in which each point had the index `came_from` (n_points,), -1 for none."""
        known = came_from >= 0
        with self._lock:
            self._time[known] = state["time"][came_from[known]]
            self._value[known] = state["value"][came_from[known]]
            self._quality[known] = state["quality"][came_from[known]]


class Delay:
    """Delay from the arrival of a block to its verdict, ms, over the last blocks."""

    def __init__(self) -> None:
        self._delays: deque[float] = deque(maxlen=DELAYS_KEPT)

    def note(self, arrived: int, judged: int) -> None:
        """Both UTC ns."""
        self._delays.append((judged - arrived) / NS_PER_MS)

    def percentiles(self) -> tuple[float | None, float | None]:
        """Median and 99th percentile; None before the first block."""
        delays = list(self._delays)
        if not delays:
            return None, None
        median, high = np.percentile(delays, [50, 99])
        return float(median), float(high)


class Rate:
    """How fast a counter rises, over the last seconds, from samples taken now and then."""

    def __init__(self) -> None:
        self._samples: deque[tuple[int, int, int]] = deque(maxlen=64)

    def sample(self, now: int, readings: int, messages: int) -> tuple[float, float]:
        """Readings and messages a second; `now` UTC ns."""
        self._samples.append((now, readings, messages))
        while len(self._samples) > 2 and now - self._samples[0][0] > RATE_WINDOW_S * NS_PER_S:
            self._samples.popleft()
        first = self._samples[0]
        seconds = (now - first[0]) / NS_PER_S
        return ((readings - first[1]) / seconds, (messages - first[2]) / seconds) if seconds > 0 else (0.0, 0.0)
