"""Fit a joint model to a unit's normal running."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from detectors.course import Course
from detectors.joint import WAIT, Spaces
from detectors.jointmodel import MOST_LAGS, JointModel, Space
from detectors.rows import Rows
from detectors.sampler import Sampler, Samples, merged
from ganzhi.records import Floats

FALSE_ALARMS = 0.01
VARIANCE = 0.9
RIDGE = 0.003
WEIGHT = 0.1
LAGS = 1
HELD_BACK = 0.4
FLOOR = 1e-9
"""Part of a channel's size below which its scatter is rounding; such a channel stands still."""

BLOCKS = 8
"""Parts of the normal period whose means tell how a channel wanders."""

PIECE_ROWS = 10_000
ROUNDING = 1e-12
LEAST_SAMPLES = 30
"""Fewer say nothing of a scatter, and nothing of a limit."""


@dataclass(frozen=True, slots=True)
class FitOptions:
    """How to fit.

    lags          samples before that a sample is judged with
    weight        of a sample in the running mean; 0: without one
    variance      part of the variance that the directions of T² hold
    ridge         added to each direction's variance, in mean variances: a greater one trusts the narrow ones less
    wander        by how many eighths of the normal period a channel may go on wandering as it did there; 0: not at all
    false_alarms  part of normal samples beyond the limit
    """

    lags: int = LAGS
    weight: float = WEIGHT
    variance: float = VARIANCE
    ridge: float = RIDGE
    wander: float = 0.0
    false_alarms: float = FALSE_ALARMS

    def __post_init__(self) -> None:
        good = {
            f"lags must be a whole number from 0 to {MOST_LAGS}": 0 <= self.lags <= MOST_LAGS,
            "weight must be from 0 to 1": 0 <= self.weight <= 1,
            "variance must be above 0 and at most 1": 0 < self.variance <= 1,
            "ridge must be above 0": 0 < self.ridge < np.inf,
            "wander must be 0 or more": 0 <= self.wander < np.inf,
            "the share of false alarms must be above 0 and below 1": 0 < self.false_alarms < 1,
        }
        if wrong := [text for text, fine in good.items() if not fine]:
            raise ValueError("; ".join(wrong))


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A model, and what happened.

    samples      that were fitted to, and `held_back` those that set the limits
    beyond       part of the samples held back that the limits call abnormal
    """

    model: JointModel
    samples: int
    held_back: int
    beyond: float


def fit(
    channels: Sequence[str],
    period_s: float,
    normal: Samples,
    held_back: Samples | None = None,
    options: FitOptions | None = None,
    *,
    resolution: Floats | float = 0.0,
) -> Fitted:
    """A model of normal running, with limits from samples that were kept from the fit: the last two fifths of them
    unless others are given. ValueError where there are too few.

    resolution  float64 (channels,), in their units: less scatter than a step of it is not believed
    """
    options = options or FitOptions()
    if held_back is None:
        begin = round(len(normal.cell) * (1 - HELD_BACK))
        normal, held_back = _part(normal, slice(None, begin)), _part(normal, slice(begin, None))
    whole = normal.seen.all(axis=1)
    if whole.sum() < LEAST_SAMPLES or len(held_back.cell) < LEAST_SAMPLES:
        raise ValueError(
            f"there are {whole.sum()} whole samples to fit to and {len(held_back.cell)} to set the limits by: "
            f"at least {LEAST_SAMPLES} of each are needed"
        )
    centre, scale = _standard(normal.value[whole], options.wander, resolution)
    d = len(channels)
    plain = JointModel(
        channels=tuple(channels),
        period_s=period_s,
        centre=centre,
        scale=scale,
        lags=options.lags,
        weight=options.weight,
        now=Space(np.eye(d * (options.lags + 1)), 0, 1.0, 1.0),
        lasting=Space(np.eye(d), 0, 1.0, 1.0) if options.weight else None,
    )
    steps = Course([plain]).run(normal)
    use = steps.known & whole
    if use.sum() < LEAST_SAMPLES:
        raise ValueError(f"only {use.sum()} samples have the {options.lags} before them that the lags ask for")
    model = replace(plain, now=_space(steps.now[use].reshape(use.sum(), -1), options))
    if options.weight:
        model = replace(model, lasting=_space(steps.lasting[use], options))
    return _limited(model, held_back, int(use.sum()), options)


def sampled(channels: int, period_s: float, rows: Rows) -> Samples:
    """The samples of one unit in recorded readings, as the score would take them; `slot` is the channel."""
    sampler = Sampler(np.zeros(channels, np.intp), np.arange(channels), [period_s], WAIT)
    pieces = np.array_split(np.arange(len(rows)), len(rows) // PIECE_ROWS + 1)
    return merged([sampler.update(rows.one_round(piece)) for piece in pieces])


def _part(samples: Samples, part: slice) -> Samples:
    return Samples(*(getattr(samples, one.name)[part] for one in fields(Samples)))


def _standard(value: Floats, wander: float, resolution: Floats | float) -> tuple[Floats, Floats]:
    centre, variance = value.mean(axis=0), value.var(axis=0)
    if wander:
        means = np.stack([block.mean(axis=0) for block in np.array_split(value, BLOCKS)])
        centre = means[BLOCKS // 2 :].mean(axis=0)
        variance = variance + wander * (np.diff(means, axis=0) ** 2).mean(axis=0)
    floor = FLOOR * np.maximum(np.abs(value).max(axis=0), FLOOR)
    return centre, np.maximum(np.maximum(np.sqrt(variance), floor), resolution)


def _space(features: Floats, options: FitOptions) -> Space:
    covariance = features.T @ features / len(features)
    directions, variance, _ = np.linalg.svd(covariance, hermitian=True)
    share = np.cumsum(variance) / variance.sum()
    main = int(np.searchsorted(share, options.variance - ROUNDING)) + 1
    whiten = directions / np.sqrt(variance + options.ridge * variance.mean())
    return Space(np.ascontiguousarray(whiten), min(main, len(variance)), 1.0, 1.0)


def _limited(model: JointModel, held_back: Samples, fitted_to: int, options: FitOptions) -> Fitted:
    # A limit each that as many exceed, then all moved together until the largest of them is exceeded so often.
    statistics = shares(model, held_back)
    if len(statistics) < LEAST_SAMPLES:
        raise ValueError(f"only {len(statistics)} samples to set the limits by can be judged")
    rarely = 1 - options.false_alarms
    limits = np.quantile(statistics, rarely, axis=0, method="higher")
    limits[limits == 0] = 1.0
    largest = (statistics / limits).max(axis=1)
    top = np.quantile(largest, rarely, method="higher")
    limits *= top
    model = replace(model, now=replace(model.now, t2_limit=float(limits[0]), spe_limit=float(limits[1])))
    if model.lasting is not None:
        lasting = replace(model.lasting, t2_limit=float(limits[2]), spe_limit=float(limits[3]))
        model = replace(model, lasting=lasting)
    return Fitted(model, fitted_to, len(statistics), float((largest > top).mean()))


def shares(model: JointModel, samples: Samples) -> Floats:
    """T² and SPE over their limits, of each space, of the samples that can be judged: float64 (k, 2 or 4)."""
    steps = Course([model]).run(samples)
    unit, d = samples.unit[steps.index], [len(model.channels)]
    found = [*Spaces([model.now], d).shares(unit, steps.now)]
    if model.lasting is not None:
        found += [*Spaces([model.lasting], d).shares(unit, steps.lasting[:, np.newaxis])]
    return np.stack(found, axis=1)[steps.known]
