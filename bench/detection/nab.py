"""nab."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.detection import Judged, Missing


def judge(folder: Path, options: Mapping[str, Any], *, short: bool) -> Judged:
    """Not yet."""
    raise Missing("not written yet")
