"""What became of the file: killed at any moment, on a full disk, held by another program, damaged."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from ganzhi.clock import NS_PER_S
from ganzhi.errors import ConfigError, Unavailable
from storage.duckdb import DuckDBStore
from tests.storage.plant import T0, catalogue, numbered
from tests.storage.test_duckdb_rollup import require_exact
from tests.storage.test_log_kill import child

PLANT = catalogue("LT 1", "LT,2", "温度=3")
ROWS = 2_000
KILLS = 8

KILLED = """
import itertools, sys
from storage.duckdb import DuckDBStore
from tests.storage.plant import numbered
from tests.storage.test_duckdb_file import PLANT, ROWS

with DuckDBStore(sys.argv[1], PLANT, retention_s=86400) as store:
    for seq in itertools.count(store.position() + 1):
        store.write(numbered(ROWS, (seq - 1) * ROWS), seq)
        print(seq, flush=True)
"""


def test_a_writer_killed_at_any_moment_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    rng = random.Random(11)
    for _ in range(KILLS):
        with child(KILLED, path) as process:
            assert process.stdout is not None
            said = [process.stdout.readline()]
            time.sleep(rng.uniform(0, 0.4))  # any moment will do
            process.kill()
            said += process.stdout.readlines()
        acknowledged = max(int(line) for line in said if line.endswith("\n"))
        with DuckDBStore(path, PLANT) as store:
            position = store.position()
            assert position in (acknowledged, acknowledged + 1)
            assert store.count() == position * ROWS
            assert store.write(numbered(ROWS, (position - 1) * ROWS), position).size == 0
            assert store.count() == position * ROWS
        require_exact(path)
    with duckdb.connect(path) as file:
        query = "SELECT count(DISTINCT value), max(value)::BIGINT FROM reading"
        assert file.execute(query).fetchall() == [(position * ROWS, position * ROWS - 1)]


FILL_THE_DISK = """
import resource, sys
from ganzhi.errors import Unavailable
from storage.duckdb import DuckDBStore
from tests.storage.plant import numbered
from tests.storage.test_duckdb_file import PLANT

_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
with DuckDBStore(sys.argv[1], PLANT) as store:
    store.write(numbered(1000), 1)
    for limit in (1_000_000, 1_600_000, 2_400_000):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        seq = store.position()
        try:
            while True:
                seq += 1
                store.write(numbered(1000, (seq - 1) * 1000), seq)
        except Unavailable as error:
            print("full", error, flush=True)
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        print(store.position() in (seq - 1, seq), store.count() == store.position() * 1000, flush=True)
        while store.position() < seq:
            store.write(numbered(1000, store.position() * 1000), store.position() + 1)
        print("after", seq, store.count(), flush=True)
