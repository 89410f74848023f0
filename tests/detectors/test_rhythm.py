"""Whether the hour says more than the mean does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detectors.rhythm import Rhythm
from detectors.rows import Rows

HOUR = 3_600_000_000_000


def rows(*hours: float) -> Rows:
    """Of one point, a row a round."""
    n = len(hours)
    time = np.array([hour * HOUR for hour in hours], np.int64)
    return Rows(np.zeros(n, np.intp), time, np.zeros(n), np.zeros(n, np.uint8), list(range(n + 1)), 0, 0)


def follow(signal: NDArray[np.float64], cells: int = 24) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """What is off the usual, and whether the hour tells, of a reading every quarter of an hour around a mean of 0."""
    rhythm = Rhythm(1, cells, 100.0)
    n = len(signal)
    quarters = rows(*np.arange(n) / 4)
    off, _, tells = rhythm.update(quarters, signal, signal, short=np.full(n, 4.0), decay=np.full(n, 0.99))
    return off, tells > 0


def day_and_night(days: int) -> NDArray[np.float64]:
    return 10 * np.sin(np.arange(days * 96) * 2 * np.pi / 96) + np.random.default_rng(1).normal(0, 1, days * 96)


def test_the_hour_tells_after_three_days_when_there_is_day_and_night() -> None:
    off, tells = follow(day_and_night(8))
    assert not tells[: 3 * 96].any()
    assert tells[4 * 96 :].all()
    assert np.std(off[4 * 96 :]) < 3


def test_the_hour_does_not_tell_when_there_is_none() -> None:
    _, tells = follow(np.random.default_rng(2).normal(0, 1, 8 * 96))
    assert not tells.any()
    assert not follow(day_and_night(8), cells=0)[1].any()


def test_a_day_that_fails_is_off_and_changes_little_of_what_is_usual() -> None:
    signal = day_and_night(12)
    signal[8 * 96 : 9 * 96] = 0.0
    off, tells = follow(signal)
    assert np.abs(off[8 * 96 : 9 * 96]).max() > 8
    assert tells[10 * 96 :].all()
    assert np.abs(off[9 * 96 :]).max() < 6


def test_all_is_learned_anew_after_a_long_silence() -> None:
    rhythm = Rhythm(1, 24, 100.0)
    one = np.ones(1)
    for hour in [*range(96), 96 + 9 * 24]:
        off, *_ = rhythm.update(rows(hour), one, one, short=one, decay=one)
        assert off[0] == 0.0
        one = np.full(1, 5.0) if hour == 95 else one
