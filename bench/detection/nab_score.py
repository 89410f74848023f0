"""The score of the Numenta Anomaly Benchmark, for detectors that say at every row how sure they are.

A row whose confidence reaches the threshold is a detection. In a labelled window only the first counts, and more the
earlier it is; outside each costs, little when a window has just ended. What comes in the first part of a recording is
not read. One threshold serves the whole corpus; 0 is what silence scores and 100 a detection at the first row of every
window, and nothing else.

Sources: Lavin and Ahmad, Evaluating Real-time Anomaly Detection Algorithms - the Numenta Anomaly Benchmark, ICMLA 2015,
and the scorer of NAB 1.0 and later where the paper leaves it open: the weights, the probation, the rows between which a
position is taken, and the scale on which the first row of a window is worth 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detectors.rows import Slots
from ganzhi.records import Floats, Int64s

PROBATION, PROBATION_ROWS = 0.15, 750
"""The part of a recording that is not scored, and the most of it."""

STEEPNESS = 5.0
FAR_BEHIND = 3.0
"""Widths of a window after its end from which on a detection costs all."""

OUTSIDE = -1


@dataclass(frozen=True, slots=True)
class Profile:
    """What an application makes of a false detection and of a missed window, where a window found is worth 1."""

    false: float
    missed: float


PROFILES = {
    "standard": Profile(false=0.11, missed=1.0),
    "low_fp": Profile(false=0.22, missed=1.0),
    "low_fn": Profile(false=0.11, missed=2.0),
}


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """A recording as the scorer reads it.

    window   intp (n,), the number of the window that holds a row, OUTSIDE where none does
    worth    float64 (n,), of a detection there: 0 to 1 in a window, -1 to 0 outside
    first    the first row that is scored
    windows  how many of them hold a row that is scored
    """

    window: Slots
    worth: Floats
    first: int
    windows: int


def sigmoid(position: Floats) -> Floats:
    """1 long before 0, 0 at 0, -1 long after; `position` in widths of a window."""
    scaled: Floats = 2.0 / (1.0 + np.exp(STEEPNESS * position)) - 1.0
    return scaled


def probation(rows: int) -> int:
    """How many rows at the beginning are not scored."""
    return min(int(PROBATION * rows), PROBATION_ROWS)


def label(time: Int64s, windows: Sequence[tuple[int, int]]) -> Labels:
    """Labels of the rows at `time` (n,) from the times of each window's first and last row."""
    n = len(time)
    row = np.arange(n)
    window = np.full(n, OUTSIDE, np.intp)
    worth = np.full(n, -1.0)
    top = sigmoid(np.array(-1.0))
    for number, (begin, end) in enumerate(sorted(windows)):
        inside = np.flatnonzero((time >= begin) & (time <= end))
        if not len(inside):
            continue
        first, last = int(inside[0]), int(inside[-1])
        width = last - first + 1
        window[first : last + 1] = number
        worth[first : last + 1] = sigmoid(-(last - row[first : last + 1] + 1) / width) / top
        behind = (row[last + 1 :] - last) / max(width - 1, 1)
        worth[last + 1 :] = np.where(behind < FAR_BEHIND, sigmoid(behind), -1.0)
    start = probation(n)
    found = np.unique(window[start:])
    return Labels(window, worth, start, int(np.count_nonzero(found != OUTSIDE)))


def score(confidence: Sequence[Floats], corpus: Sequence[Labels], profile: Profile, threshold: float) -> float:
    """The corpus's score at this threshold; `confidence` float64 (n,) a recording, NaN for none."""
    return float(_by_threshold(confidence, corpus, profile, np.array([threshold]))[0])


def best(confidence: Sequence[Floats], corpus: Sequence[Labels], profile: Profile) -> tuple[float, float]:
    """The highest score that any one threshold gives, and that threshold: what the benchmark itself publishes."""
    said = [given[labels.first :] for given, labels in zip(confidence, corpus, strict=True)]
    thresholds = np.unique(np.concatenate(said))
    thresholds = np.append(thresholds[np.isfinite(thresholds)], np.inf)
    scores = _by_threshold(confidence, corpus, profile, thresholds)
    place = int(np.argmax(scores))
    return float(scores[place]), float(thresholds[place])


def detections(confidence: Floats, labels: Labels, threshold: float) -> tuple[int, int, int]:
    """Windows found, detections outside windows, and detections in all, of one recording."""
    with np.errstate(invalid="ignore"):
        found = np.flatnonzero(confidence[labels.first :] >= threshold) + labels.first
    window = labels.window[found]
    inside = window[window != OUTSIDE]
    return len(np.unique(inside)), len(window) - len(inside), len(window)


def _by_threshold(
    confidence: Sequence[Floats], corpus: Sequence[Labels], profile: Profile, thresholds: Floats
) -> Floats:
    # From the surest row down: what it adds is the cost of a false one, or what a window is now worth more.
    total = np.zeros(len(thresholds))
    windows = sum(labels.windows for labels in corpus)
    for given, labels in zip(confidence, corpus, strict=True):
        sure = given[labels.first :]
        known = np.flatnonzero(np.isfinite(sure))
        order = known[np.argsort(-sure[known], kind="stable")]
        window, worth = labels.window[labels.first :][order], labels.worth[labels.first :][order]
        adds = np.where(window == OUTSIDE, worth * profile.false, 0.0)
        for number in np.unique(window[window != OUTSIDE]):
            own = np.flatnonzero(window == number)
            highest = np.maximum.accumulate(worth[own])
            adds[own] = np.diff(highest, prepend=-profile.missed)
        sums = np.concatenate([[0.0], np.cumsum(adds)])
        total += sums[np.searchsorted(-sure[order], -thresholds, side="right")]
    silence = windows * profile.missed
    scaled: Floats = 100.0 * total / (windows + silence)
    return scaled
