"""A detector that ignores the data: alarms at evenly spaced rows. What it scores is the worth of nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detectors.rows import Slots

PHASES = ((np.arange(10) + 0.5) / 10).tolist()
"""For those who want to know what a clock scores on average, wherever it happens to start."""


def ticks(rows: int, alarms: int, first: int = 0, *, phase: float = 0.5) -> Slots:
    """The rows of `alarms` alarms, one in each equal part of the rows from `first` on; intp (alarms,).

    phase  where in its part, from 0 to below 1
    """
    alarms = min(alarms, rows - first)
    return first + ((np.arange(alarms) + phase) * (rows - first) / max(alarms, 1)).astype(np.intp)


def flags(rows: int, alarms: int, flagged: int, first: int = 0, *, phase: float = 0.5) -> NDArray[np.bool_]:
    """As many flagged rows in as many alarms, of one length to a row, evenly spaced from `first` on; bool (rows,)."""
    found = np.zeros(rows, np.bool_)
    flagged = min(flagged, rows - first)
    alarms = min(alarms, flagged)
    if alarms:
        ends = np.cumsum(np.full(alarms, flagged // alarms) + (np.arange(alarms) < flagged % alarms))
        lengths = np.diff(ends, prepend=0)
        between = (rows - first - flagged) / alarms
        starts = first + ((np.arange(alarms) + phase) * between).astype(np.intp) + ends - lengths
        for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
            found[start : start + length] = True
    return found
