"""Score: deviation from what is usual at this hour of the week."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np

from detectors.option import number
from detectors.recurrence import Columns, Recurrence
from detectors.room import room
from detectors.rows import Rows, Slots, State, common, of
from ganzhi.clock import NS_PER_S
from ganzhi.records import Floats, Int64s, Rule

CELL_S = 3600.0
CELLS = 168
UTC_OFFSET_S = 28_800.0
"""China has one time and no summer time."""

WARM_VISITS = 4
"""Weeks that a cell must have been seen in before it says what is usual."""

MEMORY_VISITS = 8
"""A cell follows as the mean over so many weeks does."""

SILENCE_CYCLES = 8
"""After so many weeks of silence all is learned anew."""

CLIP_SIGMA = 3.0
"""A reading counts for no more than this towards what is usual (Huber 1964)."""

KNOWN = 4
"""Readings of a first visit after which its own spread clips it."""

SIGMA_PER_MEAN_ABS = float(np.sqrt(np.pi / 2))
FINEST = 1e-12
"""Smallest resolution believed, in the point's unit: nothing is divided by 0."""

CEILING = 1e120
"""Larger magnitudes are read as this, so that no product overflows."""

MOST_VISITS, MOST_CELLS, MOST_DAYS = 255, 100_000, 366
DAY_S = 86_400
WEEK_S = 604_800
EPOCH = date(1970, 1, 1).toordinal()
MONDAY = 3
"""Days from 1970-01-01, a Thursday, back to the Monday before."""

HOLIDAY_AS, WORKDAY_AS = 6, 2
"""Days of the week that marked dates are read as: Sunday and Wednesday."""

NOT_YET = -(1 << 62)


class Profile:
    """Compare each reading with what is usual for this point at this hour of the week.

    Good for   load at night, gas in adjacent spaces, flow of a network.      Poor for   plants without a routine.
    Input      value float64 (n,), unit of the point; rows in time order per point, any spacing
    Output     score float64 (n,), in robust standard deviations, below 0 for less than usual; usual limit 6
    Options    utc_offset_s 28800: local time; holidays, workdays "": dates that are like a Sunday or a workday, such
               as "2026-10-01..2026-10-07, 2027-01-01"; visits 4: weeks before a cell speaks; cell_s 3600 and cells 168:
               length and number of cells, 24 for a profile of the day; holidays need a week of whole parts of a day
    Warm-up    NaN until the cell has been seen in `visits` earlier weeks
    Missing    rows of bad quality do not come here and so change nothing; 8 weeks of silence start it again
    Flat       0; the spread is floored at the point's resolution
    Cost       O(n) a block; 17 bytes a cell and 48 a point: 2.9 kB a point for a week of hours
    Raises     ValueError for a wrong option
    Source     Huber, Ann. Math. Statist. 35 (1964) 73-101: clipped means, one for each cell; a visit of a cell weighs
               as one however many readings it has, the last 8 weeks as equals, so that one bad night moves little
    """

    def __init__(self, rule: Rule, *, period_s: Floats, resolution: Floats) -> None:
        self._cell_s = number(rule, "cell_s", CELL_S, above=0)
        self._cells = _whole(rule, "cells", CELLS)
        self._warm = _whole(rule, "visits", WARM_VISITS)
        self._cell_ns = max(round(self._cell_s * NS_PER_S), 1)
        offset = number(rule, "utc_offset_s", UTC_OFFSET_S, above=-DAY_S, below=DAY_S)
        self._offset_ns = round(offset * NS_PER_S) + MONDAY * DAY_S * NS_PER_S
        self._days, self._like = _calendar(rule)
        if len(self._days) and (self._cell_s * self._cells != WEEK_S or self._cells % 7):
            raise ValueError(f"{rule.id}: holidays and workdays need a week: cell_s * cells = {WEEK_S}")
        self._floor = common(np.maximum(resolution, FINEST))
        m = len(period_s)
        self._level = room(m, self._cells)
        self._spread = room(m, self._cells)  # mean absolute deviation
        self._visits = room(m, self._cells, dtype=np.uint8)
        self._at = room(m, dtype=np.int64, filled=NOT_YET)  # the visit that is going on: cells since the origin of time
        self._visit = room(m, 4)  # readings in it, where it began, mean of deviations from there, mean absolute
        self._seen: list[Floats] = []
        self.state: State = {
            "level": self._level,
            "spread": self._spread,
            "visits": self._visits,
            "at": self._at,
            "visit": self._visit,
        }

    def update(self, rows: Rows) -> tuple[Rows, Floats]:
        at = (rows.time + self._offset_ns) // self._cell_ns
        if len(rows.starts) == 2:
            score, *self._seen = self._score(rows, at)
            return rows, score
        found = np.empty((3, len(rows)))
        for visit in np.unique(at):  # a point's time never falls, so that its visits are in order
            index = np.flatnonzero(at == visit)
            found[:, index] = self._score(rows.pick(index), at.take(index))
        score, *self._seen = found
        return rows, score

    def evidence(self, row: int) -> Mapping[str, float]:
        """`usual` and its robust standard deviation `usual_sigma`, in the point's unit."""
        level, sigma = self._seen
        return {"usual": float(level[row]), "usual_sigma": float(sigma[row])}

    def _score(self, rows: Rows, at: Int64s) -> Floats:
        # Rows of one visit of each point.
        slot = rows.slot
        x = np.minimum(np.maximum(rows.value, -CEILING), CEILING)
        turned = np.flatnonzero(at != self._at.take(slot))
        if len(turned):
            anew, first = np.unique(slot.take(turned), return_index=True)
            self._turn(anew, at.take(turned[first]), x.take(turned[first]))
        cell = self._cell(at)
        level, spread, visits = self._level[slot, cell], self._spread[slot, cell], self._visits[slot, cell]
        with np.errstate(under="ignore"):
            warm = visits >= self._warm
            sigma = np.maximum(spread * SIGMA_PER_MEAN_ABS, of(self._floor, slot))
            score = np.where(warm, (x - level) / sigma, np.nan)
            away = x - self._visit[slot, 1]
            STEP.run(rows, self._visit, (away, sigma, warm, visits > 0), ())
        return np.stack([score, level, sigma])

    def _turn(self, slot: Slots, at: Int64s, x: Floats) -> None:
        # The visit that ends counts as one of its cell; the next begins at its cell's level, or where nothing is known.
        before = self._at.take(slot)
        visited = before != NOT_YET
        known, old = slot[visited], self._cell(before[visited])
        _, begun, shift, size = self._visit.take(known, axis=0).T
        visits = self._visits[known, old].astype(np.intp) + 1
        weight = 1.0 / np.minimum(visits, MEMORY_VISITS)
        spread = self._spread[known, old]
        with np.errstate(under="ignore"):
            self._level[known, old] = begun + shift * weight
            self._spread[known, old] = spread + (size - spread) * weight
        self._visits[known, old] = np.minimum(visits, MOST_VISITS)
        self._visits[slot[visited & (at - before > SILENCE_CYCLES * self._cells)]] = 0
        cell = self._cell(at)
        zero = np.zeros(len(slot))
        begun = np.where(self._visits[slot, cell] == 0, x, self._level[slot, cell])
        self._at[slot] = at
        self._visit[slot] = np.stack([zero, begun, zero, zero], axis=1)

    def _cell(self, at: Int64s) -> Slots:
        cell: Slots = at % self._cells
        if len(self._days):
            day = at * self._cell_ns // (DAY_S * NS_PER_S)
            place = np.minimum(np.searchsorted(self._days, day), len(self._days) - 1)
            daily = self._cells // 7
            cell = np.where(self._days[place] == day, self._like[place] * daily + at % daily, cell)
        return cell


