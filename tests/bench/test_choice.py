"""A choice on one half, judged on the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.detection.choice import Outcome, halves


def outcome(merits: Sequence[float], false: float = 0.0) -> Outcome:
    return Outcome(lambda parts: float(np.mean([merits[part] for part in parts])), lambda parts: false)


def test_what_is_good_on_one_half_only_is_seen_through() -> None:
    lucky, steady, loud = outcome([1.0, 0.0]), outcome([0.6, 0.6]), outcome([1.0, 1.0], false=0.5)
    chosen, kept = halves(2, [lucky, steady, loud], steady, most=0.1)
    assert set(chosen[:, 0]) == {0.0, 0.6}  # chosen on the first part lucky is best, and on the second steady
    assert not chosen[:, 1].any()
    assert set(kept[:, 0]) == {0.6}


def test_the_best_is_chosen_of_all_when_all_are_too_loud() -> None:
    chosen, _ = halves(2, [outcome([0.2, 0.2], false=0.5), outcome([0.9, 0.9], false=0.4)], outcome([0, 0]), most=0.1)
    assert set(chosen[:, 0]) == {0.9}
