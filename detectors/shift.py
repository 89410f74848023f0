"""Score: how sure it is that the mean has shifted."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from detectors.option import choice, number
from detectors.rows import Rows, Slots, State
from detectors.trend import CEILING, FINEST, NOT_YET
from ganzhi.clock import NS_PER_S
from ganzhi.records import Floats, Int64s, Rule

SLACK_SIGMA = 0.5
WARMUP = 100
REFERENCE_S = 7 * 86_400.0
WEIGHT = 0.05
WARMUPS = 4.0
"""The reference lasts at least so many warm-ups of sampling periods."""

INDEPENDENT = 0.4
"""Warm when the readings are worth this part of a warm-up of independent ones."""

CLIP_SIGMA = 3.5
"""A reading counts for no more: a spike alone is no shift."""

KNOWN = 8
"""Readings after which the reference itself is guarded by that clip."""

TELLING_SIGMA = 3.0
"""A mean of clipped readings beyond this says only "at least"; the reading itself then says more."""

SUSPECT_SLACKS = 2.0
SUSPECT_EWMA = 3.0
"""From this score on, of a CUSUM divided by the slack, the reference does not learn: a shift must be told before it
is the normal. Noise alone is above it in one reading of fifty."""

LIKENESS_MAX = 0.99
"""Bound on the correlation of neighbouring readings; one is then worth half a hundredth of an independent one."""

SQUARE_LEAST = 0.25
"""Deviations smaller than this are so by the floor of sigma, and the first larger ones then say nothing of likeness."""

SWING_WEIGHT = 0.05
"""Of a reading in the mean of some, by whose own swings slow ones beneath white noise are seen."""

NEIGHBOURS_PERIODS = 3.0
"""Readings farther apart are not neighbours, and the sums begin to age."""


class Shift:
    """Detect a lasting shift of the mean from a reference that learns by itself.

    Each reading u in sigma of the readings before it, corrected for how few they were, and worth
    w = (1 - r) / (1 + r) independent ones, r the correlation of neighbours (or what would make means of some readings
    swing as they do, where that is more), moves
    cusum:  high = max(0, high + w (u - slack)), low = max(0, low - w (u + slack)); score the larger
    ewma:   z = z + weight (u - z); score |z| over its standard deviation, with r

    Good for   small lasting offsets of a signal that should stand.      Poor for   set-point changes, seasons, ramps.
    Input      value float64 (n,), unit of the point; rows in time order per point, any spacing
    Output     score float64 (n,), >= 0, in standard deviations; usual limit 12 for cusum, 5 for ewma
    Options    method "cusum" or "ewma"; slack_sigma 0.5: step to ignore (cusum); weight 0.05: of a reading (ewma);
               warmup 100: readings before the first score; reference_s 604800: seconds, at least 4 warm-ups of periods
    Warm-up    NaN until `warmup` readings, and two fifths of it in independent ones, are known
    Again      a score that stays suspect for `warmup` readings starts the reference again, at the new level
    Missing    rows of bad quality do not come here and so change nothing; a silence ages the sums by the span of a
               warm-up and the reference by its own, and starts all again when it is longer than that
    Flat       0; the deviation is floored so that one step of resolution is within the slack
    Cost       O(n) a block; 112 bytes a point
    Raises     ValueError for a wrong option
    Source     Hawkins, The Statistician 36 (1987) 299-316; t to normal: Abramowitz and Stegun 26.7.8; Lucas and
               Saccucci, Technometrics 32 (1990) 1-12; departures: clip, pause while suspect, worth, ageing
    """

    def __init__(self, rule: Rule, *, period_s: Floats, resolution: Floats) -> None:
        self._method = choice(rule, "method", ("cusum", "ewma"), "cusum")
        self._slack = number(rule, "slack_sigma", SLACK_SIGMA, above=0, below=CLIP_SIGMA)
        self._weight = number(rule, "weight", WEIGHT, above=0, below=1)
        self._warmup = number(rule, "warmup", WARMUP, above=KNOWN - 1)
        reference_s = number(rule, "reference_s", REFERENCE_S, above=0)
        warmup_s = self._warmup * period_s
        self._per_warmup = 1.0 / warmup_s
        self._per_reference = 2.0 / np.maximum(reference_s, WARMUPS * warmup_s)  # as a plain mean over it
        self._neighbours = NEIGHBOURS_PERIODS * period_s
        self._suspect = SUSPECT_EWMA if self._method == "ewma" else SUSPECT_SLACKS / self._slack
        self._floor = np.maximum(resolution, FINEST) / min(self._slack, SLACK_SIGMA)
        m = len(period_s)
        self._time = np.full(m, NOT_YET, np.int64)
        # of the reference: mean, variance, weight; of neighbours' deviations the product and the square, of means of
        # some the square; the last deviation, the mean of the recent; sums up and down and what they are worth since
        # they were 0 (ewma: z in the first); how long it was suspect, in readings as they count for a warm-up
        self._memory = np.zeros((m, 13))
        self._seen = np.empty((0, 2))
        self.state: State = {"time": self._time, "memory": self._memory}

    def update(self, rows: Rows) -> tuple[Rows, Floats]:
        score = np.empty(len(rows))
        self._seen = np.empty((len(rows), 2))
        for part in rows.rounds():
            score[part] = self._step(rows.slot[part], rows.time[part], rows.value[part], self._seen[part])
        return rows, score

    def evidence(self, row: int) -> Mapping[str, float]:
        """`reference`, the mean before, and `shift` from it, both in the point's unit, below 0 for a fall."""
        reference, shift = self._seen[row].tolist()
        return {"reference": reference, "shift": shift}

    def _step(self, slot: Slots, time: Int64s, value: Floats, seen: Floats) -> Floats:
        x = np.minimum(np.maximum(value, -CEILING), CEILING)
        age = (time - self._time.take(slot)) / NS_PER_S
        memory = self._memory.take(slot, axis=0).T.copy()
        aged = age * self._per_reference.take(slot)
        memory[:, (aged > 2.0) | (memory[12] >= self._warmup)] = 0.0
        mean, variance, n, product, square, swing, last, recent, up, down, up_worth, down_worth, suspect = (
            memory  # views
        )
        with np.errstate(under="ignore"):  # what underflows is 0 for us too
            n *= 1.0 / (1.0 + aged + 0.5 * aged * aged)
            far = np.maximum(age - self._neighbours.take(slot), 0.0)
            if far.any():
                far *= self._per_warmup.take(slot)
                memory[7:12] *= 1.0 / (1.0 + far + 0.5 * far * far)

            alike = _alike(product, square, n)
            worth = (1.0 - alike) / (1.0 + alike)
            warm = (n >= self._warmup) & (n * worth >= INDEPENDENT * self._warmup)
            suspect += np.minimum(worth / INDEPENDENT, 1.0)
            np.maximum(alike, _swinging(swing, square), out=alike)
            worth = (1.0 - alike) / (1.0 + alike)
            counts = np.maximum(n * worth, 2.0)
            sigma = np.maximum(np.sqrt(variance * (counts / (counts - 1.0))), self._floor.take(slot))
            away = x - mean
            u = np.where(n > 0, _normal(away / sigma, counts), 0.0)
            if self._method == "ewma":
                up += self._weight * (u * warm - up)
                score, shift = np.abs(up) / _spread(self._weight, alike), up
            else:
                _sum(up, up_worth, worth * warm, u - self._slack)
                _sum(down, down_worth, worth * warm, -u - self._slack)
                score, shift = np.maximum(up, down), _mean_since(up, up_worth, down, down_worth, self._slack)
            seen[:, 0] = mean
            seen[:, 1] = np.where(np.abs(shift) < TELLING_SIGMA, shift * sigma, away)

            suspect *= score >= self._suspect
            learns = suspect == 0
            clip = CLIP_SIGMA * sigma
            pull = np.where(n < KNOWN, away, np.minimum(np.maximum(away, -clip), clip))
            n += learns
            share = learns / np.maximum(n, 1.0)
            mean += share * pull
            variance += share * ((1.0 - share) * pull * pull - variance)
            recent += SWING_WEIGHT * (u - recent)
            swing += (recent * recent - swing) / np.maximum(n, 1.0)  # even while suspect, or none would be wide
            share *= age <= self._neighbours.take(slot)
            product += share * (u * last - product)
            square += share * (0.5 * (u * u + last * last) - square)
            last[:] = u
        self._memory[slot] = memory.T
        self._time[slot] = time
        told: Floats = np.where(warm, score, np.nan)
        return told


