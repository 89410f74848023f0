"""Rules that read other rules: what they name is there, they do not go round in a circle, and what is left out is not
read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from config.kind import RULE_IDS
from config.nearest import did_you_mean
from config.ruletable import Written
from ganzhi.errors import Fault
from ganzhi.records import Rule

BESIDE = "name another rule, or name its pack in site.packs too"


def check_reading(written: Sequence[Written], known: Collection[str], faults: list[Fault]) -> None:
    """A fault for each id that no rule of any pack has, and for each rule that reads itself in the end.

    known   the ids of all rules, also of those that have faults
    """
    reads = {rule.table.id: read_by(rule) for rule in written}
    for rule in written:
        for option, ids in _named(rule):
            place = rule.place("options", option)
            faults += [
                Fault(place, f"there is no rule {id_!r}", did_you_mean(id_, known) or BESIDE)
                for id_ in ids
                if id_ not in known
            ]
            circle = _circle(rule.table.id, reads)
            if circle:
                problem = f"the rule reads itself: {' reads '.join(circle)}"
                faults.append(Fault(place, problem, "let rules read only such as do not read them"))


def read_by(rule: Written) -> tuple[str, ...]:
    """The ids of the rules that a rule reads."""
    return tuple(id_ for _, ids in _named(rule) for id_ in ids)


def in_force(rules: Sequence[Rule], written: Iterable[Written], warnings: list[Fault]) -> tuple[Rule, ...]:
    """The rules without those that read nothing which is left, and reading only what is left; a warning for each."""
    readers = {each.table.id: each for each in written if read_by(each)}
    kept = {rule.id: rule for rule in rules}
    while True:
        left_out = []
        for rule in [rule for rule in kept.values() if rule.id in readers]:
            for option, ids in _named(readers[rule.id]):
                found = tuple(id_ for id_ in ids if id_ in kept and np.isin(kept[id_].subjects, rule.points).any())
                kept[rule.id] = replace(rule, options=MappingProxyType({**rule.options, option: found}))
                left_out += [] if found else [rule.id]
        if not left_out:
            return tuple(kept.values())
        for id_ in left_out:
            place = readers[id_].place("options")
            warnings.append(Fault(place, "none of the rules that it reads watches one of its points", ""))
            del kept[id_]


def _named(rule: Written) -> list[tuple[str, tuple[str, ...]]]:
    found = []
    for name, option in rule.kind.options.items():
        ids = rule.options.get(name)
        if option == RULE_IDS and isinstance(ids, tuple):
            found.append((name, ids))
    return found


def _circle(start: str, reads: dict[str, tuple[str, ...]]) -> list[str]:
    """The way from a rule back to itself, or none."""
    ways = [[start]]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        for id_ in reads.get(way[-1], ()):
            if id_ == start:
                return [*way, start]
            if id_ not in seen:
                seen.add(id_)
                ways.append([*way, id_])
    return []
