"""Against the usual hour of the week."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.engine import Engine
from ganzhi.records import Rule, Tier, Transition
from tests.detectors.stream import NAN, START, S, at, block, cut, engine, rule, run

HOUR_S = 3600
DAY_S = 24 * HOUR_S
WEEK_S = 7 * DAY_S
PERIOD_S = 900
MONDAY_S = 1_760_284_800 - START // S
"""Seconds after START of 2025-10-13 00:00 in China, a Monday."""

Floats = NDArray[np.float64]


def usual(limits: list[float], *, points: int = 1, **options: object) -> Rule:
    side = "low" if limits[0] < 0 else "high"
    return rule("profile", limits, points=range(points), side=side, deadband=2, options=options)


def meters(watched: Rule) -> Engine:
    n = len(watched.points)
    return engine(watched, n_points=n, period_s=PERIOD_S, resolution=0.1)


def quarters(weeks: float, *, first: float = 0) -> Floats:
    """Seconds from MONDAY_S, one reading a quarter of an hour."""
    return np.arange(first * WEEK_S, (first + weeks) * WEEK_S, PERIOD_S)


def factory(seconds: Floats, *, seed: int = 3, n: int = 1) -> Floats:
    """Load (n, len): 500 kW from 8 to 18 h on workdays, otherwise 100 kW; it scatters by 5 %."""
    hour, day = seconds % DAY_S / HOUR_S, seconds // DAY_S % 7
    load = np.where((hour >= 8) & (hour < 18) & (day < 5), 500.0, 100.0) + 20 * np.sin(hour * np.pi / 12)
    scattered: Floats = load * (1 + np.random.default_rng(seed).normal(0, 0.05, (n, len(seconds))))
    return scattered


def play(detect: Engine, seconds: Floats, load: Floats) -> list[Transition]:
    n = len(load)
    point, moment = np.tile(np.arange(n), len(seconds)), np.repeat(seconds, n)
    return run(detect, cut(block(MONDAY_S + moment, load.T.ravel(), point=point), range(0, len(point), 5000)))


def learned(detect: Engine) -> tuple[Floats, Floats]:
    """Level and mean absolute deviation of each cell."""
    state = detect.snapshot()
    return state["profile.score.level"].astype(np.float64), state["profile.score.spread"].astype(np.float64)


def when(found: Transition) -> float:
    """Hours since the Monday of the last whole week."""
    return (found.time - START - MONDAY_S * S) / S % WEEK_S / HOUR_S


def test_a_night_load_is_found_that_by_day_would_be_usual() -> None:
    seconds = quarters(8)
    load = factory(seconds, n=2)
    night = 7 * WEEK_S + 2 * DAY_S + 2 * HOUR_S  # Wednesday, 2 to 4 h, in the last week: the works run secretly
    load[1, (seconds >= night) & (seconds < night + 2 * HOUR_S)] += 250
    raised, ended = play(meters(usual([8, NAN, NAN, NAN], points=2)), seconds, load)
    assert (raised.point, when(raised), raised.new) == (1, 50.0, Tier.BLUE)
    assert raised.evidence == {"usual": pytest.approx(110, abs=6), "usual_sigma": pytest.approx(6, abs=2.5)}
    assert raised.score == pytest.approx((raised.value - raised.evidence["usual"]) / raised.evidence["usual_sigma"])
    assert (ended.point, when(ended), ended.new) == (1, 52.0, Tier.NONE)


def test_a_pause_by_day_is_below_what_is_usual() -> None:
    seconds = quarters(8)
    load = factory(seconds)
    load[0, (seconds >= 7.2 * WEEK_S) & (seconds < 7.2 * WEEK_S + HOUR_S)] = 90
    found = play(meters(usual([-8, NAN, NAN, NAN])), seconds, load)
    assert [t.new for t in found] == [Tier.BLUE, Tier.NONE]
    assert found[0].score < -8


def test_normal_weeks_are_silent() -> None:
    seconds = quarters(12)
    assert play(meters(usual([8, NAN, NAN, NAN], points=20)), seconds, factory(seconds, n=20)) == []


def test_nothing_is_said_in_the_first_weeks() -> None:
    seconds = quarters(5)
    load = factory(seconds)
    load[0, 3 * 672 + 100] = 5000.0
    load[0, 4 * 672 + 200] = 5000.0
    found = play(meters(usual([8, NAN, NAN, NAN])), seconds, load)
    assert [t.new for t in found] == [Tier.BLUE, Tier.NONE]
    assert when(found[0]) == 50.0
    sooner = play(meters(usual([8, NAN, NAN, NAN], visits=3.0)), seconds, load)
    assert [when(t) for t in sooner] == [25.0, 25.25, 50.0, 50.25]


def test_spikes_and_a_bad_night_hardly_move_what_is_usual() -> None:
    seconds = quarters(12)
    load = factory(seconds)
    spiked = load.copy()
    night = 6 * WEEK_S + DAY_S
    spiked[0, (seconds >= night) & (seconds < night + 6 * HOUR_S)] = 1e5
    last = seconds >= 11 * WEEK_S
    clean, other = meters(usual([NAN] * 4)), meters(usual([NAN] * 4))
    play(clean, seconds[~last], load[:, ~last])
    play(other, seconds[~last], spiked[:, ~last])
    (level, spread), (moved, wider) = learned(clean), learned(other)
    assert (np.abs(moved - level) < 2 * spread).all()
    assert (wider < 1.5 * spread).all()


def test_a_new_routine_is_learned() -> None:
    seconds = quarters(30)
    load = factory(seconds)
    load[0, seconds >= 6 * WEEK_S] *= 1.3
    found = play(meters(usual([4, NAN, NAN, NAN])), seconds, load)
    assert any(t.new for t in found)
    assert all(t.time < START + (MONDAY_S + 20 * WEEK_S) * S for t in found)


def test_marked_dates_are_like_a_sunday_or_a_workday() -> None:
    # The third Wednesday is a holiday, and the works run on the Saturday after it.
    seconds = quarters(6)
    load = factory(seconds)
    day = (seconds // DAY_S).astype(int)
    ordinary = factory(seconds, seed=4)
    holiday, made_up = day == 5 * 7 + 2, day == 5 * 7 + 5
    load[0, holiday] = ordinary[0, day == 5 * 7 + 6]
    load[0, made_up] = ordinary[0, day == 5 * 7 + 1]
    both = [usual([8, NAN, NAN, NAN]), usual([-8, NAN, NAN, NAN])]
    assert [play(meters(each), seconds, load) != [] for each in both] == [True, True]
    holidays, workdays = "2025-11-19..2025-11-19, 2026-01-01", "2025-11-22"
    for limit in (8, -8):
        assert play(meters(usual([limit, NAN, NAN, NAN], holidays=holidays, workdays=workdays)), seconds, load) == []


def test_other_holidays_keep_what_was_learned() -> None:
    seconds = quarters(6)
    before, after = meters(usual([8, NAN, NAN, NAN])), meters(usual([8, NAN, NAN, NAN], holidays="2027-01-01"))
    play(before, seconds, factory(seconds))
    assert after.adopt(before.snapshot(), np.array([0], np.int32), {}) == []
    found = play(after, quarters(0.01, first=6), np.full((1, 7), 900.0))
    assert [t.new for t in found] == [Tier.BLUE]


def test_local_time_decides_the_hour() -> None:
    detect = meters(usual([8, NAN, NAN, NAN]))
    detect.update(block(MONDAY_S + np.array([-1.0, 0.0, WEEK_S]), [1.0, 2.0, 3.0]))
    level = detect.snapshot()["profile.score.level"][0]
    assert np.flatnonzero(level).tolist() == [0, 167]
    assert at(np.array([float(MONDAY_S)]))[0] % (DAY_S * S) == 16 * HOUR_S * S
    utc = meters(usual([8, NAN, NAN, NAN], utc_offset_s=0.0))
    utc.update(block(MONDAY_S + np.array([0.0, WEEK_S]), [2.0, 3.0]))
    assert np.flatnonzero(utc.snapshot()["profile.score.level"][0]).tolist() == [6 * 24 + 16]


def test_a_profile_of_the_day_needs_fewer_weeks() -> None:
    seconds = quarters(1)
    load = 100 + 50 * np.sin(seconds / DAY_S * 2 * np.pi) + np.random.default_rng(1).normal(0, 2, len(seconds))
    load[600] += 60
    found = play(meters(usual([8, NAN, NAN, NAN], cells=24.0)), seconds, load[np.newaxis])
    assert [when(t) for t in found] == [150.0, 150.25]


def test_eight_weeks_of_silence_start_it_again() -> None:
    seconds = quarters(6)
    detect = meters(usual([8, NAN, NAN, NAN]))
    play(detect, seconds, factory(seconds))
    assert play(detect, quarters(0.1, first=15), np.full((1, 68), 5000.0)) == []


def test_a_flat_signal_is_judged_by_the_resolution() -> None:
    seconds = quarters(5)
    load = np.full((1, len(seconds)), 7.0)
    load[0, -1] = 8.0
    [found] = play(meters(usual([6, NAN, NAN, NAN])), seconds, load)
    assert found.score == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"cells": 0}, "cells must be a number above 0"),
        ({"visits": 1.5}, "visits must be a whole number, not 1.5"),
        ({"cell_s": -1}, "cell_s must be a number above 0"),
        ({"utc_offset_s": 90_000}, "utc_offset_s must be a number above -86400 and below 86400"),
        ({"holidays": "1 May"}, "holidays must be dates such as"),
        ({"holidays": "2026-05-03..2026-05-01"}, "holidays must be dates such as"),
        ({"workdays": 20260509}, "workdays must be dates such as"),
        ({"holidays": "2026-05-01", "cells": 24}, "need a week"),
    ],
)
def test_an_option_out_of_place_is_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        engine(rule("profile", [1, NAN, NAN, NAN], options=options))
