"""SKAB: a real pump-and-valve rig; the first rows of an experiment are for learning, F1 by rows of all together.

Scored as the leaderboard of waico/SKAB scores outliers: TP, FP, FN and TN are counted over the rows after the first
400 of all experiments; F1 = 2 TP / (2 TP + FP + FN), FAR = FP / (FP + TN), MAR = FN / (FN + TP).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.detection import Judged, Missing
from bench.detection.feed import Recording
from bench.detection.unit import Flags, Table, counts, fitted, flagged, samples, ticking
from ganzhi.figure import Figure, at_least, at_most

LEARNING_ROWS = 400
NOT_CHANNELS = ("datetime", "anomaly", "changepoint")
TIME = "%Y-%m-%d %H:%M:%S"
LEAST_F1, MOST_FAR = 0.78, 0.15


def judge(folder: Path, options: Mapping[str, Any], *, short: bool) -> Judged:
    """Each experiment by a model of its own first rows; all of them take seconds, so `short` changes nothing."""
    recordings, labels = experiments(folder)
    found = flags_of(recordings, options)
    clocks = [ticking(flags, LEARNING_ROWS) for flags in found]
    ours, theirs = counts(found, labels, LEARNING_ROWS), counts(clocks, labels, LEARNING_ROWS)
    figures = [
        at_least("skab_f1", ours.f1, "F1", LEAST_F1),
        Figure("skab_f1_clock", theirs.f1, "F1"),
        at_most("skab_far", ours.far, "of normal rows", MOST_FAR),
        Figure("skab_far_clock", theirs.far, "of normal rows"),
        Figure("skab_mar", ours.mar, "of anomalous rows"),
        Figure("skab_mar_clock", theirs.mar, "of anomalous rows"),
    ]
    return Judged(figures, _details(recordings, found, labels))


def flags_of(recordings: Sequence[Recording], options: Mapping[str, Any]) -> list[Flags]:
    """The rows that are flagged; the limits, too, are set on the learning rows, and so `limit` is far above 1."""
    learning = [samples(recording, slice(0, LEARNING_ROWS)) for recording in recordings]
    models = [fitted(one, first, first, options).model for one, first in zip(recordings, learning, strict=True)]
    return flagged(recordings, models, options)


def _details(recordings: list[Recording], found: list[Flags], labels: list[Flags]) -> list[str]:
    always = counts([np.ones_like(label) for label in labels], labels, LEARNING_ROWS)
    lines = [
        f"rows after the first {LEARNING_ROWS}; always anomalous: F1 {always.f1:.2f}",
        f"{'experiment':<16}{'F1':>6}{'FAR':>7}{'MAR':>7}",
    ]
    for recording, flags, label in zip(recordings, found, labels, strict=True):
        one = counts([flags], [label], LEARNING_ROWS)
        lines.append(f"{recording.name:<16}{one.f1:6.2f}{one.far:7.2f}{one.mar:7.2f}")
    return lines


def experiments(folder: Path) -> tuple[list[Recording], list[Flags]]:
    """Every file with labels; one without, such as the anomaly-free recording, is no experiment."""
    recordings, labels = [], []
    for path in sorted(folder.rglob("*.csv")):
        table = Table.read(path, ";")
        if len(table.columns.get("anomaly", ())) > LEARNING_ROWS:
            channels = [name for name in table.columns if name not in NOT_CHANNELS]
            values, name = table.numbers(channels), f"{path.parent.name}/{path.stem}"
            recordings.append(Recording(name, table.times("datetime", TIME), values, np.zeros(len(channels))))
            labels.append(table.numbers(["anomaly"])[:, 0] > 0)
    if not recordings:
        raise Missing(f"there is no experiment with a column anomaly and more than {LEARNING_ROWS} rows in {folder}")
    return recordings, labels
