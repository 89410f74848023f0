"""A reading block as bytes: a header, then its columns, raw and little-endian. No row is looked at by Python.

Header of 24 bytes: version, flags, quality, count of rows, `now`, first `received`. Columns in the order time,
value, received, point, quality, so that the eight-byte ones stay aligned. `received` and `quality` are left out
where all rows agree, which they nearly always do; the header then holds the one value.
"""

from __future__ import annotations

import struct

import numpy as np

from ganzhi.records import Bytes, Floats, Int32s, Int64s, ReadingBlock

VERSION = 1
HEADER = struct.Struct("<BBBxIqq")
ONE_RECEIVED = 0x01
ONE_QUALITY = 0x02

INT64 = np.dtype("<i8")
FLOAT64 = np.dtype("<f8")
INT32 = np.dtype("<i4")
UINT8 = np.dtype("u1")


def encode(block: ReadingBlock, key: Int32s) -> bytes:
    """The block as bytes, its points named by `key` (n,) int32 instead of `block.point`."""
    n = len(key)
    if n == 0:
        return HEADER.pack(VERSION, ONE_RECEIVED | ONE_QUALITY, 0, 0, block.now, block.now)
    received, quality = block.received, block.quality
    one_received = bool(received[0] == received[-1])  # never falling, so equal ends are equal throughout
    one_quality = bool((quality == quality[0]).all())
    flags = (ONE_RECEIVED if one_received else 0) | (ONE_QUALITY if one_quality else 0)
    parts = [
        HEADER.pack(VERSION, flags, int(quality[0]), n, block.now, int(received[0])),
        block.time.astype(INT64, copy=False).tobytes(),
        block.value.astype(FLOAT64, copy=False).tobytes(),
    ]
    if not one_received:
        parts.append(received.astype(INT64, copy=False).tobytes())
    parts.append(key.astype(INT32, copy=False).tobytes())
    if not one_quality:
        parts.append(quality.astype(UINT8, copy=False).tobytes())
    return b"".join(parts)


def decode(payload: bytes) -> ReadingBlock:
    """The block with its points named by key; its arrays are read-only views of `payload` where they can be.

    Raises ValueError where the bytes are of another version or cut short.
    """
    flags, quality, n, now, received = _header(payload)
    at = HEADER.size
    time: Int64s = np.frombuffer(payload, INT64, n, at)
    at += 8 * n
    value: Floats = np.frombuffer(payload, FLOAT64, n, at)
    at += 8 * n
    if flags & ONE_RECEIVED:
        received_column: Int64s = np.full(n, received, np.int64)
    else:
        received_column = np.frombuffer(payload, INT64, n, at)
        at += 8 * n
    key: Int32s = np.frombuffer(payload, INT32, n, at)
    at += 4 * n
    quality_column: Bytes = (
        np.full(n, quality, np.uint8) if flags & ONE_QUALITY else np.frombuffer(payload, UINT8, n, at)
    )
    return ReadingBlock(key, time, value, quality_column, received_column, now)


def key_and_time(payload: bytes) -> tuple[Int32s, Int64s]:
    """Only the two columns that name a reading, for looking one up."""
    flags, _, n, _, _ = _header(payload)
    at = HEADER.size + (16 if flags & ONE_RECEIVED else 24) * n
    return np.frombuffer(payload, INT32, n, at), np.frombuffer(payload, INT64, n, HEADER.size)


def values(payload: bytes) -> Floats:
    """Only the column of values."""
    n = _header(payload)[2]
    return np.frombuffer(payload, FLOAT64, n, HEADER.size + 8 * n)


def _header(payload: bytes) -> tuple[int, int, int, int, int]:
    if len(payload) < HEADER.size:
        raise ValueError(f"a block of {len(payload)} bytes is cut short")
    version, flags, quality, n, now, received = HEADER.unpack_from(payload)
    if version != VERSION:
        raise ValueError(f"a block of format {version}; this program reads format {VERSION}")
    return flags, quality, n, now, received
