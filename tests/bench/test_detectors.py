"""The bench of the detectors: its readings, its plain loop, its rules."""

from __future__ import annotations

import numpy as np
import pytest

from bench.detectors import LOADS, VALUE, Amount, Bench, default_set, engine, repeated
from bench.load.plain import PlainValue
from bench.load.plant import Plant
from detectors import KINDS

POINTS = 600
AMOUNT = Amount(warm_s=30, timed_s=20, backlog=3)


def test_plain_loop_finds_what_the_engine_finds_when_values_cross_limits() -> None:
    rule = VALUE.rule("value", POINTS)
    loop, detectors = PlainValue(rule), engine([rule], POINTS)
    found, expected = [], []
    for block in Plant(POINTS).live(rows=250, first_s=0, seconds=120):
        found += loop.update(block)
        expected += [(t.point, t.time, int(t.old), int(t.new)) for t in detectors.update(block)]
    assert len(expected) > 20
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind in LOADS])
def test_every_kind_is_measured_when_its_points_are_few(kind: str) -> None:
    one = Bench(POINTS, AMOUNT).seen([LOADS[kind].rule(kind, POINTS)])
    assert one.wide_per_s > 0 and one.backfill_per_s > 0


def test_the_default_set_names_every_point_of_its_quantity_when_points_are_many() -> None:
    rules = {rule.id: rule for rule in default_set(10)}
    assert rules["tank.level.high"].points.tolist() == [0, 5]
    assert rules["tank.stale"].points.tolist() == rules["stuck"].points.tolist() == list(range(10))
    assert np.isfinite(rules["tank.level.forecast"].options["target"]).all()  # type: ignore[call-overload]
    assert {rule.kind for rule in rules.values()} == {"value", "rate", "forecast", "stuck", "stale"}


def test_a_rule_is_repeated_when_there_are_more_points() -> None:
    rule = LOADS["forecast"].rule("forecast", 2)
    again = repeated(rule, 5, of=2)
    assert again.points.tolist() == [0, 1, 2, 3, 4]
    assert again.limits.shape == (5, 4)
