"""Score: how rare what the signal does now is in its own past."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from detectors.habit import Habit, octaves
from detectors.option import choice, number
from detectors.recurrence import Columns, Recurrence
from detectors.rhythm import Rhythm
from detectors.rows import Rows, State, common, of
from detectors.trend import CEILING, FINEST, NOT_YET
from ganzhi.clock import NS_PER_S
from ganzhi.records import Floats, Rule

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
        pace_s = pace * period_s
        self._pace_s = common(pace_s)
        self._rates = [common(1.0 / (paces * pace_s)) for paces in (1.0, MIDDLE, LONG)]
        floor = np.maximum(resolution, FINEST)
        self._resolution, self._floor = common(floor), common(floor * floor)
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
        with np.errstate(under="ignore"):  # what underflows is 0 for us too
            size, readings = self._look(rows)
            self._seen = DECADES_PER_OCTAVE * self._habit.update(rows, size, readings >= self._settle)
            square = self._seen * self._seen
            square *= square
            score: Floats = np.sqrt(np.sqrt(square[:, 0] + square[:, 1] + square[:, 2] + square[:, 3]))
        score[readings < self._warmup] = np.nan
        return rows, score

    def evidence(self, row: int) -> Mapping[str, float]:
        """The rarity of `jump`, `level`, `course` and `scatter`, in decades."""
        return dict(zip(VIEWS, self._seen[row].tolist(), strict=True))

    def _look(self, rows: Rows) -> tuple[Floats, Floats]:
        # The size of each view, and how many readings there were before.
        before = rows.before(self._time, rows.time)
        fresh = before == NOT_YET
        gap = np.where(fresh, 0.0, (rows.time - before) / NS_PER_S)
        ages = (gap * of(rate, rows.slot) for rate in self._rates)
        decay = [1.0 / (1.0 + age + 0.5 * age * age) for age in ages]
        x = np.minimum(np.maximum(rows.value, -CEILING), CEILING)
        told = STEP.run(rows, self._memory, (x, *decay), (self._floor,))
        readings, jump, level, course, scatter, weight = told
        off, eased, tells = self._rhythm.update(rows, x, level, short=weight, decay=decay[2])
        size = np.empty((len(rows), len(VIEWS)))
        size[:, 0] = np.where(fresh | (gap > of(self._pace_s, rows.slot)), 0.0, jump)
        size[:, 1] = np.where(tells, off, level)
        size[:, 2] = np.where(tells, eased, course)
        least = FINE * of(self._resolution, rows.slot)
        for k in range(3):
            size[np.abs(size[:, k]) < least, k] = 0.0
        size[:, 3] = np.where(readings >= self._settle, scatter, 0.0)
        return size, readings


def _step(state: Columns, row: Columns, own: Columns) -> tuple[Columns, Columns]:
    readings, last, weight, weight_1, weight_2, short, middle, long, now, usual = state
    x, decay, decay_1, decay_2 = row
    (floor,) = own
    weight = weight * decay + 1.0
    weight_1 = weight_1 * decay_1 + 1.0
    weight_2 = weight_2 * decay_2 + 1.0
    short = short + (x - short) / weight
    middle = middle + (x - middle) / weight_1
    long = long + (x - long) / weight_2
    away = x - middle
    now = now + (away * away - now) / np.minimum(SCATTER * weight, weight_1)
    wide = octaves(np.maximum(now, floor))
    scatter = 0.5 * wide - usual
    usual = usual + scatter / weight_1
    return (readings + 1.0, x, weight, weight_1, weight_2, short, middle, long, now, usual), (
        readings, x - last, x - long, short - middle, scatter, weight
    )  # fmt: skip


STEP = Recurrence(_step)
