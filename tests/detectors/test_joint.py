"""Channels that are each as ever, but not together."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.joint import Joint
from detectors.jointmodel import JointModel
from ganzhi.records import Floats, Tier
from tests.detectors.plant import fitted, plant, rows, simple
from tests.detectors.stream import NAN, START, S, block, course, engine, rule

NONE, BLUE = Tier.NONE, Tier.BLUE
LIMITS = [1, NAN, NAN, NAN]


def joint(model: JointModel, **options: object) -> Joint:
    """The score of one unit of all channels."""
    d = len(model.channels)
    made = rule("joint", LIMITS, units=[range(d)], options={"model": (model,)} | options)
    return Joint(made, period_s=np.ones(d), resolution=np.ones(d))


def follow(model: JointModel, values: Floats) -> Floats:
    """The score of each row of values, a row a second."""
    return joint(model).update(rows(values))[1]


def test_the_score_is_the_larger_share_of_its_limit() -> None:
    # y = (x0, 2 x1): T² = x0², SPE = 4 x1².
    model = simple(np.diag([1.0, 2.0]), 1, t2=4.0, spe=9.0)
    score = follow(model, np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 1.5], [3.0, 3.0]]))
    assert score.tolist() == pytest.approx([0, 1, 1, 2])


def test_lags_bring_the_sample_before_in() -> None:
    # y = x - x before.
    score = follow(simple(np.array([[1.0], [-1.0]]), 0, lags=1), np.array([[5.0], [5.0], [7.0], [4.0]]))
    assert np.isnan(score[0])
    assert score[1:].tolist() == pytest.approx([0, 2, 3])


def test_channels_that_part_are_found_though_each_is_as_ever() -> None:
    normal, after = plant(4000), plant(400, seed=2)
    after[200:, 1] = 12 - after[200:, 1]  # the pressure now falls with the load, within its range
    score = follow(fitted(normal).model, after)
    assert (score[5:200] > 1).mean() < 0.03
    assert (score[200:] > 1).mean() > 0.8


def test_a_small_lasting_shift_is_found_by_the_running_mean_only() -> None:
    normal, after = plant(4000), plant(400, seed=2)
    after[200:, 2] += 0.25  # one and a quarter sigma of the level
    without, lasting = fitted(normal, weight=0.0).model, fitted(normal, weight=0.1).model
    assert (follow(without, after)[230:] > 1).mean() < 0.1
    assert (follow(lasting, after)[230:] > 1).mean() > 0.9


def test_the_evidence_names_the_channels_that_no_longer_agree() -> None:
    model = fitted(plant(4000)).model
    detect = engine(rule("joint", LIMITS, units=[(0, 1, 2)], options={"model": (model,)}), n_points=3)
    values = plant(20, seed=4)
    values[10:12, 1] += 2.5
    seconds, point = np.repeat(np.arange(20), 3), np.tile(np.arange(3), 20)
    raised, *_ = detect.update(block(seconds, values.ravel(), point=point))
    assert (raised.time, raised.point, raised.new) == (START + 10 * S, 0, BLUE)
    assert np.isnan(raised.value)
    assert raised.score == pytest.approx(max(raised.evidence["t2"], raised.evidence["spe"]))
    shares = {name: share for name, share in raised.evidence.items() if name.startswith("share_")}
    assert min(shares["share_0"], shares["share_1"]) > 0.8
    assert shares["share_2"] < 0.2


def test_one_channel_alone_has_the_whole_share() -> None:
    detect = joint(simple(np.diag([1.0, 2.0]), 0))
    detect.update(rows(np.array([[0.0, 3.0]])))
    assert detect.evidence(0) == {"t2": 0.0, "spe": 6.0, "share_1": 1.0}


def test_a_missing_channel_is_read_as_the_others_have_it() -> None:
    model = fitted(plant(4000)).model
    values = plant(400, seed=4)
    values[100:, 1] = np.nan
    score = follow(model, values)
    assert len(score) > 390
    assert (score[5:] > 1).mean() < 0.03
    values[250:, 2] += 3.0  # what is still there is still judged
    assert (follow(model, values)[255:] > 1).all()


def test_half_of_the_channels_missing_says_nothing() -> None:
    values = plant(40, seed=4)
    values[20:, :2] = np.nan
    score = follow(fitted(plant(4000)).model, values)
    assert np.isfinite(score[1:20]).all()
    assert np.isnan(score[20:]).all()


def test_a_silence_begins_the_lags_anew() -> None:
    detect = joint(simple(np.array([[1.0], [-1.0]]), 0, lags=1))
    assert detect.update(rows(np.array([[5.0], [6.0]])))[1].tolist()[1:] == [1]
    assert np.isnan(detect.update(rows(np.array([[50.0]]), first=100))[1]).all()
    assert detect.update(rows(np.array([[52.0]]), first=101))[1].tolist() == [2]


def test_units_have_models_of_their_own() -> None:
    one, other = simple(np.eye(2), 2), simple(np.eye(1) * 5, 1)
    both = rule("joint", LIMITS, units=[(0, 1), (2,)], options={"model": (one, other)})
    found = engine(both, n_points=3).update(block([1, 1, 1, 2, 2, 2], [0, 2, 0, 0, 0, 0.4], point=[0, 1, 2, 0, 1, 2]))
    assert [(t.point, t.score) for t in found] == [(0, 2), (0, 0), (2, 2)]
    assert course(found) == [(1, NONE, BLUE), (2, BLUE, NONE), (2, NONE, BLUE)]


@pytest.mark.parametrize(("changed", "anew"), [(False, []), (True, ["joint"])])
def test_a_unit_goes_on_when_another_comes_and_begins_anew_when_its_model_changed(
    *, changed: bool, anew: list[str]
) -> None:
    # y = x - x before; the other unit is wider, and so are all rows of state then.
    lagged, wide = simple(np.array([[1.0], [-1.0]]), 0, lags=1), simple(np.eye(3), 1)
    before = engine(rule("joint", LIMITS, units=[(0,)], options={"model": (lagged,)}))
    before.update(block([1, 2], [5, 5]))
    mine = simple(np.array([[1.0], [-1.001]]), 0, lags=1) if changed else lagged
    after = engine(rule("joint", LIMITS, units=[(1, 2, 3), (0,)], options={"model": (wide, mine)}), n_points=4)
    assert after.adopt(before.snapshot(), np.array([0, -1, -1, -1], np.int32), {}) == ["joint"]
    found = after.update(block([3], [8]))
    assert course(found) == ([] if changed else [(3, NONE, BLUE)])
    same = engine(rule("joint", LIMITS, units=[(0,)], options={"model": (mine,)}))
    assert same.adopt(before.snapshot(), np.array([0], np.int32), {}) == anew


MODEL = simple(np.eye(2), 1)


@pytest.mark.parametrize(
    ("units", "options", "what"),
    [
        ([], {"model": (MODEL,)}, "has none"),
        ([(0, 1)], {}, "a model for each"),
        ([(0, 1)], {"model": (MODEL, MODEL)}, "a model for each"),
        ([(0, 1, 2)], {"model": (MODEL,)}, "not of its 3 points"),
        ([(0, 1)], {"model": ("model",)}, "not of its 2 points"),
        ([(0, 1), (1, 2)], {"model": (MODEL, MODEL)}, "point 1 must be in one unit"),
        ([(0, 1)], {"model": (MODEL,), "wait": 0}, "wait"),
        ([(0, 1)], {"model": (MODEL,), "wait": 2.5}, "whole number"),
    ],
)
def test_what_does_not_fit_is_refused(units: list[tuple[int, ...]], options: dict[str, object], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        engine(rule("joint", LIMITS, units=units, options=options), n_points=3)


def test_the_other_side_is_refused() -> None:
    with pytest.raises(ValueError, match="high"):
        engine(rule("joint", LIMITS, units=[(0, 1)], side="low", options={"model": (MODEL,)}), n_points=2)
