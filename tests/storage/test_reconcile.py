"""对账 over a real log: what came, what is stored, what waits, whatever happens in between."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ganzhi.clock import NS_PER_HOUR, NS_PER_S, hour_of
from ganzhi.records import ReadingBlock, Reconciled
from storage import Log
from tests.storage.plant import T0, block

NO_ROWS = np.empty(0, np.intp)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite"


def opened(path: Path) -> Log:
    log = Log(path, retention_s=10 * 86_400)
    log.__enter__()
    log.bind(["a.1", "a.2", "b.1"], ["a", "a", "b"])
    return log


def arrived(points: list[int], at: int) -> ReadingBlock:
    return block([(point, at - 5, 1.0, 0, at) for point in points], at)


def tally(hour: int, enterprise: str, n: int) -> Reconciled:
    return Reconciled(hour, enterprise, received=n, accepted=n)


def test_sums_close_at_every_step_of_the_store(path: Path) -> None:
    with opened(path) as log:
        later = T0 + NS_PER_HOUR
        log.append([arrived([0, 1, 2], T0)], {}, tallies=[tally(T0, "a", 2), tally(T0, "b", 1)])
        log.append([arrived([2, 2], later)], {}, tallies=[tally(later, "b", 2)])
        reader = log.reader("store")
        assert [(row.hour, row.enterprise, row.stored, row.backlog) for row in log.reconciled("store", T0)] == [
            (later, "b", 0, 2),
            (T0, "a", 0, 2),
            (T0, "b", 0, 1),
        ]
        batch = reader.read(max_rows=3)
        assert batch is not None
        reader.commit(batch, np.array([1], np.intp))
        rows = log.reconciled("store", T0 + 7)
        assert [(row.enterprise, row.stored, row.refused, row.backlog) for row in rows] == [
            ("b", 0, 0, 2),
            ("a", 1, 1, 0),
            ("b", 1, 0, 0),
        ]
        assert all(row.closes for row in rows)
        assert [row.hour for row in log.reconciled("store", later)] == [later]


def test_a_reading_that_is_lost_or_twice_does_not_close(path: Path) -> None:
    with opened(path) as log:
        log.append([arrived([0, 1], T0)], {}, tallies=[tally(T0, "a", 3)])
        [row] = log.reconciled("store", T0)
        assert not row.closes
        log.append([arrived([0, 1], T0)], {}, tallies=[tally(T0, "a", 4)])
        [row] = log.reconciled("store", T0)
        assert row.closes


def test_what_the_store_has_is_counted_when_it_is_ahead_or_behind(path: Path) -> None:
    with opened(path) as log:
        seqs = [log.append([arrived([0], T0 + n)], {}, tallies=[tally(T0, "a", n + 1)]) for n in range(4)]
    with opened(path) as log:
        reader = log.reader("store")
        reader.seek(seqs[2], stored=True)
        assert [(row.stored, row.backlog) for row in log.reconciled("store", T0)] == [(3, 1)]
        reader.seek(seqs[0], stored=True)
        assert [(row.stored, row.backlog) for row in log.reconciled("store", T0)] == [(1, 3)]


def test_rows_of_a_point_that_is_gone_count_as_refused_for_their_enterprise(path: Path) -> None:
    with opened(path) as log:
        log.append([arrived([0, 1, 2], T0)], {}, tallies=[tally(T0, "a", 2), tally(T0, "b", 1)])
    with Log(path, retention_s=1e6) as log:
        log.bind(["b.1", "a.2"], ["b", "a"])
        reader = log.reader("store")
        batch = reader.read()
        assert batch is not None
        reader.commit(batch, np.array([0], np.intp))  # the store refused a.2 as well
        rows = log.reconciled("store", T0)
        assert [(row.enterprise, row.stored, row.refused) for row in rows] == [("a", 0, 2), ("b", 1, 0)]
        assert all(row.closes for row in rows)


def test_receipts_and_hours_survive_a_restart(path: Path) -> None:
    with opened(path) as log:
        log.append([], {}, tallies=[tally(T0, "a", 2)], receipts={"t/data": 17})
        log.append([], {}, tallies=[tally(T0, "a", 5)], receipts={"t/data": 19, "u/data": 3})
    with opened(path) as log:
        assert log.receipts() == {"t/data": 19, "u/data": 3}
        assert log.tallies(T0) == [tally(T0, "a", 5)]
        assert log.tallies(T0 + 1) == []


def test_hours_begin_on_the_hour() -> None:
    assert hour_of(T0 + 59 * 60 * NS_PER_S) == T0


def test_waiting_rows_are_counted_right_however_the_ends_move(path: Path) -> None:
    random = np.random.default_rng(3)
    with opened(path) as log:
        reader = log.reader("store")
        total: dict[str, int] = {"a": 0, "b": 0}
        for _ in range(120):
            for _ in range(random.integers(0, 6)):
                points = random.integers(0, 3, random.integers(1, 9)).tolist()
                total["a"] += sum(point < 2 for point in points)
                total["b"] += sum(point == 2 for point in points)
                log.append([arrived(points, T0)], {}, tallies=[tally(T0, name, n) for name, n in total.items()])
            for _ in range(random.integers(0, 4)):
                batch = reader.read(max_rows=int(random.integers(1, 30)), timeout_s=0)
                if batch is not None:
                    reader.commit(batch, NO_ROWS)
            if random.random() < 0.05:
                reader.seek(log.start(), stored=True)
            rows = log.reconciled("store", T0)
            assert all(row.closes for row in rows), rows
            assert sum(row.backlog for row in rows) == reader.backlog().rows
