"""A detector that ignores the data."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bench.detection.clock import PHASES, flags, ticks
from bench.detection.runs import runs

phases = st.sampled_from([0.0, *PHASES])


@given(rows=st.integers(1, 400), alarms=st.integers(0, 50), first=st.integers(0, 100), phase=phases)
def test_ticks_are_evenly_spaced_and_as_many_as_asked(rows: int, alarms: int, first: int, phase: float) -> None:
    first = min(first, rows)
    found = ticks(rows, alarms, first, phase=phase)
    assert len(found) == min(alarms, rows - first)
    if len(found):
        assert found.min() >= first
        assert found.max() < rows
    spacing = np.diff(found)
    assert len(spacing) == 0 or (spacing.min() >= 1 and spacing.max() - spacing.min() <= 1)


@given(
    rows=st.integers(1, 400),
    alarms=st.integers(0, 20),
    flagged=st.integers(0, 200),
    first=st.integers(0, 100),
    phase=phases,
)
def test_flags_are_as_many_rows_in_as_many_alarms(
    rows: int, alarms: int, flagged: int, first: int, phase: float
) -> None:
    first = min(first, rows)
    found = flags(rows, alarms, flagged, first, phase=phase)
    expected = min(flagged, rows - first)
    assert found.shape == (rows,)
    assert found.sum() == (expected if alarms else 0)
    assert not found[:first].any()
    if rows - first >= expected + 2 * min(alarms, expected):  # room between them
        assert len(runs(found)) == min(alarms, expected)
        lengths = [run.stop - run.start for run in runs(found)]
        assert not lengths or max(lengths) - min(lengths) <= 1
