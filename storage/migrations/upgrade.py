"""Bringing the ledger's tables to the newest revision from whichever they are at, or from nothing."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from ganzhi.errors import ConfigError, Fault

log = logging.getLogger(__name__)

FIRST = "0001"
BEFORE_REVISIONS = "schema_version"
"""The table of ledgers made before there were revisions; they are at the first one."""

_turn = threading.Lock()
"""alembic keeps what it works on in its own modules, so the ledgers of one process take turns."""


def upgrade(connection: Connection, place: str) -> None:
    """Create or alter tables, all or none, in a transaction that already keeps other writers away.

    Raises ConfigError, naming `place`, when a newer program has written them.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    script = ScriptDirectory.from_config(config)
    context = MigrationContext.configure(connection)
    found = set(context.get_current_heads())
    newer = found - {revision.revision for revision in script.walk_revisions()}
    if newer:
        problem = f"is at revision {', '.join(sorted(newer))} of a newer program; this one knows {_newest(script)}"
        raise ConfigError([Fault(place, problem, "start the newer program, or name another ledger")])
    if found == set(script.get_heads()):
        return
    with _turn:
        if not found and inspect(connection).has_table(BEFORE_REVISIONS):
            context.stamp(script, FIRST)
            found = {FIRST}
        command.upgrade(config, "head")
    log.info("ledger %s: tables brought from %s to %s", place, ", ".join(found) or "nothing", _newest(script))


def _newest(script: ScriptDirectory) -> str:
    return ", ".join(script.get_heads())
