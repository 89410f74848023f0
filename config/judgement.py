"""What a rule judges by, checked without a catalogue: limits and their order, dead-band, unit, options."""

from __future__ import annotations

import contextlib
import itertools
import math
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from config.amount import Amount, amount
from config.document import Step
from config.explain import Finding, Wrong, shown
from config.kind import UNIT, Kind, Option, PerPoint, PerUnit, Polygons, RuleIds
from config.model import read_models
from config.nearest import did_you_mean
from config.polygon import read_polygons
from config.ruletable import COLOUR_NAMES
from config.subject import Per
from config.unit import canonical, suggestion

PER = typing.get_args(Per)


class Refuse(Protocol):
    """Notes a fault at a key of the rule."""

    def __call__(self, problem: str, remedy: str, *rest: Step) -> None: ...


def check_limits(row: Mapping[str, Any], kind: Kind, side: object, refuse: Refuse) -> None:
    """Limits that are there, in order, and of a form that the kind can use; a dead-band that is not negative."""
    if kind.colours:
        for key in [key for key in ("limits", "deadband") if key in row]:
            refuse("the score of this kind is a colour itself", f"leave {key} out", key)
        return
    given = row.get("limits")
    limits = _readable(given) if isinstance(given, dict) else {}
    if given == {}:
        refuse("there is no limit", "give at least one of blue, yellow, orange, red", "limits")
    for colour, limit in limits.items():
        _check_share(limit, kind, refuse, "limits", colour)
    if len({limit.share for limit in limits.values()}) == 1:
        found = order_fault({colour: limit.value for colour, limit in limits.items()}, side)
        if found:
            shown_limits = ", ".join(f"{colour} = {limit}" for colour, limit in limits.items())
            refuse(f"the limits are in the wrong order: {shown_limits}", found, "limits")
    try:
        deadband = amount(row.get("deadband", 0.0))
    except Wrong:
        return
    _check_share(deadband, kind, refuse, "deadband")
    if deadband.value < 0:
        refuse(f"the dead-band {deadband} is negative", "write how far back inside the limit clears it", "deadband")


def _readable(given: Mapping[str, object]) -> dict[str, Amount]:
    """The limits that can be read, mildest colour first; the others have their own fault."""
    limits: dict[str, Amount] = {}
    for colour in COLOUR_NAMES:
        with contextlib.suppress(Wrong):
            if colour in given:
                limits[colour] = amount(given[colour])
    return limits


def order_fault(limits: Mapping[str, float], side: object) -> str:
    """What the order should be where limits by colour, mildest first, are not strictly worse and worse; else ""."""
    values = list(limits.values())
    pairs = list(itertools.pairwise(values))
    names = list(limits)
    if side == "high" and any(worse <= milder for milder, worse in pairs):
        return f'with side = "high" they rise: {" < ".join(names)}'
    if side == "low" and any(worse >= milder for milder, worse in pairs):
        return f'with side = "low" they fall: {" > ".join(names)}'
    return ""


def _check_share(value: Amount, kind: Kind, refuse: Refuse, *rest: Step) -> None:
    if value.share and UNIT not in kind.unit:
        refuse(
            f"{str(value)!r} is a share of a point's range, but the score is in {kind.unit}", "write a number", *rest
        )


def check_unit(unit: object, kind: Kind, refuse: Refuse) -> None:
    """The unit, where it is given, is one that the score of this kind can have."""
    if not isinstance(unit, str) or not unit:
        return
    if UNIT not in kind.unit:
        if unit != kind.unit:
            refuse(f"the score of this kind is in {kind.unit}, not {unit!r}", f'write unit = "{kind.unit}"', "unit")
        return
    stem = unit_stem(unit, kind)
    if stem is None:
        form, example = kind.unit.replace(UNIT, "the point's unit"), kind.unit.replace(UNIT, "m")
        refuse(f"the score of this kind is in {form}, not {unit!r}", f'write a unit such as "{example}"', "unit")
    elif canonical(stem) is None:
        refuse(f"unknown unit {shown(stem)}", suggestion(stem), "unit")


