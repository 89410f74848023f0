"""The log: what is appended is read, in order, over restarts and over changes of the catalogue."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ganzhi.clock import NS_PER_S
from ganzhi.errors import ConfigError, Unavailable
from ganzhi.records import join, tick
from storage import BlockLog, BlockReader
from storage.consumer import Backlog, Consumer
from storage.keys import NEVER
from storage.log import Log
from tests.storage.plant import T0, block, numbered, rows

IDS = ["plant.A", "plant.B", "plant.C"]
DAY_S = 86_400.0


def opened(path: Path, *, retention_s: float = DAY_S, busy_s: float = 5.0, at: int = T0) -> Log:
    return Log(path, retention_s=retention_s, clock=lambda: at, busy_s=busy_s)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite"


@pytest.fixture
def log(path: Path) -> Iterator[Log]:
    with opened(path) as log:
        log.bind(IDS)
        yield log


def drained(consumer: Consumer) -> list[tuple[int, int, float, int, int]]:
    found = []
    while batch := consumer.read(timeout_s=0):
        found += rows(batch.block)
        consumer.commit(batch)
    return found


def test_append_keeps_rows_and_counters_over_a_restart(path: Path) -> None:
    mixed = block([(2, T0 + 5, -0.0, 0x81, T0 + 7), (0, T0 - 3, 5e-324, 3, T0 + 9), (2, T0, 1e308, 0, T0 + 9)], T0 + 10)
    with opened(path) as log:
        log.bind(IDS)
        last = log.append([mixed, numbered(2)], {"accepted": 4, "late": 1})
        assert log.last_seq == last
    with opened(path) as log:
        log.bind(IDS)
        assert log.counters() == {"accepted": 4, "late": 1}
        assert (log.rows, log.last_seq) == (5, last)
        batch = log.reader("store").read(timeout_s=0)
        assert batch is not None
        assert rows(batch.block) == rows(mixed) + rows(numbered(2))
        assert batch.block.now == numbered(2).now
        assert (batch.first_seq, batch.last_seq, batch.rows, batch.end_row) == (last - 1, last, 5, 5)


def test_the_log_is_what_its_protocols_promise(log: Log) -> None:
    seen: BlockLog = log
    reader: BlockReader = seen.reader("any")
    assert reader.read(timeout_s=0) is None


def test_append_keeps_counters_when_there_is_no_block(log: Log) -> None:
    before = log.last_seq
    assert log.append([], {"rejected": 1}) == before
    assert log.counters() == {"rejected": 1}


def test_append_refuses_a_point_outside_the_catalogue_and_keeps_nothing(log: Log) -> None:
    with pytest.raises(ValueError, match="outside the catalogue"):
        log.append([numbered(2), block([(3, T0, 1.0, 0, T0)], T0)], {})
    assert log.rows == 0
    assert log.reader("store").read(timeout_s=0) is None


def test_rows_need_points_to_be_bound_first(path: Path) -> None:
    with opened(path) as log, pytest.raises(RuntimeError, match="bind"):
        log.append(numbered(1), {})


def test_read_joins_up_to_the_rows_asked_for(log: Log) -> None:
    log.append([numbered(4), numbered(4, 4), numbered(4, 8), numbered(20, 12)], {})
    reader = log.reader("store")
    sizes = []
    while batch := reader.read(max_rows=9, timeout_s=0):
        sizes.append(batch.rows)
    assert sizes == [8, 4, 20]


def test_a_tick_comes_alone_and_ends_a_join(log: Log) -> None:
    log.append([numbered(1), numbered(1, 1), tick(T0 + 1), tick(T0 + 2), numbered(1, 2)], {})
    reader = log.reader("detectors")
    found = []
    while batch := reader.read(timeout_s=0):
        found.append((len(batch.block), batch.block.now, batch.last_seq - batch.first_seq))
    ends = [numbered(1, 1).now, T0 + 1, T0 + 2, numbered(1, 2).now]
    assert found == [(2, ends[0], 1), (0, ends[1], 0), (0, ends[2], 0), (1, ends[3], 0)]


def test_each_consumer_goes_on_from_what_it_committed(path: Path) -> None:
    with opened(path) as log:
        log.bind(IDS)
        log.append([numbered(3), numbered(3, 3)], {})
        first, second = log.reader("first"), log.reader("second")
        batch = first.read(max_rows=3, timeout_s=0)
        assert batch is not None
        first.commit(batch)
        assert first.read(timeout_s=0) is not None  # read, but the work on it never finished
        assert second.read(timeout_s=0) is not None
    with opened(path) as log:
        log.bind(IDS)
        assert drained(log.reader("first")) == rows(numbered(3, 3))
        assert drained(log.reader("second")) == rows(join([numbered(3), numbered(3, 3)]))


def test_seek_goes_back_and_forth(log: Log) -> None:
    last = log.append([numbered(2), numbered(2, 2), numbered(2, 4)], {})
    reader = log.reader("detectors")
    assert len(drained(reader)) == 6
    reader.seek(last - 1)
    assert reader.position.rows == 4
    assert drained(reader) == rows(numbered(2, 4))
    reader.seek(0)
    assert (reader.position.rows, reader.backlog().rows) == (0, 6)
    reader.seek(last)
    assert reader.read(timeout_s=0) is None
    assert reader.backlog() == Backlog(0, 0, 0.0, 0)


def test_backlog_counts_what_is_not_committed(path: Path) -> None:
    now = numbered(2).now
    with opened(path, at=now + 5 * NS_PER_S) as log:
        log.bind(IDS)
        reader = log.reader("store")
        assert reader.backlog() == Backlog(0, 0, 0.0, 0)
        log.append([numbered(2), numbered(3, 2)], {})
        assert reader.read(timeout_s=0) is not None
        assert reader.backlog() == Backlog(rows=5, blocks=2, age_s=5.0, bytes=2 * 24 + 5 * 20)


def test_read_wakes_when_a_block_is_appended(log: Log) -> None:
    reader = log.reader("store")
    found: list[int] = []

    def wait() -> None:
        batch = reader.read(timeout_s=60)
        found.append(-1 if batch is None else batch.rows)

    thread = threading.Thread(target=wait)
    thread.start()
    log.append(numbered(2), {})
    thread.join(10)
    assert found == [2]


def test_blocks_of_another_process_are_seen(path: Path, log: Log) -> None:
    with opened(path) as other:
        other.bind(IDS)
        reader = other.reader("store")
        assert reader.read(timeout_s=0) is None
        log.append(numbered(2), {})
        batch = reader.read(timeout_s=10)
        assert batch is not None
        assert rows(batch.block) == rows(numbered(2))


def test_a_second_process_that_appends_is_told_so(path: Path, log: Log) -> None:
    with opened(path) as other:
        other.bind(IDS)
        log.append(numbered(1), {"accepted": 1})
        with pytest.raises(RuntimeError, match="one writer"):
            other.append(numbered(1, 1), {"accepted": 99})
    assert log.counters() == {"accepted": 1}


def test_points_keep_their_readings_when_the_catalogue_changes(path: Path) -> None:
    with opened(path) as log:
        log.bind(IDS)
        log.append(numbered(6), {})
    with opened(path) as log:
        log.bind(["plant.C", "plant.NEW", "plant.A"])
        log.append(block([(1, T0 + 99, 9.5, 0, T0 + 9 * NS_PER_S)], T0 + 9 * NS_PER_S), {})
        reader = log.reader("store")
        batch = reader.read(timeout_s=0)
        assert batch is not None
        of = {0: "plant.C", 1: "plant.NEW", 2: "plant.A"}
        named = [(of[row[0]], row[2]) for row in rows(batch.block)]
        assert named == [("plant.A", 0.0), ("plant.C", 2.0), ("plant.A", 3.0), ("plant.C", 5.0), ("plant.NEW", 9.5)]
        assert (reader.dropped, batch.rows) == (2, 7)
        assert log.newest(3)[0].tolist() == [T0 + 5 * NS_PER_S, T0 + 99, T0 + 3 * NS_PER_S]
    with opened(path) as log:
        log.bind([*IDS, "plant.NEW"])
        assert len(drained(log.reader("again"))) == 7


def test_newest_is_rolled_forward_from_its_checkpoint(path: Path) -> None:
    with opened(path) as log:
        log.bind(IDS)
        assert log.newest(3)[0].tolist() == [NEVER] * 3
        seq = log.append(numbered(2), {})
        newest, at = log.newest(3)
        assert (newest.tolist(), at) == ([T0, T0 + NS_PER_S, NEVER], seq)
        log.save_newest(np.array([T0 + 500 * NS_PER_S, T0, NEVER]), seq)
        log.append(block([(1, T0 + 7, 1.0, 0, T0 + 9), (0, T0 + 8, 1.0, 0, T0 + 9)], T0 + 9), {})
    with opened(path) as log:
        log.bind([*IDS, "plant.D"])
        assert log.newest(4)[0].tolist() == [T0 + 500 * NS_PER_S, T0 + 7, NEVER, NEVER]
        with pytest.raises(ValueError, match="3 points asked for, 4 bound"):
            log.newest(3)


def test_a_checkpoint_remembers_points_that_left_the_catalogue(path: Path) -> None:
    with opened(path) as log:
        log.bind(IDS)
        log.save_newest(np.array([1, 2, 3]), log.last_seq)
        log.bind(["plant.C"])
        log.save_newest(np.array([30]), log.last_seq)
        log.bind(IDS)
        assert log.newest(3)[0].tolist() == [1, 2, 30]


def test_prune_deletes_old_blocks_that_every_consumer_has_passed(path: Path) -> None:
    with opened(path, retention_s=10) as log:
        log.bind(IDS)
        log.append([numbered(5, 5 * i) for i in range(4)], {})  # closed 5, 10, 15 and 20 s after T0
        slow, fast = log.reader("slow"), log.reader("fast")
        drained(fast)
        assert log.prune(T0 + 100 * NS_PER_S) == 0
        batch = slow.read(max_rows=10, timeout_s=0)
        assert batch is not None
        slow.commit(batch)
        assert log.prune(T0 + 16 * NS_PER_S) == 1
        assert log.prune(T0 + 100 * NS_PER_S) == 1
        log.forget("slow")
        assert list(log.consumers()) == ["fast"]
        assert log.prune(T0 + 100 * NS_PER_S) == 1  # the newest block stays, so that numbers go on after it
        fresh = log.reader("fresh")
        assert fresh.backlog().rows == 5
        assert drained(fresh) == rows(numbered(5, 15))
        assert log.rows == 20


def test_the_newest_time_outlives_the_blocks_that_were_pruned(path: Path) -> None:
    with opened(path, retention_s=10) as log:
        log.bind(IDS)
        log.append([numbered(1), numbered(1, 1), numbered(1, 2), numbered(1, 3)], {})
        assert log.prune(T0 + 1_000 * NS_PER_S) == 3
        log.append(numbered(1, 4), {})
    with opened(path, retention_s=10) as log:
        log.bind(IDS)
        assert log.newest(3)[0].tolist() == [T0 + second * NS_PER_S for second in (3, 4, 2)]


def test_prune_works_in_chunks(path: Path) -> None:
    with opened(path, retention_s=10) as log:
        log.bind(IDS)
        log.append([numbered(1, i) for i in range(600)], {})
        assert log.prune(T0 + 10_000 * NS_PER_S) == 599


def test_a_log_that_replaces_a_lost_one_goes_on_above_its_numbers(path: Path) -> None:
    with opened(path, at=T0) as log:
        log.bind(IDS)
        last = log.append([numbered(1), numbered(1, 1)], {})
        drained(log.reader("store"))
    path.unlink()
    with opened(path, at=T0 + NS_PER_S) as log:
        log.bind(IDS)
        assert log.append(numbered(1, 2), {}) > last
        assert drained(log.reader("store")) == rows(numbered(1, 2))


def test_a_log_restored_from_a_copy_gives_no_number_twice(path: Path, tmp_path: Path) -> None:
    with opened(path) as log:
        log.bind(IDS)
        log.append(numbered(1), {})
    copy = path.read_bytes()
    with opened(path) as log:
        log.bind(IDS)
        passed = log.append(numbered(1, 1), {})
        drained(log.reader("store"))
    path.write_bytes(copy)
    with opened(path) as log:
        log.bind(IDS)
        reader = log.reader("store")
        assert reader.read(timeout_s=0) is None
        assert log.append(numbered(1, 2), {}) == passed + 1
        assert drained(reader) == rows(numbered(1, 2))


def test_append_is_unavailable_while_another_process_holds_the_file(path: Path) -> None:
    with opened(path, busy_s=0.05) as log:
        log.bind(IDS)
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="another process holds the file locked"):
            log.append(numbered(1), {"accepted": 1})
        holder.execute("ROLLBACK")
        holder.close()
        assert log.counters() == {}
        log.append(numbered(1), {"accepted": 1})
        assert drained(log.reader("store")) == rows(numbered(1))


def test_opening_says_what_is_wrong_with_the_file(path: Path, tmp_path: Path) -> None:
    path.write_bytes(b"not a database at all, but long enough to be read as one" * 100)
    with pytest.raises(ConfigError, match="not a SQLite file"):
        opened(path).__enter__()
    newer = tmp_path / "newer.sqlite"
    connection = sqlite3.connect(newer)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ConfigError, match="format 99 by a newer program"):
        opened(newer).__enter__()
    with pytest.raises(Unavailable, match="cannot be opened"):
        opened(tmp_path / "missing" / "log.sqlite").__enter__()
    with pytest.raises(ValueError, match="retention_s"):
        Log(path, retention_s=0)


def test_consumers_read_everything_in_order_while_blocks_are_appended_and_pruned(path: Path) -> None:
    with opened(path, retention_s=1) as log:
        log.bind(IDS)
        readers = [log.reader("first"), log.reader("second")]
        found: dict[str, list[float]] = {reader.name: [] for reader in readers}

        def consume(reader: Consumer) -> None:
            values = found[reader.name]
            while len(values) < 6_000:
                batch = reader.read(max_rows=100, timeout_s=10)
                assert batch is not None
                values.extend(batch.block.value.tolist())
                reader.commit(batch)

        threads = [threading.Thread(target=consume, args=(reader,)) for reader in readers]
        for thread in threads:
            thread.start()
        for i in range(300):
            log.append(numbered(20, 20 * i), {})
            log.prune(T0 + 10**15)
        for thread in threads:
            thread.join()
        expected = [float(number) for number in range(6_000)]
        assert found == {"first": expected, "second": expected}
        assert log.prune(T0 + 10**15) <= 300
        assert log.reader("third").backlog().blocks == 1
