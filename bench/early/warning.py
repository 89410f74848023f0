"""Warnings of the platform's own detectors, through the engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.early.series import START, Rows, Series, rule
from detectors import KINDS
from detectors.engine import Engine
from detectors.rows import Rows as Readings
from ganzhi.clock import NS_PER_S
from ganzhi.records import ReadingBlock, Rule, Tier

BLOCK_ROWS = 65_536


@dataclass(frozen=True, slots=True)
class Warnings:
    """Raised warnings: which signal, and at which row; in the order of rows."""

    signal: Rows
    row: Rows

    def first(self, given: Series) -> Rows:
        """Of each signal, (m,), the row of the first warning from its onset on; where none is: that of its crossing."""
        first = given.over.copy()
        counts = self.row >= given.onset[self.signal]
        np.minimum.at(first, self.signal[counts], self.row[counts])
        return first


def rules(given: Series, options: Sequence[Mapping[str, Any]]) -> list[Rule]:
    """The rules of one kind of accident as the options file has them."""
    return [_rule(i, given, table) for i, table in enumerate(options)]


def _rule(i: int, given: Series, table: Mapping[str, Any]) -> Rule:
    m = len(given.target)
    limits = np.full((m, 4), np.nan)
    limits[:, 0] = table["limit"]
    options = dict(table["options"])
    if table["kind"] == "forecast":
        options |= {"target": given.target, "direction": "high"}
    return rule(
        f"{table['kind']}.{i}",
        table["kind"],
        given,
        limits=limits,
        side="low" if table["kind"] == "forecast" else "high",
        deadband=np.full(m, table["deadband"]),
        on_delay_s=table.get("on_delay_s", 0.0),
        off_delay_s=table.get("off_delay_s", 0.0),
        options=options,
    )


def ours(given: Series, options: Sequence[Mapping[str, Any]]) -> Warnings:
    """What the detectors say, through the engine; several rules on one signal are one warning while any holds."""
    made = rules(given, options)
    m = len(given.target)
    engine = Engine(made, period_s=np.full(m, given.period_s), resolution=np.full(m, given.resolution))
    standing = np.zeros(m, np.intp)
    signal, row = [], []
    for block in _blocks(given):
        for change in engine.update(block):
            if change.old == Tier.NONE:
                if not standing[change.point]:
                    signal.append(change.point)
                    row.append(round((change.time - START) / NS_PER_S / given.period_s))
                standing[change.point] += 1
            elif change.new == Tier.NONE:
                standing[change.point] -= 1
    return Warnings(np.array(signal, np.intp), np.array(row, np.intp))


def _blocks(given: Series) -> Iterator[ReadingBlock]:
    m, n = given.value.shape
    for part in given.parts(max(1, BLOCK_ROWS // m)):
        rows = np.arange(n)[part]
        time = np.repeat([given.time(row) for row in rows.tolist()], m)
        point = np.tile(np.arange(m, dtype=np.int32), len(rows))
        value = np.ascontiguousarray(given.value[:, part].T).ravel()
        yield ReadingBlock(point, time, value, np.zeros(len(point), np.uint8), time, int(time[-1]))


def intervals(given: Series, table: Mapping[str, Any], first: Rows, most: int) -> tuple[int, int]:
    """How many intervals of a rule's score hold the moment they speak of, of how many.

    Asked at `most` moments a signal at even distances from its first warning to its crossing; where no interval is
    given there, none is counted.
    """
    m, n = given.value.shape
    [made] = rules(given, [table])
    score = KINDS[made.kind].score(made, period_s=np.full(m, given.period_s), resolution=np.full(m, given.resolution))
    at = first[:, np.newaxis] + np.round((given.over - first)[:, np.newaxis] * np.arange(most) / most).astype(np.intp)
    everyone = np.arange(m)
    held = asked = 0
    for row in range(n):
        time = np.full(m, given.time(row))
        score.update(Readings(everyone, time, given.value[:, row], np.zeros(m, np.uint8), [0, m], 0, 0))
        for signal in np.flatnonzero((at == row).any(axis=1) & (row < given.over)).tolist():
            figures = score.evidence(signal)
            if "minutes_early" in figures and "minutes_late" in figures:
                left = (given.end[signal] - row) * given.period_s / 60.0
                held += figures["minutes_early"] <= left <= figures["minutes_late"]
                asked += 1
    return held, asked
