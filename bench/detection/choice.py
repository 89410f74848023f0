"""How the options of the joint score were chosen, and how such a choice does on recordings that it was not made on.

    python -m bench.detection.choice [--only NAME] [--data FOLDER]

All combinations of a small grid run over SKAB, TEP and BATADAL. Then a combination is chosen on one half of the
experiments, faults or attacks, and judged on the other half, in many ways; what is frozen in options.toml is judged on
the same other halves.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.detection import batadal, skab, tep
from bench.detection.runs import Counts, count
from bench.detection.unit import fitted, flagged, samples
from bench.quality import OPTIONS, data_folder
from ganzhi.records import Floats

Options = Mapping[str, Any]
SPLITS = 200
GRIDS: Mapping[str, Mapping[str, Sequence[float]]] = {
    "skab": {
        "weight": (0.03, 0.05, 0.08),
        "ridge": (0.03, 0.1, 1.0),
        "wander": (0.0, 2.0, 8.0),
        "limit": (3.5, 4.0, 4.5, 5.0),
    },
    "tep": {"lags": (1, 2, 3), "ridge": (0.001, 0.003, 0.01), "weight": (0.1, 0.2), "limit": (1.0, 1.05, 1.1)},
    "batadal": {"lags": (1, 2, 3, 4), "weight": (0.1, 0.2), "ridge": (0.001, 0.003, 0.01), "limit": (1.0, 1.2)},
}
MOST_FAR = {"skab": 0.12, "tep": 0.0075, "batadal": 1.0}
"""A choice keeps below this on its own half: somewhat less than is allowed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a combination does to each part (an experiment, a fault, half a year).

    merit  of some of the parts; false  false-alarm rate of them
    """

    merit: Callable[[Sequence[int]], float]
    false: Callable[[Sequence[int]], float]


def skab_outcome(folder: Path) -> tuple[int, Callable[[Options], Outcome]]:
    """F1 and FAR of experiments together."""
    recordings, labels = skab.experiments(folder)

    def outcome(options: Options) -> Outcome:
        found = skab.flags_of(recordings, options)
        each = [count(f[skab.LEARNING_ROWS :], y[skab.LEARNING_ROWS :]) for f, y in zip(found, labels, strict=True)]

        def of(parts: Sequence[int]) -> Counts:
            return sum((each[part] for part in parts), Counts())

        return Outcome(lambda parts: of(parts).f1, lambda parts: of(parts).far)

    return len(recordings), outcome


def tep_outcome(folder: Path) -> tuple[int, Callable[[Options], Outcome]]:
    """Detection and FAR, mean of faults."""
    train, limits, faults, _ = tep.recordings(folder)
    fitting, held_back = samples(train), samples(limits)

    def outcome(options: Options) -> Outcome:
        model = fitted(train, fitting, held_back, options).model
        found = flagged(faults, [model] * len(faults), options)
        hit = np.array([flags[tep.FAULT_ROW :].mean() for flags in found])
        false = np.array([flags[: tep.FAULT_ROW].mean() for flags in found])
        return Outcome(lambda parts: float(hit[parts].mean()), lambda parts: float(false[parts].mean()))

    return len(faults), outcome


def batadal_outcome(folder: Path) -> tuple[int, Callable[[Options], Outcome]]:
    """S of the two halves of a file with attacks."""
    normal, attacked = batadal.recordings(folder)
    recording, label = attacked[0]
    fitting, held_back = batadal.parts(normal)
    halves = [slice(0, len(label) // 2), slice(len(label) // 2, None)]
    middle = [half for half in halves if label[half].any()]

    def outcome(options: Options) -> Outcome:
        model = fitted(normal, fitting, held_back, options).model
        [flags] = flagged([recording], [model], options)

        def s(parts: Sequence[int]) -> float:
            return float(np.mean([batadal.score(flags[middle[part]], label[middle[part]]) for part in parts]))

        def far(parts: Sequence[int]) -> float:
            return float(np.mean([count(flags[middle[part]], label[middle[part]]).far for part in parts]))

        return Outcome(s, far)

    return len(middle), outcome


SETS = {"skab": ("SKAB", skab_outcome), "tep": ("TEP", tep_outcome), "batadal": ("BATADAL", batadal_outcome)}


def report(name: str, folder: Path, frozen: Options) -> str:
    """The range of the grid, and choices on halves judged on the other halves."""
    parts, outcome = SETS[name][1](folder / SETS[name][0])
    grid = GRIDS[name]
    outcomes = [
        outcome({**frozen, **dict(zip(grid, values, strict=True))}) for values in itertools.product(*grid.values())
    ]
    kept = outcome(frozen)
    whole = list(range(parts))
    merits = np.array([one.merit(whole) for one in outcomes])
    chosen, stood = halves(parts, outcomes, kept, MOST_FAR[name])
    span = f"{merits.min():.3f} to {merits.max():.3f}, median {np.median(merits):.3f}"
    return "\n".join(
        [
            f"{name}: {len(outcomes)} combinations over {parts} parts: {span}",
            f"  frozen: {kept.merit(whole):.3f} at FAR {kept.false(whole):.4f}",
            f"  chosen on a half and judged on the other: {_line(chosen)}",
            f"  frozen, judged on the same halves:        {_line(stood)}",
        ]
    )


def halves(parts: int, outcomes: Sequence[Outcome], kept: Outcome, most: float) -> tuple[Floats, Floats]:
    """Merit and FAR on the other halves, float64 (SPLITS, 2): of what was best on one half, and of what is kept."""
    random = np.random.default_rng(7)
    chosen, stood = [], []
    for _ in range(SPLITS):
        mixed = random.permutation(parts).tolist()
        one, other = mixed[: parts // 2], mixed[parts // 2 :]
        allowed = [outcome for outcome in outcomes if outcome.false(one) <= most] or list(outcomes)
        best = max(allowed, key=lambda outcome: outcome.merit(one))
        chosen.append([best.merit(other), best.false(other)])
        stood.append([kept.merit(other), kept.false(other)])
    return np.array(chosen), np.array(stood)


def _line(found: Floats) -> str:
    merit, false = found.T
    return f"mean {merit.mean():.3f}, tenth {np.quantile(merit, 0.1):.3f}, FAR mean {false.mean():.4f}"


def main() -> int:
    """Print a paragraph a data set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=list(SETS), help="one of the sets")
    parser.add_argument("--data", type=Path, help="the folder of recordings; GANZHI_BENCH_DATA unless given")
    given = parser.parse_args()
    folder = given.data or data_folder()
    options = tomllib.loads(OPTIONS.read_text(encoding="utf-8"))
    for name in [given.only] if given.only else SETS:
        print(report(name, folder, options[name]), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
