"""How a site runs its alarms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from alerting.design import Read, nothing_read
from alerting.flood import Position
from alerting.work import Works
from ganzhi.records import AlarmEvent, Tier

SHELVE_MOST_S = 8 * 3600.0


@dataclass(frozen=True, slots=True)
class Policy:
    """How a site runs its alarms.

    comment_from   the mildest colour whose acknowledgement needs a comment; None: none does
    shelve_most_s  the longest timed shelf
    position       which operator watches an enterprise, for floods
    works          maintenance windows; None: there are none
    read           the newest reading of a point, for `suppress_when`
    tell           told of every line of what a person did, once it is written: they get only their own back
    """

    comment_from: Tier | None = None
    shelve_most_s: float = SHELVE_MOST_S
    position: Position = lambda enterprise: ""
    works: Works | None = None
    read: Read = nothing_read
    tell: Callable[[Sequence[AlarmEvent]], None] = lambda events: None
