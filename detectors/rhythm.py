"""What is usual at this hour, for signals of which the hour says more than their long-run mean: for novelty."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detectors.rows import Slots, State
from detectors.trend import NOT_YET
from ganzhi.clock import NS_PER_S
from ganzhi.records import Floats, Int64s

CELL_NS = 3_600 * NS_PER_S
WARM_VISITS = 3
"""Days, or weeks, that an hour must have been seen in before it says what is usual."""

MEMORY_VISITS = 7
"""An hour follows as the mean over so many of them does."""

MOST_VISITS = 255
SILENCE_CYCLES = 8
"""After so many of silence all is learned anew."""

TELLS = 0.5
"""The hour says more when it leaves less than this part of the variance around the mean."""

KNOWN = 0.2
"""Part of the readings that variance is averaged over which must be known."""

CLIP_SQUARE = 9.0
"""A squared deviation counts for no more than three sigma's: an accident changes nothing of what is compared with."""


class Rhythm:
    """A mean for each hour of the day or week of m points, and whether it is worth more than the level.

    cells     hours in a cycle; 0: there is none
    readings  over which the two variances are compared
    Cost      O(n) a block; 57 bytes and 9 an hour, a point
    """

    def __init__(self, m: int, cells: int, readings: float) -> None:
        self._cells = cells
        self._known = KNOWN * readings
        self._usual = np.zeros((m, cells))
        self._visits = np.zeros((m, cells), np.uint8)
        self._at = np.full(m, NOT_YET, np.int64)  # the visit that goes on: hours since the origin of time
        self._visit = np.zeros((m, 2))  # readings in it, their mean
        # weight; mean square from the usual, from the level; deviation from the usual, eased
        self._worth = np.zeros((m, 4))
        self.state: State = {
            "usual": self._usual,
            "visits": self._visits,
            "at": self._at,
            "visit": self._visit,
            "worth": self._worth,
        }

    def update(
        self, slot: Slots, time: Int64s, x: Floats, level: Floats, *, short: Floats, decay: Floats
    ) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """How far each reading is from the usual at its hour, the same averaged, and whether that tells more.

        level  its deviation from the long-run mean; short: readings to average over; decay: of the older ones' weight
        """
        if not self._cells:
            nothing = np.zeros(len(slot))
            return nothing, nothing, nothing > 0
        at = time // CELL_NS
        turned = np.flatnonzero(at != self._at.take(slot))
        if len(turned):
            self._turn(slot[turned], at[turned])
        cell = at % self._cells
        known = self._visits[slot, cell] >= WARM_VISITS
        off = np.where(known, x - self._usual[slot, cell], 0.0)
        readings, mean = visit = self._visit.take(slot, axis=0).T.copy()
        readings += 1.0
        mean += (x - mean) / readings
        self._visit[slot] = visit.T
        weight, by_hour, by_level, eased = worth = self._worth.take(slot, axis=0).T.copy()
        enough = weight >= self._known
        tells: NDArray[np.bool_] = known & enough & (by_hour < TELLS * by_level)
        weight *= decay
        weight += known
        share = known / np.maximum(weight, 1.0)
        _average(by_hour, off * off, share, enough)
        _average(by_level, level * level, share, enough)
        eased += (off - eased) / short
        eased *= known
        self._worth[slot] = worth.T
        return off, eased, tells

    def _turn(self, slot: Slots, at: Int64s) -> None:
        # The visit that ends counts as one of its hour, however many readings it had.
        before = self._at.take(slot)
        visited = before != NOT_YET
        known, old = slot[visited], before[visited] % self._cells
        visits = np.minimum(self._visits[known, old].astype(np.intp) + 1, MOST_VISITS)
        usual = self._usual[known, old]
        self._usual[known, old] = usual + (self._visit[known, 1] - usual) / np.minimum(visits, MEMORY_VISITS)
        self._visits[known, old] = visits
        self._visits[slot[visited & (at - before > SILENCE_CYCLES * self._cells)]] = 0
        self._at[slot] = at
        self._visit[slot] = 0.0


def _average(mean: Floats, new: Floats, share: Floats, enough: NDArray[np.bool_]) -> None:
    mean += share * (np.where(enough, np.minimum(new, CLIP_SQUARE * mean), new) - mean)
