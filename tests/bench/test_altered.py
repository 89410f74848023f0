"""Recordings altered."""

from __future__ import annotations

import numpy as np
import pytest

from bench.detection.altered import ALTERED, alter
from bench.detection.feed import Recording
from bench.detection.nab_score import label

TIME = np.arange(1000) * 300_000_000_000
VALUE = np.random.default_rng(1).normal(10, 1, 1000)
RECORDING = Recording("made", TIME, VALUE[:, np.newaxis], np.full(1, 0.01))
LABELS = label(TIME, [(int(TIME[401]), int(TIME[450])), (int(TIME[800]), int(TIME[899]))])


@pytest.mark.parametrize("how", ALTERED)
def test_windows_stay_where_they_were_in_time(how: str) -> None:
    recording, labels = alter(RECORDING, LABELS, how)
    assert labels.windows == 2
    for window in (0, 1):
        rows, before = np.flatnonzero(labels.window == window), np.flatnonzero(LABELS.window == window)
        assert abs(recording.time[rows[0]] - TIME[before[0]]) <= 300_000_000_000
        assert abs(recording.time[rows[-1]] - TIME[before[-1]]) <= 300_000_000_000
    assert np.isfinite(recording.values).all()
    assert np.array_equal(recording.values[:, 0], VALUE) == (how == "as it is")


def test_the_order_of_values_stays_when_the_scale_changes() -> None:
    for how in ("logarithm", "root"):
        recording, _ = alter(RECORDING, LABELS, how)
        assert (np.diff(recording.values[np.argsort(VALUE), 0]) >= 0).all(), how
