"""Score: how sure it is that the mean has shifted."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from detectors.option import choice, number
from detectors.recurrence import Columns, Recurrence
from detectors.room import room
from detectors.rows import Rows, State, common, of
from detectors.trend import CEILING, FINEST, NOT_YET
from ganzhi.clock import NS_PER_S
from ganzhi.records import Floats, Rule

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

OLD = 2.0
"""A silence of so many times the weight of the reference starts it again."""

UNKNOWN = -1.0
"""Stands for NaN in a step."""

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
        ewma = choice(rule, "method", ("cusum", "ewma"), "cusum") == "ewma"
        slack = number(rule, "slack_sigma", SLACK_SIGMA, above=0, below=CLIP_SIGMA)
        weight = number(rule, "weight", WEIGHT, above=0, below=1)
        self._warmup = number(rule, "warmup", WARMUP, above=KNOWN - 1)
        reference_s = number(rule, "reference_s", REFERENCE_S, above=0)
        warmup_s = self._warmup * period_s
        self._per_warmup = common(1.0 / warmup_s)
        self._per_reference = common(2.0 / np.maximum(reference_s, WARMUPS * warmup_s))  # as a plain mean over it
        self._neighbours = common(NEIGHBOURS_PERIODS * period_s)
        floor = common(np.maximum(resolution, FINEST) / min(slack, SLACK_SIGMA))
        self._step = EWMA if ewma else CUSUM
        options = (weight, SUSPECT_EWMA) if ewma else (slack, SUSPECT_SLACKS / slack)
        self._own = floor, self._warmup, *options
        m = len(period_s)
        self._time = room(m, dtype=np.int64, filled=NOT_YET)
        # of the reference: mean, variance, weight; of neighbours' deviations the product and the square, of means of
        # some the square; the last deviation, the mean of the recent; sums up and down and what they are worth since
        # they were 0, or for ewma z; how long it was suspect, in readings as they count for a warm-up
        self._memory = room(m, 10 if ewma else 13)
        self._seen: list[Floats] = []
        self.state: State = {"time": self._time, "memory": self._memory}

    def update(self, rows: Rows) -> tuple[Rows, Floats]:
        slot = rows.slot
        x = np.minimum(np.maximum(rows.value, -CEILING), CEILING)
        age = (rows.time - rows.before(self._time, rows.time)) / NS_PER_S
        neighbours = of(self._neighbours, slot)
        with np.errstate(under="ignore"):  # what underflows is 0 for us too
            aged = age * of(self._per_reference, slot)
            far = np.maximum(age - neighbours, 0.0) * of(self._per_warmup, slot)
            fade, lull = (1.0 / (1.0 + part + 0.5 * part * part) for part in (aged, far))
        row = x, aged > OLD, fade, lull, age <= neighbours
        score, *self._seen = self._step.run(rows, self._memory, row, self._own)
        score[score < 0.0] = np.nan
        return rows, score

    def evidence(self, row: int) -> Mapping[str, float]:
        """`reference`, the mean before, and `shift` from it, both in the point's unit, below 0 for a fall."""
        reference, shift = (float(column[row]) for column in self._seen)
        return {"reference": reference, "shift": shift}


def _cusum(state: Columns, row: Columns, own: Columns) -> tuple[Columns, Columns]:
    mean, variance, n, product, square, swing, last, recent, up, down, up_worth, down_worth, suspect = state
    x, old, fade, lull, near = row
    floor, warmup, slack, limit = own
    again = old | (suspect >= warmup)
    if again.any():
        keep = 1.0 - again
        mean, variance, n, product, square = mean * keep, variance * keep, n * keep, product * keep, square * keep
        swing, last, suspect, recent = swing * keep, last * keep, suspect * keep, recent * keep
        up, down, up_worth, down_worth = up * keep, down * keep, up_worth * keep, down_worth * keep
    n = n * fade
    if (lull < 1.0).any():
        recent, up, down, up_worth, down_worth = (
            recent * lull,
            up * lull,
            down * lull,
            up_worth * lull,
            down_worth * lull,
        )
    u, sigma, alike, _, worth = _standing(x, mean, variance, n, product, square, swing, floor)
    warm = (n >= warmup) & (n * (1.0 - alike) >= INDEPENDENT * warmup * (1.0 + alike))
    counted = np.where(warm, worth, 0.0)
    up, up_worth = _sum(up, up_worth, counted, u - slack)
    down, down_worth = _sum(down, down_worth, counted, -u - slack)
    rises = up >= down
    score = np.where(rises, up, down)
    since = np.where(rises, up_worth, down_worth)
    size = np.where(since > 0.0, slack + score / np.where(since > 0.0, since, 1.0), 0.0)
    shift = np.where(size < TELLING_SIGMA, np.where(rises, size, -size) * sigma, x - mean)
    told, before = np.where(warm, score, UNKNOWN), mean

    suspect = np.where(score >= limit, suspect + np.minimum((1.0 - alike) / (1.0 + alike) / INDEPENDENT, 1.0), 0.0)
    mean, variance, n, share = _learned(x, mean, variance, n, sigma, suspect)
    share = np.where(near, share, 0.0)
    recent, swing, product, square = _likeness(u, last, recent, swing, product, square, n, share)
    return (mean, variance, n, product, square, swing, u, recent, up, down, up_worth, down_worth, suspect), (
        told,
        before,
        shift,
    )


