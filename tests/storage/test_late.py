"""Whether a reading is in the log already."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganzhi.clock import NS_PER_S
from ganzhi.records import tick
from storage.late import MAX_CLUSTERS, UNBOUNDED, span_class
from storage.log import Log
from tests.storage.plant import T0, block, numbered

DAY_NS = 86_400 * NS_PER_S


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with Log(tmp_path / "log.sqlite", retention_s=86400) as log:
        log.bind(["plant.A", "plant.B", "plant.C"])
        yield log


def kept(log: Log, *readings: tuple[int, int]) -> list[float | None]:
    """The value that the log holds for each, None where it holds none."""
    point, time = zip(*readings, strict=True) if readings else ((), ())
    found = log.recall(np.array(point, np.int32), np.array(time, np.int64))
    return [None if np.isnan(value) else value for value in found.tolist()]


def asked(log: Log, *readings: tuple[int, int]) -> list[bool]:
    return [value is not None for value in kept(log, *readings)]


def test_recall_needs_both_point_and_time(log: Log) -> None:
    log.append([numbered(3), tick(T0), numbered(3, 3)], {})
    second = NS_PER_S
    assert asked(log, (0, T0), (1, T0), (1, T0 + second), (0, T0 + 3 * second), (0, T0 + 3 * second + 1)) == [
        True,
        False,
        True,
        True,
        False,
    ]


def test_recall_of_nothing_is_nothing(log: Log) -> None:
    assert asked(log) == []
    assert asked(log, (0, T0)) == [False]


def test_recall_finds_readings_of_clocks_that_are_days_off(log: Log) -> None:
    log.append(block([(0, T0, 1.0, 0, T0), (1, T0 - 40 * DAY_NS, 1.0, 0, T0)], T0), {})
    log.append(block([(0, T0 + 1, 1.0, 0, T0), (1, T0 + 2 * DAY_NS, 1.0, 0, T0)], T0), {})
    assert asked(log, (0, T0), (1, T0 - 40 * DAY_NS), (0, T0 + 1), (1, T0 + 2 * DAY_NS), (1, T0)) == [True] * 4 + [
        False
    ]


def test_recall_takes_more_separate_times_than_it_searches_apart(log: Log) -> None:
    count = 2 * MAX_CLUSTERS
    for hour in range(count):
        log.append(block([(hour % 3, T0 + hour * 3_600 * NS_PER_S, 1.0, 0, T0)], T0), {})
    sought = [(hour % 3, T0 + hour * 3_600 * NS_PER_S) for hour in range(count)]
    assert asked(log, *sought) == [True] * count
    assert asked(log, *[((point + 1) % 3, time) for point, time in sought]) == [False] * count


def test_recall_follows_points_when_the_catalogue_changes(log: Log) -> None:
    log.append(block([(2, T0, 1.0, 0, T0)], T0), {})
    log.bind(["plant.C", "plant.NEW", "plant.A"])
    assert asked(log, (0, T0), (1, T0), (2, T0)) == [True, False, False]


@pytest.mark.parametrize(
    ("span_ns", "expected"),
    [(0, 0), (10 * NS_PER_S, 0), (10 * NS_PER_S + 1, 1), (600 * NS_PER_S + 1, 2), (DAY_NS + 1, UNBOUNDED)],
)
def test_span_class_grows_with_the_span(span_ns: int, expected: int) -> None:
    assert span_class(T0, T0 + span_ns) == expected


READING = st.tuples(
    st.integers(0, 2), st.sampled_from([T0, T0 + 1, T0 + 11 * NS_PER_S, T0 + 700 * NS_PER_S, T0 - DAY_NS])
)


@settings(max_examples=40, deadline=None)
@given(blocks=st.lists(st.lists(READING, min_size=1, max_size=4), max_size=6), sought=st.lists(READING, max_size=8))
def test_recall_agrees_with_a_dictionary(
    tmp_path_factory: pytest.TempPathFactory,
    blocks: list[list[tuple[int, int]]],
    sought: list[tuple[int, int]],
) -> None:
    with Log(tmp_path_factory.mktemp("log") / "log.sqlite", retention_s=86400) as log:
        log.bind(["plant.A", "plant.B", "plant.C"])
        held: dict[tuple[int, int], float] = {}
        for number, readings in enumerate(blocks):
            fresh = [reading for reading in dict.fromkeys(readings) if reading not in held]
            held |= dict.fromkeys(fresh, float(number))
            log.append(block([(*reading, float(number), 0, T0) for reading in fresh], T0), {})
        assert kept(log, *sought) == [held.get(reading) for reading in sought]
