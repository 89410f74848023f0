"""Blocks as bytes: whatever goes in comes out, to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ganzhi.records import ReadingBlock, tick
from storage.payload import HEADER, decode, encode, key_and_time
from tests.storage.plant import T0, numbered, rows

INT64 = st.integers(-(2**63), 2**63 - 1)


@st.composite
def blocks(draw: st.DrawFn) -> ReadingBlock:
    n = draw(st.integers(0, 40))
    one_received, one_quality = draw(st.booleans()), draw(st.booleans())
    received = np.sort(draw(arrays.arrays(np.int64, n, elements=INT64)))
    quality = draw(arrays.arrays(np.uint8, n))
    return ReadingBlock(
        draw(arrays.arrays(np.int32, n)),
        draw(arrays.arrays(np.int64, n, elements=INT64)),
        draw(arrays.arrays(np.float64, n)),
        np.full(n, quality[0]) if n and one_quality else quality,
        np.full(n, received[0]) if n and one_received else received,
        draw(INT64),
    )


@given(blocks())
def test_decode_gives_every_bit_back(block: ReadingBlock) -> None:
    found = decode(encode(block, block.point))
    for name in ("point", "time", "value", "quality", "received"):
        given_column, found_column = getattr(block, name), getattr(found, name)
        assert found_column.dtype == given_column.dtype
        assert found_column.tobytes() == given_column.tobytes()
    assert found.now == block.now
    key, time = key_and_time(encode(block, block.point))
    assert (key.tolist(), time.tolist()) == (block.point.tolist(), block.time.tolist())


def test_encode_leaves_out_columns_that_are_all_equal() -> None:
    block = numbered(1_000)
    assert len(encode(block, block.point)) == HEADER.size + 1_000 * (8 + 8 + 4)
    quality = block.quality.copy()
    quality[500] = 1
    received = block.received.copy()
    received[0] -= 1
    mixed = ReadingBlock(block.point, block.time, block.value, quality, received, block.now)
    assert len(encode(mixed, mixed.point)) == HEADER.size + 1_000 * (8 + 8 + 8 + 4 + 1)


def test_encode_takes_columns_that_are_strided() -> None:
    block = numbered(10).rows(slice(None, None, 3))
    assert not block.time.flags.c_contiguous
    assert rows(decode(encode(block, block.point))) == rows(block)


def test_a_tick_is_a_header_alone() -> None:
    payload = encode(tick(T0), tick(T0).point)
    assert len(payload) == HEADER.size
    assert len(decode(payload)) == 0
    assert decode(payload).now == T0


@pytest.mark.parametrize("payload", [b"", b"\x01", b"\x02" + bytes(23)])
def test_decode_refuses_what_no_block_was(payload: bytes) -> None:
    with pytest.raises(ValueError, match="block of"):
        decode(payload)


def test_decode_refuses_a_block_cut_short() -> None:
    block = numbered(10)
    with pytest.raises(ValueError, match="buffer"):
        decode(encode(block, block.point)[:-1])
