"""Maintenance windows and permits in the ledger: added, ended early once, never altered otherwise."""

from __future__ import annotations

from dataclasses import fields, replace

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from ganzhi.records import Tier, Work, WorkKind
from storage.ledger_schema import WORK

COLUMNS = tuple(field.name for field in fields(Work))


def add(connection: Connection, new: Work) -> Work:
    """Keep it under the next number, within the writer's own transaction."""
    last: int | None = connection.scalar(select(func.max(WORK.c.id)))
    kept = replace(new, id=(last or 0) + 1)
    row = {name: getattr(kept, name) for name in COLUMNS}
    connection.execute(insert(WORK), {**row, "kind": kept.kind.value, "most": int(kept.most)})
    return kept


def end(connection: Connection, number: int, at: int, person: str) -> Work | None:
    """End it at that moment, unless it was ended before; None where there is none of that number."""
    open_ = WORK.c.id == number, WORK.c.ended_at.is_(None)
    connection.execute(update(WORK).where(*open_).values(ended_at=at, ended_by=person))
    row = connection.execute(select(WORK).where(WORK.c.id == number)).mappings().first()
    return None if row is None else _work(row)


def works(connection: Connection, since: int, limit: int) -> list[Work]:
    """Those whose end lies after that moment, UTC ns; the newest first."""
    query = select(WORK).where(WORK.c.end > since).order_by(WORK.c.id.desc()).limit(limit)
    return [_work(row) for row in connection.execute(query).mappings()]


def _work(row: RowMapping) -> Work:
    found = {name: row[name] for name in COLUMNS}
    return Work(**{**found, "kind": WorkKind(row["kind"]), "most": Tier(row["most"])})
