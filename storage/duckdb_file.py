"""One DuckDB file: opened when it is needed, one writer, readers beside it, and what its errors mean to us."""

from __future__ import annotations

import contextlib
import fcntl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb

from ganzhi.errors import ConfigError, Fault, Unavailable

RETRY_AFTER_S = 2.0
MAGIC = b"DUCK"
MAGIC_AT = 8
"""Bytes that every DuckDB file has behind the checksum of its first header (duckdb.org/docs/internals/storage)."""

ANOTHER = "name another file in [store] path"
ASIDE = (
    "move its .wal file aside and start again; if that does not help, put a copy of the file back, or move it aside "
    "too: what the log still holds is then stored anew"
)

CORRUPT = duckdb.Error
"""What a wrong checksum raises: this class itself, of which all others are kinds."""


class DuckDBFile:
    """Gives out its one connection for writing, a transaction at a time, and cursors for reading.

    `prepare` is called in a transaction of its own whenever the file was opened; what it raises closes the file again.
    Raises Unavailable while the disk is full or another program has the file, ConfigError when it is damaged.
    """

    def __init__(self, path: Path, *, memory_limit: str, prepare: Callable[[duckdb.DuckDBPyConnection], None]) -> None:
        self.path = path
        self._memory_limit = memory_limit
        self._prepare = prepare
        self._lock = threading.RLock()
        self._connection: duckdb.DuckDBPyConnection | None = None

    @contextlib.contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A transaction, committed at the end; nothing of it is kept when anything is raised."""
        with self._lock, self._guarded():
            connection = self._opened()
            connection.begin()
            try:
                yield connection
            except duckdb.FatalException:
                raise
            except BaseException:
                connection.rollback()
                raise
            try:
                connection.commit()
            except duckdb.Error as error:
                self._drop()  # what is on the disk now only opening it again can tell
                if isinstance(error, duckdb.TransactionException):  # there is one writer: not a conflict, but the disk
                    raise self._unavailable(error) from error
                raise

    @contextlib.contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor that sees whole blocks, and all of one moment, while another thread writes."""
        with self._guarded():
            with self._lock:
                cursor = self._opened().cursor()
            with contextlib.closing(cursor):
                cursor.begin()
                yield cursor

    def close(self) -> None:
        """Close the file; a later call opens it again."""
        with self._lock:
            self._drop()

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except duckdb.FatalException as error:  # DuckDB wants the file opened anew after it could not write
            self.close()
            raise self._unavailable(error) from error
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            raise self._unavailable(error) from error
        except duckdb.Error as error:
            if type(error) is not CORRUPT:
                raise
            problem = f"{self.path} is damaged ({error}): {ASIDE}"
            raise Unavailable(problem, retry_after_s=RETRY_AFTER_S) from error

    def _opened(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None:
            _require_duckdb(self.path)
            connection = None
            try:
                connection = duckdb.connect(self.path, config={"memory_limit": self._memory_limit})
                connection.begin()
                self._prepare(connection)
                connection.commit()
            except BaseException as error:
                if connection is not None:
                    connection.close()
                if isinstance(error, duckdb.Error):
                    self._require_sound(error)
                raise
            self._connection = connection
        return self._connection

    def _require_sound(self, error: duckdb.Error) -> None:
        if type(error) is not CORRUPT and (_in_use(self.path) or _whole(self.path)):
            return
        problem = f"is damaged: DuckDB cannot open it ({error})"
        raise ConfigError([Fault(str(self.path), problem, ASIDE)]) from error

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _unavailable(self, error: duckdb.Error) -> Unavailable:
        return Unavailable(f"{self.path}: {error}", retry_after_s=RETRY_AFTER_S)


def _require_duckdb(path: Path) -> None:
    if not path.exists() or path.stat().st_size == 0:
        return
    with path.open("rb") as file:
        if file.read(MAGIC_AT + len(MAGIC))[MAGIC_AT:] != MAGIC:
            raise ConfigError([Fault(str(path), "is not a DuckDB file", ANOTHER)])


def _in_use(path: Path) -> bool:
    """Whether another program holds DuckDB's lock, or the operating system lets us not have it."""
    try:
        with path.open("r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    return False


def _whole(path: Path) -> bool:
    """Whether the file opens for reading only and is as long as it says: then it is sound, and lacks room to write."""
    try:
        with duckdb.connect(path, read_only=True) as file:
            [(size_bytes,)] = file.execute("SELECT total_blocks * block_size FROM pragma_database_size()").fetchall()
    except duckdb.Error:
        return False
    return path.stat().st_size >= int(size_bytes)
