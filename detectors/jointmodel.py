"""What is known of a unit's normal running, for the joint score: fitted offline, a plain table in a file."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

import numpy as np

from ganzhi.records import Floats

FORMAT = "ganzhi joint model"
VERSION = 1
LEAST_PERIOD_S, MOST_PERIOD_S = 1e-3, 366 * 86_400.0
MOST_CHANNELS, MOST_LAGS = 1000, 20
MARK_BYTES = 6
"""Of a digest: a whole number that a float64 holds exactly."""


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """The normal scatter of a vector of features, its directions sorted by variance, widest first.

    whiten     float64 (features, directions): a row of features times it has unit variance in every direction
    main       the first so many directions are T², the others SPE
    t2_limit   what T² and SPE stay below in normal running
    """

    whiten: Floats
    main: int
    t2_limit: float
    spe_limit: float


@dataclass(frozen=True, slots=True, eq=False)
class JointModel:
    """The normal running of one unit.

    channels  ids of its points, in the order of the columns
    period_s  of its samples
    centre, scale  float64 (channels,): a reading x enters as (x - centre) / scale
    weight    of a sample in the running mean; 0: there is none
    now       features: the sample, and the `lags` samples before it, latest first
    lasting   features: the running mean; None without one
    fitted    what was said of the fit: from when, on how many samples, …; nothing is computed from it
    """

    channels: tuple[str, ...]
    period_s: float
    centre: Floats
    scale: Floats
    lags: int
    weight: float
    now: Space
    lasting: Space | None = None
    fitted: Mapping[str, object] = field(default_factory=dict)

    @property
    def mark(self) -> float:
        """A number that is the same for equal models only: the engine compares rules by it."""
        digest = hashlib.sha256(repr((self.channels, self.period_s, self.lags, self.weight)).encode())
        for array in (self.centre, self.scale, *(space.whiten for space in self.spaces)):
            digest.update(array.tobytes())
        for space in self.spaces:
            digest.update(repr((space.whiten.shape, space.main, space.t2_limit, space.spe_limit)).encode())
        return float(int.from_bytes(digest.digest()[:MARK_BYTES]))

    @property
    def spaces(self) -> tuple[Space, ...]:
        """`now`, and `lasting` where there is one."""
        return (self.now,) if self.lasting is None else (self.now, self.lasting)


def tabulate(model: JointModel) -> dict[str, object]:
    """The model as a table of plain values, for a file."""
    table: dict[str, object] = {one.name: getattr(model, one.name) for one in fields(model)}
    for name in ("now", "lasting"):
        space = table[name]
        if isinstance(space, Space):
            table[name] = {
                "main": space.main,
                "t2_limit": space.t2_limit,
                "spe_limit": space.spe_limit,
                "whiten": space.whiten.tolist(),
            }
    return table | {
        "channels": list(model.channels),
        "centre": model.centre.tolist(),
        "scale": model.scale.tolist(),
        "fitted": dict(model.fitted),
    }


def file_table(models: Mapping[str, JointModel]) -> dict[str, object]:
    """What a model file holds: models by the id of their unit."""
    return {"format": FORMAT, "version": VERSION, "units": {unit: tabulate(model) for unit, model in models.items()}}


def read_models(table: object) -> dict[str, JointModel]:
    """The models of a file by the id of their unit; ValueError says what is wrong."""
    if not isinstance(table, Mapping) or table.get("format") != FORMAT:
        raise ValueError(f'it is no joint model: "format" is not {FORMAT!r}')
    if table.get("version") != VERSION:
        raise ValueError(f'its "version" is {table.get("version")!r}, and this program reads {VERSION}')
    units = table.get("units")
    if not isinstance(units, Mapping) or not units:
        raise ValueError('it holds no model under "units"')
    found: dict[str, JointModel] = {}
    for unit, entry in units.items():
        try:
            found[str(unit)] = _read(entry)
        except ValueError as error:
            raise ValueError(f"unit {unit}: {error}") from error
    return found


def _read(entry: object) -> JointModel:
    table = _table(entry, "the model")
    channels = table.get("channels")
    if not isinstance(channels, Sequence) or isinstance(channels, str) or not all(isinstance(c, str) for c in channels):
        raise ValueError("channels must be a list of the ids of points")
    d = len(channels)
    if not 0 < d <= MOST_CHANNELS or len(set(channels)) != d:
        raise ValueError(f"channels must be 1 to {MOST_CHANNELS} different points")
    lags = _number(table, "lags", 0, MOST_LAGS)
    if lags != int(lags):
        raise ValueError("lags must be a whole number")
    weight = _number(table, "weight", 0, 1)
    lasting = table.get("lasting")
    if (lasting is not None) != (weight > 0):
        raise ValueError("lasting must be there where the weight is above 0, and only there")
    scale = _numbers(table, "scale", (d,))
    if (scale <= 0).any():
        raise ValueError("scale must be above 0 for each channel")
    return JointModel(
        channels=tuple(channels),
        period_s=_number(table, "period_s", LEAST_PERIOD_S, MOST_PERIOD_S),
        centre=_numbers(table, "centre", (d,)),
        scale=scale,
        lags=int(lags),
        weight=weight,
        now=_space(table.get("now"), "now", d * (int(lags) + 1)),
        lasting=None if lasting is None else _space(lasting, "lasting", d),
        fitted=_table(table.get("fitted", {}), "fitted"),
    )


def _space(entry: object, name: str, features: int) -> Space:
    try:
        table = _table(entry, "it")
        rows = table.get("whiten")
        first = rows[0] if isinstance(rows, Sequence) and rows else None
        directions = len(first) if isinstance(first, Sequence) else 0
        if not 0 < directions <= features:
            raise ValueError(f"whiten must have {features} rows of 1 to {features} numbers")
        whiten = _numbers(table, "whiten", (features, directions))
        main = _number(table, "main", 0, directions)
        if main != int(main):
            raise ValueError("main must be a whole number")
        limits = [_number(table, limit, np.finfo(float).tiny, np.inf) for limit in ("t2_limit", "spe_limit")]
        return Space(whiten, int(main), *limits)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _table(entry: object, name: str) -> Mapping[str, object]:
    if not isinstance(entry, Mapping):
        raise ValueError(f"{name} must be a table")
    return entry


def _number(table: Mapping[str, object], name: str, least: float, most: float) -> float:
    value = table.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{name} must be a number, not {value!r}")
    if not least <= value <= most:
        raise ValueError(f"{name} must be from {least:g} to {most:g}, not {value!r}")
    return float(value)


def _numbers(table: Mapping[str, object], name: str, shape: tuple[int, ...]) -> Floats:
    size = " x ".join(map(str, shape))
    try:
        values = np.asarray(table.get(name), np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be {size} numbers") from error
    if values.shape != shape:
        raise ValueError(f"{name} must be {size} numbers, not {' x '.join(map(str, values.shape)) or 'one'}")
    if not np.isfinite(values).all():
        raise ValueError(f"{name} holds a number that is not finite")
    return values
