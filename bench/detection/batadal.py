"""BATADAL: a water network under attack; how soon and for how long the attacks are seen.

Scored as Taormina et al., J. Water Resour. Plann. Manage. 144 (2018) 04018048, with a weight of one half:
S = 0.5 S_TTD + 0.5 S_CLF; S_TTD = 1 - mean over attacks of (hours to the first alarm / hours of the attack), or 1 for
an attack without alarm; S_CLF = (TPR + TNR) / 2 by hours.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bench.detection import Judged, Missing
from bench.detection.feed import Recording
from bench.detection.runs import count, events_found, false_runs, runs
from bench.detection.unit import Flags, Table, fitted, flagged, samples, ticking
from detectors.sampler import Samples
from ganzhi.figure import Figure, at_least

LABEL, TIME, FORM = "ATT_FLAG", "DATETIME", "%d/%m/%y %H"
ATTACK = 1
"""Other labels, 0 and -999, are hours without a known attack."""

RESOLUTION = 0.01
"""Decimals of the file with attacks, in m, L/s; that of normal running has more and is rounded alike."""

HELD_BACK = 0.4
LEAST_S = 0.9


def judge(folder: Path, options: Mapping[str, Any], *, short: bool) -> Judged:
    """Every file with attacks by a model of the longest one without."""
    normal, attacked = recordings(folder)
    model = fitted(normal, *parts(normal), options).model
    found = flagged([recording for recording, _ in attacked], [model] * len(attacked), options)
    lines, figures = [], []
    scores, clocks, false = [], [], 0
    for (recording, label), flags in zip(attacked, found, strict=True):
        scores.append(score(flags, label))
        clocks.append(score(ticking(flags), label))
        false += false_runs(flags, label)
        lines += _details(recording, flags, label)
    figures = [
        at_least("batadal_s", float(np.mean(scores)), "S", LEAST_S),
        Figure("batadal_s_clock", float(np.mean(clocks)), "S"),
        Figure("batadal_false_runs", false, "runs"),
    ]
    return Judged(figures, lines)


def recordings(folder: Path) -> tuple[Recording, list[tuple[Recording, Flags]]]:
    """The longest file without attacks, and those with some and when."""
    every = [_recording(path) for path in sorted(folder.glob("*.csv"))]
    normal = [recording for recording, label in every if not label.any()]
    attacked = [(recording, label) for recording, label in every if label.any()]
    if not normal or not attacked:
        raise Missing(f"{folder} needs CSV files with a column {LABEL}, one without attacks and one with some")
    return max(normal, key=lambda recording: len(recording.time)), attacked


def parts(normal: Recording) -> tuple[Samples, Samples]:
    """What is fitted to, and what sets the limits."""
    begin = round(len(normal.time) * (1 - HELD_BACK))
    return samples(normal, slice(None, begin)), samples(normal, slice(begin, None))


def score(flags: Flags, label: Flags) -> float:
    """S of the competition; bool (hours,) each."""
    return 0.5 * timeliness(flags, label) + 0.25 * (count(flags, label).recall + 1 - count(flags, label).far)


def timeliness(flags: Flags, label: Flags) -> float:
    """S_TTD: 1 where every attack is seen in its first hour, 0 where none is seen."""
    late = []
    for attack in runs(label):
        seen = np.flatnonzero(flags[attack])
        late.append(int(seen[0]) / (attack.stop - attack.start) if len(seen) else 1.0)
    return 1 - float(np.mean(late))


def _details(recording: Recording, flags: Flags, label: Flags) -> list[str]:
    one = count(flags, label)
    parts = f"S_TTD {timeliness(flags, label):.3f}, TPR {one.recall:.3f}, TNR {1 - one.far:.3f}"
    seen_of = f"{events_found(flags, label)} of {len(runs(label))} attacks seen"
    lines = [f"{recording.name}: {seen_of}, {parts}, {int((~label).sum())} hours without attack"]
    for attack in runs(label):
        seen = np.flatnonzero(flags[attack])
        after = f"after {seen[0]} h" if len(seen) else "never"
        lines.append(f"  attack of {attack.stop - attack.start} h: seen {after}, in {flags[attack].mean():.0%} of it")
    return lines


def _recording(path: Path) -> tuple[Recording, Flags]:
    table = Table.read(path)
    channels = sorted(set(table.columns) - {LABEL, TIME})
    values = np.round(table.numbers(channels) / RESOLUTION) * RESOLUTION
    label = table.numbers([LABEL])[:, 0] == ATTACK
    return Recording(path.stem, table.times(TIME, FORM), values, np.full(len(channels), RESOLUTION)), label
