"""The joint rule that is measured does its work."""

from __future__ import annotations

import numpy as np

from bench.load.joint import CENTRE, joint_rule
from detectors.engine import Engine
from ganzhi.records import ReadingBlock

S = 1_000_000_000


def test_units_are_judged_when_all_their_points_report() -> None:
    rule = joint_rule(45, channels=20)
    assert [unit.members.tolist() for unit in rule.units] == [list(range(20)), list(range(20, 40))]
    engine = Engine([rule], period_s=np.ones(45), resolution=np.full(45, 0.01))
    point = np.arange(45, dtype=np.int32)
    found = []
    for second in (1, 2, 3):
        value = np.full(45, CENTRE)
        value[25] += 1000 * (second == 3)
        time = np.full(45, second * S)
        found += engine.update(ReadingBlock(point, time, value, np.zeros(45, np.uint8), time, second * S))
    assert [(t.point, t.time) for t in found] == [(20, 3 * S)]
