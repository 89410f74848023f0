"""Draw each score at work: python -m bench.plots [KIND …]; recorded ones need GANZHI_BENCH_DATA, see bench/quality.py.

The files in docs/detectors belong to detectors/README.md. Signals, seeds and options are fixed, so a file changes only
with what it shows.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.detection import Missing
from bench.plot import recorded, simulated
from bench.quality import data_folder

FOLDER = Path(__file__).parents[1] / "docs" / "detectors"


def main() -> int:
    """Write the files; what was not drawn, and why."""
    known = [*simulated.PLOTS, *recorded.PLOTS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", nargs="*", help=f"of {', '.join(known)}; all where none is named")
    parser.add_argument("--to", type=Path, default=FOLDER, metavar="FOLDER")
    asked = parser.parse_args()
    if unknown := sorted(set(asked.kind) - set(known)):
        parser.error(f"there is no plot of {', '.join(unknown)}")
    asked.to.mkdir(parents=True, exist_ok=True)
    missed = 0
    for kind in asked.kind or known:
        try:
            chart = simulated.PLOTS[kind]() if kind in simulated.PLOTS else recorded.PLOTS[kind](data_folder())
        except Missing as error:
            print(f"{kind}: {error}", file=sys.stderr)
            missed += 1
            continue
        path = asked.to / f"{kind}.svg"
        path.write_text(chart.svg(), encoding="utf-8")
        print(f"{path.name}  {path.stat().st_size / 1000:.1f} kB")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
