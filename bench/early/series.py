"""What is judged: signals that rise to a limit, with the moments from which and at which they do, or normal ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganzhi.clock import NS_PER_S
from ganzhi.records import Floats, Rule, Text

MONTH_S = 30 * 86_400.0
START = 1_780_012_800 * NS_PER_S
"""2026-05-29 00:00:00 UTC."""

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Series:
    """Signals of one kind, a row a point: value (m, n) at every `period_s`, turned so that up is worse.

    target, usual  (m,): the limit, and whence the signals come: limits of an alarm are put between the two
    onset, over    (m,) rows: the accident's beginning, and the first reading at or past the target; n: none
    end            (m,) rows: what an interval speaks of, the crossing or the failure behind it
    """

    period_s: float
    resolution: float
    value: Floats
    target: Floats
    usual: Floats
    onset: Rows
    over: Rows
    end: Rows

    @property
    def point_months(self) -> float:
        """How much was watched."""
        return self.value.size * self.period_s / MONTH_S

    def time(self, row: int) -> int:
        """Of a row, UTC ns."""
        return START + round(row * self.period_s * NS_PER_S)

    def parts(self, rows: int) -> Iterator[slice]:
        """So many rows at a time."""
        n = self.value.shape[1]
        return (slice(at, min(at + rows, n)) for at in range(0, n, rows))


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of accident: what normal operation of the same points looks like, and the accidents."""

    name: str
    normal: Series
    accident: Series


def ordinary(period_s: float, resolution: float, value: Floats, target: Floats, usual: Floats) -> Series:
    """Signals to which nothing happens."""
    m, n = value.shape
    never = np.full(m, n, np.intp)
    return Series(period_s, resolution, value, target, usual, never, never, never)


def accidents(given: Series, onset: Rows, *, fails: float = np.inf) -> Series:
    """Those signals that reach their target after their onset, with the moments.

    fails   where a signal has run away for good: an interval speaks of that moment then
    """
    value, target = given.value, given.target[:, np.newaxis]
    after = np.arange(value.shape[1]) > onset[:, np.newaxis]
    past = after & (value >= target)
    failed = after & (value >= (target if fails == np.inf else fails))
    keep = past.any(axis=1) & failed.any(axis=1)
    return Series(
        *(given.period_s, given.resolution, value[keep], given.target[keep], given.usual[keep]),
        *(onset[keep], past.argmax(axis=1)[keep], failed.argmax(axis=1)[keep]),
    )


def rule(name: str, kind: str, given: Series, **more: object) -> Rule:
    """A rule over all signals of a series; its target, where it needs one, is theirs."""
    m = len(given.target)
    return Rule(
        **{
            "id": name,
            "name": Text(name, name),
            "kind": kind,
            "points": np.arange(m, dtype=np.int32),
            "unit": "",
            **more,
        }  # type: ignore[arg-type]
    )
