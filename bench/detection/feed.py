"""Recordings through the detectors, as live readings go: every channel is a point, every row a reading of each.

Several recordings run side by side, each on its own clock, since points do not know of each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from detectors import KINDS
from detectors.engine import Engine
from detectors.rows import Rows
from ganzhi.clock import NS_PER_S
from ganzhi.records import COLOURS, Floats, Int32s, Int64s, ReadingBlock, Rule, Text, Transition

BLOCK_ROWS = 256
"""Of each recording in a block; how the stream is cut changes nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """What was recorded.

    time        int64 UTC ns (n,), of the rows, rising; a row that is not later than one before is not read
    values      float64 (n, channels); NaN: no reading
    resolution  float64 (channels,), steps of the instruments
    """

    name: str
    time: Int64s
    values: Floats
    resolution: Floats
    period_s: float = field(init=False)

    def __post_init__(self) -> None:
        spacing = np.median(np.diff(self.time)) / NS_PER_S if len(self.time) > 1 else 1.0
        object.__setattr__(self, "period_s", max(float(spacing), 1e-3))


def rule(
    kind: str,
    points: Int32s | int,
    options: Mapping[str, object] | None = None,
    *,
    limit: float = np.nan,
    side: str = "high",
) -> Rule:
    """A rule with one limit, or none: only its scores are wanted. `points` may be how many."""
    chosen = np.arange(points, dtype=np.int32) if isinstance(points, int) else points
    limits = np.full((len(chosen), len(COLOURS)), np.nan)
    limits[:, 0] = limit
    return Rule(
        id=kind,
        name=Text(kind, kind),
        kind=kind,
        points=chosen,
        limits=limits,
        side=side,
        deadband=np.zeros(len(chosen)),
        unit="",
        options=options or {},
    )


class Feed:
    """Recordings as one catalogue of points, recording after recording, channel after channel.

    points      how many; `first` the first point of each recording
    period_s    float64 (points,), the usual spacing of the rows; `resolution` likewise
    """

    def __init__(self, recordings: Sequence[Recording]) -> None:
        self.recordings = recordings
        channels = [recording.values.shape[1] for recording in recordings]
        self.first = np.cumsum([0, *channels]).tolist()
        self.points = int(self.first[-1])
        self.period_s = np.repeat([recording.period_s for recording in recordings], channels)
        self.resolution = np.concatenate([recording.resolution for recording in recordings])
        newest = [np.maximum.accumulate(recording.time) for recording in recordings]
        self._fresh = [np.diff(at, prepend=at[0] - 1) > 0 for at in newest]

    def blocks(self) -> Iterator[ReadingBlock]:
        """All readings in the order of their row, whatever their recording. `received` counts rows: a clock of ours."""
        for begin, end in self._spans():
            row, point, time, value = self._cut(begin, end)
            received = row.astype(np.int64) * NS_PER_S
            quality = np.zeros(len(row), np.uint8)
            yield ReadingBlock(point, time, value, quality, received, end * NS_PER_S)

    def transitions(self, rules: Sequence[Rule]) -> list[Transition]:
        """What the engine announces, in the order of the rows' blocks."""
        engine = Engine(rules, period_s=self.period_s, resolution=self.resolution)
        return [transition for block in self.blocks() for transition in engine.update(block)]

    def scores(self, kind: str, options: Mapping[str, object] | None = None) -> list[Floats]:
        """The score of a kind that watches each point alone, at each reading: float64 (n, channels) a recording; NaN
        where it cannot say."""
        asked = rule(kind, self.points, options)
        score = KINDS[kind].score(asked, period_s=self.period_s, resolution=self.resolution)
        found = [np.full_like(recording.values, np.nan) for recording in self.recordings]
        for begin, end in self._spans():
            row, point, time, value = self._cut(begin, end)
            starts = np.searchsorted(row, np.arange(begin, end + 1)).tolist()
            rows = Rows(point.astype(np.intp), time, value, np.zeros(len(row), np.uint8), starts, 0, 0)
            judged, scored = score.update(rows)
            if judged is not rows:
                raise ValueError(f"{kind} does not judge each reading")
            for recording, first, after in zip(found, self.first, self.first[1:], strict=False):
                own = (point >= first) & (point < after)
                recording[row[own], point[own] - first] = scored[own]
        return found

    def _spans(self) -> Iterator[tuple[int, int]]:
        longest = max(len(recording.time) for recording in self.recordings)
        for begin in range(0, longest, BLOCK_ROWS):
            yield begin, min(begin + BLOCK_ROWS, longest)

    def _cut(self, begin: int, end: int) -> tuple[Int64s, Int32s, Int64s, Floats]:
        # Row numbers, points, times and values of these rows of every recording, sorted by row number.
        rows, points, times, values = [], [], [], []
        for recording, first, fresh in zip(self.recordings, self.first, self._fresh, strict=False):
            part = recording.values[begin:end]
            row, channel = np.nonzero(np.isfinite(part) & fresh[begin:end, np.newaxis])
            rows.append(row + begin)
            points.append((channel + first).astype(np.int32))
            times.append(recording.time[begin:end][row])
            values.append(part[row, channel])
        row = np.concatenate(rows)
        order = np.argsort(row, kind="stable")
        return (
            row[order],
            np.concatenate(points)[order],
            np.concatenate(times)[order],
            np.concatenate(values)[order],
        )
