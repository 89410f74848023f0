"""The saved state of detection: named arrays and the block of the log that they belong to, in one file."""

from __future__ import annotations

import contextlib
import logging
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganzhi.errors import Unavailable

log = logging.getLogger(__name__)

FORMAT = 1
"""Of the file and of what is in it; a file of another format is set aside and the log read anew."""

HEAD = "ganzhi"
"""Name of the array that holds format and block; no array of a state is called so."""

RETRY_AFTER_S = 10.0

Arrays = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class State:
    """Arrays as they were after block `seq`."""

    arrays: Arrays
    seq: int


class StateFile:
    """One file, replaced as a whole: after any death it is the old state or the new one. One thread at a time."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)

    def save(self, state: State) -> int:
        """Replace the file; its size in bytes. Raises Unavailable when the disk is full; the old file then stays."""
        beside = self.path.with_name(self.path.name + ".new")
        head = np.array([FORMAT, state.seq], np.int64)
        try:
            with beside.open("wb") as file:
                np.savez(file, allow_pickle=False, **{HEAD: head}, **state.arrays)
                file.flush()
                os.fsync(file.fileno())
                size = file.tell()
            beside.replace(self.path)
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
            raise Unavailable(f"{self.path}: {error.strerror}", retry_after_s=RETRY_AFTER_S) from error
        return size

    def load(self) -> State | None:
        """The state, or None where there is none; a file that cannot be used is set aside, with a word in the log."""
        if not self.path.exists():
            return None
        try:
            with self.path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
            self.set_aside(f"is damaged ({error})")
            return None
        head = arrays.pop(HEAD, None)
        if head is None or head.shape != (2,) or int(head[0]) != FORMAT:
            self.set_aside("was written by another version")
            return None
        return State(arrays, int(head[1]))

    def set_aside(self, why: str) -> Path:
        """Move the file out of the way, for somebody to look at; where it is now."""
        aside = self.path.with_name(f"{self.path.name}.set-aside")
        self.path.replace(aside)
        log.warning(
            "the saved state of detection %s; it is kept as %s, and the log is read from its start instead",
            why,
            aside.name,
        )
        return aside
