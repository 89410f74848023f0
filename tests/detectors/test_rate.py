"""Change per minute."""

from __future__ import annotations

import numpy as np
import pytest

from ganzhi.records import Tier
from tests.detectors.stream import NAN, block, course, engine, rule, run

RISE = rule("rate", [0.1, 0.3, NAN, NAN], deadband=0.02, options={"window_s": 60}, name="rise")


def test_a_rise_is_announced_with_its_slope() -> None:
    random = np.random.default_rng(1)
    seconds = np.arange(600.0)
    level = 5 + 0.2 / 60 * np.maximum(seconds - 300, 0) + random.normal(0, 0.002, 600)
    found = run(engine(RISE), [block(seconds, level)])
    assert [(t.old, t.new) for t in found] == [(Tier.NONE, Tier.BLUE)]
    ((second, _, _),) = course(found)
    assert 305 < second < 345
    assert found[0].score >= 0.1
    assert engine(RISE).update(block(seconds[:300], level[:300])) == []


def test_a_fall_is_negative() -> None:
    fall = rule("rate", [-0.1, NAN, NAN, NAN], side="low", options={"window_s": 60})
    seconds = np.arange(120.0)
    found = engine(fall).update(block(seconds, 5 - 0.2 / 60 * seconds))
    assert [t.new for t in found] == [Tier.BLUE]
    assert found[0].score == pytest.approx(-0.2, rel=1e-6)


@pytest.mark.parametrize("wrong", [0, -1, NAN, "60s", True])
def test_a_window_that_is_none_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="rate: window_s must be a number above 0"):
        engine(rule("rate", [1, NAN, NAN, NAN], options={"window_s": wrong}))
