"""What is suppressed now, maintenance windows and permits, and what a line of the journal asked to be told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables; lines from before have no effects, and nobody is told of them again."""
    op.add_column("journal", sa.Column("effects", sa.String, nullable=False, server_default=""))
    op.create_table(
        "suppression",
        sa.Column("condition", sa.String, primary_key=True),
        sa.Column("subject", sa.String, primary_key=True),
        sa.Column("alarm", sa.String, sa.ForeignKey("alarm.id"), nullable=False),
        sa.Column("kinds", sa.String, nullable=False),
        sa.Column("until", sa.BigInteger),
    )
    op.create_table(
        "work",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("scope", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("end", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("person", sa.String, nullable=False),
        sa.Column("noted", sa.BigInteger, nullable=False),
        sa.Column("most", sa.SmallInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("ended_by", sa.String, nullable=False),
    )
    op.create_index("work_end", "work", ["end"])
