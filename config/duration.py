"""Durations and sizes as people write them: "500ms", "5s", "3min", "24h", "7d"; "1MiB"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator

from config.explain import Wrong, shown

SECONDS: Mapping[str, float] = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
SIZES: Mapping[str, int] = {"B": 1, "kB": 1000, "MB": 1000**2, "GB": 1000**3, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}

MOST_S = 36525 * 86400.0
"""A hundred years: longer times do not fit the nanoseconds of the records."""

AMOUNT = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?) ?([A-Za-z]+)")
DURATION_REMEDY = 'write a number and its unit, such as "500ms", "5s", "3min", "24h" or "7d"'
SIZE_REMEDY = 'write bytes as a whole number, or a number and its unit, such as "64KiB" or "1MiB"'


def seconds(text: object) -> float:
    """A duration in seconds, >= 0. Raises Wrong, a ValueError, for anything but a number with its unit."""
    found = AMOUNT.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None or found[2] not in SECONDS:
        raise Wrong(f"{shown(text)} is not a duration", DURATION_REMEDY)
    amount = float(found[1]) * SECONDS[found[2]]
    if amount > MOST_S:
        raise Wrong(f"{shown(text)} is longer than a hundred years", DURATION_REMEDY)
    return amount


def size_bytes(value: object) -> int:
    """A size in bytes, > 0, from a whole number or a text with its unit. Raises Wrong, a ValueError."""
    found = AMOUNT.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is not None and found[2] in SIZES:
        size = int(float(found[1]) * SIZES[found[2]])
    elif isinstance(value, int) and not isinstance(value, bool):
        size = value
    else:
        raise Wrong(f"{shown(value)} is not a size", SIZE_REMEDY)
    if size <= 0:
        raise Wrong(f"{value!r} is not above 0 bytes", SIZE_REMEDY)
    return size


def _positive(value: object) -> float:
    amount = seconds(value)
    if amount <= 0:
        raise Wrong(f"{value!r} must be above 0", DURATION_REMEDY)
    return amount


def _optional(value: object) -> float | None:
    return None if value is None or value == "" else _positive(value)


Duration = Annotated[float, BeforeValidator(seconds)]
"""Seconds, >= 0, written with a unit."""
PositiveDuration = Annotated[float, BeforeValidator(_positive)]
"""Seconds, > 0, written with a unit."""
OptionalDuration = Annotated[float | None, BeforeValidator(_optional)]
"""Seconds, > 0, or None where it is written ""."""
Size = Annotated[int, BeforeValidator(size_bytes)]
"""Bytes, > 0."""
