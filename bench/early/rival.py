"""What the detectors are compared with: a plain limit alarm, and a straight line by least squares.

Both have the delays of the detectors' own rule, and both are given the mildest setting that raises no more than so many
false warnings on the normal signals: the line even the window that does best on the accidents themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.early.series import Kind, Series
from bench.early.warning import Warnings
from ganzhi.records import Floats

SHARES = np.linspace(0.02, 0.98, 33)
"""Of the way from the usual value to the limit: where an alarm may be set."""

HORIZONS_H = np.geomspace(0.05, 1000.0, 41)
WINDOWS = (8, 16, 32, 64, 128)
"""Readings; the shorter are of use to BATADAL only, the longer to the others."""

BACK = 0.9
"""A warning ends when its score is below so much of its limit."""


def limit_share(kind: Kind, table: Mapping[str, Any], allowed: float) -> float:
    """The share of the time that a limit alarm leaves, mean over the accidents."""
    normal, accident = (_way(series) for series in (kind.normal, kind.accident))
    return _best(kind, table, (normal, accident), SHARES, allowed)


def line_share(kind: Kind, table: Mapping[str, Any], allowed: float) -> float:
    """The same of a straight line."""
    return max(
        _best(kind, table, (line(kind.normal, window), line(kind.accident, window)), 1.0 / HORIZONS_H[::-1], allowed)
        for window in WINDOWS
    )


def _best(kind: Kind, table: Mapping[str, Any], scores: tuple[Floats, Floats], limits: Floats, allowed: float) -> float:
    # The mildest limit that is not raised too often on the normal signals.
    on, off = (int(table.get(name, 0.0) / kind.normal.period_s) for name in ("on_delay_s", "off_delay_s"))
    false = np.array([len(found.row) for found in beyond(scores[0], limits, BACK * limits, on, off)])
    quiet = np.flatnonzero(false <= allowed * kind.normal.point_months)
    if not len(quiet):
        return 0.0
    chosen = limits[quiet[:1]]
    [found] = beyond(scores[1], chosen, BACK * chosen, on, off)
    return float(np.mean(share(kind.accident, found)))


def share(accident: Series, found: Warnings) -> Floats:
    """Of the time from onset to crossing, what the first warning leaves, (m,)."""
    left: Floats = (accident.over - found.first(accident)) / (accident.over - accident.onset)
    return left


def _way(given: Series) -> Floats:
    usual = given.usual[:, np.newaxis]
    way: Floats = (given.value - usual) / (given.target[:, np.newaxis] - usual)
    return way


def beyond(score: Floats, limit: Floats, back: Floats, on: int, off: int) -> list[Warnings]:
    """Warnings of a score, (m, n), high is worse, at each of k limits, with the delays in readings.

    One ends when the score is below `back` (k,) of it for `off` readings, and begins at or above for `on`.
    """
    m, n = score.shape
    k = len(limit)
    standing = np.zeros((k, m), np.bool_)
    waited = np.zeros((k, m), np.intp)
    found: list[tuple[NDArray[np.intp], NDArray[np.intp], int]] = []
    for row in range(n):
        now = score[:, row]
        turns = np.where(standing, now < back[:, np.newaxis], now >= limit[:, np.newaxis])
        waited = np.where(turns, waited + 1, 0)
        changed = waited > np.where(standing, off, on)
        if changed.any():
            begins = changed & ~standing
            if begins.any():
                which, signal = np.nonzero(begins)
                found.append((which, signal, row))
            standing ^= changed
            waited[changed] = 0
    which = np.concatenate([f[0] for f in found]) if found else np.empty(0, np.intp)
    signal = np.concatenate([f[1] for f in found]) if found else np.empty(0, np.intp)
    rows = np.concatenate([np.full(len(f[0]), f[2]) for f in found]) if found else np.empty(0, np.intp)
    return [Warnings(signal[which == i], rows[which == i]) for i in range(k)]


def line(given: Series, readings: int) -> Floats:
    """Crossings an hour of a straight line by least squares over the last so many readings, (m, n): 1 over hours left.

    0 before there are so many, and where the line does not rise; very much where the reading is at the target.
    """
    m, n = given.value.shape
    place = np.arange(readings) - (readings - 1) / 2
    weight = place / (place * place).sum()
    speed = np.zeros((m, n))
    level = np.zeros((m, n))
    width = min(readings, n)
    if width == readings:
        for i in range(m):
            speed[i, readings - 1 :] = np.convolve(given.value[i], weight[::-1], "valid")
            mean = np.convolve(given.value[i], np.full(readings, 1.0 / readings), "valid")
            level[i, readings - 1 :] = mean + speed[i, readings - 1 :] * (readings - 1) / 2
    left = np.maximum(given.target[:, np.newaxis] - level, given.resolution)
    rate: Floats = np.maximum(speed, 0.0) / left / given.period_s * 3600.0
    rate[given.value >= given.target[:, np.newaxis]] = np.inf
    return rate
