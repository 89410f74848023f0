"""Samples out of readings of several channels, each at its own moment."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.rows import Rows
from detectors.sampler import Sampler, Samples, merged

S = 1_000_000_000


def sampler(units: Sequence[int] = (3,), *, wait: int = 2, period_s: float = 1.0) -> Sampler:
    """Units of so many channels each; slots are the channels of one unit after the other."""
    unit = np.repeat(np.arange(len(units)), units)
    column = np.concatenate([np.arange(n) for n in units])
    return Sampler(unit, column, [period_s] * len(units), wait)


def rows(*readings: tuple[int, float, float], quality: int = 0) -> Rows:
    """Readings of (slot, seconds, value), in the order of their arrival."""
    slot, seconds, value = (np.array(column) for column in zip(*readings, strict=True))
    n = len(slot)
    time = np.round(seconds * S).astype(np.int64)
    return Rows(slot.astype(np.intp), time, value.astype(float), np.full(n, quality, np.uint8), [0, n], 0, 0)


def told(samples: Samples) -> list[tuple[int, int, list[float | None]]]:
    """Unit, cell and what each channel reads, None where it has no reading."""
    values = np.where(samples.seen, samples.value, np.nan)
    shown = [[None if np.isnan(value) else float(value) for value in row] for row in values]
    return [(int(u), int(c), row) for u, c, row in zip(samples.unit, samples.cell, shown, strict=True)]


def test_a_sample_is_complete_when_all_channels_are_in() -> None:
    detect = sampler()
    assert told(detect.update(rows((0, 5.0, 10), (1, 5.1, 11)))) == []
    found = detect.update(rows((2, 4.9, 12)))
    assert told(found) == [(0, 5, [10, 11, 12])]
    assert found.time.tolist() == [round(5.1 * S)]


def test_the_first_reading_of_a_period_counts_when_there_are_several() -> None:
    detect = sampler((2,))
    assert told(detect.update(rows((0, 5.0, 1), (0, 5.2, 2), (1, 5.3, 3), (1, 5.4, 4)))) == [(0, 5, [1, 3])]
    assert told(detect.update(rows((0, 5.45, 9), (1, 5.47, 9)))) == []


def test_a_channel_that_has_passed_a_period_without_a_reading_is_missing_in_it() -> None:
    detect = sampler((2,))
    assert told(detect.update(rows((0, 5, 1), (0, 6, 2), (1, 6, 3)))) == [(0, 5, [1, None]), (0, 6, [2, 3])]


def test_a_silent_channel_holds_a_sample_up_only_until_enough_later_ones_have_begun() -> None:
    detect = sampler((2,), wait=2)
    assert told(detect.update(rows((0, 1, 1), (0, 2, 2)))) == []
    assert told(detect.update(rows((0, 3, 3)))) == [(0, 1, [1, None]), (0, 2, [2, None]), (0, 3, [3, None])]
    assert told(detect.update(rows((0, 4, 4)))) == [(0, 4, [4, None])]  # nobody waits for it any more
    assert told(detect.update(rows((1, 5, 9)))) == []  # and now for the other again
    assert told(detect.update(rows((0, 5, 5)))) == [(0, 5, [5, 9])]


def test_a_reading_of_a_sample_that_is_complete_is_left_out() -> None:
    detect = sampler((2,), wait=1)
    detect.update(rows((0, 1, 1), (0, 2, 2)))
    assert told(detect.update(rows((1, 1, 7), (0, 3, 3)))) == [(0, 3, [3, None])]


def test_a_silence_of_all_channels_loses_nobody() -> None:
    detect = sampler((2,), wait=1)
    found = detect.update(rows((0, 1, 1), (1, 1, 1), (0, 5000, 2), (1, 5000, 3)))
    assert told(found) == [(0, 1, [1, 1]), (0, 5000, [2, 3])]


def test_a_reading_that_is_no_number_is_no_reading() -> None:
    detect = sampler((2,))
    assert told(detect.update(rows((0, 1, np.nan), (1, 1, 1), (0, 2, np.inf), (1, 2, 2)))) == [
        (0, 1, [None, 1]),
        (0, 2, [None, 2]),
    ]


def test_a_sample_is_simulated_when_any_of_its_readings_is() -> None:
    detect = sampler((2,))
    detect.update(rows((0, 1, 1)))
    assert detect.update(rows((1, 1, 1), quality=0x81)).quality.tolist() == [0x80]


def test_units_do_not_disturb_each_other() -> None:
    detect = sampler((2, 1), wait=1)
    found = detect.update(rows((2, 1, 5), (0, 1, 1), (2, 2, 6), (0, 2, 2), (1, 2, 3)))
    assert told(found) == [(0, 1, [1, None]), (0, 2, [2, None]), (1, 1, [5, None]), (1, 2, [6, None])]


readings = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 3), st.floats(-9, 9, allow_nan=False)), min_size=1, max_size=60
)


@settings(deadline=None, max_examples=300)
@given(found=readings, places=st.lists(st.integers(1, 59), max_size=8), wait=st.integers(1, 4))
def test_cutting_the_rows_otherwise_changes_nothing(
    found: list[tuple[int, int, float]], places: list[int], wait: int
) -> None:
    clock = [0] * 5
    stream = []
    for slot, step, value in found:
        clock[slot] += step
        stream.append((slot, float(clock[slot]), value))
    bounds = [0, *sorted({place for place in places if place < len(stream)}), len(stream)]
    whole, cut, single = sampler((3, 2), wait=wait), sampler((3, 2), wait=wait), sampler((3, 2), wait=wait)
    expected = told(whole.update(rows(*stream)))
    pieces = [stream[a:b] for a, b in pairwise(bounds)]
    assert told(merged([cut.update(rows(*piece)) for piece in pieces])) == expected
    assert told(merged([single.update(rows(reading)) for reading in stream])) == expected
    for name, array in whole.state.items():
        assert np.array_equal(array, single.state[name]) or name in ("when", "bits", "value", "seen"), name


def test_a_long_stream_with_channels_that_fall_behind_and_come_back_is_the_same_row_by_row() -> None:
    random = np.random.default_rng(5)
    clock, stream = [0] * 3, []
    for k in range(3000):
        slow = k // 700 % 2  # in every other stretch one channel hardly reports
        slot = int(random.choice(3, p=[0.495, 0.495, 0.01] if slow else [1 / 3] * 3))
        clock[slot] = max(clock) - 1 if clock[slot] < max(clock) - 9 else clock[slot] + 1
        stream.append((slot, float(clock[slot]), float(k)))
    whole, single = sampler(), sampler()
    expected = told(merged([single.update(rows(reading)) for reading in stream]))
    assert told(whole.update(rows(*stream))) == expected
    assert 0 < sum(None in values for _, _, values in expected) < len(expected)


@settings(deadline=None, max_examples=100)
@given(order=st.permutations([0] * 6 + [1] * 6 + [2] * 6), gaps=st.lists(st.integers(1, 3), min_size=18, max_size=18))
def test_channels_may_be_interleaved_in_any_way_within_the_wait(order: list[int], gaps: list[int]) -> None:
    times = [np.cumsum(gaps[6 * k : 6 * k + 6]) for k in range(3)]
    place = [0, 0, 0]
    stream = []
    for slot in order:
        stream.append((slot, float(times[slot][place[slot]]), float(place[slot])))
        place[slot] += 1
    last = [(slot, 99.0, 0.0) for slot in range(3)]
    in_turn = sorted(stream) + last
    assert told(sampler(wait=20).update(rows(*stream, *last))) == told(sampler(wait=20).update(rows(*in_turn)))


def test_too_many_units_are_refused() -> None:
    with pytest.raises(ValueError, match="units"):
        Sampler(np.zeros(1, np.intp), np.zeros(1, np.intp), [1.0] * (1 << 19), 1)