"""


def test_a_full_disk_is_unavailable_and_ends_when_there_is_room(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    with child(FILL_THE_DISK, path) as process:
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    lines = [line for line in said.splitlines() if line.startswith(("full", "True", "False", "after"))]
    assert [line.split()[0] for line in lines] == ["full", "True", "after"] * 3
    for full, consistent, after in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
        assert str(path) in full
        assert consistent == "True True"
        seq, count = map(int, after.split()[1:])
        assert count == seq * 1_000
    require_exact(path)
    with duckdb.connect(path) as file:
        assert file.execute("SELECT count(DISTINCT value) FROM reading").fetchall() == [(seq * 1_000,)]


def test_verify_names_the_other_program_that_holds_the_file(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    code = "import sys, duckdb; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "open\n"
        store = DuckDBStore(path, PLANT)
        fault = store.verify()
        with pytest.raises(Unavailable):
            store.write(numbered(1), 1)
        holder.stdin.close()
        holder.wait(10)
    assert fault is not None
    assert fault.place == "[store] path"
    assert str(path) in fault.problem
    with store:
        assert store.verify() is None
        assert store.write(numbered(1), 1).size == 0


def test_opening_refuses_what_is_not_ours(tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    path.write_text("point,time,value\n")
    with pytest.raises(ConfigError, match="not a DuckDB file"):
        DuckDBStore(path, PLANT).__enter__()
    newer = tmp_path / "newer.duckdb"
    with duckdb.connect(newer) as connection:
        connection.execute("CREATE TABLE schema_version AS SELECT 99 AS version")
    with pytest.raises(ConfigError, match="format 99 by a newer program"):
        DuckDBStore(newer, PLANT).__enter__()


def overwrite(path: Path, at: int, length: int) -> None:
    """Turn over all bits of some bytes; `at` below 0 counts from the end."""
    with path.open("r+b") as file:
        start = at if at >= 0 else path.stat().st_size + at
        file.seek(start)
        old = file.read(length)
        file.seek(start)
        file.write(bytes(255 - byte for byte in old))


def wal(path: Path) -> Path:
    """The file beside it in which DuckDB keeps what is newest."""
    return path.with_name(path.name + ".wal")


@pytest.fixture(scope="module")
def abandoned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as a killed process leaves it: 30 blocks in it and 10 beside it."""
    folder = tmp_path_factory.mktemp("damage")
    with DuckDBStore(folder / "live.duckdb", PLANT) as store:
        for seq in range(41):
            if seq == 30:
                store.close()
            store.write(numbered(ROWS, seq * ROWS), seq + 1)
        for path in (folder / "live.duckdb", wal(folder / "live.duckdb")):
            shutil.copy(path, folder / path.name.replace("live", "left"))
    return folder / "left.duckdb"


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: overwrite(path, 4_096, 8_192),
        lambda path: overwrite(path, 12_288 + 100, 64),
        lambda path: path.write_bytes(path.read_bytes()[:5_000]),
        lambda path: overwrite(wal(path), -100, 50),
    ],
    ids=["headers", "catalogue", "cut short", "newest rows"],
)
def test_a_damaged_file_is_named_with_what_to_do(
    abandoned: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    path = tmp_path / "readings.duckdb"
    shutil.copy(abandoned, path)
    shutil.copy(wal(abandoned), wal(path))
    damage(path)
    store = DuckDBStore(path, PLANT)
    with pytest.raises(ConfigError, match=r"is damaged: DuckDB cannot open it.*move its \.wal file aside") as caught:
        store.verify()
    assert caught.value.faults[0].place == str(path)
    with pytest.raises(ConfigError):
        store.write(numbered(1), 50)


def test_without_its_newest_rows_a_file_opens_at_an_earlier_position(abandoned: Path, tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    shutil.copy(abandoned, path)
    with DuckDBStore(path, PLANT) as store:
        position = store.position()
        assert 30 <= position < 41
        for seq in range(position, 41):
            store.write(numbered(ROWS, seq * ROWS), seq + 1)
        assert store.count() == 41 * ROWS
    require_exact(path)


def test_damage_among_the_readings_stops_the_curves_that_need_them_with_a_sentence(
    abandoned: Path, tmp_path: Path
) -> None:
    path = tmp_path / "readings.duckdb"
    shutil.copy(abandoned, path)
    with DuckDBStore(path, PLANT) as store:
        for seq in range(store.position(), 400):
            store.write(numbered(ROWS, seq * ROWS), seq + 1)
    told = []
    for at in range(12_288 + 1_000, path.stat().st_size, 5 << 18):
        copy = tmp_path / "copy.duckdb"
        shutil.copy(path, copy)
        overwrite(copy, at, 64)
        try:
            with DuckDBStore(copy, PLANT) as store:
                for hour in range(0, 240, 3):
                    store.curve(0, T0 + hour * 3_600 * NS_PER_S, T0 + (hour + 3) * 3_600 * NS_PER_S, 100_000)
        except (ConfigError, Unavailable) as error:
            told.append(str(error))
    assert told
    assert all("damaged" in sentence and str(copy) in sentence for sentence in told)
