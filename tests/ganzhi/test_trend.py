"""The last minutes of a point, by half minutes."""

from __future__ import annotations

import math

import numpy as np

from ganzhi.latest import Latest
from ganzhi.records import Quality, ReadingBlock
from ganzhi.trend import STEP_S, STEPS, Trend

S = 1_000_000_000
T0 = 1_760_000_010 * S - 1_760_000_010 * S % (STEP_S * S)
"""The beginning of a half minute."""


class Stream:
    """A trend fed as the service feeds it."""

    def __init__(self) -> None:
        self.latest = Latest(2)
        self.trend = Trend(self.latest, 2)

    def read(self, second: float, value: float, *, point: int = 0, quality: Quality = Quality.GOOD) -> None:
        now = np.array([T0 + round(second * S)])
        code = np.array([quality], np.uint8)
        self.trend.turn(int(now[0]))
        self.latest.update(ReadingBlock(np.array([point], np.int32), now, np.array([value]), code, now, int(now[0])))

    def shown(self, point: int = 0) -> list[float | None]:
        return [None if math.isnan(value) else value for value in self.trend(point)[1]]


def test_each_half_minute_has_its_newest_good_reading() -> None:
    stream = Stream()
    assert stream.shown() == [None] * STEPS
    for second, value in ((0, 1.0), (10, 2.0), (29, 3.0), (65, 4.0)):
        stream.read(second, value)
    assert stream.trend(0)[0] == T0 + 3 * STEP_S * S
    assert stream.shown() == [None] * (STEPS - 3) + [3.0, None, 4.0]
    stream.read(70, 9.0, quality=Quality.DEVICE_FAULT)
    assert stream.shown() == [None] * (STEPS - 3) + [3.0, None, None]
    assert stream.shown(1) == [None] * STEPS


def test_a_silent_point_has_no_value_for_the_silence() -> None:
    stream = Stream()
    stream.read(0, 1.0)
    for second in (31, 61, 91):
        stream.read(second, 5.0, point=1)
    assert stream.shown() == [None] * (STEPS - 4) + [1.0, None, None, None]


def test_what_is_older_than_the_window_is_gone() -> None:
    stream = Stream()
    stream.read(0, 1.0)
    stream.read(STEP_S * 5, 2.0)
    stream.read(STEP_S * (STEPS + 3), 3.0)
    assert stream.shown() == [None, 2.0] + [None] * (STEPS - 3) + [3.0]
    stream.read(STEP_S * 1000, 4.0)
    assert stream.shown() == [None] * (STEPS - 1) + [4.0]
