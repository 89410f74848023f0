"""A number in a rule: in the unit of the score, or `"85 %"` of the range of each point."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator

from config.explain import Wrong, shown
from ganzhi.records import Floats

SHARE = re.compile(r"(-?[0-9]{1,9}(?:\.[0-9]{1,9})?) ?%")
REMEDY = 'write a number, or a share of the point\'s range such as "85 %"'


@dataclass(frozen=True, slots=True)
class Amount:
    """`value` is a plain number, or with `share` a part of the range, 1 for all of it."""

    value: float
    share: bool = False

    def __str__(self) -> str:
        return f"{self.value * 100:g} %" if self.share else f"{self.value:g}"

    def at(self, low: Floats, high: Floats) -> Floats:
        """As a reading of each point, float64 (m,), in the point's unit; low and high are the ranges."""
        return low + self.value * (high - low) if self.share else low * 0 + self.value

    def across(self, low: Floats, high: Floats) -> Floats:
        """As a difference of readings of each point, float64 (m,)."""
        return self.value * (high - low) if self.share else low * 0 + self.value


def amount(value: object) -> Amount:
    """The amount that a pack wrote. Raises Wrong, a ValueError."""
    if isinstance(value, Amount):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return Amount(float(value))
    found = SHARE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise Wrong(f"{shown(value)} is not an amount", REMEDY)
    return Amount(float(found[1]) / 100, share=True)


Amounted = Annotated[Amount, BeforeValidator(amount)]
