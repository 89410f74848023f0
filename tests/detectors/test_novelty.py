"""A signal that does what it never did."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.novelty import VIEWS, Novelty
from detectors.rows import Rows
from tests.detectors.stream import NAN, START, S, block, engine, rule

Floats = NDArray[np.float64]


def follow(signals: Floats, *, period_s: float = 1.0, resolution: float = 0.01, **options: object) -> Floats:
    """The scores of (n_points, n) signals of a reading every `period_s`."""
    m, n = signals.shape
    made = rule("novelty", [4, NAN, NAN, NAN], points=range(m), options=options)
    score = Novelty(made, period_s=np.full(m, period_s), resolution=np.full(m, resolution))
    slot, quality = np.arange(m), np.zeros(m, np.uint8)
    time = START + np.round(np.arange(n) * period_s * S).astype(np.int64)
    rows = (Rows(slot, np.full(m, time[k]), signals[:, k].copy(), quality, [0, m], 0, 0) for k in range(n))
    return np.stack([score.update(part)[1] for part in rows], axis=1)


def noise(n: int, *, m: int = 20, seed: int = 1) -> Floats:
    return np.random.default_rng(seed).normal(0, 1, (m, n))


def test_nothing_is_said_during_the_warm_up() -> None:
    score = follow(noise(200, m=3))
    assert np.isnan(score[:, :150]).all()
    assert np.isfinite(score[:, 150:]).all()
    assert np.isfinite(follow(noise(60, m=1), warmup=40)[:, 40:]).all()


def test_noise_is_seldom_novel() -> None:
    score = follow(noise(3000, m=80))[:, 500:]
    assert np.mean(score >= 3.5) < 0.003
    assert np.mean(score >= 5) < 5e-5


@pytest.mark.parametrize("what", ["spike", "step", "wider", "still", "creeping"])
def test_whatever_is_unlike_the_past_is_found(what: str) -> None:
    signal = noise(2000)
    after = np.arange(300.0)
    changed = signal[:, 1700:]
    match what:
        case "spike":
            changed[:, 0] += 12
        case "step":
            changed += 4
        case "wider":
            changed *= 4
        case "still":
            changed[:] = changed[:, :1]
        case "creeping":
            changed += after / 15
    score = follow(signal)
    assert (np.nanmax(score[:, 1700:1800], axis=1) > (3 if what == "still" else 4)).all()
    assert (np.nanmedian(score[:, 1500:1700], axis=1) < 2).all()


def test_what_comes_back_is_no_longer_novel() -> None:
    signal = noise(4000)
    for begin in range(1000, 4000, 500):
        signal[:, begin : begin + 5] += 10
    score = follow(signal)
    first, last = (score[:, begin : begin + 8].max(axis=1) for begin in (1000, 3500))
    assert np.median(first) > 4.5
    assert np.median(first) - np.median(last) > 1


def test_a_perfect_repetition_is_never_novel() -> None:
    wave = np.tile(np.repeat([0.0, 10.0], 50), 40)[np.newaxis]
    assert np.nanmax(follow(wave)[:, 1000:]) < 2.5


def test_an_hour_is_held_against_its_own_past_when_there_is_a_rhythm() -> None:
    # A reading each 15 minutes; on the tenth day noon is as quiet as midnight always is.
    day = 10 * (1 - np.cos(np.arange(96) * 2 * np.pi / 96))
    signal = np.tile(day, 12) + np.random.default_rng(3).normal(0, 0.3, (20, 12 * 96))
    noon = slice(9 * 96 + 40, 9 * 96 + 56)
    signal[:, noon] -= day[40:56]
    daily, without = (follow(signal, period_s=900, rhythm=rhythm)[:, noon] for rhythm in ("day", "none"))
    assert np.median(daily[:, 6:]) > 2.8
    assert np.median(without[:, 6:]) < 1.2


def test_the_evidence_is_the_rarity_of_each_view() -> None:
    value = noise(1000, m=1)[0]
    value[990] = 15
    (found, *_) = engine(rule("novelty", [4.5, NAN, NAN, NAN]), resolution=0.01).update(block(np.arange(1000), value))
    assert found.time == START + 990 * S
    assert tuple(found.evidence) == VIEWS
    assert found.score == pytest.approx(sum(rare**4 for rare in found.evidence.values()) ** 0.25)
    assert found.evidence["jump"] > 3


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"pace": 1}, "pace must be a number above 1"),
        ({"warmup": 30}, "warmup must be a number above 30"),
        ({"memory_s": 0}, "memory_s must be a number above 1"),
        ({"rhythm": "month"}, "rhythm must be one of none, day, week"),
    ],
)
def test_a_wrong_option_is_refused(options: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        engine(rule("novelty", [4, NAN, NAN, NAN], options=options))
