"""NAB: single series of servers, traffic, advertising, tweets, …, of 1,000 to 23,000 readings, with labelled windows.

Every series is a point with one rule, novelty, all with the same options; all run side by side. From its score, in
decades, goes a part of the decades of readings watched so far: who looks longer sees rarer things. A reading counts as
found where what is left exceeds the last peak, which fades by half every so many readings, so that one event is told
once, and again where it becomes more remarkable.

The thresholds are frozen. Beside them stand what the best threshold for just these recordings would score, which is
what the benchmark publishes of its detectors (optimised), and what the best for a random half of them scores on the
other half, on average (held out).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from bench.detection import Judged, Missing, nab_score
from bench.detection.clock import PHASES, ticks
from bench.detection.feed import Feed, Recording
from bench.detection.nab_score import PROFILES, Labels, Profile
from ganzhi.clock import NS_PER_S
from ganzhi.figure import Figure, at_least
from ganzhi.records import Floats

AIM = 60.0
FINEST = 1e-6
PER = 1_000
"""Rows that false detections are counted by."""

SPLITS, SEED = 20, 1


def judge(folder: Path, options: Mapping[str, Any], *, short: bool) -> Judged:
    """Score every series under data/ that labels/ knows, by each of the three profiles."""
    recordings, corpus = read(folder)
    sure = confidence(recordings, options)
    figures: list[Figure] = []
    details = [f"{'recording':<58} {'rows':>6}  windows found, false detections: standard, low_fp, low_fn"]
    for recording, given, labels in zip(recordings, sure, corpus, strict=True):
        found = [nab_score.detections(given, labels, options["threshold"][name]) for name in PROFILES]
        told = ", ".join(f"{windows} of {labels.windows}, {false}" for windows, false, _ in found)
        details.append(f"{recording.name:<58} {len(given):>6}  {told}")
    windows = sum(labels.windows for labels in corpus)
    for name, profile in PROFILES.items():
        threshold = options["threshold"][name]
        score = nab_score.score(sure, corpus, profile, threshold)
        best, at = nab_score.best(sure, corpus, profile)
        hits, false, outside, alarms = _counts(sure, corpus, threshold)
        figures += [
            at_least("nab_standard", score, "", AIM) if name == "standard" else Figure(f"nab_{name}", score, ""),
            Figure(f"nab_{name}_clock", _clock(corpus, profile, alarms), ""),
            Figure(f"nab_{name}_false", PER * false / outside, f"/{PER} rows"),
            Figure(f"nab_{name}_optimised", best, ""),
            Figure(f"nab_{name}_held_out", held_out(sure, corpus, profile), ""),
        ]
        details.append(
            f"{name}: {hits} of {windows} windows, {false} false detections at threshold {threshold:g}; "
            f"the best for these recordings would be {at:.4g}"
        )
    return Judged(figures, details)


def confidence(recordings: Sequence[Recording], options: Mapping[str, Any]) -> list[Floats]:
    """How sure each reading is to be found, in decades; NaN where nothing new is told. float64 (n,) a recording."""
    scores = [score[:, 0] for score in Feed(recordings).scores("novelty", options["novelty"])]
    common = [options["per_decade"] * np.log10(1 + np.arange(len(score))) for score in scores]
    return [peaks(score - each, options["half_life"]) for score, each in zip(scores, common, strict=True)]


def read(folder: Path) -> tuple[list[Recording], list[Labels]]:
    """The series that have labels, and these."""
    labels = folder / "labels" / "combined_windows.json"
    if not labels.is_file():
        raise Missing(f"there is no {labels}")
    windows = json.loads(labels.read_text(encoding="utf-8"))
    recordings, corpus = [], []
    for path in sorted((folder / "data").rglob("*.csv")):
        name = path.relative_to(folder / "data").as_posix()
        if name not in windows:
            continue
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        time = np.array([_ns(row["timestamp"]) for row in rows])
        value = np.array([float(row["value"]) for row in rows])
        recordings.append(Recording(name, time, value[:, np.newaxis], np.array([step(value)])))
        corpus.append(nab_score.label(time, [(_ns(begin), _ns(end)) for begin, end in windows[name]]))
    if not any(labels.windows for labels in corpus):
        raise Missing(f"{folder / 'data'} holds no series with labelled windows")
    return recordings, corpus


def peaks(score: Floats, half_life: float) -> Floats:
    """The score where it exceeds what is left of all before, which fades by half every `half_life` rows; else NaN."""
    found = np.full(len(score), np.nan)
    kept = 0.5 ** (1.0 / half_life)
    left = 0.0
    for row, value in enumerate(score.tolist()):
        left *= kept
        if value > left:
            found[row] = left = value
    return found


def held_out(sure: Sequence[Floats], corpus: Sequence[Labels], profile: Profile) -> float | None:
    """The mean score of random halves of the recordings, each at the threshold that is best for the other half."""
    rng = np.random.default_rng(SEED)
    found = []
    for _ in range(SPLITS):
        order = rng.permutation(len(corpus)).tolist()
        half = len(order) // 2
        for chosen, judged in ((order[:half], order[half:]), (order[half:], order[:half])):
            if all(any(corpus[k].windows for k in part) for part in (chosen, judged)):
                _, threshold = nab_score.best([sure[k] for k in chosen], [corpus[k] for k in chosen], profile)
                judging = [sure[k] for k in judged], [corpus[k] for k in judged]
                found.append(nab_score.score(*judging, profile, threshold))
    return float(np.mean(found)) if found else None


def _ns(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * NS_PER_S


def step(value: Floats) -> float:
    """The resolution, as a data sheet would say: the smallest step between readings of the part that is not scored."""
    steps = np.diff(np.unique(value[: nab_score.probation(len(value))]))
    return float(max(steps.min(), FINEST)) if len(steps) else FINEST


def _counts(sure: Sequence[Floats], corpus: Sequence[Labels], threshold: float) -> tuple[int, int, int, int]:
    # Windows found, false detections, the rows outside windows in which they could be, and detections in all.
    found = [nab_score.detections(given, labels, threshold) for given, labels in zip(sure, corpus, strict=True)]
    outside = sum(int((labels.window[labels.first :] == nab_score.OUTSIDE).sum()) for labels in corpus)
    hits, false, alarms = np.sum(found, axis=0).tolist()
    return hits, false, outside, alarms


def _clock(corpus: Sequence[Labels], profile: Profile, alarms: int) -> float:
    # As many alarms, evenly over all rows that are scored, one recording after another.
    lengths = [len(labels.window) - labels.first for labels in corpus]
    found = []
    for phase in PHASES:
        told = np.zeros(sum(lengths))
        told[ticks(len(told), alarms, phase=phase)] = 1.0
        parts = np.split(told, np.cumsum(lengths)[:-1])
        sure = [np.concatenate([np.zeros(labels.first), part]) for labels, part in zip(corpus, parts, strict=True)]
        found.append(nab_score.score(sure, corpus, profile, 1.0))
    return float(np.mean(found))
