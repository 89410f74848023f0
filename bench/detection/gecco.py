"""GECCO 2018: drinking water as it leaves a works, nine sensors once a minute, rows labelled where something is wrong.

Each sensor of the water's quality is a point with one rule, profile, with a cycle of a few hours instead of a week: how
far it is from what was usual in the last day, in robust deviations. Nothing is fitted beforehand, and the labels are
only for the score. The farthest of them at each row is a point of its own, with a limit, a dead-band and two delays;
the rows between its transitions are flagged.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from bench.detection import Judged, Missing
from bench.detection.clock import PHASES, flags
from bench.detection.feed import Feed, Recording, rule
from bench.detection.runs import Counts, Flags, count, events_found, false_runs, runs
from ganzhi.clock import NS_PER_S
from ganzhi.figure import Figure, at_least
from ganzhi.records import Floats, Tier

AIM = 0.70
TIME, LABEL = "Time", "EVENT"
FINEST = 1e-6
STEP_ROWS = 10_000
"""Rows at the beginning that tell the sensors' resolution, which a works knows."""
SHORT_ROWS = 20_000
MINUTES_A_DAY = 1_440


def judge(folder: Path, options: Mapping[str, Any], *, short: bool) -> Judged:
    """Flag the rows of every file, and count."""
    recordings, labelled = read(folder, options["sensors"], SHORT_ROWS if short else None)
    flagged = flag(recordings, options)
    clocks = [[flags(len(each), len(runs(each)), int(each.sum()), phase=phase) for each in flagged] for phase in PHASES]
    figures = []
    for name, ours in measured(flagged, labelled).items():
        clock = float(np.mean([measured(clock, labelled)[name] for clock in clocks]))
        figures += [
            at_least("gecco_f1", ours, "", AIM) if name == "f1" else Figure(f"gecco_{name}", ours, ""),
            Figure(f"gecco_{name}_clock", clock, ""),
        ]
    details = [f"{'event':>16}  minutes  flagged  first flag after"]
    for recording, own, truth in zip(recordings, flagged, labelled, strict=True):
        details += [_told(recording, own, event) for event in runs(truth)]
    return Judged(figures, details)


def measured(flagged: Sequence[Flags], labelled: Sequence[Flags]) -> dict[str, float]:
    """By rows F1, precision, recall and false-alarm rate; the share of events found; false runs a day."""
    pairs = list(zip(flagged, labelled, strict=True))
    counts = sum((count(*pair) for pair in pairs), Counts())
    days = sum(len(each) for each in labelled) / MINUTES_A_DAY
    return {
        "f1": counts.f1,
        "precision": counts.precision,
        "recall": counts.recall,
        "far": counts.far,
        "events_found": sum(events_found(*pair) for pair in pairs) / max(sum(len(runs(each)) for each in labelled), 1),
        "false_runs_per_day": sum(false_runs(*pair) for pair in pairs) / days,
    }


def flag(recordings: Sequence[Recording], options: Mapping[str, Any]) -> list[Flags]:
    """Which rows of each recording are in alarm."""
    distance = [np.abs(score) for score in Feed(recordings).scores("profile", options["profile"])]
    farthest = [
        replace(recording, values=np.fmax.reduce(away, axis=1)[:, np.newaxis], resolution=np.zeros(1))
        for recording, away in zip(recordings, distance, strict=True)
    ]
    feed = Feed(farthest)
    judged = replace(
        rule("value", feed.points, limit=options["limit"]),
        deadband=np.full(feed.points, options["deadband"]),
        on_delay_s=options["on_delay_s"],
        off_delay_s=options["off_delay_s"],
    )
    steps = [np.zeros(len(recording.time), np.intp) for recording in recordings]
    for transition in feed.transitions([judged]):
        row = np.searchsorted(recordings[transition.point].time, transition.time)
        steps[transition.point][row] += int(transition.new > Tier.NONE) - int(transition.old > Tier.NONE)
    return [
        (np.cumsum(step) > 0) & np.isfinite(recording.values[:, 0])
        for step, recording in zip(steps, farthest, strict=True)
    ]


def read(folder: Path, sensors: Sequence[str], most: int | None = None) -> tuple[list[Recording], list[Flags]]:
    """These columns of every file that has them and labels, and the labels; `most` rows of each at most."""
    recordings, labelled = [], []
    for path in sorted(folder.rglob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            table = csv.DictReader(file)
            if not {TIME, LABEL, *sensors} <= set(table.fieldnames or ()):
                continue
            rows = [row for number, row in enumerate(table) if most is None or number < most]
        values = np.array([[_number(row[sensor]) for sensor in sensors] for row in rows])
        time = np.array([_ns(row[TIME]) for row in rows])
        recordings.append(Recording(path.relative_to(folder).as_posix(), time, values, _resolution(values)))
        labelled.append(np.array([row[LABEL].upper() in {"TRUE", "1"} for row in rows]))
    if not recordings:
        raise Missing(f"{folder} holds no file with columns {TIME}, {', '.join(sensors)} and {LABEL}")
    return recordings, labelled


def _resolution(values: Floats) -> Floats:
    found = []
    for channel in values[:STEP_ROWS].T:
        steps = np.diff(np.unique(np.round(channel[np.isfinite(channel)] / FINEST) * FINEST))
        found.append(steps.min() if len(steps) else FINEST)
    return np.array(found)


def _number(text: str) -> float:
    return float(text) if text not in {"", "NA"} else np.nan


def _ns(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * NS_PER_S


def _told(recording: Recording, flagged: Flags, event: slice) -> str:
    rows = np.flatnonzero(flagged[event])
    begin = datetime.fromtimestamp(int(recording.time[event.start]) // NS_PER_S, UTC)
    late = f"{rows[0]} min" if len(rows) else "missed"
    return f"{begin:%Y-%m-%d %H:%M}  {event.stop - event.start:7}  {len(rows):7}  {late}"
