"""How much the frozen options matter: one at a time is moved, and the data set judged again.

    python -m bench.detection.nearby nab|gecco [--data FOLDER]

So the options were looked at when they were chosen: where a figure falls at once on both sides, the setting fits these
recordings and may not fit others.
"""

from __future__ import annotations

import argparse
import copy
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.quality import SETS, data_folder, options

MOVED: dict[str, tuple[Sequence[str], Mapping[str, Sequence[object]]]] = {
    "nab": (
        ("nab_standard", "nab_standard_optimised", "nab_standard_held_out"),
        {
            "novelty.pace": [5, 7, 10, 14, 20],
            "novelty.rhythm": ["none", "day", "week"],
            "per_decade": [0.0, 0.25, 0.5, 0.75, 1.0],
            "half_life": [50, 100, 200, 400],
            "threshold.standard": [1.55, 1.65, 1.75, 1.85, 1.95, 2.05],
        },
    ),
    "gecco": (
        ("gecco_f1", "gecco_events_found", "gecco_false_runs_per_day"),
        {
            "limit": [8, 9, 10, 12, 14],
            "deadband": [0, 2, 4],
            "on_delay_s": [0, 60, 120, 180],
            "off_delay_s": [60, 120, 300],
            "profile.cell_s": [7_200, 14_400, 21_600],
        },
    ),
}
"""By data set: the figures to look at, and for each option the values to try."""


def moved(chosen: Mapping[str, Any], path: str, value: object) -> dict[str, Any]:
    """The options with one of them, by its dotted path, set otherwise."""
    changed = copy.deepcopy(dict(chosen))
    *outer, last = path.split(".")
    table = changed
    for name in outer:
        table = table[name]
    if last not in table:
        raise KeyError(path)
    table[last] = value
    return changed


def main() -> int:
    """Judge with each option moved; a line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=MOVED, help="the data set")
    parser.add_argument("--data", type=Path, help="the folder of recordings; GANZHI_BENCH_DATA unless given")
    given = parser.parse_args()
    data, chosen = SETS[given.name], options()[given.name]
    figures, moves = MOVED[given.name]
    print(f"{'option':<20} {'value':>8}  " + "  ".join(figures))
    for path, values in moves.items():
        for value in values:
            folder = (given.data or data_folder()) / data.folder
            judged = data.judge(folder, moved(chosen, path, value), short=False)
            found = {figure.name: figure.value for figure in judged.figures}
            line = "  ".join(f"{found[name] or 0.0:>{len(name)}.3g}" for name in figures)
            print(f"{path:<20} {value!s:>8}  {line}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
