"""The table of deliveries as the ledger's newest revision leaves it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, SmallInteger, String, Table, Text, UniqueConstraint

from storage.ledger_schema import METADATA

DELIVERY = Table(
    "delivery",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("stream", String, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("again", Integer, nullable=False),
    Column("receiver", String, nullable=False),
    Column("route", String, nullable=False),
    Column("grouping", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("happening", String, nullable=False),
    Column("tier", SmallInteger, nullable=False),
    Column("noted", BigInteger, nullable=False),
    Column("outcome", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("message", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("tried_at", BigInteger),
    Column("sent_at", BigInteger),
    Column("notice", String, nullable=False),
    Column("error", Text, nullable=False),
    UniqueConstraint("stream", "seq", "again", "receiver", name="delivery_line"),
    Index("delivery_waiting", "receiver", "outcome"),
    Index("delivery_subject", "subject"),
)
"""One row a line of a journal and receiver: what has become of it, or why it went to nobody (receiver "")."""
