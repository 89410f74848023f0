"""Sums over several windows: the rainstorm signals."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from detectors.engine import Engine
from ganzhi.records import Rule, Tier, Transition
from tests.detectors.stream import NAN, START, S, block, cut, engine, rule, run

SIGNALS = "50 in 12h, 50 in 6h, 50 in 3h, 100 in 3h"
HOUR = 60
BUCKET = 3
"""Minutes: a 60th of the shortest window."""
DRY = 13 * HOUR
"""Minutes until all windows are watched, and one hour more."""

NONE, BLUE, YELLOW, ORANGE, RED = Tier
Floats = NDArray[np.float64]


def storm(**options: object) -> Rule:
    return rule("accumulate", [1, 2, 3, 4], deadband=0.1, options={"steps": SIGNALS, **options})


def gauge(*rules: Rule) -> Engine:
    return engine(*rules, period_s=60.0, resolution=0.1)


def minutes(fallen: ArrayLike, detect: Engine, *, first: int = 0) -> list[Transition]:
    """What one reading a minute says, in blocks of a few hours."""
    fallen = np.asarray(fallen, np.float64)
    whole = block(60.0 * (first + np.arange(len(fallen))), fallen)
    return run(detect, cut(whole, range(0, len(fallen), 211)))


def course(found: list[Transition]) -> list[tuple[int, Tier]]:
    """Minute and new tier."""
    return [(round((t.time - START) / S / 60), t.new) for t in found]


def rain(mm_per_h: float, hours: float, *, after: int = 0) -> Floats:
    """Increments a minute: dry, then rain from minute DRY on, then dry for so many hours."""
    return np.concatenate([np.zeros(DRY), np.full(round(hours * HOUR), mm_per_h / HOUR), np.zeros(after * HOUR)])


@pytest.mark.parametrize(
    ("mm_per_h", "expected"),
    [
        (49.9 / 12, []),
        (4.2, [(715, BLUE)]),
        (5.0, [(10 * HOUR, BLUE)]),
        (49.9 / 6, [(361, BLUE)]),
        (8.4, [(358, YELLOW)]),
        (10.0, [(5 * HOUR, YELLOW)]),
        (49.9 / 3, [(181, YELLOW)]),
        (17.2, [(175, ORANGE)]),
        (25.0, [(2 * HOUR, ORANGE)]),
        (99.9 / 3, [(91, ORANGE)]),
        (34.4, [(88, ORANGE), (175, RED)]),
        (100.0, [(30, ORANGE), (HOUR, RED)]),
    ],
)
@pytest.mark.parametrize("reading", ["increment", "counter"])
def test_each_signal_is_told_at_its_minute(mm_per_h: float, expected: list[tuple[int, Tier]], reading: str) -> None:
    fallen = rain(mm_per_h, 13)
    found = minutes(np.cumsum(fallen) + 300 if reading == "counter" else fallen, gauge(storm(reading=reading)))
    assert course(found) == [(DRY - 1 + minute, tier) for minute, tier in expected]


def test_the_alarm_names_its_window_and_ends_with_the_rain() -> None:
    found = minutes(rain(25.0, 2, after=14), gauge(storm()))
    assert [t.new for t in found] == [ORANGE, YELLOW, BLUE, NONE]
    assert found[0].evidence == {"amount": pytest.approx(50), "window_s": 10_800.0, "threshold": 50.0}
    assert found[0].score == pytest.approx(3.5, abs=1e-5)
    # 5 mm of the first 12 minutes must leave a window before it is below the dead-band.
    ends = [(minute - DRY) / HOUR for minute, _ in course(found)[1:]]
    assert ends == pytest.approx([3.2, 6.2, 12.2], abs=0.02)
    assert found[3].evidence == {"amount": pytest.approx(45, abs=0.5), "window_s": 43_200.0, "threshold": 50.0}


def test_tips_of_a_bucket_make_the_full_amount() -> None:
    tips = np.zeros(DRY + 600)
    tips[DRY : DRY + 500 : 2] = 0.2
    found = minutes(tips, gauge(rule("accumulate", [1, NAN, NAN, NAN], options={"steps": "50 in 12h"})))
    assert course(found) == [(DRY + 498, BLUE)]
    assert found[0].score == pytest.approx(1.0, abs=1e-5)


def test_windows_joined_by_or_lead_to_one_step() -> None:
    either = rule("accumulate", [1, 2, NAN, NAN], options={"steps": "30 in 1h or 80 in 24h, 60 in 1h"})
    slow = minutes(np.concatenate([np.zeros(24 * HOUR), np.full(20 * HOUR, 5 / HOUR)]), gauge(either))
    assert course(slow) == [(40 * HOUR - 1, BLUE)]
    assert slow[0].evidence == {"amount": pytest.approx(80), "window_s": 86_400.0, "threshold": 80.0}
    quick = minutes(np.concatenate([np.zeros(24 * HOUR), np.full(50, 1.0)]), gauge(either))
    assert course(quick) == [(24 * HOUR + 29, BLUE)]
    assert quick[0].evidence["window_s"] == 3600.0


def test_what_is_known_counts_before_all_windows_are_watched() -> None:
    assert course(minutes(np.full(4 * HOUR, 0.5), gauge(storm()))) == [(99, ORANGE)]
    # A dry hour after a start says nothing yet of twelve: a tier that is held is not left.
    detect = gauge(storm())
    detect.seed({("accumulate", 0): YELLOW})
    assert course(minutes(np.zeros(12 * HOUR + 5), detect)) == [(12 * HOUR - 1, NONE)]


def test_a_silence_hides_rain_and_clears_nothing() -> None:
    detect = gauge(storm())
    assert [t.new for t in minutes(rain(40.0, 1.5), detect)] == [ORANGE]
    # Two hours are missing; the red-hot hour has left no window of 6 h, and of the last 3 h only one is known.
    first = DRY + round(3.5 * HOUR)
    assert minutes(np.zeros(60), detect, first=first) == []
    assert [t.new for t in minutes(np.zeros(20 * HOUR), detect, first=first + 60)][-1] == NONE


def test_a_counter_tells_what_fell_during_a_silence() -> None:
    level = np.cumsum(rain(20.0, 3))
    seen = np.ones(len(level), np.bool_)
    seen[DRY + 40 : DRY + 80] = False
    minute = np.flatnonzero(seen)
    found = gauge(storm(reading="counter")).update(block(60.0 * minute, level[seen]))
    assert course(found) == [(DRY + 149, ORANGE)]


def test_a_counter_may_begin_again_or_be_corrected() -> None:
    fallen = rain(20.0, 3)
    level = np.cumsum(fallen) + 100
    again = level.copy()
    again[DRY + 60 :] -= level[DRY + 59]  # 0 at midnight; the minute's own rain is in the first reading
    assert course(minutes(again, gauge(storm(reading="counter")))) == [(DRY + 149, ORANGE)]
    corrected = np.concatenate([np.full(DRY, 400.0), np.full(DRY, 390.0)])
    flicker = 400 + np.where(np.arange(2 * DRY) % 2, 0.1, 0.0)
    for dry in (corrected, flicker):
        assert minutes(dry, gauge(storm(reading="counter"))) == []


def test_increments_below_zero_and_absurd_ones_leave_no_trace() -> None:
    detect = gauge(storm())
    assert minutes(np.full(DRY, -5.0), detect) == []
    assert [t.new for t in minutes([1e300], detect, first=DRY)] == [RED]
    assert [t.new for t in minutes(np.zeros(13 * HOUR), detect, first=DRY + 1)][-1] == NONE
    assert course(minutes(np.full(120, 0.5), detect, first=30 * HOUR)) == [(30 * HOUR + 99, ORANGE)]


@pytest.mark.parametrize("period_s", [60.0, 600.0, 3600.0, 7200.0, 86_400.0])
def test_any_sampling_period_sums_the_same(period_s: float) -> None:
    hours = np.arange(0.0, 240.0, period_s / 3600)
    storms = rule("accumulate", [1, NAN, NAN, NAN], options={"steps": "50 in 12h"})
    detect = engine(storms, period_s=period_s, resolution=0.1)
    assert detect.update(block(3600 * hours, 48 / 12 * period_s / 3600)) == []
    detect = engine(storms, period_s=period_s, resolution=0.1)
    [found] = detect.update(block(3600 * hours, 52 / 12 * period_s / 3600))
    assert found.evidence["amount"] >= 50 * (1 - 1e-6)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "steps must be such as"),
        ({"steps": 50}, "steps must be such as"),
        ({"steps": "50 in 12"}, "steps must be such as"),
        ({"steps": "50 in 12h;60 in 3h"}, "steps must be such as"),
        ({"steps": "0 in 12h"}, "steps must lie between"),
        ({"steps": "1 in 12h, 101 in 12h"}, "steps must lie between"),
        ({"steps": "1 in 1min, 2 in 2h"}, "steps must lie between"),
        ({"steps": "1 in 1h", "reading": "rate"}, "reading must be one of increment, counter, not 'rate'"),
    ],
)
def test_an_option_out_of_place_is_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        engine(rule("accumulate", [1, NAN, NAN, NAN], options=options))


@pytest.mark.parametrize("hours", [3, 6, 12])
def test_rain_that_just_lasts_its_window_is_told_within_a_bucket(hours: int) -> None:
    tier = {3: ORANGE, 6: YELLOW, 12: BLUE}[hours]
    for offset in range(5):
        fallen = np.concatenate([np.zeros(offset), rain(50.001 / hours, hours + 0.1)])
        minute, *_ = [at for at, new in course(minutes(fallen, gauge(storm()))) if new == tier]
        assert 0 <= minute - (DRY + offset - 1 + hours * HOUR) <= BUCKET
