"""Lines of the journal are looked up by when they were noted; alembic's own table has taken the format's place."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the index; drop the table that said the format."""
    op.create_index("journal_noted", "journal", ["noted"])
    op.drop_table("schema_version")
