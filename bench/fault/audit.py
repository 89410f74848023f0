"""What is in the database, in the ledger and in the platform's own account, read by each one's own query."""

from __future__ import annotations

import json
import sqlite3
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from bench.fault.oracle import Told
from bench.fault.verdict import Line, Readings
from ganzhi.records import Floats

PAGE_ROWS = 10_000
FOUND = "WHERE change <> 'grouped'"
"""Lines of what rules found; that alarms came in a flood, which follows our clock, is not worked out here."""
QUERY_LIMIT_S = 120.0
NS_PER_MS, NS_PER_S = 1_000_000, 1_000_000_000


def ask(port: int, database: str, text: str) -> list[dict[str, Any]]:
    """The series of one InfluxQL statement; times in UTC ns. Raises RuntimeError where it is refused."""
    form = urllib.parse.urlencode({"db": database, "q": text, "epoch": "ns"}).encode()
    url = f"http://127.0.0.1:{port}/query"
    with urllib.request.urlopen(url, data=form, timeout=QUERY_LIMIT_S) as response:
        result = json.load(response)["results"][0]
    if "error" in result:
        raise RuntimeError(f"{text}: {result['error']}")
    series: list[dict[str, Any]] = result.get("series", [])
    return series


def count(port: int, database: str, measurement: str = "reading") -> int:
    """Rows of a measurement, by the database's own count()."""
    field = "value" if measurement == "reading" else "seq"
    series = ask(port, database, f"SELECT count({field}) FROM {measurement}")
    return int(series[0]["values"][0][1]) if series else 0


def stored(port: int, database: str, point: str) -> Readings:
    """Every row of a point, page by page."""
    rows = list(_pages(port, database, f"SELECT value FROM reading WHERE point = '{point}'"))
    return Readings(np.array([row[0] for row in rows], np.int64), np.array([row[1] for row in rows], np.float64))


def told_to_store(port: int, database: str) -> list[Line]:
    """Every line of the journal that the database was told, in the order of its key."""
    fields = "seq, at_ms, change, tier, rule, point"
    rows = _pages(port, database, f"SELECT {fields} FROM alarm {FOUND}")
    lines = [Line(seq, Told(rule, point, at_ms, change, tier)) for _, seq, at_ms, change, tier, rule, point in rows]
    return sorted(lines, key=lambda line: line.seq)


def _pages(port: int, database: str, text: str) -> Iterator[list[Any]]:
    at = 0
    while True:
        series = ask(port, database, f"{text} LIMIT {PAGE_ROWS} OFFSET {at}")
        rows = [row for one in series for row in one["values"]]
        yield from rows
        if len(rows) < PAGE_ROWS:
            return
        at += PAGE_ROWS


def journal(ledger: Path) -> list[Line]:
    """Every line of the ledger's journal, in the order of its key."""
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as connection:
        rows = connection.execute(f"SELECT seq, at, change, snapshot FROM journal {FOUND} ORDER BY seq").fetchall()
    lines = []
    for seq, at, change, snapshot in rows:
        alarm = json.loads(snapshot)
        lines.append(Line(seq, Told(alarm["rule"], alarm["subject"], at // NS_PER_MS, change, alarm["tier"])))
    return lines


def lines(ledger: Path) -> int:
    """How many lines the journal has."""
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as connection:
        return int(connection.execute("SELECT count(*) FROM journal").fetchone()[0])


def delays(ledger: Path, rule: str, points: str) -> tuple[Floats, Floats]:
    """(sensor's time in s, ms from there to its line in the journal) of a rule's changes at points that begin so."""
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT at, noted, snapshot FROM journal").fetchall()
    found = []
    for at, noted, snapshot in rows:
        alarm = json.loads(snapshot)
        if alarm["rule"] == rule and alarm["subject"].startswith(points):
            found.append((at, noted))
    moments = np.array(found, np.int64).reshape(-1, 2)
    return moments[:, 0] / NS_PER_S, (moments[:, 1] - moments[:, 0]) / NS_PER_MS


def health(console: int) -> dict[str, Any]:
    """The platform's own account. Raises OSError while it does not answer."""
    with urllib.request.urlopen(f"http://127.0.0.1:{console}/api/health", timeout=5) as response:
        found: dict[str, Any] = json.load(response)
        return found
