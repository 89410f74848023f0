"""The saved state: replaced as a whole, set aside when it cannot be used."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from ganzhi.errors import Unavailable
from storage.state import FORMAT, HEAD, State, StateFile
from tests.full_disk import no_file_above

ARRAYS = {
    "engine/a.b": np.arange(1000.0),
    "ids": np.frombuffer("测点".encode(), np.uint8),
    "engine/kind": np.array("值"),
}


@pytest.fixture
def file(tmp_path: Path) -> StateFile:
    return StateFile(tmp_path / "log.sqlite.state")


def test_state_is_the_same_when_it_is_loaded_again(file: StateFile) -> None:
    assert file.load() is None
    size = file.save(State(ARRAYS, 77))
    assert size == file.path.stat().st_size
    loaded = file.load()
    assert loaded is not None
    assert loaded.seq == 77
    assert loaded.arrays.keys() == ARRAYS.keys()
    assert all(np.array_equal(loaded.arrays[name], array) for name, array in ARRAYS.items())


def test_old_state_stays_when_the_disk_is_full(file: StateFile) -> None:
    file.save(State({"a": np.ones(3)}, 1))
    with no_file_above(4096), pytest.raises(Unavailable, match=r"log\.sqlite\.state: "):
        file.save(State({"a": np.ones(100_000)}, 2))
    loaded = file.load()
    assert loaded is not None
    assert loaded.seq == 1
    assert [path.name for path in file.path.parent.iterdir()] == [file.path.name]


@pytest.mark.parametrize("cut", [0, 1, 100, 4000])
def test_damaged_state_is_set_aside_with_a_word(file: StateFile, cut: int, caplog: pytest.LogCaptureFixture) -> None:
    file.save(State(ARRAYS, 5))
    whole = file.path.read_bytes()
    file.path.write_bytes(whole[:cut] + bytes([whole[cut] ^ 0xFF]) + whole[cut + 1 :] if cut > 100 else whole[:cut])
    with caplog.at_level(logging.WARNING):
        assert file.load() is None
    assert "is damaged" in caplog.text
    assert "set-aside" in caplog.text
    assert not file.path.exists()
    assert file.load() is None


def test_state_of_another_version_is_set_aside(file: StateFile, caplog: pytest.LogCaptureFixture) -> None:
    with file.path.open("wb") as out:
        np.savez(out, allow_pickle=False, **{HEAD: np.array([FORMAT + 1, 5])})
    assert file.load() is None
    assert "another version" in caplog.text
