"""Samples, those before them, and their running mean, against a plain loop."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.course import LASTING_SIGMA, SILENCE, Course, solved
from detectors.jointmodel import JointModel, Space
from detectors.sampler import Samples

D = 2


def model(lags: int, weight: float) -> JointModel:
    """Around (1, 2), in steps of (0.5, 2)."""
    whiten = np.linalg.qr(np.random.default_rng(lags).normal(size=(D * (lags + 1), D * (lags + 1))))[0]
    lasting = Space(np.eye(D), 1, 1.0, 1.0) if weight else None
    space = Space(np.diag(np.arange(1.0, len(whiten) + 1)) @ whiten, 1, 1.0, 1.0)
    return JointModel(("a", "b"), 1.0, np.array([1.0, 2.0]), np.array([0.5, 2.0]), lags, weight, space, lasting)


MODELS = [model(2, 0.25), model(0, 0.0)]


def plain(cells: list[int], values: np.ndarray, seen: np.ndarray, unit: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """What the samples of one unit become, one by one: features and running mean of those that can be judged."""
    one, found = MODELS[unit], []
    past: list[np.ndarray] = []
    mean, before = np.zeros(D), -(10**9)
    for cell, value, there in zip(cells, values, seen, strict=True):
        if cell - before > SILENCE:
            past, mean = [], np.zeros(D)
        x = np.where(there, (value - one.centre) / one.scale, 0.0)
        missing = ~there
        kept = [x, *past, *[np.zeros(D)] * 3][: one.lags + 1]
        if missing.any() and there.any():
            precision = one.now.whiten @ one.now.whiten.T
            at = np.flatnonzero(missing)
            expected = -np.linalg.solve(precision[np.ix_(at, at)], precision[at] @ np.concatenate(kept))
            x[at] = np.clip(expected, -LASTING_SIGMA, LASTING_SIGMA)
        past = [x, *past][:3]
        mean = mean + one.weight * (np.clip(x, -LASTING_SIGMA, LASTING_SIGMA) - mean)
        before = cell
        if len(past) > one.lags and there.sum() >= 1:
            found.append((np.concatenate(past[: one.lags + 1]), mean))
    return found


@settings(deadline=None, max_examples=100)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 25), cut=st.integers(0, 24))
def test_it_is_what_a_plain_loop_makes_of_it(seed: int, n: int, cut: int) -> None:
    random = np.random.default_rng(seed)
    unit = np.sort(random.integers(0, 2, n))
    cell = np.concatenate([np.cumsum(random.choice([1, 1, 1, 2, 20], (unit == u).sum())) for u in (0, 1)])
    value, seen = random.normal(0, 3, (n, D)) + (random.random((n, 1)) < 0.1) * 50, random.random((n, D)) < 0.8
    nothing = np.zeros(n, np.int64)
    course, found = Course(MODELS), {0: [], 1: []}  # type: ignore[var-annotated]
    early = cell <= np.quantile(cell, cut / 24)
    for part in (np.flatnonzero(early), np.flatnonzero(~early)):
        steps = course.run(
            Samples(
                unit[part],
                cell[part],
                nothing[part],
                np.where(seen, value, 0.0)[part],
                seen[part],
                nothing[part].astype(np.uint8),
                nothing[part],
            )
        )
        assert sorted(steps.index.tolist()) == list(range(len(part)))
        for row in np.flatnonzero(steps.known):
            u = int(unit[part][steps.index[row]])
            found[u].append((steps.now[row, : MODELS[u].lags + 1].ravel(), steps.lasting[row]))
    for u in (0, 1):
        own = unit == u
        expected = plain(cell[own].tolist(), value[own], seen[own], u)
        assert len(found[u]) == len(expected)
        for (now, lasting), (expected_now, expected_lasting) in zip(found[u], expected, strict=True):
            np.testing.assert_allclose(now, expected_now, rtol=1e-9, atol=1e-9)
            np.testing.assert_allclose(lasting, expected_lasting, rtol=1e-9, atol=1e-9)


def test_what_an_equation_leaves_open_is_zero() -> None:
    both = np.array([[1.0, -1.0], [-1.0, 1.0]])
    assert solved(both, np.array([[3.0], [-3.0]])).tolist() == [[3.0], [0.0]]
    assert solved(np.zeros((2, 2)), np.ones((2, 1))).tolist() == [[0.0], [0.0]]
    assert solved(np.diag([2.0, 4.0]), np.array([[2.0], [2.0]])).tolist() == [[1.0], [0.5]]
