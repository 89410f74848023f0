"""Keys of readings in clusters of time, so that a store is asked for many at once and reads little besides."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ganzhi.clock import NS_PER_S
from ganzhi.records import Int64s

SPAN_NS = 10 * NS_PER_S
MOST_SPANS = 200
"""Keys that spread over a longer time are taken in longer spans instead of more of them."""


def clusters(time: Int64s, *, joined: bool) -> list[NDArray[np.intp]]:
    """Indices of `time` (n,), n > 0, by spans of SPAN_NS, each in the order of time; spans that touch are joined."""
    order = np.argsort(time, kind="stable")
    since = time[order] - time[order[0]]
    span = since // max(SPAN_NS, int(since[-1]) // MOST_SPANS + 1)
    return np.split(order, np.flatnonzero(np.diff(span) > (1 if joined else 0)) + 1)
