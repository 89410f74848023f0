"""How much earlier the detectors warn than a limit alarm and a straight line, at as few false warnings.

    python -m bench.lead [--short] [--json FILE] [--seed N]

Accidents of simulated sources (bench/early/simulated.py) and crossings of limits in BATADAL (bench/early/network.py).
Share: of the time from the accident's onset to the crossing of its limit, what is left at the first warning; the mean
over the accidents of a kind, and over the six kinds. False warnings are those on normal signals of the same kind, and
the figure is that of the worst kind. The detectors' options stand in bench/lead.toml. The two that they are compared
with are set on the same normal signals, as mildly as one false warning a point-month permits (bench/early/rival.py).
Coverage: from the first warning to the crossing each accident's interval is asked ten times.
"""

from __future__ import annotations

import argparse
import os
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.early import network, simulated
from bench.early.rival import limit_share, line_share, share
from bench.early.series import Kind
from bench.early.warning import intervals, ours
from ganzhi.errors import ConfigError
from ganzhi.figure import Figure, at_least, at_most, table, write_json

OPTIONS = Path(__file__).with_name("lead.toml")
DATA = Path(os.environ.get("GANZHI_BENCH_DATA", "../shared/data"))
SEED = 7
ALLOWED = 1.0
"""False warnings a point-month."""
ASKED = 10
RECORDED = "batadal"
COVERAGE = (0.85, 0.95)


@dataclass(frozen=True, slots=True)
class Found:
    """Of one kind of accident."""

    name: str
    accidents: int
    had_min: float
    share: float
    limit: float
    line: float
    false: float
    watched: float
    held: int
    asked: int


def judge(kind: Kind, options: Sequence[Mapping[str, Any]]) -> Found:
    """Let the detectors and their rivals loose on it."""
    accident = kind.accident
    false = len(ours(kind.normal, options).row) / kind.normal.point_months
    warned = ours(accident, options)
    held, asked = intervals(accident, options[0], warned.first(accident), ASKED)
    return Found(
        name=kind.name,
        accidents=len(accident.value),
        had_min=float(np.median((accident.over - accident.onset) * accident.period_s)) / 60.0,
        share=float(np.mean(share(accident, warned))),
        limit=limit_share(kind, options[0], ALLOWED),
        line=line_share(kind, options[0], ALLOWED),
        false=false,
        watched=kind.normal.point_months,
        held=held,
        asked=asked,
    )


def figures(found: Sequence[Found]) -> list[Figure]:
    """Those of the issue first, then each kind's share."""
    asked = [f for f in found if f.asked]
    coverage = float(np.mean([f.held / f.asked for f in asked])) if asked else None
    inside = coverage is not None and COVERAGE[0] <= coverage <= COVERAGE[1]
    simulated_ones = [f.share for f in found if not f.name.startswith(RECORDED)]
    return [
        at_least("lead_share", float(np.mean([f.share for f in found])), "", 0.5),
        Figure("lead_share_limit", float(np.mean([f.limit for f in found])), ""),
        Figure("lead_share_line", float(np.mean([f.line for f in found])), ""),
        at_most("false_per_point_month", max(f.false for f in found), "", ALLOWED),
        Figure("interval_coverage", coverage, "", "0.85 to 0.95", inside),
        Figure("lead_share_simulated", float(np.mean(simulated_ones)), ""),
        *(Figure(f"lead_share_{f.name}", f.share, "") for f in found),
    ]


def by_accident(found: Sequence[Found]) -> str:
    """A line for each kind of accident."""
    head = ("accident", "n", "had, min", "share", "limit", "line", "false a point-month", "coverage")
    rows = [
        (
            *(f.name, f"{f.accidents}", f"{f.had_min:,.0f}", f"{f.share:.2f}", f"{f.limit:.2f}", f"{f.line:.2f}"),
            f"{f.false:.2f} in {f.watched:,.0f}",
            f"{f.held / f.asked:.2f} of {f.asked}" if f.asked else "-",
        )
        for f in found
    ]
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    return "\n".join("  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)) for row in (head, *rows))


def main() -> int:
    """Measure, print both tables, write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="fewer sources, days and accidents: within a minute")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument("--seed", type=int, default=SEED, help=f"of everything that is simulated; default {SEED}")
    arguments = parser.parse_args()
    options = tomllib.loads(OPTIONS.read_text(encoding="utf-8"))
    try:
        recorded, jumps = network.kinds(DATA)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    found: list[Found] = []
    for make in (simulated.tank, simulated.gas, simulated.dam, simulated.slope):
        kind = make(simulated.SHORT if arguments.short else simulated.FULL, arguments.seed)
        found.append(judge(kind, options[kind.name]))
    found += [judge(kind, options[kind.name]) for kind in recorded]
    shown = [*figures(found), Figure("batadal_jumps", jumps, "crossings left out: fewer than two readings to rise in")]
    print(table(f"lead time, seed {arguments.seed}", shown))
    print()
    print(by_accident(found))
    if arguments.json:
        write_json(arguments.json, "lead", shown)
    return 0


if __name__ == "__main__":
    sys.exit(main())
