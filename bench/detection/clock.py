"""A detector that ignores the data: alarms at evenly spaced rows. What it scores is the worth of nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detectors.rows import Slots


def ticks(rows: int, alarms: int, first: int = 0) -> Slots:
    """The rows of `alarms` alarms, each in the middle of its part of the rows from `first` on; intp (alarms,)."""
    alarms = min(alarms, rows - first)
    return first + ((np.arange(alarms) + 0.5) * (rows - first) / max(alarms, 1)).astype(np.intp)


def flags(rows: int, alarms: int, flagged: int, first: int = 0) -> NDArray[np.bool_]:
    """As many flagged rows in as many alarms, of one length to a row, evenly spaced from `first` on; bool (rows,)."""
    found = np.zeros(rows, np.bool_)
    flagged = min(flagged, rows - first)
    alarms = min(alarms, flagged)
    if alarms:
        ends = np.cumsum(np.full(alarms, flagged // alarms) + (np.arange(alarms) < flagged % alarms))
        lengths = np.diff(ends, prepend=0)
        between = (rows - first - flagged) / alarms
        starts = first + ((np.arange(alarms) + 0.5) * between).astype(np.intp) + ends - lengths
        for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
            found[start : start + length] = True
    return found
