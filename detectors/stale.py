"""Score: silence, in sampling periods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from detectors.listening import NOT_YET
from detectors.room import room
from detectors.rows import Rows, Slots, State, in_rounds
from ganzhi.clock import NS_PER_S
from ganzhi.records import Bytes, Floats, Int64s, Rule

NEVER_NS = 1 << 62
GRACE_S = 30
"""Lines come up one after another: so long after the first block begins the silence of a point never seen."""
GRACE_NS = GRACE_S * NS_PER_S


@dataclass(frozen=True, slots=True)
class _Silences:
    """Silences that passed a limit, in columns: which row ended them or which slot is in them, when, how long."""

    row: Slots
    time: Int64s
    quality: Bytes
    silence: Floats


class Stale:
    """Notice that a point stopped reporting, or never began.

    Good for   dead sensors, lines, gateways.      Poor for   points that report on change only.
    Input      every row, of any quality and age, by its arrival; and the end of every block, with or without rows
    Output     score float64 (n,), in sampling periods: 0 for a row; and for a silence that lasts longer than a limit
               one row of its own, with that limit for score, at the very moment, by our clock
    Options    none; side "high"; dead-band 0
    Warm-up    none; a point never seen is silent from half a minute after the first block
    Missing    our own outages (detectors/listening.py) count for nothing
    Flat       any row is a sign of life
    Cost       O(n) a block, all points when the next limit may have passed; 9 bytes a point and 16 a limit
    Raises     ValueError for another side, a limit or period that is not above 0, or a dead-band as wide as a limit
    Source     DESIGN.md: silence longer than three sampling periods
    """

    def __init__(self, rule: Rule, *, period_s: Floats, resolution: Floats) -> None:
        if rule.side != "high":
            raise ValueError(f"{rule.id}: the side of stale is high: longer silence is worse")
        if (rule.limits <= 0).any() or not (period_s > 0).all():
            raise ValueError(f"{rule.id}: limits and sampling periods must be above 0")
        if (rule.deadband[:, np.newaxis] >= rule.limits).any():
            raise ValueError(f"{rule.id}: a dead-band as wide as a limit would never let the silence end")
        self._silence, self._marks = _marks(rule, period_s)
        self._shortest = int(self._marks.min(initial=NEVER_NS))
        m = len(period_s)
        self._last = room(m, dtype=np.int64, filled=NOT_YET)
        self._quality = room(m, dtype=np.uint8)
        self._next = np.array([NOT_YET], np.int64)  # no silence passes a limit before this moment
        self.state: State = {"last": self._last, "quality": self._quality, "next": self._next}

    def begin(self, slots: Slots, moment: int) -> None:
        """These points count as silent from half a minute after a moment of listening time, the others as before."""
        if moment != NOT_YET:
            self._last[slots] = moment + GRACE_NS
            self._next[0] = NOT_YET + 1  # look again at the next block

    def update(self, rows: Rows) -> tuple[Rows, Floats]:
        if self._next[0] == NOT_YET:
            self._last[:] = rows.since + GRACE_NS
        if len(rows):
            self._next[0] = min(int(self._next[0]), rows.since + self._shortest)
        if rows.until > self._next[0]:
            return self._search(rows)
        self._hear(rows.slot, rows.time, rows.quality)
        return rows, np.zeros(len(rows))

    def evidence(self, row: int) -> Mapping[str, float]:
        return {}

    def _hear(self, slot: Slots, time: Int64s, quality: Bytes) -> None:
        # Of a point that comes several times, numpy keeps the last one written.
        self._last[slot] = time
        self._quality[slot] = quality

    def _search(self, rows: Rows) -> tuple[Rows, Floats]:
        # What a row ends stands before it; what is silent at the end of the block after all rows.
        last, quality = rows.before(self._last, rows.time), rows.before(self._quality, rows.quality)
        ended = self._passed(rows.slot, last, quality, rows.since, rows.time[:, np.newaxis])
        now = self._passed(np.arange(len(self._last)), self._last, self._quality, rows.since, rows.until)
        due = self._last[:, np.newaxis] + self._marks
        self._next[0] = due.min(initial=NEVER_NS, where=due >= rows.until)
        if not len(ended.row) and not len(now.row):
            return rows, np.zeros(len(rows))
        return _merged(rows, ended, now)

    def _passed(self, slot: Slots, last: Int64s, quality: Bytes, since: int, moment: int | Int64s) -> _Silences:
        # A row that comes exactly at the limit is still in time. What lies before `since` was told then.
        due = last[:, np.newaxis] + self._marks[slot]
        row, column = np.nonzero((due >= since) & (due < moment))
        return _Silences(row, due[row, column], quality[row], self._silence[slot[row], column])


def _marks(rule: Rule, period_s: Floats) -> tuple[Floats, Int64s]:
    # Where a silence passes a limit, and again where it has lasted the on-delay beyond it, earliest first.
    period = period_s[:, np.newaxis]
    limits = rule.limits[:, ~np.isnan(rule.limits).all(axis=0)]
    at = limits * period * NS_PER_S
    marks = np.where(at < NEVER_NS, np.ceil(at), NEVER_NS).astype(np.int64)
    delay = round(rule.on_delay_s * NS_PER_S)
    if delay > 0:
        limits = np.concatenate([limits, limits + rule.on_delay_s / period], axis=1)
        marks = np.concatenate([marks, np.minimum(marks, NEVER_NS - delay) + delay], axis=1)
    order = np.argsort(marks, axis=1, kind="stable")
    return np.take_along_axis(limits, order, axis=1), np.take_along_axis(marks, order, axis=1)


def _merged(rows: Rows, ended: _Silences, now: _Silences) -> tuple[Rows, Floats]:
    n = len(rows)
    slot = np.concatenate([rows.slot[ended.row], rows.slot, now.row])
    time = np.concatenate([ended.time, rows.time, now.time])
    value = np.concatenate([np.full(len(ended.row), np.nan), rows.value, np.full(len(now.row), np.nan)])
    quality = np.concatenate([ended.quality, rows.quality, now.quality])
    score = np.concatenate([ended.silence, np.zeros(n), now.silence])
    place = np.argsort(np.concatenate([2 * ended.row, np.arange(1, 2 * n, 2), 2 * n + now.row]), kind="stable")
    order, starts = in_rounds(slot.take(place), np.empty(slot.max() + 1, np.int32))
    if order is not None:
        place = place.take(order)
    merged = Rows(
        slot.take(place), time.take(place), value.take(place), quality.take(place), starts, rows.since, rows.until
    )
    return merged, score.take(place)
