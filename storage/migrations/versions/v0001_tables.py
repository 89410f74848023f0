"""Alarms, their journal, and the cursors of receivers, as ledgers had them before there were revisions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table("schema_version", sa.Column("version", sa.Integer, nullable=False))
    op.create_table(
        "alarm",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("condition", sa.String, nullable=False),
        sa.Column("rule", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("enterprise", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("alarm_class", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("tier", sa.SmallInteger, nullable=False),
        sa.Column("worst", sa.SmallInteger, nullable=False),
        sa.Column("raised_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("cleared_at", sa.BigInteger),
        sa.Column("acknowledged_at", sa.BigInteger),
        sa.Column("acknowledged_by", sa.String, nullable=False),
        sa.Column("simulated", sa.Boolean, nullable=False),
        sa.Column("retrospective", sa.Boolean, nullable=False),
        sa.Column("snapshot", sa.Text, nullable=False),
    )
    op.create_index("alarm_state", "alarm", ["state"])
    op.create_index("alarm_raised_at", "alarm", ["raised_at"])
    op.create_table(
        "journal",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("alarm", sa.String, sa.ForeignKey("alarm.id"), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("noted", sa.BigInteger, nullable=False),
        sa.Column("change", sa.String, nullable=False),
        sa.Column("before", sa.SmallInteger, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("snapshot", sa.Text, nullable=False),
    )
    op.create_index("journal_alarm", "journal", ["alarm"])
    op.create_table(
        "cursor",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
    )
