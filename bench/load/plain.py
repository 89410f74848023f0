"""The value rule of the bench as a plain loop over readings, the way it is usually written: for scale."""

from __future__ import annotations

from ganzhi.clock import NS_PER_S
from ganzhi.records import QUALITY_MASK, Quality, ReadingBlock, Rule

Change = tuple[int, int, int, int]
"""Point, time, old and new tier."""


class _State:
    __slots__ = ("announced", "judged", "newest", "since")

    def __init__(self) -> None:
        self.newest = 0
        self.judged = 0
        self.announced = 0
        self.since = [0, 0, 0, 0]


class PlainValue:
    """Limits on the high side, one for all points, with a dead-band and delays: what Engine does for such a rule."""

    def __init__(self, rule: Rule) -> None:
        self._limits = [float(limit) for limit in rule.limits[0]]
        self._deadband = float(rule.deadband[0])
        self._on_ns, self._off_ns = round(rule.on_delay_s * NS_PER_S), round(rule.off_delay_s * NS_PER_S)
        self._states: dict[int, _State] = {}

    def update(self, block: ReadingBlock) -> list[Change]:
        """What changed, in the order of the rows."""
        found = []
        columns = block.point.tolist(), block.time.tolist(), block.value.tolist(), block.quality.tolist()
        for point, time, value, quality in zip(*columns, strict=True):
            state = self._states.get(point)
            if state is None:
                state = self._states[point] = _State()
            if time <= state.newest:
                continue
            state.newest = time
            if (quality & QUALITY_MASK) > Quality.UNCERTAIN:
                continue
            if not state.judged and not state.announced and value < self._limits[0]:
                continue
            old = state.announced
            self._judge(state, time, value)
            if state.announced != old:
                found.append((point, time, old, state.announced))
        return found

    def _judge(self, state: _State, time: int, value: float) -> None:
        judged = 0
        for tier, limit in enumerate(self._limits, start=1):
            if value >= limit or (state.judged >= tier and value >= limit - self._deadband):
                judged = tier
        announced = 0
        for tier in range(1, 5):
            is_on, should = state.announced >= tier, judged >= tier
            if (state.judged >= tier) == is_on:
                state.since[tier - 1] = time
            if should != is_on and time - state.since[tier - 1] >= (self._on_ns if should else self._off_ns):
                is_on = should
            announced += is_on
        state.judged, state.announced = judged, announced
