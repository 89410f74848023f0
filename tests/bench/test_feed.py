"""Recordings through the detectors."""

from __future__ import annotations

import numpy as np
import pytest

from bench.detection import feed
from bench.detection.feed import Feed, Recording, rule
from detectors import KINDS
from detectors.rows import Rows
from ganzhi.clock import NS_PER_S
from ganzhi.records import Tier


def recording(name: str, rows: int, channels: int, seed: int, period_s: float = 1.0) -> Recording:
    values = np.random.default_rng(seed).normal(0, 1, (rows, channels))
    return Recording(
        name, np.round(np.arange(rows) * period_s).astype(np.int64) * NS_PER_S, values, np.full(channels, 0.1)
    )


def test_scores_side_by_side_are_those_of_each_recording_alone() -> None:
    recordings = [recording("a", 700, 2, 1), recording("b", 500, 1, 2, period_s=60)]
    recordings[0].values[::7, 1] = np.nan
    together = Feed(recordings).scores("spread")
    for alone, found in zip(recordings, together, strict=True):
        assert found.shape == alone.values.shape
        assert np.array_equal(Feed([alone]).scores("spread")[0], found, equal_nan=True)
    assert np.isnan(together[0][::7, 1]).all()
    assert np.isfinite(together[0][300:, 0]).all()


def test_scores_are_those_of_the_kind_when_fed_reading_by_reading() -> None:
    made = recording("a", 400, 1, 3)
    score = KINDS["shift"].score(rule("shift", 1), period_s=np.ones(1), resolution=made.resolution)
    zero, good = np.zeros(1, np.intp), np.zeros(1, np.uint8)
    by_hand = [
        score.update(Rows(zero, made.time[k : k + 1], made.values[k], good, [0, 1], 0, 0))[1][0] for k in range(400)
    ]
    assert np.array_equal(Feed([made]).scores("shift")[0][:, 0], by_hand, equal_nan=True)


def test_transitions_are_the_same_however_the_rows_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    recordings = [recording("a", 300, 2, 4), recording("b", 200, 1, 5)]
    watched = [rule("value", 3, limit=1.8)]
    found = Feed(recordings).transitions(watched)
    monkeypatch.setattr(feed, "BLOCK_ROWS", 17)
    again = Feed(recordings).transitions(watched)
    key = [(t.point, t.time, t.new) for t in again]
    assert sorted(key) == sorted((t.point, t.time, t.new) for t in found)
    assert {t.point for t in found} == {0, 1, 2}
    assert {t.new for t in found} == {Tier.NONE, Tier.BLUE}


def test_rows_that_are_not_newer_are_not_read() -> None:
    made = recording("a", 100, 1, 6)
    made.time[40:43] = made.time[39]
    found = Feed([made]).scores("value")[0][:, 0]
    assert np.flatnonzero(np.isnan(found)).tolist() == [40, 41, 42]
