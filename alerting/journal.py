"""The journal: what alerting asks of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ganzhi.records import Alarm, AlarmEvent


class Journal(Protocol):
    """Keeps every change of every alarm, in the order of `seq`.

    write        all lines or none, durable on return; raises Unavailable when none was kept
    open_alarms  the alarms whose state is not normal, and the newest of each condition and subject that is suppressed;
                 each as its last line left it
    last_seq     the seq of the last line, 0 for an empty journal
    """

    def write(self, events: Sequence[AlarmEvent]) -> None: ...
    def open_alarms(self) -> list[Alarm]: ...
    def last_seq(self) -> int: ...
