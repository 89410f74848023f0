"""Score: how rare what the signal does now is in its own past."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from detectors.habit import Habit, octaves
from detectors.option import choice, number
from detectors.rhythm import Rhythm
from detectors.rows import Rows, Slots, State
from detectors.trend import CEILING, FINEST, NOT_YET
from ganzhi.clock import NS_PER_S
from ganzhi.records import Floats, Int64s, Rule

PACE = 10.0
SETTLE = 3.0
"""Paces of readings before the first is remembered: means of a few say nothing of what is usual."""

SCATTER, MIDDLE, LONG = 3.0, 10.0, 50.0
"""Paces over which the present scatter, its usual size and the course, and the level are averaged."""

WARMUP = 150.0
MEMORY_S = 366 * 86_400.0
"""A year, so that a season's first storm is not news."""

RHYTHMS = {"none": 0, "day": 24, "week": 168}
"""Hours after which the signal is thought to repeat itself, where it does."""

FINE = 0.25
"""A deviation of less than this part of the resolution is none."""

DECADES_PER_OCTAVE = 0.30103
VIEWS = ("jump", "level", "course", "scatter")


class Novelty:
    """Say how rare what a signal does now is among all that it did before: no limit, no model, no training data.

    Four views of each reading, up and down apart:
    jump      from the reading before
    level     from the mean of 50 paces, or where the hour says more, from what is usual at this hour
    course    of the mean of one pace from that of 10, or of those deviations from the usual, averaged over one pace
    scatter   around the mean of 10 paces, over the last 3, as a ratio to what it is on average over 10
    The rarity of each is the share of past readings that did as much, as a power of ten: 3 is one in a thousand; beyond
    all that was ever seen it goes on with the size. score = fourth root of the sum of their fourth powers.

    Good for   a signal nobody has set limits for: unlike anything before it, of whatever shape, and then soon.
    Poor for   what is wrong from the beginning, and what comes back again and again: it is then less new.
    Input      value float64 (n,), unit of the point; rows in time order per point, any spacing
    Output     score float64 (n,), >= 0, in decades; usual limits 3.5 and 5
    Options    pace 10: sampling periods; warmup 150: readings before the first score, above 3 paces; memory_s 31622400:
               after which what was seen counts half; rhythm "day", "week" or "none"
    Warm-up    NaN until `warmup` readings have been seen
    Missing    rows of bad quality do not come here and so change nothing; means age with time, and a silence of more
               than a pace has no jump
    Flat       0; deviations below a quarter of the point's resolution count for nothing
    Cost       O(n) a block; 4 kB a point, 5.5 kB for a week
    Raises     ValueError for a wrong option
    Source     engineering default; the rank among earlier deviations as in conformal anomaly detection (Laxhammar and
               Falkman, FUSION 2010)
    """

    def __init__(self, rule: Rule, *, period_s: Floats, resolution: Floats) -> None:
        pace = number(rule, "pace", PACE, above=1)
        self._settle = SETTLE * pace
        self._warmup = number(rule, "warmup", WARMUP, above=self._settle)
        memory_s = number(rule, "memory_s", MEMORY_S, above=1)
        rhythm = choice(rule, "rhythm", tuple(RHYTHMS), "day")
        self._pace_s = pace * period_s
        self._rates = 1.0 / (np.array([[1.0], [MIDDLE], [LONG]]) * self._pace_s)
        self._resolution = np.maximum(resolution, FINEST)
        m = len(period_s)
        self._time = np.full(m, NOT_YET, np.int64)
        # readings seen, the last; weights of the means, short, middle and long; the means; the present scatter,
        # squared; its usual size, in octaves
        self._memory = np.zeros((m, 10))
        self._rhythm = Rhythm(m, RHYTHMS[rhythm], LONG * pace)
        self._habit = Habit(m, len(VIEWS), round(memory_s * NS_PER_S))
        self._seen = np.empty((0, len(VIEWS)))
        self.state: State = {"time": self._time, "memory": self._memory, **self._rhythm.state, **self._habit.state}

    def update(self, rows: Rows) -> tuple[Rows, Floats]:
        score = np.empty(len(rows))
        self._seen = np.empty((len(rows), len(VIEWS)))
        for part in rows.rounds():
            score[part] = self._step(rows.slot[part], rows.time[part], rows.value[part], self._seen[part])
        return rows, score

    def evidence(self, row: int) -> Mapping[str, float]:
        """The rarity of `jump`, `level`, `course` and `scatter`, in decades."""
        return dict(zip(VIEWS, self._seen[row].tolist(), strict=True))

    def _step(self, slot: Slots, time: Int64s, value: Floats, seen: Floats) -> Floats:
        x = np.minimum(np.maximum(value, -CEILING), CEILING)
        memory = self._memory.take(slot, axis=0).T.copy()
        readings = memory[0]
        with np.errstate(under="ignore"):  # what underflows is 0 for us too
            size = self._look(slot, time, x, memory)
            seen[:] = DECADES_PER_OCTAVE * self._habit.rarity(slot, size)
            square = seen * seen
            square *= square
            score: Floats = np.sqrt(np.sqrt(square[:, 0] + square[:, 1] + square[:, 2] + square[:, 3]))
        settled = np.flatnonzero(readings >= self._settle)
        self._habit.learn(slot[settled], time[settled], size[settled])
        score[readings < self._warmup] = np.nan
        readings += 1.0
        self._memory[slot] = memory.T
        self._time[slot] = time
        return score

    def _look(self, slot: Slots, time: Int64s, x: Floats, memory: Floats) -> Floats:
        # The size of each view, and what it is made of carried on; `memory` is changed in place.
        readings, last = memory[:2]
        weight, mean = memory[2:5], memory[5:8]
        now, usual = memory[8:]
        resolution = self._resolution.take(slot)
        gap = np.where(readings > 0, (time - self._time.take(slot)) / NS_PER_S, 0.0)
        decay = gap * self._rates[:, slot]
        decay = 1.0 / (1.0 + decay + 0.5 * decay * decay)
        weight *= decay
        weight += 1.0
        mean += (x - mean) / weight
        short, middle, long = mean
        level = x - long
        off, eased, tells = self._rhythm.update(slot, time, x, level, short=weight[0], decay=decay[2])
        size = np.empty((len(slot), len(VIEWS)))
        size[:, 0] = np.where((readings > 0) & (gap <= self._pace_s.take(slot)), x - last, 0.0)
        size[:, 1] = np.where(tells, off, level)
        size[:, 2] = np.where(tells, eased, short - middle)
        size[np.abs(size) < FINE * resolution[:, np.newaxis]] = 0.0
        away = x - middle
        now += (away * away - now) / np.minimum(SCATTER * weight[0], weight[1])
        wide = 0.5 * octaves(np.maximum(now, resolution * resolution))
        size[:, 3] = np.where(readings >= self._settle, wide - usual, 0.0)
        usual += (wide - usual) / weight[1]
        last[:] = x
        return size
