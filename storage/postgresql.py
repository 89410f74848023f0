"""Opening PostgreSQL, and telling a server that is away, full or busy from a bug by SQLSTATE."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, OperationalError

from ganzhi.errors import ConfigError, Fault

BACKENDS = ("postgresql", "postgres")
DRIVER = "postgresql+psycopg"

PATIENCE: Mapping[str, str] = {
    "connect_timeout": "5",
    "tcp_user_timeout": "10000",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "2",
}
"""libpq's own settings, s and (tcp_user_timeout) ms: a server whose machine is gone is noticed within half a minute."""

IDLE_S = 30
"""After so long the server undoes a transaction whose client has fallen silent, so that others can write again."""

LOCK = int.from_bytes(b"ganzhi")
"""Key of the advisory lock that a writer holds, within this database."""

CAUSES: Mapping[str, str] = {
    "08": "the connection was lost",
    "25006": "the server takes reads only",
    "25P03": "the transaction was left open too long",
    "40": "the transaction met another one",
    "42501": "the user lacks a right; GRANT it, or let the user own the database",
    "53": "the server is short of something",
    "53100": "the server's disk is full",
    "53300": "the server has no connection left",
    "55P03": "another process is writing",
    "57": "the server is stopping or starting, or ended the request",
    "58": "the server's disk cannot be read or written",
}
"""By SQLSTATE, or by its class, the first two characters (PostgreSQL manual, appendix A)."""
AWAY = "cannot be reached, or refuses entry; see [ledger] url, and PGPASSFILE for the password"


def with_driver(url: URL) -> URL:
    """The URL with the driver that comes with the program, and with limits that the URL leaves open."""
    return url.set(drivername=DRIVER, query={**PATIENCE, **url.query})


def cause(error: DBAPIError) -> str | None:
    """What keeps the server from its work, in words; None where the fault is ours.

    A connection that fails or breaks has no SQLSTATE: libpq does not pass it on.
    """
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        return AWAY if isinstance(error, OperationalError) or error.connection_invalidated else None
    return CAUSES.get(state, CAUSES.get(state[:2]))


def begin_writing(connection: Connection, busy_s: float) -> None:
    """Wait for the writer's lock, `busy_s` at most; it is given back with the end of the transaction.

    It keeps off a transaction of ours whose connection was lost and which the server may be finishing yet.
    """
    limits = f"set_config('lock_timeout', '{int(busy_s * 1000)}', true)"
    limits += f", set_config('idle_in_transaction_session_timeout', '{IDLE_S * 1000}', true)"
    connection.exec_driver_sql(f"SELECT {limits}, pg_advisory_xact_lock({LOCK})")


def require_unicode(connection: Connection, place: str) -> None:
    """Raises ConfigError when the database keeps texts in an encoding that lacks some."""
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
    if encoding != "UTF8":
        remedy = "create one with: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
        raise ConfigError([Fault(place, f"keeps its texts in {encoding}, not in UTF8", remedy)])
