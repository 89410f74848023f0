"""Pairs of equal time, whatever the order of arrival and the cut."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.pair import Pairs
from detectors.rows import Rows
from ganzhi.records import SIMULATED
from tests.detectors.stream import rule

UNITS = [(0, 1), (3, 2)]
Arrival = tuple[int, int]
"""Point and time; what it reads is made of both."""


def rows(arrivals: Sequence[Arrival]) -> Rows:
    """As they arrive, each a nanosecond after the one before; slots are points, since the rule has them all."""
    point, time = np.array(arrivals, np.int64).reshape(-1, 2).T
    n = len(point)
    quality = np.where(time % 5 == 0, SIMULATED, 1).astype(np.uint8)
    value = (time * 10 + point).astype(np.float64)
    return Rows(point.astype(np.intp), time, value, quality, [0, n], 0, 0, 1000 + np.arange(n))


def found(arrivals: Sequence[Arrival], wait: int, cuts: Sequence[int] = ()) -> list[tuple[object, ...]]:
    """Unit, time, values, quality of every pair, block by block."""
    pairs = Pairs(rule("fence", [0, np.nan, np.nan, np.nan], units=UNITS), wait)
    told = []
    for low, high in pairwise([0, *sorted(set(cuts)), len(arrivals)]):
        if low < high:
            each = pairs.update(rows(arrivals[low:high]))
            assert each.heard is not None
            told += list(
                zip(each.unit.tolist(), each.time.tolist(), each.value.tolist(), each.quality.tolist(), strict=True)
            )
    return sorted(told, key=repr)


def plain(arrivals: Sequence[Arrival], wait: int) -> list[tuple[object, ...]]:
    """One row after the other, with a short queue a point."""
    queues: dict[int, deque[int]] = {point: deque(maxlen=wait) for point in range(4)}
    told = []
    for point, time in arrivals:
        unit = next(k for k, unit in enumerate(UNITS) if point in unit)
        lon, lat = UNITS[unit]
        other = lat if point == lon else lon
        if time in queues[other]:
            quality = SIMULATED if time % 5 == 0 else 0
            told.append((unit, time, [time * 10.0 + lon, time * 10.0 + lat], quality))
            for each in (lon, lat):
                queues[each] = deque([later for later in queues[each] if later > time], maxlen=wait)
        else:
            queues[point].append(time)
    return sorted(told, key=repr)


@st.composite
def arrivals(draw: st.DrawFn) -> list[Arrival]:
    """Points in any order, the times of each rising."""
    steps = draw(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3)), max_size=60))
    at = [0] * 4
    found = []
    for point, step in steps:
        at[point] += step
        found.append((point, at[point]))
    return found


@settings(deadline=None, max_examples=200)
@given(arrived=arrivals(), wait=st.integers(1, 5), cuts=st.lists(st.integers(0, 60), max_size=6))
def test_pairs_are_those_of_a_queue_a_point_however_the_stream_is_cut(
    arrived: list[Arrival], wait: int, cuts: list[int]
) -> None:
    expected = plain(arrived, wait)
    assert found(arrived, wait) == expected
    assert found(arrived, wait, [cut for cut in cuts if cut < len(arrived)]) == expected
    assert found(arrived, wait, range(len(arrived))) == expected


def test_the_order_of_the_two_makes_no_difference_when_neither_is_far_behind() -> None:
    lon, lat = [(0, t) for t in range(1, 9)], [(1, t) for t in range(2, 10)]
    assert found([*lon, *lat], 8) == found([*lat, *lon], 8) == found([*lon[:4], *lat, *lon[4:]], 8)
    assert len(found([*lon, *lat], 8)) == 7
    assert [each[1] for each in found([*lon, *lat], 3)] == [6, 7, 8]


def test_a_pair_is_heard_when_its_second_half_is() -> None:
    pairs = Pairs(rule("fence", [0, np.nan, np.nan, np.nan], units=UNITS), 4)
    first = pairs.update(rows([(1, 5), (0, 4), (0, 5)]))
    assert first.heard is not None
    assert (first.time.tolist(), first.heard.tolist()) == ([5], [1002])
