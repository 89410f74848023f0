"""The frozen options on NAB's recordings altered, which nothing was chosen to fit: how far the score falls on others.

python -m bench.detection.altered [--data FOLDER]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from bench.detection import nab, nab_score
from bench.detection.feed import Recording
from bench.detection.nab_score import PROFILES, Labels
from bench.quality import SETS, data_folder, options
from ganzhi.records import Floats

EARLY = 150
"""Readings, less than any probation, that the alterations take their scale from."""


def logarithm(value: Floats) -> Floats:
    """Large values nearer to each other, as of a gauge in decibels."""
    early = value[:EARLY]
    low, width = np.quantile(early, 0.01), max(float(early.std()), nab.FINEST)
    found: Floats = np.log1p(np.maximum(value - low, 0.0) / width)
    return found


def root(value: Floats) -> Floats:
    """Half way to it."""
    found: Floats = np.sign(value) * np.sqrt(np.abs(value))
    return found


def noisy(value: Floats) -> Floats:
    """With noise as large as what usually lies between two readings."""
    step = max(float(np.median(np.abs(np.diff(value[:EARLY])))), nab.FINEST)
    found: Floats = value + np.random.default_rng(0).normal(0, step, len(value))
    return found


def smoothed(value: Floats) -> Floats:
    """The mean of each reading and the one before."""
    found: Floats = 0.5 * (value + np.concatenate([value[:1], value[:-1]]))
    return found


def as_it_is(value: Floats) -> Floats:
    """Not altered."""
    return value


ALTERED: Mapping[str, tuple[Callable[[Floats], Floats], slice]] = {
    "as it is": (as_it_is, slice(None)),
    "logarithm": (logarithm, slice(None)),
    "root": (root, slice(None)),
    "noisy": (noisy, slice(None)),
    "smoothed": (smoothed, slice(None)),
    "even rows": (as_it_is, slice(0, None, 2)),
    "odd rows": (as_it_is, slice(1, None, 2)),
}


def alter(recording: Recording, labels: Labels, how: str) -> tuple[Recording, Labels]:
    """A recording and its labels, altered."""
    change, rows = ALTERED[how]
    value = change(recording.values[:, 0])[rows]
    time = recording.time[rows]
    inside = [np.flatnonzero(labels.window == window) for window in np.unique(labels.window[labels.window >= 0])]
    windows = [(int(recording.time[each[0]]), int(recording.time[each[-1]])) for each in inside]
    made = Recording(recording.name, time, value[:, np.newaxis], np.array([nab.step(value)]))
    return made, nab_score.label(time, windows)


def main() -> int:
    """A line for each alteration; the scores by each profile."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the folder of recordings; GANZHI_BENCH_DATA unless given")
    given = parser.parse_args()
    chosen = options()["nab"]
    pairs = list(zip(*nab.read((given.data or data_folder()) / SETS["nab"].folder), strict=True))
    print(f"{'altered':<12}" + "".join(f"{name:>10}" for name in PROFILES))
    for how in ALTERED:
        recordings, corpus = zip(*(alter(*pair, how) for pair in pairs), strict=True)
        sure = nab.confidence(recordings, chosen)
        found = [
            nab_score.score(sure, corpus, profile, chosen["threshold"][name]) for name, profile in PROFILES.items()
        ]
        print(f"{how:<12}" + "".join(f"{score:>10.1f}" for score in found), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
