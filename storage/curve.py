"""A curve of one point for people: its rows, or few enough of them that still show every peak."""

from __future__ import annotations

import numpy as np

from ganzhi.records import Bytes, Floats, Int64s

Curve = tuple[Int64s, Floats, Bytes]
"""time int64 (n,) UTC ns, value float64 (n,), quality uint8 (n,), in the order of time."""


def width_ns(start: int, end: int, most: int) -> int:
    """Width of the buckets of [start, end] when each gives its least and its greatest row: two rows a bucket."""
    if most < 2:
        raise ValueError("most must be at least 2: the least and the greatest row of a bucket")
    return -(-(end - start + 1) // (most // 2))


def in_order(time: Int64s, value: Floats, quality: Bytes) -> Curve:
    """Rows in the order of time; a row that was chosen twice, as least and greatest, once."""
    order = np.lexsort((value, time))
    time, value, quality = time[order], value[order], quality[order]
    if len(time) == 0:
        return time, value, quality
    fresh = np.append(True, (time[1:] != time[:-1]) | (value[1:] != value[:-1]))
    return time[fresh], value[fresh], quality[fresh]
