"""Samples of units, one after the other, into the features that a joint model judges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from detectors.jointmodel import JointModel
from detectors.rows import Slots, State, in_rounds
from detectors.sampler import NOT_YET, Bools, Samples
from ganzhi.records import Floats, Int64s

SILENCE = 5
"""Sampling periods without any sample after which what was before is no longer the sample before."""

CEILING_SIGMA = 1e6
"""Larger deviations are read as this, so that no product overflows."""

LASTING_SIGMA = 10.0
"""A deviation counts for no more in the running mean, so that a spike does not last."""

ROUNDING = 1e-12
MOST_PATTERNS = 1000
"""Sets of missing channels of which the expectation is kept ready."""

ENOUGH = 0.5
"""Share of the channels that must have a reading for a sample to say anything."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Samples in rounds by unit.

    index    intp (k,), where each was among the samples; `starts` the rounds' starts, and k
    now      float64 (k, lags + 1, channels), standardised: the sample, then those before it
    lasting  float64 (k, channels), the running mean
    known    bool (k,), whether there is enough to judge
    """

    index: Slots
    starts: list[int]
    now: Floats
    lasting: Floats
    known: Bools


@dataclass(frozen=True, slots=True)
class _Place:
    """Where samples sorted by unit and cell stand: (k,) each.

    position  among those of its unit here; first and last of them
    begins    what was before is too long ago; length: samples since it began, itself included
    """

    unit: Slots
    position: Slots
    first: Bools
    last: Bools
    begins: Bools
    length: Int64s

    @classmethod
    def of(cls, samples: Samples, cell: Int64s, length: Int64s) -> _Place:
        unit = samples.unit
        first = np.diff(unit, prepend=-1) > 0
        last = np.diff(unit, append=len(cell)) > 0
        at = np.arange(len(unit))
        position = at - np.maximum.accumulate(np.where(first, at, 0))
        before = np.where(first, cell[unit], np.roll(samples.cell, 1))
        begins = samples.cell - before > SILENCE
        since = np.maximum.accumulate(np.where(first | begins, at, 0))  # where it began, or the block did
        went_on = np.where(begins[since], 0, length[unit])
        return cls(unit, position, first, last, begins, at - since + 1 + went_on)


class Course:
    """Standardise samples, fill what is missing, remember the samples before and the running mean.

    A channel without a reading is read as what the model expects of it given the others and the samples before, or,
    where there are not enough others, as its mean.

    State   everything has a row a unit
    """

    def __init__(self, models: Sequence[JointModel]) -> None:
        self._models = models
        m, d = len(models), max(len(model.channels) for model in models)
        lags = max(model.lags for model in models)
        self._centre, self._scale = np.zeros((m, d)), np.ones((m, d))
        self._own = np.zeros((m, d), np.bool_)  # a channel of the unit and no empty place
        for row, model in enumerate(models):
            self._centre[row, : len(model.channels)] = model.centre
            self._scale[row, : len(model.channels)] = model.scale
            self._own[row, : len(model.channels)] = True
        self._channels = self._own.sum(axis=1)
        self._lags = np.array([model.lags for model in models])
        self._weight = np.array([model.weight for model in models])
        self._expect: dict[tuple[int, bytes], Floats] = {}
        self._cell = np.full(m, NOT_YET, np.int64)
        self._length = np.zeros(m, np.int64)  # samples in a row, as many as matter
        self._past = np.zeros((m, lags + 1, d))
        self._mean = np.zeros((m, d))
        self.state: State = {
            "last": self._cell,
            "length": self._length,
            "past": self._past,
            "mean": self._mean,
        }

    def run(self, samples: Samples) -> Steps:
        """The samples in rounds by unit, each with those before it and the running mean."""
        order, edges = in_rounds(samples.unit, np.empty(len(self._models), np.int32))
        starts = edges.tolist()
        index = np.arange(len(samples.unit)) if order is None else order
        place = _Place.of(samples, self._cell, self._length)
        x = self._standardised(samples, place)
        now = np.stack([self._before(x, place, lag) for lag in range(self._past.shape[1])], axis=1)
        lasting = self._means(np.clip(x, -LASTING_SIGMA, LASTING_SIGMA), place, index, starts)
        known = self._enough(samples) & (place.length > self._lags[place.unit])
        self._keep(samples, place, now)
        return Steps(index, starts, now[index], lasting[index], known[index])

    def _standardised(self, samples: Samples, place: _Place) -> Floats:
        unit, seen = place.unit, samples.seen
        value = np.where(seen, samples.value, self._centre[unit])
        with np.errstate(under="ignore", over="ignore"):
            x = np.clip((value - self._centre[unit]) / self._scale[unit], -CEILING_SIGMA, CEILING_SIGMA)
        missing = self._own[unit] & ~seen & self._enough(samples)[:, np.newaxis]
        for row in np.flatnonzero(missing.any(axis=1)).tolist():
            self._fill(row, missing[row], x, place)
        return x

    def _enough(self, samples: Samples) -> Bools:
        enough: Bools = samples.seen.sum(axis=1) >= ENOUGH * self._channels[samples.unit]
        return enough

    def _before(self, x: Floats, place: _Place, lag: int) -> Floats:
        # Of each sample the one so many before it, out of this block or what was kept; 0 where there is none.
        position = place.position
        back = np.maximum(np.arange(len(x)) - lag, 0)
        kept = np.clip(lag - position - 1, 0, self._past.shape[1] - 1)
        found = np.where((position >= lag)[:, np.newaxis], x[back], self._past[place.unit, kept])
        found[place.length <= lag] = 0.0
        return found

    def _means(self, x: Floats, place: _Place, index: Slots, starts: list[int]) -> Floats:
        mean = np.zeros_like(x)
        if not self._weight.any():
            return mean
        weight = self._weight[place.unit][:, np.newaxis]
        sizes = np.diff(starts)
        alone = int((sizes > 1).sum())  # rounds shrink: from here on there is one unit only
        with np.errstate(under="ignore"):
            for first, end in pairwise(starts[: alone + 1]):
                rows = index[first:end]
                unit = place.unit[rows]
                now = self._mean[unit]
                now[place.begins[rows]] = 0.0
                now += weight[rows] * (x[rows] - now)
                mean[rows] = self._mean[unit] = now
            rest = index[starts[alone] :]
            if len(rest):
                one = self._mean[place.unit[rest[0]]]
                share = weight.item(rest[0])
                for row, begins in zip(rest.tolist(), place.begins[rest].tolist(), strict=True):
                    if begins:
                        one.fill(0.0)
                    one += share * (x[row] - one)
                    mean[row] = one
        return mean

    def _keep(self, samples: Samples, place: _Place, now: Floats) -> None:
        last = np.flatnonzero(place.last)
        unit = place.unit[last]
        self._cell[unit], self._length[unit] = samples.cell[last], np.minimum(place.length[last], self._past.shape[1])
        self._past[unit] = now[last]

    def _fill(self, row: int, missing: Bools, x: Floats, place: _Place) -> None:
        # The most likely values given the other channels and the samples before: T² + SPE is least.
        unit, position = int(place.unit[row]), int(place.position[row])
        model = self._models[unit]
        at, key = np.flatnonzero(missing), (unit, missing.tobytes())
        if key not in self._expect:
            if len(self._expect) >= MOST_PATTERNS:
                self._expect.clear()
            self._expect[key] = _expected(model.now.whiten, at)
        features = np.zeros((model.lags + 1, len(model.channels)))
        for lag in range(min(model.lags + 1, int(place.length[row]))):
            past = x[row - lag] if position >= lag else self._past[unit, lag - position - 1]
            features[lag] = past[: len(model.channels)]
        expected = -(self._expect[key] * features.ravel()).sum(axis=1)
        x[row, at] = np.clip(expected, -LASTING_SIGMA, LASTING_SIGMA)  # or what is expected of itself could run away


def _expected(whiten: Floats, at: Slots) -> Floats:
    precision = np.stack([(whiten * whiten[j]).sum(axis=1) for j in at])
    others = precision.copy()
    others[:, at] = 0.0
    return solved(precision[:, at], others)


def solved(matrix: Floats, right: Floats) -> Floats:
    """X with matrix X = right, for symmetric matrices (…, n, n) that are not negative; 0 for what they leave open.

    The same to the last bit on every machine.
    """
    n = matrix.shape[-1]
    table = np.concatenate([matrix, right], axis=-1)
    least = ROUNDING * np.diagonal(matrix, axis1=-2, axis2=-1).max(axis=-1, initial=0.0)
    for j in range(n):
        pivot = table[..., j, j]
        open_ = pivot <= least
        table[..., j, :] *= np.where(open_, 0.0, 1.0 / np.where(open_, 1.0, pivot))[..., np.newaxis]
        others = np.arange(n) != j
        table[..., others, :] -= table[..., others, j, np.newaxis] * table[..., j, np.newaxis, :]
    solution: Floats = table[..., n:]
    return solution
