"""Deliveries: what is to be told to whom, and what has become of it, beside the journal in the ledger."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager

from sqlalchemy import Connection, RowMapping, Select, bindparam, func, select, update
from sqlalchemy.dialects import postgresql as postgresql_sql
from sqlalchemy.dialects import sqlite as sqlite_sql

from ganzhi.records import Delivery, Outcome, Tier, Unsent
from storage.outbox_schema import DELIVERY

MOST_WAITING = 1000
"""Deliveries that wait for one receiver; beyond them the mildest, of these the oldest, are not sent (QUEUE_FULL)."""
ENDED = "ended"
"""The happening that closes a subject for a receiver."""
CHUNK = 500

Use = Callable[[], AbstractContextManager[Connection]]

ROW = select(*(DELIVERY.c[name] for name in Delivery.__slots__))
WAITS = DELIVERY.c.outcome == Outcome.WAITING.value


class Outbox:
    """The table of deliveries, for several threads at once; every method raises Unavailable, as the ledger's do."""

    def __init__(self, reading: Use, writing: Use, *, most_waiting: int = MOST_WAITING) -> None:
        self._reading = reading
        self._writing = writing
        self._most_waiting = most_waiting

    def settle(self, deliveries: Sequence[Delivery]) -> None:
        """Bring these up to date, all or none; one with the id 0 is added, unless its line is kept for it already."""
        with self._writing() as connection:
            for at in range(0, len(deliveries), CHUNK):
                piece = deliveries[at : at + CHUNK]
                _add(connection, [_row(delivery) for delivery in piece if not delivery.id])
                _change(connection, [_row(delivery) for delivery in piece if delivery.id])
            for receiver in {delivery.receiver for delivery in deliveries if not delivery.id}:
                self._limit(connection, receiver)

    def waiting(self, receiver: str) -> list[Delivery]:
        """What waits for a receiver, oldest first."""
        return self._rows(ROW.where(DELIVERY.c.receiver == receiver, WAITS).order_by(DELIVERY.c.id))

    def routed(self, subject: str) -> list[Delivery]:
        """What was sent about a subject or waits to be, oldest first."""
        wanted = DELIVERY.c.outcome.in_([Outcome.SENT.value, Outcome.WAITING.value])
        return self._rows(ROW.where(DELIVERY.c.subject == subject, wanted).order_by(DELIVERY.c.id))

    def told(self, receiver: str) -> list[Delivery]:
        """The last delivery sent about each subject whose end was not sent yet."""
        last = (
            select(func.max(DELIVERY.c.id))
            .where(DELIVERY.c.receiver == receiver, DELIVERY.c.outcome == Outcome.SENT.value)
            .group_by(DELIVERY.c.subject)
        )
        return self._rows(ROW.where(DELIVERY.c.id.in_(last), DELIVERY.c.happening != ENDED).order_by(DELIVERY.c.id))

    def recent(self, limit: int, *, subject: str = "", receiver: str = "", outcome: str = "") -> list[Delivery]:
        """The newest deliveries, newest first; of one subject, receiver or outcome where it is named."""
        query, table = ROW, DELIVERY.c
        for column, wanted in ((table.subject, subject), (table.receiver, receiver), (table.outcome, outcome)):
            query = query.where(column == wanted) if wanted else query
        return self._rows(query.order_by(DELIVERY.c.id.desc()).limit(limit))

    def abandon(self, receivers: Collection[str]) -> int:
        """Whatever waits for anybody else is not sent: that receiver is gone. How many there were."""
        gone = update(DELIVERY).where(WAITS, DELIVERY.c.receiver.not_in(receivers))
        with self._writing() as connection:
            return connection.execute(
                gone.values(outcome=Outcome.NOT_SENT.value, reason=Unsent.RECEIVER_GONE.value)
            ).rowcount

    def _rows(self, query: Select[tuple[object, ...]]) -> list[Delivery]:
        with self._reading() as connection:
            return [_delivery(row) for row in connection.execute(query).mappings()]

    def _limit(self, connection: Connection, receiver: str) -> None:
        mine = (DELIVERY.c.receiver == receiver, WAITS)
        over = (connection.scalar(select(func.count()).select_from(DELIVERY).where(*mine)) or 0) - self._most_waiting
        if over <= 0:
            return
        mildest = select(DELIVERY.c.id).where(*mine).order_by(DELIVERY.c.tier, DELIVERY.c.id).limit(over)
        full = update(DELIVERY).where(DELIVERY.c.id.in_(connection.execute(mildest).scalars().all()))
        connection.execute(full.values(outcome=Outcome.NOT_SENT.value, reason=Unsent.QUEUE_FULL.value))


def _add(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    if not rows:
        return
    fresh = [{name: value for name, value in row.items() if name != "id"} for row in rows]
    dialect = sqlite_sql if connection.dialect.name == "sqlite" else postgresql_sql
    connection.execute(dialect.insert(DELIVERY).on_conflict_do_nothing(), fresh)


def _change(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    if rows:
        changed = [{**row, "key": row["id"]} for row in rows]
        connection.execute(update(DELIVERY).where(DELIVERY.c.id == bindparam("key")), changed)


def _row(delivery: Delivery) -> dict[str, object]:
    row: dict[str, object] = {name: getattr(delivery, name) for name in Delivery.__slots__}
    codes = {"tier": int(delivery.tier), "outcome": delivery.outcome.value, "reason": delivery.reason.value}
    return {**row, **codes, "error": delivery.error.replace("\0", "")}


def _delivery(row: RowMapping) -> Delivery:
    exact = {"tier": Tier(row["tier"]), "outcome": Outcome(row["outcome"]), "reason": Unsent(row["reason"])}
    return Delivery(**{**row, **exact})
