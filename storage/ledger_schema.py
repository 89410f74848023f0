"""Tables of the ledger as its newest revision leaves them; a change here goes with a new one in `migrations`."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
)

METADATA = MetaData()

ALARM = Table(
    "alarm",
    METADATA,
    Column("id", String, primary_key=True),
    Column("condition", String, nullable=False),
    Column("rule", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("enterprise", String, nullable=False),
    Column("source", String, nullable=False),
    Column("alarm_class", String, nullable=False),
    Column("state", String, nullable=False),
    Column("tier", SmallInteger, nullable=False),
    Column("worst", SmallInteger, nullable=False),
    Column("raised_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("cleared_at", BigInteger),
    Column("acknowledged_at", BigInteger),
    Column("acknowledged_by", String, nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("retrospective", Boolean, nullable=False),
    Column("snapshot", Text, nullable=False),
    Index("alarm_state", "state"),
    Index("alarm_raised_at", "raised_at"),
)
"""One row an occurrence, as it stands now. Columns are for people's queries; `snapshot` is the whole alarm."""

JOURNAL = Table(
    "journal",
    METADATA,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("alarm", String, ForeignKey("alarm.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("noted", BigInteger, nullable=False),
    Column("change", String, nullable=False),
    Column("before", SmallInteger, nullable=False),
    Column("actor", String, nullable=False),
    Column("comment", Text, nullable=False),
    Column("snapshot", Text, nullable=False),
    Column("effects", String, nullable=False, server_default=""),
    Index("journal_alarm", "alarm"),
    Index("journal_noted", "noted"),
)
"""One row a change, never altered. `effects`: what was to be told, their names with a space between."""

SUPPRESSION = Table(
    "suppression",
    METADATA,
    Column("condition", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("alarm", String, ForeignKey("alarm.id"), nullable=False),
    Column("kinds", String, nullable=False),
    Column("until", BigInteger),
)
"""One row a condition and subject that is suppressed now, open or not; how and why is in its alarm's snapshot."""

WORK = Table(
    "work",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("kind", String, nullable=False),
    Column("scope", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("person", String, nullable=False),
    Column("noted", BigInteger, nullable=False),
    Column("most", SmallInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("ended_by", String, nullable=False),
    Index("work_end", "end"),
)
"""One row a maintenance window or permit; never altered but for its early end, once."""

CURSOR = Table(
    "cursor",
    METADATA,
    Column("name", String, primary_key=True),
    Column("seq", BigInteger, nullable=False),
)
"""How far each receiver of events has come."""
