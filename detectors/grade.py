"""Grades: the tiers of a unit's members -> how bad it is together. More or worse members never lower any of them."""

from __future__ import annotations

import re
from typing import Protocol

import numpy as np

from detectors.option import choice, number
from ganzhi.records import COLOURS, Bytes, Floats, Rule, Tier

COLOUR_NAMES = tuple(tier.name.lower() for tier in COLOURS)
MOST_MEMBERS = 1e6

GB_39496 = (
    (4, Tier.BLUE, Tier.YELLOW),
    (3, Tier.YELLOW, Tier.ORANGE),
    (2, Tier.ORANGE, Tier.RED),
)
"""GB 39496-2020, 5.5.4, within one kind of item and then over items: so many in this colour lead to that one."""

EXAMPLE = "4 blue -> yellow, 3 yellow -> orange"
STEP = re.compile(rf"([1-9]\d{{0,5}}) ({'|'.join(COLOUR_NAMES[:-1])}) ?(?:->|→) ?({'|'.join(COLOUR_NAMES[1:])})")


class Grade(Protocol):
    """The scores of units, float64 (u,), by the tiers uint8 (u, k) of what it counts and (u,) of their own point.

    counted  those tiers, out of the tiers (u, k, r) of k members by r rules
    """

    def counted(self, tiers: Bytes) -> Bytes: ...
    def __call__(self, tiers: Bytes, own: Bytes) -> Floats: ...


def by_point(tiers: Bytes) -> Bytes:
    """The worst of each member, (u, k), by any rule: tiers (u, k, r)."""
    worst: Bytes = tiers.max(axis=2)
    return worst


class Worst:
    """The worst colour of the members, as a number: 0 none, 1 blue, … 4 red."""

    counted = staticmethod(by_point)

    def __init__(self, rule: Rule) -> None:
        pass

    def __call__(self, tiers: Bytes, own: Bytes) -> Floats:
        return _worst(tiers)


class AtLeast:
    """How many members are in the colour `tier` or a worse one: k of n, with a k for each colour as limits."""

    counted = staticmethod(by_point)

    def __init__(self, rule: Rule) -> None:
        self._tier = colour(rule, "tier")

    def __call__(self, tiers: Bytes, own: Bytes) -> Floats:
        return _count(tiers, self._tier)


class Raised:
    """One colour worse than the unit's own point, where at least `agree` others are in `tier` or worse; else none."""

    counted = staticmethod(by_point)

    def __init__(self, rule: Rule) -> None:
        self._tier = colour(rule, "tier")
        self._agree = number(rule, "agree", np.nan, above=0, below=MOST_MEMBERS)

    def __call__(self, tiers: Bytes, own: Bytes) -> Floats:
        others = _count(tiers, self._tier) - (own >= self._tier)
        raised = (own > 0) & (others >= self._agree)
        score: Floats = np.where(raised, np.minimum(own + 1.0, Tier.RED), 0.0)
        return score


class Counting:
    """The worst colour of the members, or a worse one where enough of them are in a milder one, as a number 0 to 4.

    With `items` the rules that are read are kinds of item: the members are counted rule by rule, and then, by the same
    table, the colours that the rules have got by it. A member counts in its colour and in every milder one. Where each
    step leads one colour up, as in the clause, this cannot be told from counting each in its own colour only: whoever
    is worse has brought that colour anyway.
    """

    def __init__(self, rule: Rule) -> None:
        self._steps = counts(rule)
        self._items = rule.options.get("items", False)
        if not isinstance(self._items, bool):
            raise ValueError(f"{rule.id}: items must be true or false, not {self._items!r}")

    def counted(self, tiers: Bytes) -> Bytes:
        if not self._items:
            return by_point(tiers)
        u, k, r = tiers.shape
        each = np.moveaxis(tiers, 2, 1).reshape(u * r, k)
        return self._count(each).astype(np.uint8).reshape(u, r)

    def __call__(self, tiers: Bytes, own: Bytes) -> Floats:
        return self._count(tiers)

    def _count(self, tiers: Bytes) -> Floats:
        score = _worst(tiers)
        for least, counted, leads_to in self._steps:
            reached = _count(tiers, counted) >= least
            np.maximum(score, leads_to, out=score, where=reached)
        return score


def _worst(tiers: Bytes) -> Floats:
    worst: Floats = tiers.max(axis=1, initial=0).astype(np.float64)
    return worst


def _count(tiers: Bytes, tier: Tier) -> Floats:
    count: Floats = (tiers >= tier).sum(axis=1).astype(np.float64)
    return count


def colour(rule: Rule, name: str) -> Tier:
    """A colour by its name, of an option; blue where nothing is said."""
    return Tier[choice(rule, name, COLOUR_NAMES, "blue").upper()]


def markdown() -> str:
    """The table of the clause, as the README prints it."""
    lines = ["| so many points | in this colour or a worse one | lead to |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {least} | {of.name.lower()} | {to.name.lower()} |" for least, of, to in GB_39496)])


def counts(rule: Rule) -> list[tuple[int, Tier, Tier]]:
    """Rows of the table: so many in this colour lead to that one. ValueError where it cannot be read."""
    text = rule.options.get("counts")
    if text is None:
        return list(GB_39496)
    steps = [STEP.fullmatch(part.strip()) for part in text.split(",")] if isinstance(text, str) else [None]
    rows = [(int(found[1]), Tier[found[2].upper()], Tier[found[3].upper()]) for found in steps if found is not None]
    if len(rows) < len(steps) or any(leads_to <= counted for _, counted, leads_to in rows):
        raise ValueError(f'{rule.id}: counts must be steps such as "{EXAMPLE}", each to a worse colour, not {text!r}')
    return rows
