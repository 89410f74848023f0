"""The turn of alarms by the clock: shelves, held-back falls, windows, floods; and what gateways say of themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ganzhi.records import AlarmEvent, Flood, Transition

MOST_WAITING = 1000
"""Changes of gateways kept while the journal cannot be written; the oldest are let go."""


class Tend:
    """Once a second; whatever was due is done by the next turn that the journal lets through.

    wills            what gateways have changed of themselves, as transitions
    announce_floods  (begun, ended) since the turn before
    """

    def __init__(
        self,
        *,
        tick: Callable[[], list[AlarmEvent]],
        wills: Callable[[], Sequence[Transition]],
        apply: Callable[[Sequence[Transition]], list[AlarmEvent]],
        floods: Callable[[], list[Flood]],
        announce: Callable[[Sequence[AlarmEvent]], None],
        announce_floods: Callable[[Sequence[Flood], Sequence[Flood]], None],
    ) -> None:
        self._tick = tick
        self._wills = wills
        self._apply = apply
        self._floods = floods
        self._announce = announce
        self._announce_floods = announce_floods
        self._waiting: list[Transition] = []
        self._flooded: dict[str, Flood] = {}

    def __call__(self) -> int:
        """How many lines it led to. Raises Unavailable while the journal is."""
        self._waiting += self._wills()
        del self._waiting[:-MOST_WAITING]
        events: list[AlarmEvent] = []
        if self._waiting:
            events = self._apply(self._waiting)
            self._waiting.clear()
            self._announce(events)
        due = self._tick()
        self._announce(due)
        self._tell_floods()
        return len(events) + len(due)

    def _tell_floods(self) -> None:
        now = {flood.position: flood for flood in self._floods()}
        begun = [flood for where, flood in now.items() if where not in self._flooded]
        ended = [flood for where, flood in self._flooded.items() if where not in now]
        if begun or ended:
            self._announce_floods(begun, ended)
        self._flooded = now
