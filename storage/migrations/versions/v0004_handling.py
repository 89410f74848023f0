"""Cases and warnings, and their journal, whose lines the database itself lets nobody alter or delete."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

REFUSAL = "a line of the journal is never altered"


def upgrade() -> None:
    """Create the tables. Alarms that are in the journal already open no case: its reader begins behind them."""
    _create_case()
    _create_warning()
    _create_journal()
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()
    op.execute("INSERT INTO cursor (name, seq) SELECT 'cases', seq FROM journal ORDER BY seq DESC LIMIT 1")


def _create_case() -> None:
    op.create_table(
        "handling_case",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("open", sa.Boolean, nullable=False),
        sa.Column("tier", sa.SmallInteger, nullable=False),
        sa.Column("enterprise", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("district", sa.String, nullable=False),
        sa.Column("topic", sa.String, nullable=False),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("wake_at", sa.BigInteger),
        sa.Column("overdue", sa.Integer, nullable=False),
        sa.Column("supervised_at", sa.BigInteger),
        sa.Column("closed_at", sa.BigInteger),
        sa.Column("simulated", sa.Boolean, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("snapshot", sa.Text, nullable=False),
    )
    op.create_index("handling_case_open", "handling_case", ["open"])
    op.create_index("handling_case_wake_at", "handling_case", ["wake_at"])
    op.create_index("handling_case_topic", "handling_case", ["topic"])


def _create_warning() -> None:
    op.create_table(
        "handling_warning",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("scope", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("open", sa.Boolean, nullable=False),
        sa.Column("tier", sa.SmallInteger, nullable=False),
        sa.Column("proposed", sa.SmallInteger),
        sa.Column("topic", sa.String, nullable=False),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("wake_at", sa.BigInteger),
        sa.Column("overdue", sa.Integer, nullable=False),
        sa.Column("released_at", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("simulated", sa.Boolean, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("snapshot", sa.Text, nullable=False),
    )
    op.create_index("handling_warning_open", "handling_warning", ["open"])
    op.create_index("handling_warning_wake_at", "handling_warning", ["wake_at"])


def _create_journal() -> None:
    op.create_table(
        "handling_journal",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("topic", sa.String, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("act", sa.String, nullable=False),
        sa.Column("before", sa.SmallInteger, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("photos", sa.Text, nullable=False),
        sa.Column("key", sa.String),
        sa.Column("snapshot", sa.Text, nullable=False),
    )
    op.create_index("handling_journal_subject", "handling_journal", ["subject"])
    op.create_index("handling_journal_topic", "handling_journal", ["topic"])
    op.create_index("handling_journal_key", "handling_journal", ["key"], unique=True)


def _guard_sqlite() -> None:
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER handling_journal_{event.lower()} BEFORE {event} ON handling_journal "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION handling_journal_guard() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER handling_journal_guard BEFORE UPDATE OR DELETE ON handling_journal "
        "FOR EACH ROW EXECUTE FUNCTION handling_journal_guard()"
    )
