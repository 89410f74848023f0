"""Rows flagged against rows labelled."""

from __future__ import annotations

import numpy as np
import pytest

from bench.detection.runs import Counts, count, events_found, false_runs, runs

SAID = np.array([0, 1, 1, 0, 0, 1, 0, 1, 1, 1], bool)
TRUTH = np.array([0, 0, 1, 1, 0, 0, 1, 0, 1, 1], bool)


def test_counts_and_rates_are_those_worked_out_by_hand() -> None:
    found = count(SAID, TRUTH)
    assert found == Counts(hit=3, false=3, missed=2, quiet=2)
    assert found.precision == 0.5
    assert found.recall == 0.6
    assert found.f1 == pytest.approx(2 * 0.5 * 0.6 / 1.1)
    assert found.far == 0.6
    assert found.mar == 0.4
    assert found + found == Counts(6, 6, 4, 4)


def test_nothing_said_is_0_and_no_division_by_it() -> None:
    nothing = count(np.zeros(4, bool), np.zeros(4, bool))
    assert (nothing.f1, nothing.precision, nothing.recall, nothing.far, nothing.mar) == (0, 0, 0, 0, 0)


def test_runs_are_stretches_of_flagged_rows() -> None:
    assert runs(SAID) == [slice(1, 3), slice(5, 6), slice(7, 10)]
    assert runs(np.zeros(3, bool)) == []
    assert runs(np.ones(3, bool)) == [slice(0, 3)]


def test_events_and_false_runs_are_counted_by_stretch() -> None:
    assert events_found(SAID, TRUTH) == 2
    assert false_runs(SAID, TRUTH) == 1
