"""A disk that is full is full for the process on it, in either way, and has room again afterwards."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.fault.disk import LIMIT_BYTES, Disk

SIZE_BYTES = 4 << 20
WRITER = """
import sys
for line in sys.stdin:
    try:
        with open(sys.argv[1], "ab") as file:
            file.write(b"x" * int(line))
        print("written", flush=True)
    except OSError:
        print("full", flush=True)
"""


def turn(disk: Disk) -> None:
    """A process writes before, while and after the disk is full."""
    command = [sys.executable, "-c", WRITER, str(disk.folder / "file")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None

        def write(size_bytes: int) -> str:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(f"{size_bytes}\n")
            child.stdin.flush()
            return child.stdout.readline().strip()

        disk.started(child.pid)
        assert write(LIMIT_BYTES) == "written"
        disk.fill()
        assert disk.full
        assert write(LIMIT_BYTES) == "full"
        disk.free()
        assert write(LIMIT_BYTES) == "written"


def test_process_finds_the_disk_full_when_it_is_filled(tmp_path: Path) -> None:
    with Disk(tmp_path / "data", size_bytes=SIZE_BYTES) as disk:
        if disk.kind != "tmpfs":
            pytest.skip("a memory file system cannot be mounted here (it takes root)")
        turn(disk)
    assert list((tmp_path / "data").iterdir()) == []


def test_process_finds_its_files_limited_when_nothing_can_be_mounted(tmp_path: Path) -> None:
    with Disk(tmp_path / "data", size_bytes=None) as disk:
        assert disk.kind == "limit"
        turn(disk)
