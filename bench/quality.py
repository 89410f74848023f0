"""How well the detectors find what is wrong: public recordings, scored as their own benchmarks score.

    python -m bench.quality [--short] [--json FILE] [--only nab,gecco,…] [--data FOLDER]

The folder (GANZHI_BENCH_DATA, or ../shared/data beside the repository) holds one folder a data set; a data set that is
missing is named with where to obtain it, and its figures are absent. Options were chosen on other recordings of the
same sets and are frozen in bench/detection/options.toml. Beside each figure stand the false alarms, and as `…_clock`
what a clock scores that makes as many alarms at evenly spaced rows.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.detection import Judge, Missing, batadal, gecco, nab, skab, tep
from ganzhi.figure import Figure, table, write_json

ROOT = Path(__file__).parents[1]
OPTIONS = Path(__file__).parent / "detection" / "options.toml"


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set: its folder among the recordings, what judges it, and where to obtain it."""

    folder: str
    judge: Judge
    source: str


SETS: dict[str, DataSet] = {
    "nab": DataSet("NAB", nab.judge, "data/ and labels/ of https://github.com/numenta/NAB"),
    "gecco": DataSet(
        "GECCO2018",
        gecco.judge,
        "the training data of the GECCO 2018 industrial challenge, such as https://zenodo.org/records/3884398",
    ),
    "skab": DataSet("SKAB", skab.judge, "data/ of https://github.com/waico/SKAB"),
    "tep": DataSet(
        "TEP", tep.judge, "https://github.com/camaramm/tennessee-eastman-profBraatz, as CSV files d00_train…"
    ),
    "batadal": DataSet("BATADAL", batadal.judge, "https://www.batadal.net/data.html"),
}
"""A data set a line, by the name that --only and options.toml know it by."""


def data_folder() -> Path:
    """Where the recordings are unless --data says otherwise."""
    return Path(os.environ.get("GANZHI_BENCH_DATA") or ROOT.parent / "shared" / "data")


def options() -> dict[str, Any]:
    """What was chosen, a table a data set."""
    return tomllib.loads(OPTIONS.read_text(encoding="utf-8"))


def measure(folder: Path, names: Sequence[str], *, short: bool) -> list[Figure]:
    """The figures of these data sets; prints a table a data set, or what is missing."""
    chosen = options()
    figures: list[Figure] = []
    for name in names:
        data = SETS[name]
        began = time.perf_counter()
        try:
            if not (folder / data.folder).is_dir():
                raise Missing(f"there is no folder {folder / data.folder}")
            judged = data.judge(folder / data.folder, chosen[name], short=short)
        except Missing as missing:
            print(f"{name}: {missing}; obtain {data.source}\n", flush=True)
            continue
        print("\n".join(judged.details))
        print(table(f"{name}, {time.perf_counter() - began:.0f} s", judged.figures), end="\n\n", flush=True)
        figures += judged.figures
    return figures


def main() -> int:
    """Run, print a table a data set, write the file; 1 when there was nothing to measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="some of the recordings, in a minute")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument("--only", help=f"some of {','.join(SETS)}")
    parser.add_argument("--data", type=Path, help="the folder of recordings; GANZHI_BENCH_DATA unless given")
    given = parser.parse_args()
    names = given.only.split(",") if given.only else list(SETS)
    if unknown := sorted(set(names) - SETS.keys()):
        parser.error(f"there is no data set {', '.join(unknown)}; there are {', '.join(SETS)}")
    figures = measure(given.data or data_folder(), names, short=given.short)
    if given.json:
        write_json(given.json, "quality", figures)
    return 0 if figures else 1


if __name__ == "__main__":
    sys.exit(main())
