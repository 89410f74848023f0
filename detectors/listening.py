"""The listening clock: our clock without the spans in which we were not listening."""

from __future__ import annotations

import numpy as np

from detectors.rows import State
from ganzhi.clock import NS_PER_S
from ganzhi.records import Int64s

BLIND_S = 10
"""Ticks come every second while nothing else does; a longer gap between moments is our own outage."""

BLIND_NS = BLIND_S * NS_PER_S
NOT_YET = -(1 << 62)


class Listening:
    """Turns moments that we know of, rows' arrivals and blocks' ends, into listening time, int64 ns, and back.

    A gap longer than BLIND_S counts as one nanosecond, so that both ways are exact. No moment lies before the last,
    unless our clock was set back by more than BLIND_S: then one nanosecond passes, and it goes on from there.
    """

    def __init__(self) -> None:
        self._state = np.array([NOT_YET, 0], np.int64)  # the last moment, and the nanoseconds lost to gaps until then
        self._moments = np.empty(0, np.int64)
        self._lost = np.zeros(1, np.int64)
        self.state: State = {"clock": self._state}

    def hear(self, received: Int64s, now: int) -> tuple[Int64s, int, int]:
        """Listening times of a block's rows, of the last moment before it (or its first, at the start), of its end."""
        last, lost = self._state.tolist()
        n = len(received)
        if last == NOT_YET:
            last = int(received[0]) if n else now
        since = last - lost
        first = int(received[0]) if n else now
        if first < last - BLIND_NS:
            lost += first - 1 - last
            last = first - 1
            self._state[:] = last, lost
        end = max(now, last, int(received[-1]) if n else now)
        if end - last <= BLIND_NS:
            self._state[0] = end
            self._moments = np.empty(0, np.int64)
            self._lost = np.array([lost])
            if n and received[0] < last:
                received = np.maximum(received, last)
            return received - lost, since, end - lost
        moments = np.maximum.accumulate(np.concatenate([[last], received, [end]]))
        gap = np.diff(moments)
        blind = np.where(gap > BLIND_NS, gap - 1, 0)
        self._lost = lost + np.concatenate([[0], np.cumsum(blind)])
        self._moments = moments - self._lost
        self._state[:] = end, self._lost[-1]
        return self._moments[1:-1], since, int(self._moments[-1])

    @property
    def moment(self) -> int:
        """Listening time now; NOT_YET before the first block."""
        last, lost = self._state.tolist()
        return NOT_YET if last == NOT_YET else int(last - lost)

    def wall(self, listened: int) -> int:
        """Our clock at a listening time within the last block."""
        k = min(int(np.searchsorted(self._moments, listened)), len(self._lost) - 1)
        return listened + int(self._lost[k])
