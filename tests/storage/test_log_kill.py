"""What `append` returned for is there after a SIGKILL and after a full disk; both happen to a real child process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from storage.log import Log
from tests.storage.plant import numbered, rows

ROOT = Path(__file__).parents[2]
ROWS = 50
IDS = ["plant.A", "plant.B", "plant.C"]

APPEND_FOR_EVER = """
import itertools, sys
from storage.log import Log
from tests.storage.plant import numbered

with Log(sys.argv[1], retention_s=86400) as log:
    log.bind(["plant.A", "plant.B", "plant.C"])
    reader = log.reader("store")
    for i in itertools.count():
        log.append([numbered(ROWS, i * ROWS), numbered(0)], {"accepted": (i + 1) * ROWS})
        print((i + 1) * ROWS, flush=True)
        if i % 3 == 0:
            batch = reader.read(timeout_s=0)
            reader.commit(batch)
            print("committed", batch.end_row, flush=True)
""".replace("ROWS", str(ROWS))

FILL_THE_DISK = """
import resource, sys
from ganzhi.errors import Unavailable
from storage.log import Log
from tests.storage.plant import numbered

_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
with Log(sys.argv[1], retention_s=86400) as log:
    log.bind(["plant.A", "plant.B", "plant.C"])
    log.append(numbered(ROWS), {"accepted": ROWS})
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    kept = ROWS
    try:
        while True:
            log.append(numbered(ROWS, kept), {"accepted": kept + ROWS})
            kept += ROWS
    except Unavailable as error:
        print("full", kept, log.rows, log.counters()["accepted"], error.retry_after_s)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    log.append(numbered(ROWS, kept), {"accepted": kept + ROWS})
    print("after", log.rows)
""".replace("ROWS", str(ROWS))


def child(code: str, path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, str(path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def test_nothing_is_lost_when_the_process_is_killed_while_appending(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with child(APPEND_FOR_EVER, path) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(80)]
        process.kill()
        said += process.stdout.readlines()
    whole = [line for line in said if line.endswith("\n")]
    acknowledged = max(int(line) for line in whole if not line.startswith("committed"))
    committed = max(int(line.split()[1]) for line in whole if line.startswith("committed"))
    with Log(path, retention_s=86400) as log:
        log.bind(IDS)
        assert log.rows >= acknowledged
        assert log.rows == log.counters()["accepted"]
        reader = log.reader("store")
        assert reader.position.rows >= committed
        reader.seek(0)
        found = []
        while batch := reader.read(timeout_s=0):
            found += rows(batch.block)
        assert len(found) == log.rows
        assert [(row[0], row[1], row[2]) for row in found] == [row[:3] for row in rows(numbered(log.rows))]


def test_a_full_disk_costs_nothing_that_was_kept_and_ends_when_there_is_room(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with child(FILL_THE_DISK, path) as process:
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    full, after = (line.split() for line in said.splitlines())
    kept = int(full[1])
    assert full == ["full", str(kept), str(kept), str(kept), "1.0"]
    assert after == ["after", str(kept + ROWS)]
    with Log(path, retention_s=86400) as log:
        log.bind(IDS)
        batch = log.reader("store").read(timeout_s=0)
        assert batch is not None
        assert batch.block.value.tolist() == [float(i) for i in range(kept + ROWS)]
