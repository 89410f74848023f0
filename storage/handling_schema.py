"""Tables of cases and warnings in the ledger, and their journal; a change here goes with a revision in `migrations`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, SmallInteger, String, Table, Text

from storage.ledger_schema import METADATA

CASE = Table(
    "handling_case",
    METADATA,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("state", String, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("tier", SmallInteger, nullable=False),
    Column("enterprise", String, nullable=False),
    Column("source", String, nullable=False),
    Column("district", String, nullable=False),
    Column("topic", String, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("due_at", BigInteger),
    Column("wake_at", BigInteger),
    Column("overdue", Integer, nullable=False),
    Column("supervised_at", BigInteger),
    Column("closed_at", BigInteger),
    Column("simulated", Boolean, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("snapshot", Text, nullable=False),
    Index("handling_case_open", "open"),
    Index("handling_case_wake_at", "wake_at"),
    Index("handling_case_topic", "topic"),
)
"""One row a case, as its newest line left it. Columns are for queries; `snapshot` is the whole case."""

WARNING = Table(
    "handling_warning",
    METADATA,
    Column("id", String, primary_key=True),
    Column("scope", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("state", String, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("tier", SmallInteger, nullable=False),
    Column("proposed", SmallInteger),
    Column("topic", String, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("due_at", BigInteger),
    Column("wake_at", BigInteger),
    Column("overdue", Integer, nullable=False),
    Column("released_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("simulated", Boolean, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("snapshot", Text, nullable=False),
    Index("handling_warning_open", "open"),
    Index("handling_warning_wake_at", "wake_at"),
)
"""One row a warning, in the same way."""

LINE = Table(
    "handling_journal",
    METADATA,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("subject", String, nullable=False),
    Column("topic", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("act", String, nullable=False),
    Column("before", SmallInteger, nullable=False),
    Column("actor", String, nullable=False),
    Column("name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("comment", Text, nullable=False),
    Column("photos", Text, nullable=False),
    Column("key", String),
    Column("snapshot", Text, nullable=False),
    Index("handling_journal_subject", "subject"),
    Index("handling_journal_topic", "topic"),
    Index("handling_journal_key", "key", unique=True),
)
"""One row for each thing done. The database itself refuses to alter or delete one: see the revision."""
