"""Room for state in large pieces of memory, which the operating system maps in pages of 2 MB and not of 4 kB.

The state of 100,000 points is looked up all over, and with small pages the processor keeps searching for where they
are: the rules of a tank farm ran 8 % slower. numpy asks for large pages from 4 MB on; most arrays here are smaller.
"""

from __future__ import annotations

from threading import Lock
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from ganzhi.records import Floats

Scalar = TypeVar("Scalar", bound=np.generic)

PIECE = 32 << 20
"""Bytes; what is not touched takes no memory."""

SMALL = 64 << 10
LARGE = 4 << 20
"""Arrays below gain nothing, arrays from there on are treated so by numpy."""

LINE = 64
"""Bytes of a cache line, at whose beginning arrays begin."""


class _Rest:
    """What is left of the newest piece; a piece is freed with the last of its arrays."""

    def __init__(self) -> None:
        self._bytes = np.empty(0, np.uint8)
        self._lock = Lock()

    def take(self, size: int) -> NDArray[np.uint8]:
        with self._lock:
            if size > len(self._bytes):
                self._bytes = np.zeros(PIECE, np.uint8)
            taken, self._bytes = self._bytes[:size], self._bytes[size + -size % LINE :]
        return taken


_rest = _Rest()


@overload
def room(m: int, columns: int | None = None, *, filled: float = 0) -> Floats: ...
@overload
def room(m: int, columns: int | None = None, *, dtype: type[Scalar], filled: float = 0) -> NDArray[Scalar]: ...
def room(m: int, columns: int | None = None, *, dtype: Any = np.float64, filled: float = 0) -> NDArray[Any]:
    """An array (m,) or (m, columns) filled with a number, for something that is remembered of each point."""
    shape = (m,) if columns is None else (m, columns)
    kind = np.dtype(dtype)
    size = int(np.prod(shape)) * kind.itemsize
    if not SMALL <= size < LARGE:
        made: NDArray[Any] = np.zeros(shape, kind)
    else:
        made = _rest.take(size).view(kind).reshape(shape)
    if filled:
        made[...] = filled
    return made
