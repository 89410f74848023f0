"""The known word that a person most likely meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

MOST_LISTED = 12
"""Known words listed in a remedy when none is near; more would hide the sentence."""
CUTOFF = 0.6
"""Least similarity of difflib's ratio for a word to be offered."""
MOST_COMPARED = 20_000
"""Known words compared with a misspelt one; beyond it the answer would take seconds."""


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word nearest to `word`, letter case aside; "" where none is near."""
    by_fold: dict[str, str] = {}
    for name in known:
        by_fold.setdefault(name.casefold(), name)
        if len(by_fold) >= MOST_COMPARED:
            break
    found = difflib.get_close_matches(word.casefold(), by_fold, n=1, cutoff=CUTOFF)
    return by_fold[found[0]] if found else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A remedy: the nearest known word, or all of them where they are few, or how many there are."""
    names = list(known)
    found = nearest(word, names)
    if found:
        return f"did you mean {found!r}?"
    if not names:
        return ""
    if len(names) > MOST_LISTED:
        return f"{len(names)} are known, such as {', '.join(sorted(names)[:3])}"
    return f"known: {', '.join(sorted(names))}"
