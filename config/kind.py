"""What a pack may say of a kind of score; ganzhi.app builds the table from the detectors' own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from config.subject import Per


@dataclass(frozen=True, slots=True)
class PerPoint:
    """An option that is a value of each point: a number in the point's unit, or `"90 %"` of its range."""


PER_POINT = PerPoint()


@dataclass(frozen=True, slots=True)
class RuleIds:
    """An option that names the rules whose tiers this one reads: an id or a list of them."""


RULE_IDS = RuleIds()


class Model(Protocol):
    """What a file holds of a unit; `channels` are the ids of its points, in the order that the model has them."""

    @property
    def channels(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class PerUnit:
    """An option that is a JSON file, relative to the pack, with a model for each unit.

    `read` makes models by the id of their unit of what the file holds; ValueError says what is wrong. None: the file
    is not read, and the option is its path.
    """

    read: Callable[[object], Mapping[str, Model]] | None


@dataclass(frozen=True, slots=True)
class Polygons:
    """An option that is a fence: a list of rings of [lon, lat], or the path of a GeoJSON file relative to the pack."""


POLYGONS = Polygons()

Option = type[float] | type[int] | type[bool] | type[str] | tuple[str, ...] | PerPoint | RuleIds | PerUnit | Polygons
"""What an option accepts: a type, one of a few words, a value of each point, ids of rules, models, a fence."""

UNIT = "{unit}"
"""Stands for the unit of the point in `Kind.unit`."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of score as packs see it.

    unit      of the score: "{unit}" for the point's own, "{unit}/min", "min", "periods", …
    options   name -> what it accepts; `required` are those without a default
    side      "high" or "low" where only one makes sense; "" where the pack chooses
    reading   the score is the reading itself, so a limit must lie within the point's range
    colours   the score is a colour itself, 1 blue to 4 red, so there are no limits to choose
    per       what it can judge, the usual first: each point by itself, or several points as one unit
    members   of a unit, the quantities: one point of each, which the unit then holds in this order
    """

    unit: str = UNIT
    options: Mapping[str, Option] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    side: Literal["high", "low", ""] = ""
    reading: bool = False
    colours: bool = False
    per: tuple[Per, ...] = ("point",)
    members: tuple[str, ...] = ()
