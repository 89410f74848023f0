"""Readings on their way from a payload to a block: growing columns, filled by codecs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from ganzhi.clock import NS_PER_MS
from ganzhi.records import Bytes, Floats, Int32s, Int64s, Quality

Reject = Callable[[str, str], None]
"""Called by a codec with a reason and a sample for each reading of a payload that it must leave out."""


@dataclass(slots=True)
class Columns:
    """Rows in arrival order. Single readings go to the lists, wide messages in whole segments.

    A wide message closes the rows before it into a segment, so the order of arrival is kept. Times are
    milliseconds, as payloads carry them; `block` turns them into nanoseconds.
    """

    point: list[int] = field(default_factory=list)
    time_ms: list[float] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    quality: list[int] = field(default_factory=list)
    _segments: list[tuple[Int32s, Int64s, Floats, Bytes]] = field(default_factory=list)
    _wide_point: list[Int32s] = field(default_factory=list)
    _wide_time: list[float] = field(default_factory=list)
    _wide_value: list[list[float]] = field(default_factory=list)
    _wide_quality: list[int] = field(default_factory=list)

    def add(self, point: int, time_ms: float, value: float, quality: int) -> None:
        """Append one reading."""
        if self._wide_point:
            self._close_wide()
        self.point.append(point)
        self.time_ms.append(time_ms)
        self.value.append(value)
        self.quality.append(quality)

    def add_wide(self, points: Int32s, time_ms: float, values: list[float], quality: int = Quality.GOOD) -> None:
        """Append readings of one moment and one quality; `points` and `values` of equal length, all real numbers."""
        if self.point:
            self._close_rows()
        self._wide_point.append(points)
        self._wide_time.append(time_ms)
        self._wide_value.append(values)
        self._wide_quality.append(quality)

    def arrays(self) -> tuple[Int32s, Int64s, Floats, Bytes]:
        """All rows as (point, time ns, value, quality), each (n,)."""
        self._close_rows()
        self._close_wide()
        if len(self._segments) == 1:
            return self._segments[0]
        if not self._segments:
            return np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, np.uint8)
        point, time, value, quality = zip(*self._segments, strict=True)
        return np.concatenate(point), np.concatenate(time), np.concatenate(value), np.concatenate(quality)

    def _close_rows(self) -> None:
        if self.point:
            self._segments.append(
                (
                    np.array(self.point, np.int32),
                    nanoseconds(self.time_ms),
                    np.array(self.value, np.float64),
                    np.array(self.quality, np.uint8),
                )
            )
            self.point, self.time_ms, self.value, self.quality = [], [], [], []

    def _close_wide(self) -> None:
        if self._wide_point:
            sizes = [len(points) for points in self._wide_point]
            self._segments.append(
                (
                    np.concatenate(self._wide_point),
                    np.repeat(nanoseconds(self._wide_time), sizes),
                    np.fromiter(chain.from_iterable(self._wide_value), np.float64, sum(sizes)),
                    np.repeat(np.array(self._wide_quality, np.uint8), sizes),
                )
            )
            self._wide_point, self._wide_time, self._wide_value, self._wide_quality = [], [], [], []


FAR_MS = 9_000_000_000_000
"""Times beyond the year 2255 are no times: they would not fit int64 ns with room to spare."""


def nanoseconds(time_ms: list[float]) -> Int64s:
    """Milliseconds (each within FAR_MS) as int64 ns, exact for whole ones; a fraction is kept to the microsecond."""
    whole = np.array(time_ms)
    if whole.dtype.kind == "i":
        return whole.astype(np.int64) * NS_PER_MS
    return np.rint(whole * 1000.0).astype(np.int64) * 1000
