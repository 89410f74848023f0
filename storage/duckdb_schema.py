"""Tables of the DuckDB store, and the rows that go into the small ones."""

from __future__ import annotations

from ganzhi.records import AlarmEvent
from storage.duckdb_rollup import SCHEMA as ROLLUPS
from storage.names import (
    ALARM_FLAGS,
    ALARM_FLOATS,
    ALARM_INTEGERS,
    ALARM_TAGS,
    ALARM_TEXTS,
    PIPELINE_FLOATS,
    PIPELINE_INTEGERS,
    RISK_INTEGERS,
    FieldValue,
    alarm_fields,
    alarm_tags,
)

VERSION = 2
"""1: no rollups. 2: rollups, and `reading.seq`, the number of the block that a row came in."""


def _typed(names: tuple[str, ...], kind: str) -> str:
    return ", ".join(f'"{name}" {kind}' for name in names)


ALARM_FIELDS = (*ALARM_TEXTS, *ALARM_INTEGERS, *ALARM_FLOATS, *ALARM_FLAGS)

VERSIONED = (
    "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER)",
    f"INSERT INTO schema_version SELECT {VERSION} WHERE NOT EXISTS (FROM schema_version)",
)
SCHEMA = (
    """CREATE TABLE IF NOT EXISTS point (
        key INTEGER PRIMARY KEY, id VARCHAR NOT NULL, enterprise VARCHAR, source VARCHAR, tag VARCHAR,
        quantity VARCHAR, unit VARCHAR
    )""",
    """CREATE TABLE IF NOT EXISTS reading (
        point_key INTEGER NOT NULL, time TIMESTAMP_NS NOT NULL, value DOUBLE NOT NULL, quality UTINYINT NOT NULL,
        received TIMESTAMP_NS NOT NULL, seq BIGINT
    )""",
    f"""CREATE TABLE IF NOT EXISTS alarm (
        time TIMESTAMP_NS, {_typed(ALARM_TAGS, "VARCHAR")}, {_typed(ALARM_TEXTS, "VARCHAR")},
        {_typed(ALARM_INTEGERS, "BIGINT")}, {_typed(ALARM_FLOATS, "DOUBLE")}, {_typed(ALARM_FLAGS, "BOOLEAN")},
        PRIMARY KEY (seq, time)
    )""",
    f"""CREATE TABLE IF NOT EXISTS risk (
        time TIMESTAMP_NS, enterprise VARCHAR, source VARCHAR, {_typed(RISK_INTEGERS, "BIGINT")},
        PRIMARY KEY (enterprise, source, time)
    )""",
    f"""CREATE TABLE IF NOT EXISTS pipeline (
        time TIMESTAMP_NS, {_typed(PIPELINE_INTEGERS, "BIGINT")}, {_typed(PIPELINE_FLOATS, "DOUBLE")}
    )""",
    "CREATE TABLE IF NOT EXISTS progress (seq BIGINT NOT NULL, rolled BIGINT, pruned BIGINT)",
    "INSERT INTO progress SELECT 0, 0, 0 WHERE NOT EXISTS (FROM progress)",
    """CREATE VIEW IF NOT EXISTS telemetry AS
        SELECT p.id AS point, p.enterprise, p.source, p.tag, p.quantity, p.unit, r.time, r.value,
               r.quality & 127 AS quality, r.quality >= 128 AS simulated, r.received
        FROM reading r JOIN point p ON p.key = r.point_key""",
    *ROLLUPS,
)
"""progress: the last block stored, the last one in the rollups, and the time before which readings were deleted."""

TO_2 = (
    "ALTER TABLE reading ADD COLUMN seq BIGINT",
    "ALTER TABLE progress ADD COLUMN rolled BIGINT DEFAULT 0",
    "ALTER TABLE progress ADD COLUMN pruned BIGINT DEFAULT 0",
    "UPDATE schema_version SET version = 2",
)


def _insert(table: str, columns: int) -> str:
    return f"INSERT OR IGNORE INTO {table} VALUES (make_timestamp_ns(?), {', '.join('?' * columns)})"


INSERT_ALARM = _insert("alarm", len(ALARM_TAGS) + len(ALARM_FIELDS))
INSERT_RISK = _insert("risk", 2 + len(RISK_INTEGERS))
INSERT_PIPELINE = _insert("pipeline", len(PIPELINE_INTEGERS) + len(PIPELINE_FLOATS)).replace(" OR IGNORE", "")


def alarm_row(event: AlarmEvent) -> list[FieldValue | None]:
    """One line of the journal as a row of the table; None for a figure that is not finite."""
    fields = alarm_fields(event)
    return [event.noted, *alarm_tags(event).values(), *(fields.get(name) for name in ALARM_FIELDS)]
