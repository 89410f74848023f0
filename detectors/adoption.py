"""Going on from a snapshot although rules or points have changed: what did not change keeps its state."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from detectors import KINDS
from detectors.rows import Slots, State
from ganzhi.records import Floats, Int32s, Rule

Snapshot = Mapping[str, NDArray[np.generic]]


def terms(rule: Rule, period_s: Floats, resolution: Floats) -> tuple[str, Floats]:
    """What a score's state depends on: the kind with its options for all points, and float64 (m, k) point by point.

    Limits, dead-bands, delays and passing options are not in it: the next reading is simply judged by the new ones.
    """
    m = len(rule.points)
    plain = [rule.kind]
    columns = [period_s, resolution]
    for name, option in sorted(rule.options.items()):
        if name in KINDS[rule.kind].passing:
            continue
        if isinstance(option, np.ndarray):
            plain.append(name)
            columns.append(option.astype(np.float64))
        else:
            plain.append(f"{name}={option!r}")
    return " ".join(plain), np.column_stack(columns) if m else np.empty((0, len(columns)))


def sources(rule: Rule, now: tuple[str, Floats], snapshot: Snapshot, came_from: Int32s) -> Slots:
    """For every slot of a rule the slot that it had in the snapshot, -1 where it begins anew: int (m,).

    came_from  the index that each point of the catalogue had in the snapshot, -1 for none: int32 (n_points,)
    """
    anew = np.full(len(rule.points), -1, np.intp)
    kind, told = snapshot.get(f"{rule.id}.kind"), snapshot.get(f"{rule.id}.terms")
    if kind is None or told is None or str(kind) != now[0] or told.shape[1:] != now[1].shape[1:]:
        return anew
    before = np.asarray(snapshot[f"{rule.id}.points"], np.intp)
    place = np.full(max(before.max(initial=-1), came_from.max(initial=-1)) + 2, -1, np.intp)  # the last: for -1
    place[before] = np.arange(len(before))
    slot = place[came_from[rule.points]]
    known = slot >= 0
    same = np.zeros(len(slot), np.bool_)
    pair = now[1][known], np.asarray(told, np.float64)[slot[known]]
    same[known] = ((pair[0] == pair[1]) | (np.isnan(pair[0]) & np.isnan(pair[1]))).all(axis=1)
    return np.where(same, slot, anew)


def carry(state: State, prefix: str, snapshot: Snapshot, slot: Slots, slots_before: int) -> bool:
    """Copy a rule's arrays, row by row where points moved; whether nothing moved and so everything was copied."""
    kept = slot >= 0
    unmoved = slots_before == len(slot) and bool((slot == np.arange(len(slot))).all())
    for name, array in state.items():
        saved = snapshot.get(f"{prefix}.{name}")
        if saved is None or saved.dtype != array.dtype:
            continue
        if unmoved and saved.shape == array.shape:
            array[...] = saved
        elif len(saved) == slots_before and len(array) == len(slot) and saved.shape[1:] == array.shape[1:]:
            array[kept] = saved[slot[kept]]
    return unmoved
