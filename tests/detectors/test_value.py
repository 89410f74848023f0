"""The reading itself, through the whole engine."""

from __future__ import annotations

import numpy as np

from ganzhi.records import SIMULATED, Tier, Transition
from tests.detectors.stream import NAN, START, S, block, cut, engine, rule, run


def test_a_level_crosses_its_limits_and_comes_back() -> None:
    high = rule(
        "value", [NAN, NAN, 13.6, 14.4], deadband=0.2, on_delay_s=2, off_delay_s=3, points=[1], name="level.high"
    )
    detect = engine(high, n_points=2)
    seconds = np.arange(12.0)
    level = [13.5, 13.6, 13.7, 14.5, 14.5, 14.3, 14.6, 14.1, 13.5, 13.39, 13.3, 13.3]
    rows = block(seconds, level, point=1, quality=[0] * 6 + [SIMULATED] * 6)
    after = block([12.0, 13.0], [13.2, 13.2], point=1)

    def transition(second: int, old: Tier, new: Tier, value: float, limit: float, *, simulated: bool) -> Transition:
        return Transition("level.high", 1, START + second * S, old, new, value, limit, value, {}, simulated)

    assert run(detect, [*cut(rows, [4, 5, 9]), after]) == [
        transition(3, Tier.NONE, Tier.ORANGE, 14.5, 13.6, simulated=False),
        transition(5, Tier.ORANGE, Tier.RED, 14.3, 14.4, simulated=False),
        transition(10, Tier.RED, Tier.ORANGE, 13.3, 13.6, simulated=True),
        transition(12, Tier.ORANGE, Tier.NONE, 13.2, 13.6, simulated=False),
    ]


def test_each_point_has_its_own_limits() -> None:
    watched = rule("value", [[10, NAN, NAN, NAN], [NAN, NAN, NAN, 20], [NAN] * 4], points=[2, 0, 1])
    found = engine(watched, n_points=3).update(block([1, 1, 1], [25, 1e9, 15], point=[0, 1, 2]))
    assert [(t.point, t.new, t.limit) for t in found] == [(0, Tier.RED, 20), (2, Tier.BLUE, 10)]