def check_per(row: Mapping[str, Any], name: str, kind: Kind, refuse: Refuse) -> None:
    """What the rule judges is something that this kind can; a distance where it is of neighbours, and only there."""
    per = row.get("per", kind.per[0])
    if per in PER and per not in kind.per:
        plain = "each point by itself" if kind.per == ("point",) else "several points as one"
        remedy = " or ".join(f'"{word}"' for word in kind.per)
        refuse(f"kind {name!r} judges {plain}, not per {per}", f"write per = {remedy}", "per")
    elif per == "neighbours" and "distance_m" not in row:
        refuse("nothing says how far away a neighbour may be", "write distance_m = 30, in metres", "distance_m")
    elif per != "neighbours" and "distance_m" in row:
        refuse(f"a distance means nothing per {per}", 'leave it out, or write per = "neighbours"', "distance_m")


def unit_stem(unit: str, kind: Kind) -> str | None:
    """The unit of the point within the unit of a score: m for m/min; None where it is not of that form."""
    before, _, after = kind.unit.partition(UNIT)
    if not (unit.startswith(before) and unit.endswith(after)) or len(unit) <= len(before) + len(after):
        return None
    return unit[len(before) : len(unit) - len(after)].strip()


def read_options(given: object, name: str, kind: Kind, folder: Path, refuse: Refuse) -> dict[str, object]:
    """The options with their types, an Amount for those of each point, models by the id of their unit out of files in
    `folder`; a fault for each that does not fit.
    """
    if not isinstance(given, dict):
        return {}
    options: dict[str, object] = {}
    found: object
    for key in sorted(kind.required - set(given)):
        refuse(f"kind {name!r} needs the option {key!r}", f"add {key} to options", "options", key)
    for key, value in given.items():
        if key not in kind.options:
            remedy = did_you_mean(key, kind.options) or f"kind {name!r} takes no options"
            refuse(f"kind {name!r} has no option {key!r}", remedy, "options", key)
            continue
        option = kind.options[key]
        if isinstance(option, PerUnit):
            found = read_models(value, option, folder)
        elif isinstance(option, Polygons):
            found = read_polygons(value, folder)
        else:
            found = _READERS.get(option, _read_other)(value, option)
        if isinstance(found, Finding):
            refuse(found.problem, found.remedy, "options", key)
        else:
            options[key] = found
    return options


def _read_float(value: object, _: Option) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return Finding(f"{shown(value)} is not a number", "write it without quotes, such as 60")


def _read_int(value: object, _: Option) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return Finding(f"{shown(value)} is not a whole number", "write it without quotes, such as 8")


def _read_bool(value: object, _: Option) -> object:
    return (
        value
        if isinstance(value, bool)
        else Finding(f"{shown(value)} is neither true nor false", "write true or false")
    )


def _read_text(value: object, _: Option) -> object:
    return value if isinstance(value, str) else Finding(f"{shown(value)} is not a text", "write it in quotes")


def _read_other(value: object, option: Option) -> object:
    if isinstance(option, RuleIds):
        ids = (value,) if isinstance(value, str) else value
        if isinstance(ids, list | tuple) and ids and all(isinstance(id_, str) and id_ for id_ in ids):
            return tuple(dict.fromkeys(ids))
        return Finding(f"{shown(value)} names no rule", 'write the id of a rule, or a list such as ["level.high"]')
    if isinstance(option, PerPoint):
        try:
            return amount(value)
        except Wrong as wrong:
            return wrong.findings[0]
    if isinstance(option, tuple) and isinstance(value, str) and value in option:
        return value
    words = option if isinstance(option, tuple) else ()
    remedy = did_you_mean(value, words) if isinstance(value, str) else f"known: {', '.join(words)}"
    return Finding(f"{shown(value)} is not known here", remedy)


_READERS: Mapping[Option, Callable[[object, Option], object]] = {
    float: _read_float,
    int: _read_int,
    bool: _read_bool,
    str: _read_text,
}