def _step(state: Columns, row: Columns, own: Columns) -> tuple[Columns, Columns]:
    readings, begun, shift, size = state
    away, sigma, warm, visited = row
    () = own
    spread = np.maximum(size * SIGMA_PER_MEAN_ABS, sigma)
    clip = np.where(warm, sigma, np.where(readings >= KNOWN, spread, CEILING)) * CLIP_SIGMA
    off = np.where(visited, away, away - shift)
    off = np.minimum(np.maximum(off, -clip), clip)
    readings = readings + 1.0
    shift = shift + np.where(visited, off - shift, off) / readings
    size = size + (np.abs(off) - size) / readings
    return (readings, begun, shift, size), ()


STEP = Recurrence(_step)


def _whole(rule: Rule, name: str, default: int) -> int:
    value = number(rule, name, default, above=0, below=MOST_CELLS)
    if value != int(value):
        raise ValueError(f"{rule.id}: {name} must be a whole number, not {value:g}")
    return int(value)


def _calendar(rule: Rule) -> tuple[Int64s, Int64s]:
    like: dict[int, int] = {}
    for name, day_of_week in (("holidays", HOLIDAY_AS), ("workdays", WORKDAY_AS)):
        text = rule.options.get(name, "")
        try:
            if not isinstance(text, str):
                raise ValueError(text)
            for part in filter(None, (part.strip() for part in text.split(","))):
                first, _, last = part.partition("..")
                begin, end = date.fromisoformat(first), date.fromisoformat(last or first)
                days = range(begin.toordinal(), end.toordinal() + 1)
                if not 0 < len(days) <= MOST_DAYS:
                    raise ValueError(part)
                like |= dict.fromkeys((day - EPOCH + MONDAY for day in days), day_of_week)
        except ValueError as error:
            example = '"2026-10-01..2026-10-07, 2027-01-01"'
            raise ValueError(f"{rule.id}: {name} must be dates such as {example}, not {text!r}") from error
    marked = np.array(sorted(like.items()), np.int64).reshape(-1, 2)
    return marked[:, 0].copy(), marked[:, 1].copy()
