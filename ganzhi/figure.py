"""Figures that were measured: one form for the demo and for every program in bench/."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `aim` says in words what was wanted, `met` whether it was reached; None: there is no aim."""

    name: str
    value: float | None
    unit: str
    aim: str | None = None
    met: bool | None = None


def machine() -> str:
    """The machine in one line, as far as figures depend on it."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model)
    except OSError:
        pass
    return f"{os.cpu_count()} cores, {model}, Python {platform.python_version()}, {platform.system()}"


def at_least(name: str, value: float | None, unit: str, aim: float) -> Figure:
    """A figure that is wanted high; a value of None (not measured) does not meet the aim."""
    return Figure(name, value, unit, f">= {aim:g} {unit}", value is not None and value >= aim)


def at_most(name: str, value: float | None, unit: str, aim: float) -> Figure:
    """A figure that is wanted low; a value of None (not measured) does not meet the aim."""
    return Figure(name, value, unit, f"<= {aim:g} {unit}", value is not None and value <= aim)


def table(title: str, figures: Sequence[Figure]) -> str:
    """The figures as lines of text, aligned."""
    rows = [("figure", "value", "unit", "aim", "met")]
    for figure in figures:
        value = "-" if figure.value is None else f"{figure.value:,.6g}"
        met = "" if figure.met is None else ("yes" if figure.met else "NO")
        rows.append((figure.name, value, figure.unit, figure.aim or "", met))
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    lines = [
        f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:<{widths[2]}}  {row[3]:<{widths[3]}}  {row[4]}".rstrip()
        for row in rows
    ]
    return "\n".join([title, machine(), *lines])


def write_json(path: Path, bench: str, figures: Sequence[Figure]) -> None:
    """The figures as `{"bench", "machine", "figures": [{"name", "value", "unit", "aim", "met"}]}`."""
    document = {"bench": bench, "machine": machine(), "figures": [asdict(figure) for figure in figures]}
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
