"""Our clock without our own outages."""

from __future__ import annotations

import numpy as np

from detectors.listening import Listening
from tests.detectors.stream import START, S

NOTHING = np.empty(0, np.int64)


def times(*seconds: float) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.array([START + round(s * S) for s in seconds], np.int64)


def test_it_goes_with_our_clock_while_something_is_heard() -> None:
    clock = Listening()
    heard, since, until = clock.hear(times(1, 5, 15), START + 20 * S)
    assert (heard.tolist(), since, until) == (times(1, 5, 15).tolist(), START + S, START + 20 * S)
    _, since, until = clock.hear(NOTHING, START + 30 * S)
    assert (since, until) == (START + 20 * S, START + 30 * S)
    assert clock.wall(START + 25 * S) == START + 25 * S


def test_a_longer_gap_counts_for_a_nanosecond_and_can_be_undone() -> None:
    clock = Listening()
    clock.hear(times(0), START)
    heard, since, until = clock.hear(times(2, 100, 101, 300), START + 305 * S)
    assert (heard - START).tolist() == [2 * S, 2 * S + 1, 3 * S + 1, 3 * S + 2]
    assert (since - START, until - START) == (0, 8 * S + 2)
    assert [(clock.wall(int(t)) - START) / S for t in heard] == [2, 100, 101, 300]
    assert (clock.wall(START + S) - START) / S == 1
    assert (clock.wall(START + 5 * S + 2) - START) / S == 302
    assert clock.hear(times(306), START + 306 * S)[0].tolist() == [START + 9 * S + 2]
