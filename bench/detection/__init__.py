"""How well the detectors of detectors/ find what is wrong, on public recordings and by their own benchmarks' rules.

A data set is a module with `judge(folder, options, short=…) -> Judged`, a line in SETS of bench/quality.py and a table
in options.toml, which holds all that was chosen. Files are found by pattern, and nothing anywhere is about one of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ganzhi.figure import Figure


class Missing(Exception):
    """The folder of a data set does not hold what it should; the text says what."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a data set.

    figures  by name, each beside what a clock with as many alarms would score
    details  lines of text: a table by recording, or whatever else explains the figures
    """

    figures: Sequence[Figure]
    details: Sequence[str] = ()


class Judge(Protocol):
    """Runs the detectors over the recordings of a data set; raises Missing where there are none."""

    def __call__(self, folder: Path, options: Mapping[str, Any], *, short: bool) -> Judged: ...
