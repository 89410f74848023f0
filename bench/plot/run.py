"""Detectors over some readings: every score, figures beside it, and what was announced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bench.plot.chart import Change
from detectors import KINDS
from detectors.engine import Engine
from detectors.rows import Rows
from ganzhi.clock import NS_PER_S
from ganzhi.records import Floats, Int32s, Int64s, ReadingBlock, Rule, Text, Tier, Transition, Unit

NONE = np.nan


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """Of some points, all at the same times: time int64 UTC ns (n,), value float64 (n, points)."""

    time: Int64s
    value: Floats
    period_s: float
    resolution: float

    @classmethod
    def every(cls, period_s: float, value: Floats, *, resolution: float, start: int = 0) -> Readings:
        """One row each period from `start` on; value (n,) or (n, points)."""
        columns = value.reshape(len(value), -1)
        time = start + np.round(np.arange(len(columns)) * period_s * NS_PER_S).astype(np.int64)
        return cls(time, columns, period_s, resolution)

    @property
    def points(self) -> int:
        """How many there are."""
        return int(self.value.shape[1])


def rule(
    kind: str,
    limits: Sequence[float],
    *,
    name: str = "",
    points: Sequence[int] = (0,),
    units: Sequence[Sequence[int]] = (),
    side: str = "high",
    deadband: float = 0.0,
    on_delay_s: float = 0.0,
    off_delay_s: float = 0.0,
    options: Mapping[str, object] | None = None,
) -> Rule:
    """A rule over points, or over units of points, with the same limits for each; one limit or more, mildest last."""
    four = [NONE] * (4 - len(limits)) + [*limits]
    made = tuple(
        Unit(f"u{k}", Text("", ""), members[0], np.array(members, np.int32)) for k, members in enumerate(units)
    )
    watched = sorted({point for members in units for point in members}) if units else points
    m = len(made) or len(points)
    return Rule(
        id=name or kind,
        name=Text(kind, kind),
        kind=kind,
        points=np.array(watched, np.int32),
        limits=np.tile(np.array(four, float), (m, 1)),
        side=side,
        deadband=np.full(m, deadband),
        unit="",
        on_delay_s=on_delay_s,
        off_delay_s=off_delay_s,
        options=options or {},
        units=made,
    )


def scores(asked: Rule, readings: Readings, *figures: str) -> tuple[Int64s, Floats]:
    """Times, and the score with some of its figures at each: (k,) and (1 + figures, k); NaN where there is none."""
    spec = KINDS[asked.kind]
    m = len(asked.points)
    period, resolution = np.full(m, readings.period_s), np.full(m, readings.resolution)
    score = spec.score(asked, period_s=period, resolution=resolution)
    n, points = readings.value.shape
    slot, time = np.tile(np.arange(points), n), np.repeat(readings.time, points)
    value, quality = readings.value.ravel(), np.zeros(n * points, np.uint8)
    starts = [0, n * points] if spec.in_turn else list(range(0, n * points + 1, points))
    rows, found = score.update(Rows(slot, time, value, quality, starts, 0, 0))
    told = np.full((1 + len(figures), len(rows)), np.nan)
    told[0] = found
    for row in np.flatnonzero(~np.isnan(found)).tolist() if figures else ():
        evidence = score.evidence(row)
        told[1:, row] = [evidence.get(name, np.nan) for name in figures]
    return rows.time, told


def announced(rules: Sequence[Rule], readings: Readings, *, quiet_s: float = 0.0) -> list[Transition]:
    """What the engine announces, a block a row; `quiet_s`: seconds of ticks after the last row."""
    n, points = readings.value.shape
    engine = Engine(rules, period_s=np.full(points, readings.period_s), resolution=np.full(points, readings.resolution))
    every: Int32s = np.arange(points, dtype=np.int32)
    found: list[Transition] = []
    for row in range(n):
        here = np.flatnonzero(~np.isnan(readings.value[row]))
        at = np.full(len(here), readings.time[row])
        now = int(readings.time[row]) + 1
        found += engine.update(
            ReadingBlock(every[here], at, readings.value[row, here], np.zeros(len(here), np.uint8), at, now)
        )
    if quiet_s:
        nobody = ReadingBlock(
            every[:0], readings.time[:0], readings.value[0, :0], np.zeros(0, np.uint8), readings.time[:0], 0
        )
        found += engine.update(replace(nobody, now=int(readings.time[-1] + quiet_s * NS_PER_S)))
    return found


def changes(
    found: Sequence[Transition], name: str, unit_s: float, *, start: int = 0, point: int | None = None
) -> list[Change]:
    """The changes of one rule, at one of its subjects, in units of `unit_s` seconds after `start`."""
    mine = [t for t in found if t.rule == name and point in (None, t.point)]
    return [((t.time - start) / NS_PER_S / unit_s, Tier(t.new)) for t in mine]
