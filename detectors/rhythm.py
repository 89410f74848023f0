"""What is usual at this hour, for signals of which the hour says more than their long-run mean: for novelty."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detectors.recurrence import Columns, Recurrence
from detectors.rows import Rows, Slots, State
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
        self, rows: Rows, x: Floats, level: Floats, *, short: Floats, decay: Floats
    ) -> tuple[Floats, Floats, Floats]:
        """How far each reading is from the usual at its hour, the same averaged, and 1 where that tells more, else 0.

        level  its deviation from the long-run mean; short: readings to average over; decay: of the older ones' weight
        """
        if not self._cells:
            nothing = np.zeros(len(rows))
            return nothing, nothing, nothing
        at = rows.time // CELL_NS
        before = rows.before(self._at, at)
        turned = at != before
        (mean,) = VISIT.run(rows, self._visit, (x, turned), ())
        usual, visits = self._turn(rows, before, at, turned, mean)
        known = visits >= WARM_VISITS
        off = np.where(known, x - usual, 0.0)
        eased, tells = WORTH.run(rows, self._worth, (known, off, level, short, decay), (self._known,))
        return off, eased, tells

    def _turn(
        self, rows: Rows, before: Int64s, at: Int64s, turned: NDArray[np.bool_], mean: Floats
    ) -> tuple[Floats, Int64s]:
        # What is usual at each row's hour and how often it was visited, once the visits before have been counted.
        usual, visits = np.empty(len(rows)), np.empty(len(rows), np.int64)
        for part in rows.wide():
            slot, cell = rows.slot[part], at[part] % self._cells
            index = np.flatnonzero(turned[part])
            if len(index):
                self._count(slot[index], before[part][index], at[part][index], mean[part][index])
            usual[part], visits[part] = self._usual[slot, cell], self._visits[slot, cell]
        for point, rest in rows.points():
            now = at[rest]
            index = np.flatnonzero(turned[rest])
            lengths = np.diff(index, prepend=0, append=len(now))
            hour = now[0] % self._cells
            first = self._usual[point, hour], self._visits[point, hour]
            found = self._count_all(point, before[rest][index], now[index], mean[rest][index])
            usual[rest] = np.repeat([first[0], *found[0]], lengths)
            visits[rest] = np.repeat([first[1], *found[1]], lengths)
        return usual, visits

    def _count(self, slot: Slots, before: Int64s, at: Int64s, mean: Floats) -> None:
        # The visit that ends counts as one of its hour, however many readings it had.
        visited = before != NOT_YET
        known, old = slot[visited], before[visited] % self._cells
        visits = np.minimum(self._visits[known, old].astype(np.intp) + 1, MOST_VISITS)
        usual = self._usual[known, old]
        self._usual[known, old] = usual + (mean[visited] - usual) / np.minimum(visits, MEMORY_VISITS)
        self._visits[known, old] = visits
        self._visits[slot[visited & (at - before > SILENCE_CYCLES * self._cells)]] = 0

    def _count_all(self, point: int, before: Int64s, at: Int64s, mean: Floats) -> tuple[list[float], list[int]]:
        # The same for visits of one point after another, and what is then known of the hours that they lead to.
        usual, visits = self._usual[point].tolist(), self._visits[point].tolist()
        found: tuple[list[float], list[int]] = [], []
        for then, now, ended in zip(before.tolist(), at.tolist(), mean.tolist(), strict=True):
            if then != NOT_YET:
                old = then % self._cells
                visits[old] = min(visits[old] + 1, MOST_VISITS)
                usual[old] += (ended - usual[old]) / min(visits[old], MEMORY_VISITS)
                if now - then > SILENCE_CYCLES * self._cells:
                    visits = [0] * self._cells
            found[0].append(usual[now % self._cells])
            found[1].append(visits[now % self._cells])
        self._usual[point], self._visits[point] = usual, visits
        return found


def _visit(state: Columns, row: Columns, own: Columns) -> tuple[Columns, Columns]:
    readings, mean = state
    x, turned = row
    () = own
    ended = mean
    if turned.any():
        readings = np.where(turned, 0.0, readings)
        mean = np.where(turned, 0.0, mean)
    readings = readings + 1.0
    mean = mean + (x - mean) / readings
    return (readings, mean), (ended,)


def _worth(state: Columns, row: Columns, own: Columns) -> tuple[Columns, Columns]:
    weight, by_hour, by_level, eased = state
    known, off, level, short, decay = row
    (least,) = own
    enough = weight >= least
    tells = known & enough & (by_hour < TELLS * by_level)
    weight = weight * decay + known
    share = known / np.maximum(weight, 1.0)
    by_hour = _averaged(by_hour, off * off, share, enough)
    by_level = _averaged(by_level, level * level, share, enough)
    eased = (eased + (off - eased) / short) * known
    return (weight, by_hour, by_level, eased), (eased, np.where(tells, 1.0, 0.0))


def _averaged(mean: Floats, new: Floats, share: Floats, enough: NDArray[np.bool_]) -> Floats:
    found: Floats = mean + share * (np.where(enough, np.minimum(new, CLIP_SQUARE * mean), new) - mean)
    return found


VISIT, WORTH = Recurrence(_visit), Recurrence(_worth)
