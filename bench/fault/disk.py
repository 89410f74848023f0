"""The disk under the platform's folder: small, so that it can be filled and emptied.

A memory file system of its own where it may be mounted; else a limit on the size of the files that the platform's
process may write, which fails in the same place and the same way for it.
"""

from __future__ import annotations

import os
import resource
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

LIMIT_BYTES = 64 * 1024
"""While a limited disk is "full", no file may grow beyond this: less than the log has after its first second."""
FILL = "fill"


class Disk:
    """A folder with a size of its own. `kind` says which way it is: "tmpfs" or "limit".

    size_bytes  of the memory file system; None: there is to be none
    """

    def __init__(self, folder: Path, *, size_bytes: int | None) -> None:
        self.folder = folder
        self.kind = "limit"
        self.full = False
        self._size_bytes = size_bytes
        self._process = 0

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._size_bytes is None:
            return self
        options = f"size={self._size_bytes}"
        mount = ["mount", "-t", "tmpfs", "-o", options, "ganzhi-chaos", str(self.folder)]
        try:
            done = subprocess.run(mount, capture_output=True, check=False)
        except FileNotFoundError:
            return self
        self.kind = "tmpfs" if done.returncode == 0 else "limit"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.kind == "tmpfs":
            subprocess.run(["umount", "-l", str(self.folder)], check=True)

    def started(self, process: int) -> None:
        """The platform has a new process, which finds the disk as it is."""
        self._process = process
        if self.full and self.kind == "limit":
            self._limit(LIMIT_BYTES)

    def fill(self) -> None:
        """Leave no room; call it again for what was freed meanwhile."""
        self.full = True
        if self.kind == "limit":
            self._limit(LIMIT_BYTES)
            return
        with (self.folder / FILL).open("ab") as file:
            while free := os.statvfs(self.folder).f_bavail * os.statvfs(self.folder).f_frsize:
                try:
                    os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), free)
                except OSError:  # somebody was faster
                    continue

    def free(self) -> None:
        """Give the room back."""
        self.full = False
        if self.kind == "limit":
            self._limit(resource.RLIM_INFINITY)
        else:
            (self.folder / FILL).unlink(missing_ok=True)

    def _limit(self, size_bytes: int) -> None:
        try:
            _, hard = resource.prlimit(self._process, resource.RLIMIT_FSIZE)
            resource.prlimit(self._process, resource.RLIMIT_FSIZE, (size_bytes, hard))
        except ProcessLookupError:  # killed meanwhile: the next one is told when it starts
            return
