"""Readings received by enterprise and hour, for reconciliation (对账): committed with the blocks they count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from ganzhi.clock import hour_of
from ganzhi.records import Int32s, Reconciled

NOBODY = ""
"""Whose readings came on a topic of no known enterprise."""


@dataclass(slots=True)
class Account:
    """What came of one enterprise's readings, see records.Reconciled."""

    received: int = 0
    accepted: int = 0
    late: int = 0
    duplicate: int = 0
    rejected: int = 0
    unknown: int = 0
    conflict: int = 0


NAMES = tuple(field.name for field in fields(Account))


class Accounts:
    """One Account an enterprise for the present hour, and their totals since the start.

    Written by the ingest thread alone; `totals` may be called by anyone.

    point_enterprise  the enterprise of every point of the catalogue, by its index
    saved             tallies of the log, from which the present hour goes on
    """

    def __init__(
        self, *, enterprises: Sequence[str], point_enterprise: Sequence[str], saved: Sequence[Reconciled]
    ) -> None:
        self._names = [*enterprises, NOBODY]
        number = {name: i for i, name in enumerate(self._names)}
        self._of_point = np.array([number[name] for name in point_enterprise], np.intp)
        self._saved = {(tally.hour, tally.enterprise): tally for tally in saved}
        self._hour = -1
        self._now: dict[str, Account] = {}
        self._before: dict[str, Account] = {name: Account() for name in self._names}
        self._base: dict[str, Account] = {}
        self._ended: list[Reconciled] = []

    def turn(self, now: int) -> None:
        """Begin a new hour where one has begun."""
        hour = hour_of(now)
        if hour == self._hour:
            return
        self._ended += self._changed()
        for name, account in self._now.items():
            _add(self._before[name], account, self._base[name])
        self._hour = hour
        self._base = {name: _account(self._saved.get((hour, name))) for name in self._names}
        self._now = {name: _account(self._saved.get((hour, name))) for name in self._names}

    def of(self, enterprise: str) -> Account:
        """The account of an enterprise, or the one for nobody's readings."""
        return self._now.get(enterprise) or self._now[NOBODY]

    def judged(self, end: str, points: Int32s) -> None:
        """Count readings of these points (n,) under one of the ends."""
        if not len(points):
            return
        counts = np.bincount(self._of_point[points], minlength=len(self._names))
        for i in np.flatnonzero(counts).tolist():
            account = self._now[self._names[i]]
            setattr(account, end, getattr(account, end) + int(counts[i]))

    def due(self) -> list[Reconciled]:
        """Hours that have changed since they were last `kept`, as they stand now."""
        return self._ended + self._changed()

    def kept(self, tallies: Sequence[Reconciled]) -> None:
        """These are committed."""
        self._saved = {key: tally for key, tally in self._saved.items() if key[0] >= self._hour}
        self._saved |= {(tally.hour, tally.enterprise): tally for tally in tallies}
        self._ended.clear()

    def totals(self) -> dict[str, Mapping[str, int]]:
        """By enterprise, since the start of the process."""
        found: dict[str, Mapping[str, int]] = {}
        now, base = self._now, self._base
        for name, before in self._before.items():
            account = Account(*(getattr(before, field) for field in NAMES))
            if name in now:
                _add(account, now[name], base[name])
            found[name] = {field: getattr(account, field) for field in NAMES}
        return found

    def _changed(self) -> list[Reconciled]:
        changed = []
        for name, account in self._now.items():
            tally = Reconciled(self._hour, name, *(getattr(account, field) for field in NAMES))
            saved = self._saved.get((self._hour, name))
            if tally != saved and (saved is not None or account.received):
                changed.append(tally)
        return changed


def _account(tally: Reconciled | None) -> Account:
    return Account() if tally is None else Account(*(getattr(tally, field) for field in NAMES))


def _add(into: Account, account: Account, base: Account) -> None:
    for field in NAMES:
        setattr(into, field, getattr(into, field) + getattr(account, field) - getattr(base, field))
