"""The ledger: alarms as they stand, every change of them, and how far each receiver of changes has come."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self

from sqlalchemy import (
    Connection,
    Engine,
    RowMapping,
    Select,
    bindparam,
    create_engine,
    delete,
    event,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql as postgresql_sql
from sqlalchemy.dialects import sqlite as sqlite_sql
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from ganzhi.errors import ConfigError, Fault, Unavailable
from ganzhi.handling import HandlingEvent
from ganzhi.records import Alarm, AlarmEvent, AlarmState, Change, Effect, Tier, Work
from storage import postgresql, work
from storage.handling import Handling
from storage.ledger_schema import ALARM, CURSOR, JOURNAL, SUPPRESSION, storable
from storage.migrations.upgrade import upgrade
from storage.outbox import Outbox
from storage.snapshot import from_json, to_json
from storage.sqlite import guarded, use_wal

BUSY_S = 5.0
"""How long a writer waits for another process that is writing."""

MOST_WORDS = 300
"""Characters of a server's own message that are passed on."""

CHUNK = 1_000
"""Lines looked up in one query, well below the number of variables that a query may have."""

REMEDY = 'write "sqlite:///data/ledger.sqlite" or "postgresql://user@host/database"'

LINE = (JOURNAL.c.seq, JOURNAL.c.at, JOURNAL.c.noted, JOURNAL.c.change, JOURNAL.c.before, JOURNAL.c.actor)
EVENT = select(*LINE, JOURNAL.c.comment, JOURNAL.c.snapshot, JOURNAL.c.effects)


