"""What alembic runs to apply revisions: on the connection, and within the transaction, that `upgrade` gives it."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
