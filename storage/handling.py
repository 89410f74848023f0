"""Cases and warnings in the ledger: as they stand, and every line about them."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, Table, func, insert, or_, select, update

from ganzhi.handling import Act, Case, HandlingEvent, Matter, PublicWarning
from ganzhi.records import Tier
from storage.handling_schema import CASE, LINE, WARNING
from storage.handling_snapshot import from_json, to_json
from storage.ledger_schema import storable

EVENT = select(LINE)
Open = Callable[[], AbstractContextManager[Connection]]
"""Opens a connection within a transaction; raises Unavailable."""


class Handling:
    """The journal of cases and warnings. Safe to call from several threads, and several processes.

    Every method raises Unavailable while the database is.
    """

    def __init__(self, writing: Open, reading: Open) -> None:
        self._writing = writing
        self._reading = reading

    def write(self, line: HandlingEvent) -> HandlingEvent | None:
        """Keep one line and bring its matter up to date, both or neither, durable on return: the line with its seq.

        None, and nothing is kept, where it was overtaken: its key is taken, or its matter has a line that
        `matter.seq`, the seq of the line that this one was made from, does not know of.
        """
        matter = line.matter
        table = CASE if isinstance(matter, Case) else WARNING
        with self._writing() as connection:
            stored = connection.scalar(select(table.c.seq).where(table.c.id == matter.id))
            if (stored or 0) != matter.seq or _taken(connection, line.key):
                return None
            seq = (connection.scalar(select(func.max(LINE.c.seq))) or 0) + 1
            line = replace(line, seq=seq, matter=replace(matter, seq=seq))
            row = _matter_row(table, line.matter)
            if stored is None:
                connection.execute(insert(table), row)
            else:
                connection.execute(update(table).where(table.c.id == matter.id), row)
            connection.execute(insert(LINE), _line_row(line))
        return line

    def find(self, name: str) -> HandlingEvent | None:
        """The newest line of what this is the id of, or the topic, or which has a line with this key."""
        with self._reading() as connection:
            keyed = connection.scalar(select(LINE.c.subject).where(LINE.c.key == name))
            query = EVENT.where(or_(LINE.c.subject == (keyed or name), LINE.c.topic == name))
            row = connection.execute(query.order_by(LINE.c.seq.desc()).limit(1)).mappings().first()
            return None if row is None else _event(row)

    def due(self, by: int) -> list[Matter]:
        """What the machine must look at by then, UTC ns, oldest first."""
        found: list[tuple[int, str]] = []
        with self._reading() as connection:
            for table in (CASE, WARNING):
                query = select(table.c.wake_at, table.c.snapshot).where(table.c.wake_at <= by)
                found += [(row.wake_at, row.snapshot) for row in connection.execute(query)]
        return [from_json(snapshot) for _, snapshot in sorted(found)]

    def after(self, seq: int, limit: int) -> list[HandlingEvent]:
        """The lines that follow `seq`, oldest first."""
        return self._events(EVENT.where(LINE.c.seq > seq).order_by(LINE.c.seq).limit(limit))

    def newest(self, limit: int) -> list[HandlingEvent]:
        """The last lines, newest first."""
        return self._events(EVENT.order_by(LINE.c.seq.desc()).limit(limit))

    def of(self, id: str) -> list[HandlingEvent]:
        """Every line of one case or warning, oldest first."""
        return self._events(EVENT.where(LINE.c.subject == id).order_by(LINE.c.seq))

    def last_seq(self) -> int:
        """The seq of the last line; 0 when there is none."""
        with self._reading() as connection:
            return connection.scalar(select(func.max(LINE.c.seq))) or 0

    def stood(self, start: int, end: int) -> list[Case]:
        """The cases that were open at some time from `start` on and before `end`, UTC ns, as they stood at the end."""
        last = (
            select(func.max(LINE.c.seq))
            .join(CASE, CASE.c.id == LINE.c.subject)
            .where(LINE.c.at < end, CASE.c.closed_at.is_(None) | (CASE.c.closed_at >= start))
            .group_by(LINE.c.subject)
        )
        query = select(LINE.c.snapshot).where(LINE.c.seq.in_(last)).order_by(LINE.c.seq)
        return [found for found in self._matters(query) if isinstance(found, Case)]

    def open_warnings(self) -> list[PublicWarning]:
        """Every warning in force or to be decided."""
        return self.warnings(open=True, limit=None)

    def cases(self, *, open: bool | None, limit: int, enterprise: str = "", source: str = "") -> list[Case]:
        """Cases that are open, worst and longest due first; that are not, or (None) all, newest first."""
        query = _listed(CASE, open, limit, CASE.c.tier.desc(), CASE.c.due_at.is_(None), CASE.c.due_at)
        if enterprise:
            query = query.where(CASE.c.enterprise == enterprise)
        if source:
            query = query.where(CASE.c.source == source)
        return [found for found in self._matters(query) if isinstance(found, Case)]

    def warnings(self, *, open: bool | None, limit: int | None) -> list[PublicWarning]:
        """Warnings in the same way."""
        found = self._matters(
            _listed(WARNING, open, limit, WARNING.c.tier.desc(), WARNING.c.proposed.desc().nulls_last())
        )
        return [warning for warning in found if isinstance(warning, PublicWarning)]

    def _matters(self, query: Select[Any]) -> list[Matter]:
        with self._reading() as connection:
            return [from_json(snapshot) for snapshot in connection.execute(query).scalars()]

    def _events(self, query: Select[Any]) -> list[HandlingEvent]:
        with self._reading() as connection:
            return [_event(row) for row in connection.execute(query).mappings()]


def _listed(table: Table, open: bool | None, limit: int | None, *urgent: ColumnElement[Any]) -> Select[Any]:
    newest = (table.c.opened_at.desc(), table.c.id.desc())
    query = select(table.c.snapshot).order_by(*(urgent if open else ()), *newest).limit(limit)
    return query if open is None else query.where(table.c.open == open)


def _taken(connection: Connection, key: str | None) -> bool:
    return key is not None and connection.scalar(select(LINE.c.seq).where(LINE.c.key == key)) is not None


def _matter_row(table: Table, matter: Matter) -> dict[str, object]:
    row: dict[str, object] = {column.name: getattr(matter, column.name, None) for column in table.columns}
    return storable({**row, "snapshot": to_json(matter)})


def _line_row(line: HandlingEvent) -> dict[str, object]:
    row: dict[str, object] = {column.name: getattr(line, column.name, None) for column in LINE.columns}
    matter = {"subject": line.matter.id, "topic": line.matter.topic, "snapshot": to_json(line.matter)}
    return storable({**row, **matter, "photos": json.dumps(line.photos, ensure_ascii=False)})


def _event(row: RowMapping) -> HandlingEvent:
    return HandlingEvent(
        seq=row["seq"],
        at=row["at"],
        act=Act(row["act"]),
        before=Tier(row["before"]),
        matter=from_json(row["snapshot"]),
        actor=row["actor"],
        name=row["name"],
        role=row["role"],
        comment=row["comment"],
        photos=tuple(json.loads(row["photos"])),
        key=row["key"],
    )
