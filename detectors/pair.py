"""Readings of two points, each with its own arrival, into pairs of equal time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detectors.rows import Rows, Slots, State
from ganzhi.records import SIMULATED, Bytes, Floats, Int64s, Rule

NOT_YET = -(1 << 62)


@dataclass(frozen=True, slots=True)
class Paired:
    """Pairs that are complete, those of a unit in order of time: unit (k,), value (k, 2), and the rest (k,).

    quality  the SIMULATED bit if either has it
    heard    of the later one of the two
    """

    unit: Slots
    time: Int64s
    value: Floats
    quality: Bytes
    heard: Int64s | None

    def rows(self, index: Slots) -> Paired:
        """Those at the positions `index`."""
        heard = None if self.heard is None else self.heard[index]
        return Paired(self.unit[index], self.time[index], self.value[index], self.quality[index], heard)


@dataclass(frozen=True, slots=True)
class _Halves:
    """Readings that wait for their other half, and after them new ones, in the order of arrival by unit.

    touched  the units, each once; row: of a new one its place among the rows, -1 for one that waits
    """

    touched: Slots

    unit: Slots
    side: Slots
    time: Int64s
    value: Floats
    quality: Bytes
    row: Slots


class Pairs:
    """Joins the two points of each unit by equal time stamps.

    Of each point the last `wait` readings are kept that are newer than the newest pair; one that `wait` later ones of
    its own point have overtaken is given up. As long as neither is further behind, the pairs are the same in whatever
    order the two come.

    Input   rows in the order of their arrival, rising in time for each point
    State   everything has a row a unit: time, value and quality (m, 2, wait) of the readings that wait, oldest first
    """

    def __init__(self, rule: Rule, wait: int) -> None:
        place = {int(point): slot for slot, point in enumerate(rule.points)}
        m = len(rule.units)
        self._unit = np.full(len(rule.points), -1, np.intp)
        self._side = np.zeros(len(rule.points), np.intp)
        for row, unit in enumerate(rule.units):
            for side, point in enumerate(unit.members.tolist()):
                if self._unit[place[point]] >= 0:
                    raise ValueError(f"{rule.id}: a point is in two units")
                self._unit[place[point]], self._side[place[point]] = row, side
        self._wait = wait
        self._time = np.full((m, 2, wait), NOT_YET, np.int64)
        self._value = np.zeros((m, 2, wait))
        self._quality = np.zeros((m, 2, wait), np.uint8)
        self.state: State = {"when": self._time, "half": self._value, "bits": self._quality}

    def update(self, rows: Rows) -> Paired:
        """The pairs that the rows complete."""
        halves = self._halves(rows)
        first, last = self._match(halves)
        time = halves.time[last]
        sides = np.where(halves.side[first] == 0, first, last), np.where(halves.side[first] == 0, last, first)
        self._keep(halves, first, last)
        return Paired(
            halves.unit[last],
            time,
            np.stack([halves.value[side] for side in sides], axis=1),
            (halves.quality[first] | halves.quality[last]) & np.uint8(SIMULATED),
            None if rows.heard is None else rows.heard[halves.row[last]],
        )

    def _halves(self, rows: Rows) -> _Halves:
        unit = self._unit.take(rows.slot)
        touched = np.unique(unit)
        u, side, depth = np.nonzero(self._time[touched] != NOT_YET)
        where = touched[u], side, depth
        both = np.concatenate([touched[u], unit])
        order = np.argsort(both, kind="stable")
        return _Halves(
            touched,
            both[order],
            np.concatenate([side, self._side.take(rows.slot)])[order],
            np.concatenate([self._time[where], rows.time])[order],
            np.concatenate([self._value[where], rows.value])[order],
            np.concatenate([self._quality[where], rows.quality])[order],
            np.concatenate([np.full(len(u), -1), np.arange(len(unit))])[order],
        )

    def _match(self, halves: _Halves) -> tuple[Slots, Slots]:
        # Of each pair the one that came first, and the one that completes it, in the order of completion.
        order = np.lexsort((halves.time, halves.unit))
        same = (halves.unit[order][1:] == halves.unit[order][:-1]) & (halves.time[order][1:] == halves.time[order][:-1])
        at = np.flatnonzero(same)
        first, last = np.minimum(order[at], order[at + 1]), np.maximum(order[at], order[at + 1])
        rank = np.stack([np.cumsum(halves.side == side) for side in (0, 1)])
        overtaken = rank[halves.side[first], last] - rank[halves.side[first], first]
        kept = np.flatnonzero(overtaken < self._wait)
        kept = kept[np.argsort(last[kept], kind="stable")]
        return first[kept], last[kept]

    def _keep(self, halves: _Halves, first: Slots, last: Slots) -> None:
        touched = halves.touched
        newest = np.full(len(self._time), NOT_YET, np.int64)
        np.maximum.at(newest, halves.unit[last], halves.time[last])
        open_ = np.flatnonzero(halves.time > newest[halves.unit])
        key = halves.unit[open_] * 2 + halves.side[open_]
        order = np.argsort(key, kind="stable")
        key, open_ = key[order], open_[order]
        ends = np.searchsorted(key, key, side="right")
        depth = self._wait - (ends - np.arange(len(key)))
        open_, depth = open_[depth >= 0], depth[depth >= 0]
        self._time[touched] = NOT_YET
        self._value[touched] = 0.0
        self._quality[touched] = 0
        where = halves.unit[open_], halves.side[open_], depth
        self._time[where] = halves.time[open_]
        self._value[where] = halves.value[open_]
        self._quality[where] = halves.quality[open_]
