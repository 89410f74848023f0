"""The turn of alarms by the clock: what the journal cannot take yet is not lost, and floods are told once."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from ganzhi.errors import Unavailable
from ganzhi.records import AlarmEvent, Flood, Tier, Transition
from ganzhi.tend import Tend

LEFT = Transition("_device.offline", 0, 1, Tier.NONE, Tier.YELLOW, math.nan, math.nan, math.nan)


class Desk:
    """A journal that can be away, and floods that are set."""

    def __init__(self) -> None:
        self.away = False
        self.wills: list[Transition] = []
        self.applied: list[Transition] = []
        self.flooded: list[Flood] = []
        self.told: list[tuple[list[str], list[str]]] = []

    def take(self) -> list[Transition]:
        found, self.wills = self.wills, []
        return found

    def apply(self, transitions: Sequence[Transition]) -> list[AlarmEvent]:
        if self.away:
            raise Unavailable("the disk is full")
        self.applied += transitions
        return []

    def announce_floods(self, begun: Sequence[Flood], ended: Sequence[Flood]) -> None:
        self.told.append(([flood.position for flood in begun], [flood.position for flood in ended]))


def tend(desk: Desk) -> Tend:
    return Tend(
        tick=list,
        wills=desk.take,
        apply=desk.apply,
        floods=lambda: desk.flooded,
        announce=lambda events: None,
        announce_floods=desk.announce_floods,
    )


def test_what_a_gateway_said_waits_for_the_journal() -> None:
    desk = Desk()
    turn = tend(desk)
    desk.wills, desk.away = [LEFT], True
    for _ in range(2):
        with pytest.raises(Unavailable):
            turn()
    desk.away = False
    turn()
    turn()
    assert desk.applied == [LEFT]


def test_a_flood_is_told_when_it_begins_and_when_it_ends() -> None:
    desk = Desk()
    turn = tend(desk)
    turn()
    desk.flooded = [Flood("滨海区", 1, 10)]
    turn()
    desk.flooded = [Flood("滨海区", 1, 14), Flood("", 2, 11)]
    turn()
    desk.flooded = [Flood("", 2, 11)]
    turn()
    assert desk.told == [(["滨海区"], []), ([""], []), ([], ["滨海区"])]
