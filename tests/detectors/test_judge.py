"""Score -> tier."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.judge import Judge
from tests.detectors.stream import NAN, engine, rule


def tiers(judge: Judge, scores: list[float], held: int = 0) -> list[int]:
    n = len(scores)
    return [int(t) for t in judge.tier(np.array(scores), np.zeros(n, np.intp), np.full(n, held, np.uint8))]


def test_a_limit_is_reached_at_it() -> None:
    judge = Judge(rule("value", [10, 20, 30, 40]))
    assert tiers(judge, [9.999, 10, 19, 20, 30, 39, 40, np.inf, -np.inf]) == [0, 1, 1, 2, 3, 3, 4, 4, 0]


def test_low_side_is_the_mirror_image() -> None:
    judge = Judge(rule("value", [40, 30, 20, 10], side="low"))
    assert tiers(judge, [40.001, 40, 31, 30, 20, 11, 10, -np.inf, np.inf]) == [0, 1, 1, 2, 3, 3, 4, 4, 0]


def test_each_tier_is_left_by_its_own_dead_band() -> None:
    judge = Judge(rule("value", [10, 20, 30, 40], deadband=2))
    assert tiers(judge, [38, 37.9, 28, 27.9, 18, 17.9, 8, 7.9], held=4) == [4, 3, 3, 2, 2, 1, 1, 0]
    assert tiers(judge, [38, 28, 18, 8], held=1) == [3, 2, 1, 1]
    low = Judge(rule("value", [10, 5, NAN, NAN], side="low", deadband=2))
    assert tiers(low, [7, 7.1, 12, 12.1], held=2) == [2, 1, 1, 0]


def test_a_colour_without_limit_is_never_reached() -> None:
    judge = Judge(rule("value", [10, NAN, 30, NAN], deadband=1))
    assert tiers(judge, [9, 15, 30, 1e300]) == [0, 1, 3, 3]
    assert tiers(Judge(rule("value", [NAN] * 4)), [1e300, np.inf]) == [0, 0]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"side": "up"}, "side must be one of high, low, not 'up'"),
        ({"deadband": -1.0}, "dead-band must be 0 or more"),
        ({"deadband": NAN}, "dead-band must be 0 or more"),
        ({"on_delay_s": -1.0}, "delays must be 0 or more"),
        ({"off_delay_s": NAN}, "delays must be 0 or more"),
    ],
)
def test_a_rule_that_cannot_be_judged_is_refused(changed: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        engine(rule("value", [1, 2, 3, 4], **changed))  # type: ignore[arg-type]
