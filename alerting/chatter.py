"""Chatter: an alarm whose colour falls again and again keeps it a while longer each time. Pure functions."""

from __future__ import annotations

from dataclasses import replace

from ganzhi.clock import NS_PER_S
from ganzhi.records import Chatter

WINDOW_S = 60.0
CYCLES = 3
"""Raise/clear cycles within a minute that make chatter (DOMAIN.md, ISA-18.2)."""
DELAY_S = 60.0
"""How long the first fall is held back: chatter is counted by the minute (engineering default)."""
MOST_LEVEL = 5
"""Doublings end at 16 minutes (engineering default)."""


def fallen(chatter: Chatter, at: int) -> Chatter:
    """After a fall of the colour at that moment, UTC ns, by the sensor's clock; only one after a rise ends a cycle."""
    if not chatter.risen:
        return replace(chatter, level=chatter.level_at(at), at=at)
    falls = (*(fall for fall in chatter.falls if at - fall < WINDOW_S * NS_PER_S), at)[-CYCLES * 4 :]
    level = chatter.level_at(at) + (len(falls) >= CYCLES)
    return Chatter(falls, min(level, MOST_LEVEL), at, risen=False)


def risen(chatter: Chatter) -> Chatter:
    """After a rise of the colour."""
    return chatter if chatter.risen else replace(chatter, risen=True)


GRACE_NS = 600 * NS_PER_S
"""After so much more by our clock a fall takes effect although no reading has come since (engineering default): long
enough for a service that was away to catch up with the log first, so that it arrives at the same alarms."""


def delay_ns(chatter: Chatter) -> int:
    """How long a fall is held back; 0: not at all."""
    return int(DELAY_S * NS_PER_S) << (chatter.level - 1) if chatter.level else 0
