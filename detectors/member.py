"""The tiers of the members of units, as the rules that a group rule reads announce them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from detectors.adoption import members as units_members
from detectors.hold import NEVER
from detectors.rows import Slots
from ganzhi.records import Bytes, Int64s, Rule, Transition

Told = Sequence[tuple[int, Transition]]
"""What a rule announced in a block, with the listening time of each."""


class Member(Protocol):
    """A rule whose tiers are read: what it announces at each of its subjects, and whether that was simulated."""

    rule: Rule
    simulated: NDArray[np.bool_]

    @property
    def announced(self) -> Bytes: ...


class Cells:
    """The tiers of every member of every unit, by each of the rules that are read.

    middle  intp (u,), the place of a unit's own point among its members
    judged  bool (u, k, r), whether there is something that the rule judges
    """

    def __init__(self, rule: Rule, members: Sequence[Member]) -> None:
        table = units_members(rule)
        (u, k), r = table.shape, len(members)
        self._rank = {member.rule.id: rank for rank, member in enumerate(members)}
        self._tier = np.zeros((u, k, r), np.uint8)
        self._simulated = np.zeros((u, k, r), np.bool_)
        self.middle: Slots = np.array([_place(each.members, each.point, rule) for each in rule.units], np.intp)
        # The cells in which a point is, sorted by point.
        unit, place = np.nonzero(table >= 0)
        point = table[unit, place]
        order = np.argsort(point, kind="stable")
        self._point, self._unit, self._place = point[order], unit[order], place[order]
        self.judged = np.zeros((u, k, r), np.bool_)
        for rank, member in enumerate(members):
            cell = self._where(member.rule.subjects)[1]
            self.judged[self._unit[cell], self._place[cell], rank] = True

    def read(self, members: Sequence[Member]) -> None:
        """Take what the members hold."""
        self._tier[:] = 0
        self._simulated[:] = False
        for rank, member in enumerate(members):
            which, cell = self._where(member.rule.subjects)
            where = self._unit[cell], self._place[cell], rank
            self._tier[where] = member.announced[which]
            self._simulated[where] = member.simulated[which]

    def of(self, unit: Slots) -> tuple[Bytes, NDArray[np.bool_]]:
        """Of units the tier of each member by each rule, uint8 (n, k, r), and whether one that is in colour is
        simulated, (n,)."""
        tier = self._tier[unit]
        made_up = (self._simulated[unit] & (tier > 0)).reshape(len(unit), -1)
        simulated: NDArray[np.bool_] = np.any(made_up, axis=1)
        return tier, simulated

    def news(self, told: Mapping[str, Told]) -> News:
        """What the rules told, for each unit that it is about."""
        rows = [
            (at, t.point, rank, t.new, t.simulated) for id_, rank in self._rank.items() for at, t in told.get(id_, ())
        ]
        if not rows:
            return News(np.empty((6, 0), np.int64), len(self._tier))
        at, point, rank, tier, simulated = np.array(rows, np.int64).T
        row, cell = self._where(point)
        columns = [at[row], self._unit[cell], self._place[cell], rank[row], tier[row], simulated[row]]
        return News(np.array(columns, np.int64), len(self._tier))

    def write(self, news: NDArray[np.int64]) -> Slots:
        """Take over what was told, the last of a cell staying; the units that it is about."""
        _, unit, place, rank, tier, simulated = (column.astype(np.intp) for column in news)
        self._tier[unit, place, rank] = tier
        self._simulated[unit, place, rank] = simulated
        about: Slots = unit
        return about

    def _where(self, point: NDArray[np.integer]) -> tuple[Slots, Slots]:
        # Every cell of every point: which of the points, and which cell.
        low, high = np.searchsorted(self._point, point), np.searchsorted(self._point, point, side="right")
        return _ranges(low, high)


class News:
    """Columns at, unit, place, rank, tier, simulated, (6, n); each unit takes its own moment by moment, in order."""

    def __init__(self, columns: NDArray[np.int64], u: int) -> None:
        self._columns = columns[:, np.lexsort((columns[0], columns[1]))]
        at, unit = self._columns[:2]
        bounds = np.searchsorted(unit, np.arange(u + 1))
        self._next, self._end = bounds[:-1].copy(), bounds[1:]
        self._at = np.append(at, NEVER)

    def __len__(self) -> int:
        return len(self._at) - 1

    def next_at(self) -> Int64s:
        """When each unit is told something next, int64 (u,); NEVER where nothing is left."""
        at: Int64s = np.where(self._next < self._end, self._at[self._next], NEVER)
        return at

    def take(self, unit: Slots, at: Int64s) -> NDArray[np.int64]:
        """The columns of what these units are told at these moments, none of which is later than their next."""
        low = self._next[unit]
        high = low.copy()
        while (more := (high < self._end[unit]) & (self._at[high] == at)).any():
            high += more
        self._next[unit] = high
        return self._columns[:, _ranges(low, high)[1]]

    def rest(self) -> NDArray[np.int64]:
        """The columns of what is left."""
        return self._columns[:, np.sort(_ranges(self._next, self._end)[1])]


def _ranges(low: Slots, high: Slots) -> tuple[Slots, Slots]:
    # Of ranges from low to high: which range, and every place in it.
    length = high - low
    which = np.repeat(np.arange(len(low)), length)
    place = np.arange(len(which)) + np.repeat(low - (np.cumsum(length) - length), length)
    return which, place


def _place(members: NDArray[np.int32], point: int, rule: Rule) -> int:
    found = np.flatnonzero(members == point)
    if not len(found):
        raise ValueError(f"{rule.id}: the point that stands for a unit must be one of its members")
    return int(found[0])
