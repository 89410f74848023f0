"""The alarms that are open now, as turns ask for them again and again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from alerting.notify.message import Present, present
from ganzhi.records import Alarm, Catalogue


class Board:
    """Open alarms by id; each is worked out once a change. May be called from any thread."""

    def __init__(self, active: Callable[[], Sequence[Alarm]], catalogue: Catalogue) -> None:
        self._active = active
        self._catalogue = catalogue
        self._known: dict[str, tuple[Alarm, Present]] = {}

    def __call__(self) -> Mapping[str, Present]:
        """What is open at this moment."""
        before, now = self._known, {}
        for alarm in self._active():
            known = before.get(alarm.id)
            now[alarm.id] = known if known and known[0] is alarm else (alarm, present(alarm, self._catalogue))
        self._known = now
        return {key: standing for key, (_, standing) in now.items()}