class Ledger:
    """Alarms and their journal, in SQLite or PostgreSQL. Safe to call from several threads.

    handling  cases, warnings and their journal in the same database

    Every method raises Unavailable while the disk is full, the file locked or the server away.

    outbox  what is told of the journal's lines to whom, in the same database
    """

    def __init__(self, url: str, *, busy_s: float = BUSY_S) -> None:
        self._url = _parsed(url)
        plain = self._url.set(drivername=self._url.get_backend_name(), query={})
        self._place = plain.render_as_string(hide_password=True)
        self._lock = threading.Lock()
        options: dict[str, Any] = {"connect_args": {"timeout": busy_s}} if self._sqlite else {"pool_pre_ping": True}
        self._engine = create_engine(self._url, **options)
        if self._sqlite:
            _prepare_sqlite(self._engine, busy_s)
        else:
            _prepare_postgresql(self._engine, busy_s)
        self.handling = Handling(self._writing, self._reading)
        self.outbox = Outbox(self._reading, self._writing)

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as undo:
            undo.callback(self.close)
            with self._writing() as connection:
                if not self._sqlite:
                    postgresql.require_unicode(connection, self._place)
                upgrade(connection, self._place)
            undo.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def write(self, events: Sequence[AlarmEvent]) -> None:
        """Keep these lines and bring their alarms up to date, all or none; durable on return.

        A line whose seq is kept already, of the same alarm and change, is the same line told again: it stays as it
        was. Raises ValueError when that seq says something else.
        """
        if not events:
            return
        with self._writing() as connection:
            for at in range(0, len(events), CHUNK):
                _keep(connection, events[at : at + CHUNK])

    def open_alarms(self) -> list[Alarm]:
        """Alarms whose state is not normal, and the newest of each condition and subject that is suppressed now; in the
        order in which they were raised."""
        suppressed = ALARM.c.id.in_(select(SUPPRESSION.c.alarm))
        query = select(ALARM.c.snapshot).where((ALARM.c.state != AlarmState.NORMAL.value) | suppressed)
        with self._reading() as connection:
            return [
                from_json(text) for text in connection.execute(query.order_by(ALARM.c.raised_at, ALARM.c.id)).scalars()
            ]

    def alarm(self, alarm_id: str) -> Alarm | None:
        """An alarm as it stands, open or long ended."""
        with self._reading() as connection:
            text = connection.scalar(select(ALARM.c.snapshot).where(ALARM.c.id == alarm_id))
            return None if text is None else from_json(text)

    def lines_of(self, alarm_id: str, limit: int) -> list[AlarmEvent]:
        """The last lines about an alarm, oldest first."""
        query = EVENT.where(JOURNAL.c.alarm == alarm_id).order_by(JOURNAL.c.seq.desc()).limit(limit)
        with self._reading() as connection:
            return [_event(row) for row in connection.execute(query).mappings()][::-1]

    def retrospective(self, limit: int) -> list[Alarm]:
        """The alarms of late data that were found last, newest first."""
        query = select(ALARM.c.snapshot).where(ALARM.c.retrospective).order_by(ALARM.c.id.desc()).limit(limit)
        with self._reading() as connection:
            return [from_json(text) for text in connection.execute(query).scalars()]

    def add_work(self, new: Work) -> Work:
        """Keep a maintenance window or permit, under the next number whatever `new` has; durable on return."""
        with self._writing() as connection:
            return work.add(connection, new)

    def end_work(self, number: int, at: int, person: str) -> Work | None:
        """End it early, unless it was ended already; as it stands then, or None where there is none."""
        with self._writing() as connection:
            return work.end(connection, number, at, person)

    def works(self, since: int, limit: int) -> list[Work]:
        """Those that end, by their time, after that moment, UTC ns; the newest first."""
        with self._reading() as connection:
            return work.works(connection, since, limit)

    def last_seq(self) -> int:
        """The seq of the last line; 0 when there is none."""
        return self._number(select(func.max(JOURNAL.c.seq)))

    def last_noted(self) -> int:
        """When the last line was written, UTC ns; 0 when there is none."""
        return self._number(select(func.max(JOURNAL.c.noted)))

    def events_after(self, seq: int, limit: int) -> list[AlarmEvent]:
        """The lines that follow `seq`, oldest first."""
        with self._reading() as connection:
            found = connection.execute(EVENT.where(JOURNAL.c.seq > seq).order_by(JOURNAL.c.seq).limit(limit))
            return [_event(row) for row in found.mappings()]

    def recent(self, limit: int) -> list[AlarmEvent]:
        """The last lines, newest first."""
        with self._reading() as connection:
            found = connection.execute(EVENT.order_by(JOURNAL.c.seq.desc()).limit(limit))
            return [_event(row) for row in found.mappings()]

    def since(self, noted: int) -> list[AlarmEvent]:
        """The lines written at or after that moment, UTC ns, oldest first."""
        with self._reading() as connection:
            found = connection.execute(EVENT.where(JOURNAL.c.noted >= noted).order_by(JOURNAL.c.noted, JOURNAL.c.seq))
            return [_event(row) for row in found.mappings()]

    def handling_after(self, seq: int, limit: int) -> list[HandlingEvent]:
        """The lines of the journal of cases and warnings that follow `seq`, oldest first."""
        return self.handling.after(seq, limit)

    def between(self, start: int, end: int) -> list[AlarmEvent]:
        """The lines written from `start` on and before `end`, UTC ns, oldest first."""
        query = EVENT.where(JOURNAL.c.noted >= start, JOURNAL.c.noted < end).order_by(JOURNAL.c.seq)
        with self._reading() as connection:
            return [_event(row) for row in connection.execute(query).mappings()]

    def stood(self, at: int) -> list[Alarm]:
        """The alarms that were open at that moment, UTC ns, as they stood then."""
        last = (
            select(func.max(JOURNAL.c.seq))
            .join(ALARM, ALARM.c.id == JOURNAL.c.alarm)
            .where(JOURNAL.c.noted < at, (ALARM.c.changed_at >= at) | (ALARM.c.state != AlarmState.NORMAL.value))
            .group_by(JOURNAL.c.alarm)
        )
        query = select(JOURNAL.c.snapshot).where(JOURNAL.c.seq.in_(last)).order_by(JOURNAL.c.seq)
        with self._reading() as connection:
            alarms = [from_json(text) for text in connection.execute(query).scalars()]
        return [alarm for alarm in alarms if alarm.state != AlarmState.NORMAL]

    def cursor(self, name: str) -> int:
        """How far this receiver has come; 0 for a new one."""
        return self._number(select(CURSOR.c.seq).where(CURSOR.c.name == name))

    def move_cursor(self, name: str, seq: int) -> None:
        """This receiver has had every line up to `seq`; a cursor never moves back."""
        upsert = (sqlite_sql if self._sqlite else postgresql_sql).insert(CURSOR).values(name=name, seq=seq)
        ahead = upsert.on_conflict_do_update(index_elements=["name"], set_={"seq": seq}, where=CURSOR.c.seq < seq)
        with self._writing() as connection:
            connection.execute(ahead)

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        self._engine.dispose()

    @property
    def _sqlite(self) -> bool:
        return self._url.get_backend_name() == "sqlite"

    def _number(self, query: Select[tuple[int]]) -> int:
        with self._reading() as connection:
            return connection.scalar(query) or 0

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Connection]:
        with (
            self._lock,
            self._guarded(),
            self._engine.execution_options(writes=True).begin() as connection,
        ):
            yield connection

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._guarded(), self._engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            if isinstance(error.orig, sqlite3.DatabaseError):
                with guarded(f"the ledger {self._url.database}"):
                    raise error.orig from error
            cause = postgresql.cause(error)
            if cause is None:
                raise
            words = " ".join(str(error.orig).split())[:MOST_WORDS]
            raise Unavailable(f"the ledger {self._place}: {cause} ({words})") from error


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise ConfigError([Fault("[ledger] url", "is not a database URL", REMEDY)]) from error
    backend = parsed.get_backend_name()
    if backend in postgresql.BACKENDS:
        return postgresql.with_driver(parsed)
    if backend != "sqlite":
        raise ConfigError([Fault("[ledger] url", f"names {backend}, which is not supported", REMEDY)])
    return parsed


