"""The one way by which lines about cases and warnings come into the journal: read, decide, write, tell."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from ganzhi.clock import NS_PER_MS, NS_PER_S, Clock
from ganzhi.errors import Unavailable
from ganzhi.handling import Act, Deed, HandlingEvent, Matter, Person

MOST_TRIES = 5
"""How often a decision is made anew because another process has written in between."""

Decide = Callable[[HandlingEvent | None, int], HandlingEvent | None]
"""From the newest line of a matter, None for a new one, and the time: the next line; one that is written already, where
it was asked for twice; or None for nothing to do."""


class HandlingJournal(Protocol):
    """What is asked of the ledger; every method raises Unavailable while it is.

    write  one line and its matter, durable on return, with its seq; None where its key is taken or the matter
           has a newer line
    find   the newest line of the matter with this id, topic or key of a line
    due    what the machine must look at by then, UTC ns, oldest first
    """

    def write(self, line: HandlingEvent) -> HandlingEvent | None: ...
    def find(self, name: str) -> HandlingEvent | None: ...
    def due(self, by: int) -> list[Matter]: ...


class Register:
    """Keeps nothing in memory: the journal is the truth, and a restart changes nothing. May be called from any thread.

    tell  is called with every line once it is in the journal, in their order; must not wait for anybody
    """

    def __init__(
        self, *, journal: HandlingJournal, clock: Clock, zone: ZoneInfo, tell: Callable[[HandlingEvent], None]
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._zone = zone
        self._tell = tell
        self._lock = threading.Lock()

    def change(self, names: Sequence[str], decide: Decide) -> HandlingEvent | None:
        """Decide on the matter that the first known of these names has, and write that. Raises Refused, Unavailable."""
        with self._lock:
            for _ in range(MOST_TRIES):
                found = next((line for name in names if (line := self.find(name)) is not None), None)
                line = decide(found, self._clock())
                if line is None or line.seq:
                    return line
                written = self._journal.write(line)
                if written is not None:
                    self._tell(written)
                    return written
        raise Unavailable("others write to the journal of cases all the time")

    def find(self, name: str) -> HandlingEvent | None:
        """The newest line of the matter with this id, topic or key; None for ""."""
        return self._journal.find(name) if name else None

    def due(self, by: int) -> list[Matter]:
        """See HandlingJournal."""
        return self._journal.due(by)

    def fresh_id(self, letter: str, now: int) -> str:
        """An id that no matter has: the letter, the day at the site and the time of day to the millisecond."""
        while True:
            local = datetime.fromtimestamp(now / NS_PER_S, UTC).astimezone(self._zone)
            id = f"{letter}{local:%Y%m%d-%H%M%S}{now // NS_PER_MS % 1000:03d}"
            if self.find(id) is None:
                return id
            now += NS_PER_MS


def key_of(deed: Deed, subject: str = "") -> str | None:
    """The key of a line that a form with a key asked for, so that the form makes one line."""
    return f"{subject}:form:{deed.key}" if deed.key else None


def by_person(line: HandlingEvent, deed: Deed, person: Person, role: str) -> HandlingEvent:
    """A line in a person's name, with what he said."""
    said = replace(line, actor=person.id, name=person.name, role=role)
    return replace(said, comment=deed.comment, photos=deed.photos)


def written(line: HandlingEvent | None) -> HandlingEvent:
    """The line that a person's deed always makes, or has made before."""
    assert line is not None
    return line


def repeats(line: HandlingEvent, act: Act, deed: Deed, person: Person) -> bool:
    """Whether the newest line is this very deed: a second click."""
    asked = (act, person.id, deed.comment, deed.photos)
    return (line.act, line.actor, line.comment, line.photos) == asked


def due_key(matter: Matter) -> str:
    """Names the deadline that passes, so that it passes once, whoever notices it."""
    return f"{matter.id}:due:{matter.due_at}"
