"""Going on from a snapshot although rules or points have changed: what did not change keeps its state."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from detectors import KINDS
from detectors.jointmodel import JointModel
from detectors.rows import Slots, State
from ganzhi.records import Floats, Int32s, Rule

Snapshot = Mapping[str, NDArray[np.generic]]


def terms(rule: Rule, period_s: Floats, resolution: Floats) -> tuple[str, Floats]:
    """What a score's state depends on: the kind with its options for all points, and float64 (m, k) subject by subject.

    `period_s` and `resolution` are float64 (n_points,), of the whole catalogue. Limits, dead-bands, delays and passing
    options are not in it: the next reading is simply judged by the new ones.
    """
    subjects = rule.subjects
    m = len(subjects)
    plain = [rule.kind]
    columns = [period_s[subjects], resolution[subjects]]
    for name, option in sorted(rule.options.items()):
        if rule.kind in KINDS and name in KINDS[rule.kind].passing:
            continue
        if isinstance(option, np.ndarray):
            plain.append(name)
            columns.append(option.astype(np.float64))
        elif isinstance(option, tuple) and rule.units and all(isinstance(one, JointModel) for one in option):
            plain.append(name)
            columns.append(np.array([one.mark for one in option]))
        else:
            plain.append(f"{name}={option!r}")
    return " ".join(plain), np.column_stack(columns) if m else np.empty((0, len(columns)))


def sources(rule: Rule, now: tuple[str, Floats], snapshot: Snapshot, came_from: Int32s) -> Slots:
    """For every slot of a rule the slot that it had in the snapshot, -1 where it begins anew: int (m,).

    came_from  the index that each point of the catalogue had in the snapshot, -1 for none: int32 (n_points,)
    """
    subjects = rule.subjects
    anew = np.full(len(subjects), -1, np.intp)
    kind, told = snapshot.get(f"{rule.id}.kind"), snapshot.get(f"{rule.id}.terms")
    if kind is None or told is None or str(kind) != now[0] or told.shape[1:] != now[1].shape[1:]:
        return anew
    before = np.asarray(snapshot[f"{rule.id}.points"], np.intp)
    place = np.full(max(before.max(initial=-1), came_from.max(initial=-1)) + 2, -1, np.intp)  # the last: for -1
    place[before] = np.arange(len(before))
    slot = place[came_from[subjects]]
    known = slot >= 0
    same = np.zeros(len(slot), np.bool_)
    pair = now[1][known], np.asarray(told, np.float64)[slot[known]]
    same[known] = ((pair[0] == pair[1]) | (np.isnan(pair[0]) & np.isnan(pair[1]))).all(axis=1)
    if rule.units:
        same &= _same_members(rule, slot, np.asarray(snapshot[f"{rule.id}.members"], np.int32), came_from)
    return np.where(same, slot, anew)


def members(rule: Rule) -> Int32s:
    """The members of a rule's units, a row a unit, filled up with -1: int32 (m, most)."""
    most = max(len(unit.members) for unit in rule.units)
    table = np.full((len(rule.units), most), -1, np.int32)
    for row, unit in zip(table, rule.units, strict=True):
        row[: len(unit.members)] = unit.members
    return table


def _same_members(rule: Rule, slot: Slots, before: Int32s, came_from: Int32s) -> NDArray[np.bool_]:
    now = members(rule)
    width = max(now.shape[1], before.shape[1])
    was = np.full((len(now), width), -1, np.int32)
    known = slot >= 0
    was[known, : before.shape[1]] = before[slot[known]]
    came = np.full_like(was, -1)
    came[:, : now.shape[1]] = np.where(now >= 0, came_from[now], -1)
    new = ((now >= 0) & (came[:, : now.shape[1]] < 0)).any(axis=1)  # not in the snapshot: that is no empty place
    same: NDArray[np.bool_] = (was == came).all(axis=1) & ~new
    return same


def fits(state: State, prefix: str, snapshot: Snapshot) -> bool:
    """Whether what a rule's score remembers is there in the form that it has now, as another version may not."""
    for name, array in state.items():
        if name.startswith("score."):
            saved = snapshot.get(f"{prefix}.{name}")
            if saved is None or saved.dtype != array.dtype or saved.shape[1:] != array.shape[1:]:
                return False
    return True


def carry(state: State, prefix: str, snapshot: Snapshot, slot: Slots, slots_before: int) -> bool:
    """Copy a rule's arrays, row by row where points moved; whether nothing moved and so everything was copied."""
    # Of a rule over units, too, every array has a row a unit.
    kept = slot >= 0
    unmoved = slots_before == len(slot) and bool((slot == np.arange(len(slot))).all())
    for name, array in state.items():
        saved = snapshot.get(f"{prefix}.{name}")
        if saved is None or saved.dtype != array.dtype:
            continue
        if unmoved and saved.shape == array.shape:
            array[...] = saved
        elif len(saved) == slots_before and len(array) == len(slot) and saved.ndim == array.ndim:
            # Of units, the rows are as wide as the largest of them, and the rest of a row is empty.
            whole = slice(None)
            both = (whole, *(slice(min(sizes)) for sizes in zip(saved.shape[1:], array.shape[1:], strict=True)))
            array[both][kept] = saved[both][slot[kept]]
    return unmoved
