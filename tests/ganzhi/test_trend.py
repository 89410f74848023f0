"""The last minutes of a point, by half minutes."""

from __future__ import annotations

import math

import numpy as np

from ganzhi.records import Quality, ReadingBlock
from ganzhi.trend import STEP_S, STEPS, Trend

S = 1_000_000_000
T0 = 1_760_000_010 * S - 1_760_000_010 * S % (STEP_S * S)
"""The beginning of a half minute."""


def block(point: int, seconds: list[float], values: list[float], quality: int = 0) -> ReadingBlock:
    n = len(seconds)
    time = T0 + (np.array(seconds) * S).astype(np.int64)
    return ReadingBlock(
        np.full(n, point, np.int32), time, np.array(values), np.full(n, quality, np.uint8), time, int(time[-1])
    )


def shown(trend: Trend, point: int) -> list[float | None]:
    return [None if math.isnan(value) else value for value in trend(point)[1]]


def test_each_half_minute_has_its_newest_good_reading() -> None:
    trend = Trend(2)
    assert trend(0) == (0, trend(0)[1])
    assert shown(trend, 0) == [None] * STEPS
    trend.update(block(0, [0, 10, 29], [1.0, 2.0, 3.0]))
    trend.update(block(0, [65], [4.0]))
    trend.update(block(0, [70], [9.0], quality=Quality.DEVICE_FAULT))
    assert trend(0)[0] == T0 + 3 * STEP_S * S
    assert shown(trend, 0) == [None] * (STEPS - 3) + [3.0, None, 4.0]
    assert shown(trend, 1) == [None] * STEPS


def test_what_is_older_than_the_window_is_gone() -> None:
    trend = Trend(1)
    trend.update(block(0, [0, STEP_S * 5], [1.0, 2.0]))
    trend.update(block(0, [STEP_S * (STEPS + 2)], [3.0]))
    assert shown(trend, 0) == [None, None, 2.0] + [None] * (STEPS - 4) + [3.0]
    trend.update(block(0, [1], [7.0]))
    assert 7.0 not in shown(trend, 0)
