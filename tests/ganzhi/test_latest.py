"""The newest readings, delays and rates."""

from __future__ import annotations

import numpy as np

from ganzhi.latest import NEVER, Delay, Latest, Rate
from ganzhi.records import ReadingBlock


def block(rows: list[tuple[int, int, float]]) -> ReadingBlock:
    point, time, value = (list(column) for column in zip(*rows, strict=True))
    n = len(rows)
    return ReadingBlock(
        np.array(point, np.int32),
        np.array(time, np.int64),
        np.array(value),
        np.zeros(n, np.uint8),
        np.zeros(n, np.int64),
        0,
    )


def test_newest_reading_stays_when_rows_come_out_of_order() -> None:
    latest = Latest(3)
    latest.update(block([(0, 5, 1.0), (1, 5, 2.0), (0, 7, 3.0), (0, 6, 4.0)]))
    latest.update(block([(1, 4, 9.0)]))
    time, value, quality = latest(np.array([0, 1, 2], np.int32))
    assert time.tolist() == [7, 5, NEVER]
    assert value[:2].tolist() == [3.0, 2.0]
    assert np.isnan(value[2])
    assert quality.tolist() == [0, 0, 0]


def test_delay_is_unknown_when_nothing_was_judged() -> None:
    delay = Delay()
    assert delay.percentiles() == (None, None)
    for ms in range(1, 101):
        delay.note(0, ms * 1_000_000)
    assert delay.percentiles() == (50.5, 99.01)


def test_rate_counts_the_last_seconds_when_sampled() -> None:
    rate = Rate()
    assert rate.sample(0, 0, 0) == (0.0, 0.0)
    assert rate.sample(1_000_000_000, 500, 5) == (500.0, 5.0)
    assert rate.sample(10_000_000_000, 500, 5) == (0.0, 0.0)
