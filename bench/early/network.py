"""Levels and pressures of BATADAL's water network, as far as they leave the range of its year of normal operation."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from bench.early.series import Kind, accidents, ordinary
from ganzhi.errors import ConfigError, Fault
from ganzhi.records import Floats

PERIOD_S = 3_600.0
RESOLUTION = 0.001
MARGIN = 0.01
"""Of the normal year's range, by which the limits lie outside it."""
QUIET = 24
"""Readings inside the limit before a crossing counts as a new one; and that are kept before its approach."""
BEFORE = 24 * 14
LEAST = 2
"""Readings of an approach before its crossing: from fewer nothing can be foreseen."""

WHERE = "it is in the repository scy-phy/www.batadal.net (CC BY 4.0); GANZHI_BENCH_DATA names the folder above BATADAL"


def kinds(folder: Path) -> tuple[list[Kind], int]:
    """Level and pressure; and how many crossings were jumps, of which there was no time to be had."""
    names, normal = _read(folder / "BATADAL" / "dataset03.csv")
    other, attacked = _read(folder / "BATADAL" / "dataset04.csv")
    if names != other:
        raise ConfigError([Fault(str(folder), "the columns of dataset03 and dataset04 differ", WHERE)])
    found, jumps = [], 0
    for name, letter in (("batadal_level", "L_"), ("batadal_pressure", "P_")):
        mine = [i for i, column in enumerate(names) if column.startswith(letter)]
        kind, jumped = _kind(name, normal[mine], attacked[mine])
        found.append(kind)
        jumps += jumped
    return found, jumps


def _kind(name: str, normal: Floats, attacked: Floats) -> tuple[Kind, int]:
    calm, there = np.concatenate([normal, -normal]), np.concatenate([attacked, -attacked])
    span = normal.max(axis=1) - normal.min(axis=1)
    usual, target = np.median(calm, axis=1), calm.max(axis=1) + MARGIN * np.concatenate([span, span])
    rows, onsets, which = [], [], []
    jumps = 0
    for i, signal in enumerate(there):
        for over in _crossings(signal, target[i]):
            onset = _approach(signal, over)
            if over - onset < LEAST:
                jumps += 1
                continue
            first = max(0, onset - BEFORE)
            row = np.full(2 * BEFORE, signal[over])
            row[: over + 1 - first] = signal[first : over + 1]
            rows.append(row)
            onsets.append(onset - first)
            which.append(i)
    found = ordinary(PERIOD_S, RESOLUTION, np.array(rows).reshape(-1, 2 * BEFORE), target[which], usual[which])
    quiet = ordinary(PERIOD_S, RESOLUTION, calm, target, usual)
    return Kind(name, quiet, accidents(found, np.array(onsets, np.intp))), jumps


def _crossings(signal: Floats, limit: float) -> list[int]:
    past = np.flatnonzero(signal >= limit)
    new = np.diff(past, prepend=-QUIET - 1) > QUIET
    return [int(row) for row in past[new] if row > QUIET]


def _approach(signal: Floats, over: int) -> int:
    """Where the rise to the limit begins: the reading from which on each is above the one before."""
    onset = over
    while onset > 0 and signal[onset - 1] < signal[onset]:
        onset -= 1
    return onset


def _read(file: Path) -> tuple[list[str], Floats]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.reader(lines))
    except OSError as error:
        raise ConfigError([Fault(str(file), f"cannot be read ({error.strerror})", WHERE)]) from error
    names = [name.strip() for name in rows[0][1:]]
    return names, np.array([[float(cell) for cell in row[1:]] for row in rows[1:]]).T
