"""Judge and hold against a plain per-reading account of the same words, on random streams."""

from __future__ import annotations

import math
from itertools import accumulate, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.detectors.stream import NAN, block, course, engine, rule

LIMITS = st.sampled_from(
    [(10.0, 20.0, 30.0, 40.0), (10.0, NAN, 30.0, NAN), (NAN, NAN, NAN, 25.0), (10.0, 10.0, 40.0, 40.0)]
)


def plain_judge(score: float, held: int, limits: tuple[float, ...], side: str, deadband: float) -> int:
    """The worst tier whose limit is reached, or which is held and not yet left."""
    for tier in (4, 3, 2, 1):
        limit = limits[tier - 1]
        inwards = score - limit if side == "high" else limit - score
        if math.isnan(limit):
            continue
        if inwards >= 0 or (tier <= held and inwards >= -deadband):
            return tier
    return 0


def plain_hold(seconds: list[float], judged: list[int], on_delay_s: float, off_delay_s: float) -> list[int]:
    """What is announced after each row, by looking back over the whole history every time."""
    announced: list[int] = []
    for now in range(len(seconds)):
        state = announced[-1] if announced else 0

        def lasted(tier: int, reached: bool, now: int = now) -> float:
            k = now
            while k >= 0 and (judged[k] >= tier) is reached:
                k -= 1
            return seconds[now] - seconds[k + 1] if k < now else -1.0

        worse = [t for t in (4, 3, 2, 1) if t > state and lasted(t, True) >= on_delay_s]
        kept = [t for t in (4, 3, 2, 1) if t <= state and not lasted(t, False) >= off_delay_s]
        announced.append(max([*worse, *kept, 0]))
    return announced


@settings(deadline=None, max_examples=300)
@given(
    rows=st.lists(st.tuples(st.integers(1, 4), st.integers(0, 50)), min_size=1, max_size=60),
    limits=LIMITS,
    side=st.sampled_from(["high", "low"]),
    deadband=st.sampled_from([0.0, 1.0, 12.0]),
    delays=st.tuples(st.sampled_from([0.0, 1.0, 3.0, 7.5]), st.sampled_from([0.0, 2.0, 5.0])),
)
def test_judge_and_hold_do_what_their_words_say(
    rows: list[tuple[int, int]], limits: tuple[float, ...], side: str, deadband: float, delays: tuple[float, float]
) -> None:
    if side == "low":
        limits = tuple(50 - limit for limit in limits)
    steps, values = zip(*rows, strict=True)
    seconds = [float(second) for second in accumulate(steps)]
    judged: list[int] = []
    for value in values:
        judged.append(plain_judge(value, judged[-1] if judged else 0, limits, side, deadband))
    announced = [0, *plain_hold(seconds, judged, *delays)]
    changes = zip(seconds, pairwise(announced), strict=True)
    expected = [(second, old, new) for second, (old, new) in changes if old != new]
    watched = rule("value", limits, side=side, deadband=deadband, on_delay_s=delays[0], off_delay_s=delays[1])
    assert course(engine(watched).update(block(seconds, values))) == expected
