"""A table of states and actions for people to read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypeVar

from ganzhi.records import Text

S = TypeVar("S", bound=StrEnum)
A = TypeVar("A", bound=StrEnum)


def printed(table: Mapping[tuple[S, A], S | Text], states: Iterable[S], actions: Iterable[A]) -> str:
    """A row a state, a column an action, a number for what is refused, and the reasons below."""
    actions, reasons = list(actions), list[Text]()
    lines = [f"| state | {' | '.join(actions)} |", "|---" * (len(actions) + 1) + "|"]
    for state in states:
        cells = [_cell(table[state, action], reasons) for action in actions]
        lines.append(f"| **{state}** | {' | '.join(cells)} |")
    lines.append("")
    lines += [f"{number}. refused: {reason.en} {reason.zh}" for number, reason in enumerate(reasons, 1)]
    return "\n".join(lines)


def _cell(step: StrEnum | Text, reasons: list[Text]) -> str:
    if not isinstance(step, Text):
        return str(step)
    if step not in reasons:
        reasons.append(step)
    return f"({reasons.index(step) + 1})"