def _prepare_sqlite(engine: Engine, busy_s: float) -> None:
    @event.listens_for(engine, "connect")
    def configure(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        assert isinstance(connection, sqlite3.Connection)
        connection.isolation_level = None  # transactions are begun below, not guessed by the driver
        use_wal(connection, busy_s)
        for pragma in ("synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes its lock at once: one that reads first could find that another has written since.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _prepare_postgresql(engine: Engine, busy_s: float) -> None:
    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("writes", False):
            postgresql.begin_writing(connection, busy_s)


def _keep(connection: Connection, events: Sequence[AlarmEvent]) -> None:
    told = _told(connection, events)
    fresh_lines = [line for line in events if line.seq not in told]
    if not fresh_lines:
        return
    latest = {line.alarm.id: _alarm_row(line.alarm) for line in fresh_lines}
    known = set(connection.execute(select(ALARM.c.id).where(ALARM.c.id.in_(latest))).scalars())
    fresh = [row for key, row in latest.items() if key not in known]
    changed = [{**row, "key": key} for key, row in latest.items() if key in known]
    if fresh:
        connection.execute(insert(ALARM), fresh)
    if changed:
        connection.execute(update(ALARM).where(ALARM.c.id == bindparam("key")), changed)
    connection.execute(insert(JOURNAL), [_line_row(line) for line in fresh_lines])
    _keep_suppressions(connection, fresh_lines)


def _keep_suppressions(connection: Connection, lines: Sequence[AlarmEvent]) -> None:
    by_key = {(line.alarm.condition, line.alarm.subject): line.alarm for line in lines if not line.alarm.retrospective}
    rows = [_suppression_row(alarm) for alarm in by_key.values()]
    key = (SUPPRESSION.c.condition == bindparam("of"), SUPPRESSION.c.subject == bindparam("at"))
    gone = [{"of": row["condition"], "at": row["subject"]} for row in rows]
    if gone:
        connection.execute(delete(SUPPRESSION).where(*key), gone)
    if kept := [row for row in rows if row["kinds"]]:
        connection.execute(insert(SUPPRESSION), kept)


def _told(connection: Connection, events: Sequence[AlarmEvent]) -> set[int]:
    columns = select(JOURNAL.c.seq, JOURNAL.c.alarm, JOURNAL.c.change)
    query = columns.where(JOURNAL.c.seq.in_([line.seq for line in events]))
    kept = {row.seq: (row.alarm, row.change) for row in connection.execute(query)}
    for line in events:
        if kept.get(line.seq, (line.alarm.id, line.change.value)) != (line.alarm.id, line.change.value):
            raise ValueError(f"line {line.seq} of the journal is taken by another change")
    return set(kept)


def _alarm_row(alarm: Alarm) -> dict[str, object]:
    row: dict[str, object] = {column.name: getattr(alarm, column.name, None) for column in ALARM.columns}
    codes = {"alarm_class": alarm.alarm_class.value, "state": alarm.state.value}
    return storable({**row, **codes, "tier": int(alarm.tier), "worst": int(alarm.worst), "snapshot": to_json(alarm)})


def _suppression_row(alarm: Alarm) -> dict[str, object]:
    row: dict[str, object] = {
        "condition": alarm.condition,
        "subject": alarm.subject,
        "alarm": alarm.id,
        "kinds": " ".join(each.kind.value for each in alarm.suppressions),
        "until": min((each.until for each in alarm.suppressions if each.until is not None), default=None),
    }
    return storable(row)


def _line_row(line: AlarmEvent) -> dict[str, object]:
    row: dict[str, object] = {
        "seq": line.seq,
        "alarm": line.alarm.id,
        "at": line.at,
        "noted": line.noted,
        "change": line.change.value,
        "before": int(line.before),
        "actor": line.actor,
        "comment": line.comment,
        "snapshot": to_json(line.alarm),
        "effects": " ".join(line.effects),
    }
    return storable(row)


def _event(row: RowMapping) -> AlarmEvent:
    return AlarmEvent(
        seq=row["seq"],
        at=row["at"],
        noted=row["noted"],
        change=Change(row["change"]),
        before=Tier(row["before"]),
        alarm=from_json(row["snapshot"]),
        actor=row["actor"],
        comment=row["comment"],
        effects=tuple(map(Effect, row["effects"].split())),
    )
