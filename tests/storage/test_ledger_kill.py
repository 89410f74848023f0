"""What `write` returned for is in the file after a SIGKILL and after a full disk, and nothing is there by half."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest

from ganzhi.errors import Unavailable
from storage.ledger import Ledger
from tests.storage.database import out_of_step
from tests.storage.test_ledger_postgresql import pair
from tests.storage.test_log_kill import child

SEED = 20260726
KILLS = 5
KIBIBYTE = 1024

WRITE_FOR_EVER = """
import itertools, sys
from storage.ledger import Ledger
from tests.storage.test_ledger_postgresql import pair

with Ledger(f"sqlite:///{sys.argv[1]}") as ledger:
    for seq in itertools.count(ledger.last_seq() + 1, 2):
        ledger.write(pair(seq))
        ledger.move_cursor("grafana", seq + 1)
        print(seq + 1, flush=True)
"""

FILL_THE_DISK = """
import resource, sys
from ganzhi.errors import Unavailable
from storage.ledger import Ledger
from tests.storage.test_ledger_postgresql import pair

_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
with Ledger(f"sqlite:///{sys.argv[1]}") as ledger:
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    kept = 0
    try:
        while True:
            ledger.write(pair(kept + 1))
            kept += 2
    except Unavailable as error:
        print("full", kept, ledger.last_seq(), error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    ledger.write(pair(kept + 1))
    print("after", ledger.last_seq())
"""


def require_whole(url: str, last: int) -> None:
    with Ledger(url) as ledger:
        assert ledger.last_seq() == last
        assert [line.seq for line in ledger.events_after(0, last + 1)] == list(range(1, last + 1))
        assert len(ledger.open_alarms()) == last // 2
    assert out_of_step(url) == []


def test_nothing_is_lost_when_the_process_is_killed_while_writing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    moments = random.Random(SEED)
    for _ in range(KILLS):
        with child(WRITE_FOR_EVER, path) as process:
            assert process.stdout is not None
            said = [process.stdout.readline() for _ in range(moments.randint(1, 80))]
            process.kill()
            said += process.stdout.readlines()
        acknowledged = max(int(line) for line in said if line.endswith("\n"))
        with Ledger(f"sqlite:///{path}") as ledger:
            last, cursor = ledger.last_seq(), ledger.cursor("grafana")
        assert last in {acknowledged, acknowledged + 2}
        assert cursor in {acknowledged, last}
        require_whole(f"sqlite:///{path}", last)


def test_a_file_that_may_not_grow_costs_nothing_that_was_kept(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with child(FILL_THE_DISK, path) as process:
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    full, after = said.splitlines()
    kept = int(full.split()[1])
    assert full.startswith(f"full {kept} {kept} the ledger {path}: the disk ")
    assert after == f"after {kept + 2}"
    require_whole(f"sqlite:///{path}", kept + 2)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small file system")
def test_a_full_disk_costs_nothing_that_was_kept_and_ends_when_there_is_room(tmp_path: Path) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=500k", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("no file system may be mounted here")
    try:
        ballast = tmp_path / "ballast"
        ballast.write_bytes(bytes(150 * KIBIBYTE))
        url = f"sqlite:///{tmp_path}/ledger.sqlite"
        written = 0
        with Ledger(url) as ledger:
            with pytest.raises(Unavailable, match="the disk is full"):
                while True:
                    ledger.write(pair(written + 1))
                    written += 2
            for _ in range(3):
                with pytest.raises(Unavailable, match="the disk is full"):
                    ledger.write([line for seq in range(written + 1, written + 41, 2) for line in pair(seq)])
                assert (ledger.last_seq(), len(ledger.open_alarms())) == (written, written // 2)
            ballast.unlink()
            ledger.write(pair(written + 1))
            ledger.move_cursor("grafana", written + 2)
        require_whole(url, written + 2)
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
