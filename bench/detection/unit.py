"""Recordings whose channels are judged together: each a unit of one joint rule, with a model out of its own normal rows
or out of those of others.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.detection import Missing, clock
from bench.detection.feed import Feed, Recording
from bench.detection.runs import Counts, count, runs
from detectors.jointfit import FitOptions, Fitted, fit, sampled
from detectors.jointmodel import JointModel
from detectors.rows import Rows
from detectors.sampler import Samples
from ganzhi.clock import NS_PER_S
from ganzhi.records import COLOURS, Floats, Int64s, Rule, Text, Tier, Unit

Flags = NDArray[np.bool_]
FIT_OPTIONS = ("lags", "weight", "variance", "ridge", "wander", "false_alarms")


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file with a header: its cells by column, as text."""

    name: str
    columns: Mapping[str, Sequence[str]]

    @classmethod
    def read(cls, path: Path, delimiter: str = ",") -> Table:
        """Raises Missing where it is no such file."""
        try:
            with path.open(newline="", encoding="utf-8-sig") as file:
                header, *rows = [row for row in csv.reader(file, delimiter=delimiter) if row]
        except (OSError, ValueError, csv.Error) as error:
            raise Missing(f"{path} is no CSV file: {error}") from error
        if any(len(row) != len(header) for row in rows):
            raise Missing(f"{path} has rows of other lengths than its header")
        names = [name.strip() for name in header]
        return cls(path.stem, dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else {})

    def numbers(self, names: Sequence[str]) -> Floats:
        """float64 (rows, names); NaN for what is no number. Raises Missing where a column is not there."""
        if absent := [name for name in names if name not in self.columns]:
            raise Missing(f"{self.name} has no column {', '.join(absent[:3])}")
        return np.array([[_number(cell) for cell in self.columns[name]] for name in names]).T

    def times(self, name: str, form: str) -> Int64s:
        """UTC ns of a column of times. Raises Missing where one is none."""
        try:
            moments = [datetime.strptime(cell.strip(), form).replace(tzinfo=UTC) for cell in self.columns[name]]
        except (KeyError, ValueError) as error:
            raise Missing(f"{self.name} has no times of the form {form} in a column {name}: {error}") from error
        return np.array([round(at.timestamp()) for at in moments], np.int64) * NS_PER_S


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return np.nan


def samples(recording: Recording, rows: slice = slice(None)) -> Samples:
    """The samples of some rows of a recording."""
    values = recording.values[rows]
    n, channels = values.shape
    slot, time = np.tile(np.arange(channels), n), np.repeat(recording.time[rows], channels)
    good = np.isfinite(values.ravel())
    every = Rows(slot, time, values.ravel(), np.zeros(len(slot), np.uint8), [0, len(slot)], 0, 0)
    return sampled(channels, recording.period_s, every.one_round(np.flatnonzero(good)))


def fitted(recording: Recording, normal: Samples, held_back: Samples, options: Mapping[str, Any]) -> Fitted:
    """A model for recordings like this one."""
    chosen = FitOptions(**{name: options[name] for name in FIT_OPTIONS if name in options})
    names = [f"channel-{k}" for k in range(recording.values.shape[1])]
    return fit(names, recording.period_s, normal, held_back, chosen, resolution=recording.resolution)


def flagged(recordings: Sequence[Recording], models: Sequence[JointModel], options: Mapping[str, Any]) -> list[Flags]:
    """Of each recording the rows at which its joint rule holds a tier, as the engine announces it: bool (rows,)."""
    feed = Feed(recordings)
    rule = _rule(feed, models, options)
    found = [np.zeros(len(recording.time), np.int8) for recording in recordings]
    for transition in feed.transitions([rule]):
        at = feed.first.index(transition.point)
        row = int(np.searchsorted(recordings[at].time, transition.time))
        found[at][row] = 1 if transition.new > Tier.NONE else -1
    return [_held(changes) for changes in found]


def _rule(feed: Feed, models: Sequence[JointModel], options: Mapping[str, Any]) -> Rule:
    units = tuple(
        Unit(recording.name, Text(recording.name, recording.name), first, np.arange(first, after, dtype=np.int32))
        for recording, first, after in zip(feed.recordings, feed.first, feed.first[1:], strict=False)
    )
    limits = np.full((len(units), len(COLOURS)), np.nan)
    limits[:, 0] = options["limit"]
    return Rule(
        id="joint",
        name=Text("joint", "joint"),
        kind="joint",
        points=np.arange(feed.points, dtype=np.int32),
        units=units,
        limits=limits,
        side="high",
        deadband=np.zeros(len(units)),
        unit="ratio",
        off_delay_s=float(options.get("off_delay_s", 0.0)),
        options={"model": tuple(models)},
    )


def _held(changes: NDArray[np.int8]) -> Flags:
    # From the row of a raise to before the row of the end.
    last = np.maximum.accumulate(np.where(changes != 0, np.arange(len(changes)), -1))
    held: Flags = (last >= 0) & (changes[last] > 0)
    return held


def counts(found: Sequence[Flags], labelled: Sequence[Flags], first: int = 0) -> Counts:
    """Rows from `first` on, of all recordings together."""
    return sum((count(f[first:], y[first:]) for f, y in zip(found, labelled, strict=True)), Counts())


def ticking(found: Flags, first: int = 0) -> Flags:
    """What a clock flags that flags as many rows in as many runs, from row `first` on."""
    said = found[first:]
    return clock.flags(len(found), len(runs(said)), int(said.sum()), first)
