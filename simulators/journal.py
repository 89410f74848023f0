"""The file behind a gateway's buffer: what was added is there again after the process was killed at any byte.

A folder of segments, each a run of records behind a checksum: messages, and marks that say up to where all is done.
A record is handed to the operating system before `add` returns, so a killed process loses nothing; `sync`, called
once a second, brings it to the disk, so a power cut costs about the last second. A segment is deleted once all its
messages are done. Every start begins a new segment: nothing is ever written behind a damaged place.
"""

from __future__ import annotations

import contextlib
import logging
import os
import struct
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ganzhi.errors import ConfigError, Fault, Unavailable

log = logging.getLogger(__name__)

RECORD = struct.Struct("<IIBQQ")
"""Checksum of all that follows, bytes of the body, kind, and two numbers."""
CHECKED_FROM = 4
MESSAGE, DONE, RECEIPT, REFUSED = 1, 2, 3, 4
"""MESSAGE and REFUSED: first and last number. DONE and RECEIPT: all up to the first number is done, numbers were given
up to the second; RECEIPT says also that a receipt was heard once."""
SEGMENTS = 8
"""A full buffer fills about so many segments."""
MOST_SEGMENT_BYTES = 8 * 2**20
RETRY_AFTER_S = 5.0


@dataclass(slots=True)
class Kept:
    """What a journal held when it was opened: (first, last, lines) of each message not done, oldest first."""

    messages: list[tuple[int, int, bytes]] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)
    last: int = 0
    done: int = 0
    heard: bool = False
    damaged: bool = False


class Journal:
    """Appends messages and marks to segments in `folder`; one process at a time. Methods may be called by any thread.

    Opening raises ConfigError for a folder that cannot be used, adding raises Unavailable when the disk is full.
    """

    def __init__(self, folder: Path, size_bytes: int) -> None:
        self._folder = folder
        self._segment_bytes = min(MOST_SEGMENT_BYTES, max(1, size_bytes // SEGMENTS))
        self._segments: list[tuple[Path, int]] = []  # and the last number of a message in it
        self._path, self._file, self._lock_file = folder / f"{0:09d}.journal", -1, -1
        self._size = self._newest = 0
        self._mark = (DONE, 0, 0)
        self._unsynced = self._complained = False
        self._guard = threading.Lock()

    def open(self) -> Kept:
        """Read what is kept, cut off what is damaged, and begin a new segment."""
        kept = Kept()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock()
            for path in sorted(self._folder.glob("*.journal")):
                before = kept.last
                self._read(path, kept)
                self._segments.append((path, kept.last if kept.last > before else 0))
                self._path = path
            self._mark = (RECEIPT if kept.heard else DONE, kept.done, kept.last)
            self._begin()
        except OSError as error:
            self.close()
            raise ConfigError([Fault("folder", f"{self._folder} cannot keep messages: {error}")]) from error
        kept.messages = [m for m in kept.messages if m[1] > kept.done and m[0] not in kept.refused]
        self._tidy()
        return kept

    def add(self, first: int, last: int, lines: bytes) -> None:
        """Keep a message; raises Unavailable, having kept nothing, when it cannot be written."""
        with self._guard:
            try:
                if self._size >= self._segment_bytes:
                    self._begin()
                self._write(MESSAGE, first, last, lines)
            except OSError as error:
                raise Unavailable(
                    f"{self._folder} cannot keep another message: {error}", retry_after_s=RETRY_AFTER_S
                ) from error
            self._newest = last
            self._mark = (self._mark[0], self._mark[1], last)

    def done(self, upto: int, last: int, heard: bool) -> None:
        """All numbers up to `upto` are done; `last` was given last."""
        with self._guard:
            self._mark = (RECEIPT if heard else DONE, max(upto, self._mark[1]), max(last, self._mark[2]))
            self._note(*self._mark)
            with contextlib.suppress(OSError):  # it stays until the next start
                self._tidy()

    def refused(self, first: int, last: int) -> None:
        """A message is not to be sent again."""
        with self._guard:
            self._note(REFUSED, first, last)

    def sync(self) -> None:
        """Bring to the disk what was written, without holding up `add`; a disk that fails is told once."""
        with self._guard:
            if not self._unsynced or self._file < 0:
                return
            self._unsynced = False
            file = os.dup(self._file)
        try:
            os.fsync(file)
        except OSError as error:
            self._complain(error)
        finally:
            os.close(file)

    def close(self) -> None:
        self.sync()
        with self._guard:
            for file in (self._file, self._lock_file):
                if file >= 0:
                    os.close(file)
            self._file = self._lock_file = -1

    def _lock(self) -> None:
        self._lock_file = os.open(self._folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        with contextlib.suppress(ImportError):  # a system without file locks
            import fcntl

            try:
                fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise OSError("another process uses it") from error

    def _begin(self) -> None:
        """A new segment; it opens with the mark, so that older ones may go."""
        number = 1 + int(self._path.stem)
        path = self._folder / f"{number:09d}.journal"
        file = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
        before, newest = (self._file, self._path), self._newest
        self._file, self._path = file, path
        self._size = self._newest = 0
        if before[0] >= 0:
            self._segments.append((before[1], newest))
            try:
                os.fsync(before[0])
            finally:
                os.close(before[0])
        self._write(*self._mark)

    def _write(self, kind: int, first: int, last: int, body: bytes = b"") -> None:
        head = RECORD.pack(0, len(body), kind, first, last)[CHECKED_FROM:] + body
        record = zlib.crc32(head).to_bytes(CHECKED_FROM, "little") + head
        written = os.write(self._file, record)
        if written != len(record):
            os.ftruncate(self._file, self._size)
            raise OSError(f"only {written} of {len(record)} bytes could be written")
        self._size += written
        self._unsynced = True

    def _note(self, kind: int, first: int, last: int) -> None:
        try:
            self._write(kind, first, last)
        except OSError as error:  # after a restart more than necessary is sent again, that is all
            self._complain(error)

    def _complain(self, error: OSError) -> None:
        if not self._complained:
            log.error("%s cannot be written: %s", self._folder, error)
        self._complained = True

    def _tidy(self) -> None:
        """Delete the segments, from the oldest, whose messages are all done."""
        while self._segments and self._segments[0][1] <= self._mark[1]:
            self._segments.pop(0)[0].unlink(missing_ok=True)

    def _read(self, path: Path, kept: Kept) -> None:
        data, good = path.read_bytes(), 0
        for kind, first, last, body in _records(data):
            good += RECORD.size + len(body)
            kept.last = max(kept.last, last)
            if kind == MESSAGE:
                kept.messages.append((first, last, body))
            elif kind == REFUSED:
                kept.refused.add(first)
            else:
                kept.done = max(kept.done, first)
                kept.heard = kept.heard or kind == RECEIPT
        if good < len(data):
            kept.damaged = True
            log.warning("%s: %d damaged bytes at its end were cut off; all before is kept", path, len(data) - good)
            os.truncate(path, good)


def _records(data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """(kind, first, last, body) until the first that is incomplete or whose checksum is wrong."""
    start = 0
    while start + RECORD.size <= len(data):
        checksum, size, kind, first, last = RECORD.unpack_from(data, start)
        end = start + RECORD.size + size
        if end > len(data) or zlib.crc32(data[start + CHECKED_FROM : end]) != checksum:
            return
        yield kind, first, last, data[start + RECORD.size : end]
        start = end
