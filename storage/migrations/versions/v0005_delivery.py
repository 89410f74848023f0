"""Deliveries: what was told to whom, when, and why not."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("stream", sa.String, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("again", sa.Integer, nullable=False),
        sa.Column("receiver", sa.String, nullable=False),
        sa.Column("route", sa.String, nullable=False),
        sa.Column("grouping", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("happening", sa.String, nullable=False),
        sa.Column("tier", sa.SmallInteger, nullable=False),
        sa.Column("noted", sa.BigInteger, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("tried_at", sa.BigInteger),
        sa.Column("sent_at", sa.BigInteger),
        sa.Column("notice", sa.String, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.UniqueConstraint("stream", "seq", "again", "receiver", name="delivery_line"),
    )
    op.create_index("delivery_waiting", "delivery", ["receiver", "outcome"])
    op.create_index("delivery_subject", "delivery", ["subject"])
