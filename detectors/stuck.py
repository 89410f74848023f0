"""Score: how long a signal has not changed, in its usual longest pauses."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from detectors.option import number
from detectors.recurrence import Columns, Recurrence
from detectors.room import room
from detectors.rows import Rows, State, common, of
from detectors.trend import CEILING, FINEST, NOT_YET
from ganzhi.clock import NS_PER_S
from ganzhi.records import Floats, Rule

LEARN_S = 3 * 86_400.0
"""Three days: what rests each night has then shown it as often as LONGEST asks."""

MEMORY_S = 30 * 86_400.0
CHANGES = 20
MOST_CHANGES = 1e6
"""No more are counted."""

FEW = 10.0
"""The usual pause is taken as longer by this over the changes seen: the longest of few is often too short."""

LONGEST = 2
"""The usual pause is this one from the top, so that a signal that was stuck once is still found the second time."""

SHORTEST_PERIODS = 4.0
"""A usual pause is at least so many sampling periods: some readings alike by chance are no fault."""

SILENCE_PERIODS = 3.0
"""Nobody knows what happened in a longer gap between readings, so that it counts as no more than this."""

BEYOND = 1.001
"""Times the resolution that the readings since a change may span: a last digit that flickers is none, whatever its
rounding."""


class Stuck:
    """Notice that a signal stands still longer than it ever used to.

    A change is a reading with which those since the last change span more than the resolution. What a point does by
    itself is its measure: a valve that stands for hours and a noisy pressure have each their own usual pause.

    Good for   frozen transmitters, gateways that repeat a value.      Poor for   on and off, faults as short as a rest.
    Input      value float64 (n,), unit of the point; rows in time order per point, any spacing
    Output     score float64 (n,), >= 0, in usual pauses: the time without a change over the second longest such time
               remembered, which is at least 4 sampling periods; 0 at a change; usual limit 4
    Options    changes 20, learn_s 259200: how many, and seconds watched, before the first score; memory_s 2592000:
               seconds in which a remembered pause fades to two fifths of its length
    Warm-up    NaN until `changes` changes and `learn_s` have been seen: what never changed is never called stuck
    Missing    rows of bad quality do not come here and so change nothing; a gap in the readings counts as three
               sampling periods at most, and as time for the memory
    Flat       NaN at first; later this is what it is for
    Cost       O(n) a block; 64 bytes a point
    Raises     ValueError for a wrong option
    Source     engineering default
    """

    def __init__(self, rule: Rule, *, period_s: Floats, resolution: Floats) -> None:
        self._enough = number(rule, "changes", CHANGES, above=LONGEST, below=MOST_CHANGES)
        self._learn_s = number(rule, "learn_s", LEARN_S, above=0)
        self._memory_s = number(rule, "memory_s", MEMORY_S, above=0)
        self._step_s = common(SILENCE_PERIODS * period_s)
        self._shortest_s = common(SHORTEST_PERIODS * period_s)
        self._change = common(BEYOND * np.maximum(resolution, FINEST))
        m = len(period_s)
        self._time = room(m, dtype=np.int64, filled=NOT_YET)
        # of the readings since the last change: lowest, highest, seconds; the longest pauses; changes and seconds seen
        self._memory = room(m, 5 + LONGEST)
        self._seen = (np.empty(0), np.empty(0))
        self.state: State = {"time": self._time, "memory": self._memory}

    def update(self, rows: Rows) -> tuple[Rows, Floats]:
        before = rows.before(self._time, rows.time)
        new = before == NOT_YET
        gap = np.where(new, 0.0, (rows.time - before) / NS_PER_S)
        x = np.minimum(np.maximum(rows.value, -CEILING), CEILING)
        step = np.minimum(gap, of(self._step_s, rows.slot))
        with np.errstate(under="ignore"):  # what underflows is 0 for us too
            row = x, step, 1.0 / (1.0 + gap / self._memory_s), new
            still, second, changes, watched = STEP.run(rows, self._memory, row, (self._change, self._learn_s))
            usual = second * (1.0 + FEW / np.maximum(changes, 1.0))
            np.maximum(usual, of(self._shortest_s, rows.slot), out=usual)
            score: Floats = still / usual
        score[(changes < self._enough) | (watched < self._learn_s)] = np.nan
        self._seen = (still, usual)
        return rows, score

    def evidence(self, row: int) -> Mapping[str, float]:
        """Seconds without a change, `still_s`, and the usual longest, `usual_s`."""
        still, usual = self._seen
        return {"still_s": float(still[row]), "usual_s": float(usual[row])}


def _step(state: Columns, row: Columns, own: Columns) -> tuple[Columns, Columns]:
    lowest, highest, still, first, second, changes, watched = state
    x, step, fade, new = row
    change, learn_s = own
    if new.any():
        lowest = np.where(new, x, lowest)
        highest = np.where(new, x, highest)
    lowest = np.minimum(lowest, x)
    highest = np.maximum(highest, x)
    first *= fade
    second *= fade
    still += step
    watched = np.minimum(watched + step, learn_s)
    changed = highest - lowest > change
    if changed.any():
        pause = np.where(changed, still, 0.0)
        second = np.maximum(second, np.minimum(first, pause))
        first = np.maximum(first, pause)
        changes = np.minimum(changes + changed, MOST_CHANGES)
        still = np.where(changed, 0.0, still)
        lowest = np.where(changed, x, lowest)
        highest = np.where(changed, x, highest)
    return (lowest, highest, still, first, second, changes, watched), (still, second, changes, watched)


STEP = Recurrence(_step)
