"""Rows flagged against rows labelled: F1 and the rates, events found, false runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows by what was said and what was so; the same of several recordings add up."""

    hit: int = 0
    false: int = 0
    missed: int = 0
    quiet: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.hit + other.hit,
            self.false + other.false,
            self.missed + other.missed,
            self.quiet + other.quiet,
        )

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, by rows; 0 where nothing was hit."""
        return 2 * self.hit / max(2 * self.hit + self.false + self.missed, 1)

    @property
    def precision(self) -> float:
        """Share of the flagged rows that are labelled."""
        return self.hit / max(self.hit + self.false, 1)

    @property
    def recall(self) -> float:
        """Share of the labelled rows that are flagged (TPR)."""
        return self.hit / max(self.hit + self.missed, 1)

    @property
    def far(self) -> float:
        """False-alarm rate: share of the unlabelled rows that are flagged (FPR)."""
        return self.false / max(self.false + self.quiet, 1)

    @property
    def mar(self) -> float:
        """Missed-alarm rate: share of the labelled rows that are not flagged."""
        return self.missed / max(self.hit + self.missed, 1)


def count(flagged: Flags, labelled: Flags) -> Counts:
    """The counts of one recording; bool (n,) each."""
    return Counts(
        hit=int(np.count_nonzero(flagged & labelled)),
        false=int(np.count_nonzero(flagged & ~labelled)),
        missed=int(np.count_nonzero(~flagged & labelled)),
        quiet=int(np.count_nonzero(~flagged & ~labelled)),
    )


def runs(flagged: Flags) -> list[slice]:
    """Each stretch of flagged rows."""
    edges = np.flatnonzero(np.diff(flagged, prepend=False, append=False))
    return [slice(first, end) for first, end in edges.reshape(-1, 2).tolist()]


def events_found(flagged: Flags, labelled: Flags) -> int:
    """Labelled stretches in which at least one row is flagged."""
    return sum(bool(flagged[event].any()) for event in runs(labelled))


def false_runs(flagged: Flags, labelled: Flags) -> int:
    """Flagged stretches in which no row is labelled."""
    return sum(not labelled[run].any() for run in runs(flagged))
