"""Score: how far up a ladder of amounts in windows, such as the rainstorm signals."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.option import choice
from detectors.recurrence import Columns, Recurrence
from detectors.room import room
from detectors.rows import Rows, Slots, State
from ganzhi.clock import NS_PER_S
from ganzhi.records import Floats, Int64s, Rule

STEP = re.compile(r"(\d{1,12}(?:\.\d{1,9})?) in (\d{1,6}(?:\.\d{1,3})?) ?(s|min|h|d)")
SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}

BUCKETS = 60
"""Parts of the shortest window; what fell in the oldest part of a window counts as spread over it: 3 min of 3 h."""

MOST_TIMES = 100.0
"""Longest window over shortest, which bounds the memory of a point, and largest amount over smallest."""

QUANTUM = 2.0**-36
"""Sums are whole multiples of this part of the smallest amount, so that they neither drift nor depend on the order."""

CAP = 2.0**44
"""Quanta that one reading counts for at most: 256 times the smallest amount, and so any amount of the ladder."""

TOLERANCE = 2.0**-20
"""Part by which an amount may be missed: 500 tips of 0.1 mm are 50 mm."""

SILENCE_PERIODS = 3.0
SILENCE_PART = 0.1
"""A silence longer than these periods and this part of the shortest window hides what fell."""

JITTER = 2.0
"""A counter that falls by no more than these steps of resolution has not fallen."""

RESET = 0.5
"""A counter that falls to this part or less began again at 0; one that falls less was corrected."""

CEILING = 1e120
NOT_YET = -(1 << 62)


@dataclass(frozen=True, slots=True)
class _Fell:
    """What fell by each row: whether watching begins anew and when, over which time, of it `span`, and how much."""

    again: NDArray[np.bool_]
    begun: Int64s
    time: Int64s
    then: Int64s
    span: Int64s
    quanta: Int64s

    def at(self, index: Slots | slice) -> _Fell:
        columns: tuple[NDArray[Any], ...] = (self.again, self.begun, self.time, self.then, self.span, self.quanta)
        return _Fell(*(column[index] for column in columns))

    def marks(self, width: Int64s, total: Int64s, places: int) -> tuple[Slots, Int64s, Int64s]:
        """The totals at the beginnings of buckets since the rows before: of which row, which bucket, how much."""
        bucket = self.time // width
        steps = np.minimum(bucket - self.then // width, places)
        row = np.repeat(np.arange(len(bucket)), steps)
        back = np.repeat(np.cumsum(steps), steps) - 1 - np.arange(len(row))
        begin = bucket[row] - back
        share = 1.0 - (self.time[row] - begin * width[row]) / self.span[row]
        return row, begin, total[row] + np.rint(self.quanta[row] * np.maximum(share, 0.0)).astype(np.int64)


class Accumulate:
    """Sum what fell over several windows at once, and say how far up a ladder of amounts the sums are.

    Good for   rainstorm signals, volumes and doses in a window.      Poor for   gauges that are silent when it is dry.
    Input      value float64 (n,), unit of the point: what fell since the last reading, or a counter of it
    Output     score float64 (n,), >= 0, in steps: 2.6 is the second step reached and the third to 60 %; beyond the last
               its ratio goes on. Limits 1, 2, 3, … for the colours
    Options    steps: amounts in windows, mildest first: "50 in 12h, 50 in 6h, 50 in 3h, 100 in 3h"; windows that lead
               to the same step are joined by "or"; reading "increment" or "counter"
    Warm-up    what is known counts at once: while a window is not yet watched in full, the score may only rise to a
               step, and is NaN below the first and below the step it had
    Missing    as a warm-up, after 3 periods and a tenth of the shortest window without an increment, or the shortest
               window without a counter; what the counter then shows is spread evenly over the silence
    Flat       0 for increments of 0 and for a counter that stands; increments below 0 count as 0
    Cost       O(n) a block; 8 bytes for each 60th of the shortest window in the longest: 2 kB a point for 3 to 12 h
    Raises     ValueError for a wrong option
    Source     rainstorm signals: DOMAIN.md
    """

    def __init__(self, rule: Rule, *, period_s: Floats, resolution: Floats) -> None:
        self._ladder = _ladder(rule)
        self._counter = choice(rule, "reading", ("increment", "counter"), "increment") == "counter"
        amounts = sorted(amount for step in self._ladder for amount, _ in step)
        self._windows = sorted({window for step in self._ladder for _, window in step})
        for least, most in ((amounts[0], amounts[-1]), (self._windows[0], self._windows[-1])):
            if not 0 < most <= MOST_TIMES * least:
                raise ValueError(f"{rule.id}: steps must lie between a number above 0 and {MOST_TIMES:g} times it")
        self._quantum = amounts[0] * QUANTUM
        m = len(period_s)
        shortest = self._windows[0] * NS_PER_S
        part = shortest / BUCKETS
        self._width = np.maximum(np.minimum(period_s * NS_PER_S, shortest), part).astype(np.int64)
        self._period = np.maximum(period_s * NS_PER_S, 1.0).astype(np.int64)
        hidden = np.maximum(SILENCE_PERIODS * self._period, SILENCE_PART * shortest)
        self._silence = np.full(m, shortest) if self._counter else hidden
        self._jitter = JITTER * resolution
        self._ring = np.zeros((m, int(np.ceil(self._windows[-1] / self._windows[0] * BUCKETS)) + 2), np.int64)
        self._total = room(m, dtype=np.int64)  # quanta since ever; it may wrap around, its differences do not
        self._time = room(m, dtype=np.int64, filled=NOT_YET)
        self._since = room(m, dtype=np.int64, filled=NOT_YET)
        self._last = room(m, 1)
        self._reached = room(m, 1)
        self._sums = np.empty((0, len(self._windows)))
        self._score = np.empty(0)
        self.state: State = {
            "ring": self._ring,
            "total": self._total,
            "time": self._time,
            "since": self._since,
            "last": self._last,
            "reached": self._reached,
        }

    def update(self, rows: Rows) -> tuple[Rows, Floats]:
        slot, time = rows.slot, rows.time
        before = rows.before(self._time, time)
        new = before == NOT_YET
        period = self._period.take(slot)
        gap = np.where(new, period, time - before)
        fell = self._count(rows, new) if self._counter else rows.value
        with np.errstate(under="ignore"):
            quanta = np.rint(np.minimum(np.maximum(fell, 0.0), CAP * self._quantum) / self._quantum).astype(np.int64)
        span = gap if self._counter else np.minimum(gap, period)
        then = np.where(new, time - span, before)
        again = new | (gap > self._silence.take(slot))
        begun = time if self._counter else time - span
        all_fell = _Fell(again, begun, time, then, span, quanta)

        since = np.empty(len(rows), np.int64)
        self._sums = np.empty((len(rows), len(self._windows)))
        for part in rows.wide():
            since[part], self._sums[part] = self._round(slot[part], all_fell.at(part))
        for point, index in rows.points():
            since[index], self._sums[index] = self._point(point, all_fell.at(index))
        self._sums *= self._quantum
        self._score = self._climb(rows, time - since)
        return rows, self._score

    def evidence(self, row: int) -> Mapping[str, float]:
        """`amount` in `window_s` seconds against `threshold`: of the step reached, of the first where none is."""
        step = self._ladder[max(min(int(self._score[row]), len(self._ladder)), 1) - 1]
        found = {window: float(self._sums[row, self._windows.index(window)]) for _, window in step}
        threshold, window = max(step, key=lambda pair: found[pair[1]] / pair[0])
        return {"amount": found[window], "window_s": window, "threshold": threshold}

    def _count(self, rows: Rows, new: NDArray[np.bool_]) -> Floats:
        x = np.minimum(np.maximum(rows.value, -CEILING), CEILING)
        [risen] = COUNT.run(rows, self._last, (x, new), (self._jitter,))
        return risen

    def _round(self, slot: Slots, fell: _Fell) -> tuple[Int64s, Floats]:
        places, width, total = self._ring.shape[1], self._width.take(slot), self._total.take(slot)
        row, bucket, at = fell.marks(width, total, places)
        self._ring[slot[row], bucket % places] = at
        total += fell.quanta
        self._total[slot] = total
        since = np.where(fell.again, fell.begun, self._since.take(slot))
        self._since[slot] = since
        return since, self._fallen(fell.time, width, total, lambda bucket: self._ring[slot, bucket % places])

    def _point(self, slot: int, fell: _Fell) -> tuple[Int64s, Floats]:
        # As a round for each row would. No bucket is read that is older than the ring, or newer than the row.
        places, width = self._ring.shape[1], np.full(len(fell.time), self._width[slot])
        total: Int64s = self._total[slot] + np.cumsum(fell.quanta)
        _, written, at = fell.marks(width, total - fell.quanta, places)
        before: Int64s = self._ring[slot].copy()

        def read(bucket: Int64s) -> Int64s:
            if not len(written):
                return before[bucket % places]
            place = np.minimum(np.searchsorted(written, bucket), len(written) - 1)
            found: Int64s = np.where(written[place] == bucket, at[place], before[bucket % places])
            return found

        fallen = self._fallen(fell.time, width, total, read)
        self._ring[slot, written[-places:] % places] = at[-places:]
        self._total[slot] = total[-1]
        last = np.maximum.accumulate(np.where(fell.again, np.arange(len(total)), -1))
        since = np.where(last >= 0, fell.begun[last], self._since[slot])
        self._since[slot] = since[-1]
        return since, fallen

    def _fallen(self, time: Int64s, width: Int64s, total: Int64s, read: Callable[[Int64s], Int64s]) -> Floats:
        # Quanta in each window; what `read` says of a bucket is the total at its beginning.
        fallen = np.empty((len(time), len(self._windows)))
        for column, window in enumerate(self._windows):
            begin = time - round(window * NS_PER_S)
            bucket = begin // width
            low = read(bucket)
            within = (read(bucket + 1) - low).astype(np.float64)
            fallen[:, column] = (total - low).astype(np.float64) - within * ((begin - bucket * width) / width)
        return fallen

    def _climb(self, rows: Rows, watched: Int64s) -> Floats:
        ratios = np.zeros((len(rows), len(self._ladder)))
        unwatched = np.zeros(len(rows), np.intp)  # the highest step with a window that is not yet watched in full
        for number, step in enumerate(self._ladder):
            for amount, window in step:
                ratio = self._sums[:, self._windows.index(window)] / (amount * (1.0 - TOLERANCE))
                np.maximum(ratios[:, number], ratio, out=ratios[:, number])
            longest = max(window for _, window in step)
            unwatched[watched < round(longest * NS_PER_S)] = number + 1
        reached = ((ratios >= 1.0) * np.arange(1, len(self._ladder) + 1)).max(axis=1)
        above = np.minimum(reached, len(self._ladder) - 1)
        score: Floats = above + ratios[np.arange(len(rows)), above]
        [told] = CLIMB.run(rows, self._reached, (reached, unwatched), ())
        score[told == 0.0] = np.nan
        return score


def _count(state: Columns, row: Columns, own: Columns) -> tuple[Columns, Columns]:
    (last,) = state
    x, new = row
    (jitter,) = own
    if new.any():
        last = np.where(new, x, last)
    fell = x < last
    risen = np.where(fell, np.where(x <= last * RESET, x, 0.0), x - last)
    last = np.where(fell & (last - x <= jitter), last, x)
    return (last,), (risen,)


def _climb(state: Columns, row: Columns, own: Columns) -> tuple[Columns, Columns]:
    (held,) = state
    reached, unwatched = row
    () = own
    told = (reached >= unwatched) | (reached >= np.maximum(held, 1.0))
    return (np.where(told, reached, held),), (told,)


COUNT, CLIMB = Recurrence(_count), Recurrence(_climb)


def _ladder(rule: Rule) -> list[list[tuple[float, float]]]:
    text = rule.options.get("steps")
    ladder = []
    for step in text.split(",") if isinstance(text, str) else []:
        found = [STEP.fullmatch(part.strip()) for part in step.split(" or ")]
        ladder.append([(float(f[1]), float(f[2]) * SECONDS[f[3]]) for f in found if f is not None])
        if None in found:
            ladder.clear()
            break
    if not ladder:
        raise ValueError(f'{rule.id}: steps must be such as "50 in 12h, 50 in 6h or 80 in 24h", not {text!r}')
    return ladder
