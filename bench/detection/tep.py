"""TEP: the Tennessee Eastman process; the share of each fault's rows that is found at 1 % of false alarms at most.

The model is fitted to d00_train, its limits are set on the first 480 rows of d00_te. A fault begins at row 160 of its
file; false alarms are counted in the rows before it, and in what more there is of d00_te.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.detection import Judged, Missing
from bench.detection.feed import Recording
from bench.detection.unit import Flags, Table, fitted, flagged, samples, ticking
from ganzhi.clock import NS_PER_S
from ganzhi.figure import Figure, at_least, at_most
from ganzhi.records import Floats

PERIOD_S = 180
FAULT_ROW = 160
LIMIT_ROWS = 480
LEAST_DETECTION, MOST_FAR = 0.9, 0.01


def judge(folder: Path, options: Mapping[str, Any], *, short: bool) -> Judged:
    """All faults by one model of normal running; all of them take seconds, so `short` changes nothing."""
    train, limits, faults, more = recordings(folder)
    model = fitted(train, samples(train), samples(limits), options).model
    apart = [more] if len(more.time) else []
    found = flagged([*faults, *apart], [model] * (len(faults) + len(apart)), options)
    clocks = [ticking(flags) for flags in found]
    figures = _figures(found, clocks, len(faults))
    lines = [f"{'fault':<10}{'found':>7}{'clock':>7}{'false before':>14}"]
    for recording, flags, ticks in zip(faults, found, clocks, strict=False):
        share = f"{flags[FAULT_ROW:].mean():7.3f}{ticks[FAULT_ROW:].mean():7.3f}"
        lines.append(f"{recording.name:<10}{share}{flags[:FAULT_ROW].mean():14.3f}")
    return Judged(figures, lines)


def _figures(found: Sequence[Flags], clocks: Sequence[Flags], faults: int) -> list[Figure]:
    values = []
    for said in (found, clocks):
        detection = float(np.mean([flags[FAULT_ROW:].mean() for flags in said[:faults]]))
        quiet = np.concatenate([*(flags[:FAULT_ROW] for flags in said[:faults]), *said[faults:]])
        values += [detection, float(quiet.mean())]
    return [
        at_least("tep_detection", values[0], "of fault rows", LEAST_DETECTION),
        Figure("tep_detection_clock", values[2], "of fault rows"),
        at_most("tep_far", values[1], "of normal rows", MOST_FAR),
        Figure("tep_far_clock", values[3], "of normal rows"),
    ]


def recordings(folder: Path) -> tuple[Recording, Recording, list[Recording], Recording]:
    """What is fitted to, what sets the limits, the faults, and what is left of normal running, if only no row."""
    training, normal, faults = _files(folder)
    limits, more = (
        _recording("limits", normal, slice(0, LIMIT_ROWS)),
        _recording("more", normal, slice(LIMIT_ROWS, None)),
    )
    return _recording("train", [training]), limits, [_recording(path.stem, [path]) for path in faults], more


def _files(folder: Path) -> tuple[Path, list[Path], list[Path]]:
    normal = sorted(folder.glob("d00*.csv"))
    training = [path for path in normal if "train" in path.stem]
    tests = [path for path in normal if "train" not in path.stem]
    faults = sorted(path for path in folder.glob("d[0-9][0-9]_te*.csv") if not path.stem.startswith("d00"))
    if not training or not tests or not faults:
        raise Missing(f"{folder} needs d00_train*.csv, d00_te*.csv and files of faults such as d01_te.csv")
    return training[0], tests, faults


def _recording(name: str, paths: Sequence[Path], rows: slice = slice(None)) -> Recording:
    values = np.concatenate([_values(path) for path in paths])[rows]
    time = np.arange(1, len(values) + 1) * PERIOD_S * NS_PER_S
    return Recording(name, time, values, np.zeros(values.shape[1]))


def _values(path: Path) -> Floats:
    table = Table.read(path)
    return table.numbers(list(table.columns))
