"""Score: how far the channels of a unit, taken together, are from their normal running."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from detectors.course import Course, Steps, solved
from detectors.jointmodel import JointModel, Space
from detectors.option import number
from detectors.rows import Rows, Slots, State
from detectors.sampler import Sampler
from ganzhi.records import Floats, Rule

WAIT = 5
MOST_WAIT = 1000
SHARES = 3
"""Channels that the evidence names."""


class Joint:
    """Judge the channels of a unit by their normal scatter, which one channel alone may hide.

    The standardised channels, with `lags` samples before (space now) or as their running mean (space lasting), are
    turned into directions of unit variance y; the wide ones are T², the narrow ones, what the channels never do, SPE:

    score = sqrt(max over spaces of (sum of y² wide / T² limit, sum of y² narrow / SPE limit))

    Good for   faults that break how channels go together; small lasting shifts of several.
    Poor for   operating modes that the normal period did not hold; units that are rebuilt: fit again
    Input      rows in the order of arrival; each unit is sampled (detectors/sampler.py) at the period of its model
    Output     score float64 (k,), >= 0, a row a sample of a unit, at the time of its newest reading; 1: the limit
    Options    model: a JointModel for each unit, in their order; wait 5: of later samples for a channel that is slow
    Warm-up    NaN until the lags are there, again after five sampling periods without a sample
    Missing    is read as what is expected given the others; NaN with fewer than half of the channels
    Flat       0: a channel that never varied in the normal period is standardised by a floor
    Cost       O(n d (lags + 1)²) a block for d channels; a unit's matrix, 8 (d (lags + 1))² bytes, twice with lasting
    Raises     ValueError for a rule without units or with a point in two, another side, models that do not fit
    Source     Hotelling 1947; Jackson and Mudholkar, Technometrics 21 (1979) 341-349 (SPE); Ku, Storer and Georgakis,
               Chemom. Intell. Lab. Syst. 30 (1995) 179-196 (lags); Lowry et al., Technometrics 34 (1992) 46-53 (mean);
               Alcala and Qin, Automatica 45 (2009) 1593-1600 (shares); departures: narrow directions count by their
               own variance, limits are quantiles of normal running that was kept from the fit
    """

    def __init__(self, rule: Rule, *, period_s: Floats, resolution: Floats) -> None:
        if rule.side != "high":
            raise ValueError(f"{rule.id}: the side of joint is high: further away is worse")
        self._models = _models(rule)
        wait = number(rule, "wait", WAIT, above=0, below=MOST_WAIT + 1)
        if wait != int(wait):
            raise ValueError(f"{rule.id}: wait must be a whole number of samples, not {wait:g}")
        unit, column = _places(rule)
        self._sampler = Sampler(unit, column, [model.period_s for model in self._models], int(wait))
        self._course = Course(self._models)
        channels = [len(model.channels) for model in self._models]
        self._now = Spaces([model.now for model in self._models], channels)
        self._lasting = Spaces([model.lasting for model in self._models], channels)
        self._seen: tuple[Slots, Floats, Steps] | None = None
        self.state: State = self._sampler.state | self._course.state

    def update(self, rows: Rows) -> tuple[Rows, Floats]:
        samples = self._sampler.update(rows)
        steps = self._course.run(samples)
        unit = samples.unit[steps.index]
        share = np.full((len(unit), 4), np.nan)
        known = np.flatnonzero(steps.known)
        share[known, :2] = self._now.shares(unit[known], steps.now[known]).T
        share[known, 2:] = self._lasting.shares(unit[known], steps.lasting[known, np.newaxis]).T
        self._seen = unit, share, steps
        score = np.sqrt(share.max(axis=1))
        time, quality = samples.time[steps.index], samples.quality[steps.index]
        nothing = np.full(len(unit), np.nan)
        heard = None if rows.heard is None else rows.heard[samples.row[steps.index]]
        return Rows(unit, time, nothing, quality, steps.starts, rows.since, rows.until, heard), score

    def evidence(self, row: int) -> Mapping[str, float]:
        """`t2` and `spe`, where 1 is the limit, of the space that decides; `share_<place>`: how much of it would be
        gone if that channel alone were as the others have it, for up to three by their place in the unit.
        """
        if self._seen is None:
            return {}
        unit, share, steps = self._seen
        k = int(unit[row])
        lasts = share[row, 2:].max() > share[row, :2].max()
        t2, spe = np.sqrt(share[row, 2:] if lasts else share[row, :2]).tolist()
        model = self._models[k]
        d = len(model.channels)
        if model.lasting is not None and lasts:
            blame = _blame(model.lasting, steps.lasting[row : row + 1, :d])
        else:
            blame = _blame(model.now, steps.now[row, : model.lags + 1, :d])
        worst = np.argsort(-blame, kind="stable")[:SHARES]
        return {"t2": t2, "spe": spe} | {f"share_{at}": float(blame[at]) for at in worst.tolist() if blame[at] > 0}


class Spaces:
    """One space of every unit, side by side; None for a unit without it."""

    def __init__(self, spaces: Sequence[Space | None], channels: Sequence[int]) -> None:
        there = [(row, space, d) for row, (space, d) in enumerate(zip(spaces, channels, strict=True)) if space]
        depth = max((len(space.whiten) // d for _, space, d in there), default=0)
        width = max((space.whiten.shape[1] for _, space, _ in there), default=0)
        self._whiten = np.zeros((depth, max(channels), len(spaces), width))
        self._wide = np.zeros((len(spaces), width), np.bool_)
        self._per_limit = np.zeros((2, len(spaces)))
        for row, space, d in there:
            rows, columns = space.whiten.shape
            self._whiten[: rows // d, :d, row, :columns] = space.whiten.reshape(-1, d, columns)
            self._wide[row, : space.main] = True
            self._per_limit[:, row] = 1.0 / space.t2_limit, 1.0 / space.spe_limit

    def shares(self, unit: Slots, features: Floats) -> Floats:
        """T² and SPE over their limits, float64 (2, k), of features float64 (k, depth, channels)."""
        # Feature after feature and no matrix product, whose last bit depends on how many rows there are.
        alone = len(unit) > 0 and bool((unit == unit[0]).all())
        y = np.zeros((len(unit), self._whiten.shape[3]))
        with np.errstate(under="ignore"):
            for depth, layer in enumerate(self._whiten):
                for channel, whiten in enumerate(layer):
                    y += features[:, depth, channel, np.newaxis] * (whiten[unit[0]] if alone else whiten[unit])
            y *= y
            wide = self._wide[unit]
            t2, spe = np.where(wide, y, 0.0).sum(axis=1), np.where(wide, 0.0, y).sum(axis=1)
            found: Floats = np.stack([t2, spe]) * self._per_limit[:, unit]
        return found


def _models(rule: Rule) -> Sequence[JointModel]:
    models = rule.options.get("model")
    if not rule.units:
        raise ValueError(f"{rule.id}: joint judges units, and the rule has none")
    if not isinstance(models, Sequence) or len(models) != len(rule.units):
        raise ValueError(f"{rule.id}: joint needs a model for each of its {len(rule.units)} units")
    for unit, model in zip(rule.units, models, strict=True):
        if not isinstance(model, JointModel) or len(model.channels) != len(unit.members):
            raise ValueError(f"{rule.id}: the model of {unit.id} is not of its {len(unit.members)} points")
    return models


def _places(rule: Rule) -> tuple[Slots, Slots]:
    # Of each point of the rule its unit, and its column among the unit's channels.
    slot = {point: row for row, point in enumerate(rule.points.tolist())}
    unit, column = np.full(len(slot), -1, np.intp), np.zeros(len(slot), np.intp)
    for row, one in enumerate(rule.units):
        for place, point in enumerate(one.members.tolist()):
            if point not in slot or unit[slot[point]] >= 0:
                raise ValueError(f"{rule.id}: point {point} must be in one unit of the rule")
            unit[slot[point]], column[slot[point]] = row, place
    if (unit < 0).any():
        raise ValueError(f"{rule.id}: a point is in no unit of the rule")
    return unit, column


def _blame(space: Space, features: Floats) -> Floats:
    # Of features (depth, channels): how much less T² + SPE could be with other values of one channel, as a share.
    depth, d = features.shape
    y = (space.whiten * features.ravel()[:, np.newaxis]).sum(axis=0)
    own = np.ascontiguousarray(space.whiten.reshape(depth, d, -1).swapaxes(0, 1))
    with np.errstate(under="ignore"):
        slope = (own * y).sum(axis=2)
        precision = np.stack([(own[:, lag, np.newaxis] * own).sum(axis=2) for lag in range(depth)], axis=1)
        less = (solved(precision, slope[:, :, np.newaxis])[:, :, 0] * slope).sum(axis=1)
        found: Floats = less / max(float((y * y).sum()), np.finfo(float).tiny)
    return found
