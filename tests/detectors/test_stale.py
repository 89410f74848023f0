"""Silence, by our clock."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.engine import Engine
from ganzhi.records import SIMULATED, Quality, Tier, Transition, tick
from tests.detectors.stream import NAN, START, S, block, course, engine, rule, run

NONE, BLUE, YELLOW = Tier.NONE, Tier.BLUE, Tier.YELLOW

OUTAGE_S = 1e-9
"""What an outage of ours counts for, however long it was."""


def stale(*, n_points: int = 1, **holds: float) -> Engine:
    watched = rule("stale", [3, 5, NAN, NAN], points=range(n_points), **holds)  # type: ignore[arg-type]
    return engine(watched, n_points=n_points, period_s=2.0)


def at(second: float) -> int:
    return START + round(second * S)


def test_silence_is_told_when_it_passes_a_limit_and_ends_with_a_row() -> None:
    detect = stale()
    assert detect.update(block([100], [7.5], received=0.0)) == []
    found = run(detect, [tick(at(k)) for k in (3, 6)])
    assert found == []
    found = detect.update(tick(at(6.5)))
    assert [repr(t) for t in found] == [
        repr(Transition("stale", 0, at(6), NONE, BLUE, 3.0, 3.0, NAN, {}, simulated=False))
    ]
    assert course(detect.update(tick(at(15)))) == [(10, BLUE, YELLOW)]
    found = detect.update(block([101], [7.25], received=16, quality=SIMULATED))
    assert found == [Transition("stale", 0, at(16), YELLOW, NONE, 0.0, 5.0, 7.25, {}, simulated=True)]


def test_a_gap_between_rows_of_one_block_raises_and_clears() -> None:
    rows = block([1, 2, 3], 7, received=[0, 7, 13])
    assert course(stale().update(rows)) == [(6, NONE, BLUE), (7, BLUE, NONE)]


def test_a_row_exactly_at_the_limit_is_in_time() -> None:
    assert stale().update(block([1, 2, 3], 7, received=[0, 6, 12], now=18)) == []


def test_a_point_never_seen_is_silent_from_half_a_minute_after_the_first_block() -> None:
    detect = stale(n_points=2)
    arrived = np.arange(4, 41, 4)
    assert detect.update(block(np.arange(10), 7, received=arrived)) == []
    assert course(detect.update(block([10, 11], 7, received=[41, 42]))) == [(40, NONE, BLUE)]
    assert course(run(detect, [tick(at(47)), block([3], 1, point=1, received=47)])) == [
        (44, BLUE, YELLOW),
        (47, YELLOW, NONE),
    ]


@pytest.mark.parametrize("quality", Quality)
def test_any_row_is_a_sign_of_life(quality: Quality) -> None:
    detect = stale()
    detect.update(block([5], 7, received=0))
    assert detect.update(block([5, 1], 7, received=[4, 5], quality=quality, now=11)) == []


def test_our_own_outage_is_nobodys_silence() -> None:
    detect = stale(n_points=2)
    detect.update(block([0, 0], 7, point=[0, 1], received=0))
    assert detect.update(tick(at(4))) == []
    assert detect.update(block([5], 7, received=3600)) == []
    # Point 1 was silent for 4 s before the outage and is again since 3600: its limit of 6 s passes at 3602.
    assert course(detect.update(tick(at(3605)))) == [(3602 - OUTAGE_S, NONE, BLUE)]
    assert course(detect.update(block([8], 7, point=1, received=3605.5))) == [(3605.5, BLUE, NONE)]


def test_silence_before_our_outage_is_told_with_its_own_time() -> None:
    detect = stale()
    rows = block([0, 1], 7, received=[0, 1000], now=1000)
    assert run(detect, [rows, tick(at(1006))]) == []
    # 7 s of silence, then 11 s in which nobody listened, all within one block.
    both = engine(rule("stale", [3, NAN, NAN, NAN], points=[0]), n_points=2, period_s=2.0)
    rows = block([0, 1, 2], 7, point=[0, 1, 1], received=[0, 7, 18], now=18)
    assert course(both.update(rows)) == [(6, NONE, BLUE)]


def test_an_outage_around_a_restart_is_ours_too() -> None:
    before, after = stale(), stale()
    before.update(block([0], 7))
    after.restore(before.snapshot())
    assert after.update(tick(at(86_400))) == []
    assert course(after.update(tick(at(86_407)))) == [(86_406 - OUTAGE_S, NONE, BLUE)]


def test_an_alarm_still_open_at_the_start_is_cleared_by_the_next_row() -> None:
    detect = stale()
    detect.seed({("stale", 0): BLUE})
    assert run(detect, [tick(at(0)), tick(at(8))]) == []
    assert course(detect.update(block([9], 7))) == [(9, BLUE, NONE)]


def test_delays_go_by_our_clock() -> None:
    detect = stale(on_delay_s=1.5, off_delay_s=2)
    rows = block(range(6), 7, received=[0, 7, 15, 16, 17, 17.5], now=18)
    assert course(detect.update(rows)) == [(14.5, NONE, BLUE), (17, BLUE, NONE)]


def test_a_clock_that_steps_back_does_no_harm() -> None:
    detect = stale()
    assert run(detect, [block([0], 7, received=5), block([1], 7, received=2), tick(at(3)), tick(at(11))]) == []
    assert course(detect.update(tick(at(12)))) == [(11, NONE, BLUE)]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"side": "low"}, "side of stale is high"),
        ({"limits": [0, NAN, NAN, NAN]}, "must be above 0"),
        ({"deadband": 3.0}, "would never let the silence end"),
    ],
)
def test_what_makes_no_sense_is_refused(changed: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        engine(rule("stale", **({"limits": [3, NAN, NAN, NAN]} | changed)))  # type: ignore[arg-type]
