"""What the tests of data sets share."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any


def options(path: Path, name: str) -> dict[str, Any]:
    """The frozen options of a data set."""
    table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))[name]
    return table