def _alike(product: Floats, square: Floats, n: Floats) -> Floats:
    # Found from few readings it is too small by (1 + 4 r) / n (Kendall 1954) and unsure: as large as it may well be.
    r = np.minimum(np.maximum(product, 0.0) / np.maximum(square, SQUARE_LEAST), 1.0)
    few = 1.0 / np.maximum(n, 1.0)
    alike: Floats = np.minimum(r + (1.0 + 4.0 * r) * few + np.sqrt((1.0 - r * r) * few), LIKENESS_MAX)
    return alike


def _swinging(swing: Floats, square: Floats) -> Floats:
    # The likeness of neighbours with which the mean of some readings would swing as widely as it does.
    times = swing * ((2.0 - SWING_WEIGHT) / SWING_WEIGHT) / np.maximum(square, SQUARE_LEAST)
    alike: Floats = np.minimum((times - 1.0) / (times + 1.0), LIKENESS_MAX)
    return alike


def _normal(t: Floats, counts: Floats) -> Floats:
    # What is Student's t by so many readings before becomes normal, all the way out to the clip.
    t = t * np.sqrt(counts / (counts + 1.0))
    degrees = counts - 1.0
    u = t * (1.0 - 0.25 / degrees) / np.sqrt(1.0 + t * t / (2.0 * degrees))
    clipped: Floats = np.minimum(np.maximum(u, -CLIP_SIGMA), CLIP_SIGMA)
    return clipped


def _sum(total: Floats, since: Floats, worth: Floats, beyond: Floats) -> None:
    total += worth * beyond
    np.maximum(total, 0.0, out=total)
    since += worth
    since *= total > 0


def _mean_since(up: Floats, up_worth: Floats, down: Floats, down_worth: Floats, slack: float) -> Floats:
    rises = up >= down
    total, worth = np.where(rises, up, down), np.where(rises, up_worth, down_worth)
    size = slack * (worth > 0) + np.divide(total, worth, out=np.zeros_like(total), where=worth > 0)
    shift: Floats = np.where(rises, size, -size)
    return shift


def _spread(weight: float, alike: Floats) -> Floats:
    # Of an exponentially weighted mean of readings with standard deviation 1 whose neighbours are alike.
    kept = alike * (1.0 - weight)
    spread: Floats = np.sqrt(weight / (2.0 - weight) * ((1.0 + kept) / (1.0 - kept)))
    return spread
