"""Names that become a level of a topic: ids of enterprises, sources, points and rules, and tags."""

from __future__ import annotations

import re
from collections.abc import Iterable

UNFIT = re.compile(r"[\s/+#\"'\\\x00-\x1f\x7f\ud800-\udfff]")
"""Characters that a topic level, a database tag or a web address cannot hold plainly."""
REMEDY = "use letters, digits, '-', '_' and '.', without spaces, quotes, /, + or #"


def ident_fault(name: str) -> str:
    """What keeps `name` from being an id or tag; "" where nothing does."""
    if not name:
        return "is empty"
    found = UNFIT.search(name)
    return "" if found is None else f"{name!r} holds {found[0]!r}"


def all_fit(names: Iterable[str]) -> bool:
    """Whether none of many names has a fault, in one pass."""
    names = list(names)
    return all(names) and UNFIT.search("".join(names)) is None