def _ewma(state: Columns, row: Columns, own: Columns) -> tuple[Columns, Columns]:
    mean, variance, n, product, square, swing, last, recent, z, suspect = state
    x, old, fade, lull, near = row
    floor, warmup, weight, limit = own
    again = old | (suspect >= warmup)
    if again.any():
        keep = 1.0 - again
        mean, variance, n, product, square = mean * keep, variance * keep, n * keep, product * keep, square * keep
        swing, last, suspect, recent, z = swing * keep, last * keep, suspect * keep, recent * keep, z * keep
    n = n * fade
    recent, z = recent * lull, z * lull
    u, sigma, alike, most, _ = _standing(x, mean, variance, n, product, square, swing, floor)
    warm = (n >= warmup) & (n * (1.0 - alike) >= INDEPENDENT * warmup * (1.0 + alike))
    z = z + weight * (u * warm - z)
    # Of an exponentially weighted mean of readings with standard deviation 1 whose neighbours are alike.
    kept = most * (1.0 - weight)
    size = np.abs(z)
    score = size / np.sqrt(weight / (2.0 - weight) * ((1.0 + kept) / (1.0 - kept)))
    told, before = np.where(warm, score, UNKNOWN), mean
    shift = np.where(size < TELLING_SIGMA, z * sigma, x - mean)

    suspect = np.where(score >= limit, suspect + np.minimum((1.0 - alike) / (1.0 + alike) / INDEPENDENT, 1.0), 0.0)
    mean, variance, n, share = _learned(x, mean, variance, n, sigma, suspect)
    share = np.where(near, share, 0.0)
    recent, swing, product, square = _likeness(u, last, recent, swing, product, square, n, share)
    return (mean, variance, n, product, square, swing, u, recent, z, suspect), (told, before, shift)


def _standing(
    x: Floats, mean: Floats, variance: Floats, n: Floats, product: Floats, square: Floats, swing: Floats, floor: Floats
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    # Where a reading stands, in sigma; sigma; how alike two are by their products, and at most; its worth.
    alike = _alike(product, square, n)
    swinging = _swinging(swing, square)
    most = np.maximum(alike, swinging)
    worth = (1.0 - most) / (1.0 + most)
    counts = np.maximum(n * worth, 2.0)
    sigma = np.maximum(np.sqrt(variance * (counts / (counts - 1.0))), floor)
    u = _normal((x - mean) / sigma, counts)
    return np.where(n > 0.0, u, 0.0), sigma, alike, most, worth


def _learned(
    x: Floats, mean: Floats, variance: Floats, n: Floats, sigma: Floats, suspect: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    away = x - mean
    clip = CLIP_SIGMA * sigma
    pull = np.where(n < KNOWN, away, np.minimum(np.maximum(away, -clip), clip))
    learns = np.where(suspect > 0.0, 0.0, 1.0)
    n = n + learns
    share = learns / np.maximum(n, 1.0)
    return mean + share * pull, variance + share * ((1.0 - share) * pull * pull - variance), n, share


def _likeness(
    u: Floats, last: Floats, recent: Floats, swing: Floats, product: Floats, square: Floats, n: Floats, share: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    recent = recent + SWING_WEIGHT * (u - recent)
    swing = swing + (recent * recent - swing) / np.maximum(n, 1.0)  # even while suspect, or none would be wide
    product = product + share * (u * last - product)
    return recent, swing, product, square + share * (0.5 * (u * u + last * last) - square)


def _alike(product: Floats, square: Floats, n: Floats) -> Floats:
    # Found from few readings it is too small by (1 + 4 r) / n (Kendall 1954) and unsure: as large as it may well be.
    r = np.minimum(np.maximum(product, 0.0) / np.maximum(square, SQUARE_LEAST), 1.0)
    few = 1.0 / np.maximum(n, 1.0)
    return np.minimum(r + (1.0 + 4.0 * r) * few + np.sqrt((1.0 - r * r) * few), LIKENESS_MAX)


def _swinging(swing: Floats, square: Floats) -> Floats:
    # The likeness of neighbours with which the mean of some readings would swing as widely as it does.
    times = swing * ((2.0 - SWING_WEIGHT) / SWING_WEIGHT) / np.maximum(square, SQUARE_LEAST)
    return np.minimum((times - 1.0) / (times + 1.0), LIKENESS_MAX)


def _normal(t: Floats, counts: Floats) -> Floats:
    # What is Student's t by so many readings before becomes normal, all the way out to the clip.
    few = counts / (counts + 1.0)
    degrees = counts - 1.0
    u = t * (1.0 - 0.25 / degrees) * np.sqrt(few / (1.0 + few * t * t / (2.0 * degrees)))
    return np.minimum(np.maximum(u, -CLIP_SIGMA), CLIP_SIGMA)


def _sum(total: Floats, since: Floats, worth: Floats, beyond: Floats) -> tuple[Floats, Floats]:
    total = np.maximum(total + worth * beyond, 0.0)
    return total, np.where(total > 0.0, since + worth, 0.0)


CUSUM, EWMA = Recurrence(_cusum), Recurrence(_ewma)
