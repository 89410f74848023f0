"""Reading back through InfluxQL, which InfluxDB 1.x, 2.x and 3.x all answer at `/query`."""

from __future__ import annotations

import math
import ssl
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx
import numpy as np
import orjson

from ganzhi.errors import Unavailable
from ganzhi.records import Catalogue, Floats, Int32s, Int64s
from storage.curve import Curve, in_order, width_ns
from storage.delivery import RETRY_S, RefusedLines, judge
from storage.line import plain
from storage.names import QUALITY, READING, VALUE
from storage.recall import clusters

POINTS_A_STATEMENT = 50
STATEMENTS_A_REQUEST = 200
"""Bounds of one request for values of given keys. Statements about 500 points take InfluxDB 1.6 three times as long."""

Rows = list[list[Any]]
"""Rows of one statement: time in UTC ns, then the fields asked for."""


def client(
    url: str, *, timeout_s: float, auth: tuple[str, str] | None = None, token: str | None = None
) -> httpx.Client:
    """An HTTP client for this address: the machine's own trusted certificates, and no proxy of the environment."""
    headers = {"Authorization": f"Token {token}"} if token else {}
    trusted = ssl.create_default_context()
    return httpx.Client(base_url=url, timeout=timeout_s, auth=auth, headers=headers, verify=trusted, trust_env=False)


def quoted(text: str) -> str:
    """A text as a string literal of InfluxQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def named(text: str) -> str:
    """A name as an identifier of InfluxQL."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unreachable(http: httpx.Client, error: Exception) -> Unavailable:
    """The server cannot be reached, or broke off."""
    return Unavailable(f"InfluxDB does not answer at {http.base_url} ({error!r})", retry_after_s=RETRY_S)


class InfluxQL:
    """Statements to one database, over a client that the caller closes.

    `access` and `place` name the settings to look at when entry is refused or the database is missing.
    """

    def __init__(self, *, http: httpx.Client, database: str, access: str, place: str) -> None:
        self._http = http
        self._database = database
        self._access = access
        self._place = place

    def ask(self, *statements: str) -> list[Rows]:
        """The rows of each statement, of all its series together. Raises Unavailable."""
        found = self._results(statements)
        return [[row for series in result.get("series", ()) for row in series.get("values", ())] for result in found]

    def series(self, statements: Sequence[str]) -> Iterator[tuple[Mapping[str, str], Rows]]:
        """Tags and rows of each series that the statements find, where they group by tags. Raises Unavailable."""
        for result in self._results(statements):
            for series in result.get("series", ()):
                yield series.get("tags", {}), series.get("values", [])

    def _results(self, statements: Sequence[str]) -> list[Any]:
        form = {"db": self._database, "q": ";".join(statements), "epoch": "ns"}
        try:
            answer = self._http.post("/query", data=form)
        except httpx.TransportError as error:
            raise unreachable(self._http, error) from error
        try:
            judge(answer.status_code, answer.text, None, access=self._access, place=self._place)
        except RefusedLines as error:
            raise Unavailable(f"InfluxDB refuses the query: {error}") from error
        results = orjson.loads(answer.content)["results"]
        wrong = [result["error"] for result in results if "error" in result]
        if wrong:
            raise Unavailable(f"InfluxDB: {wrong[0]}: check {self._place}")
        if any(series.get("partial") for result in results for series in result.get("series", ())):
            raise Unavailable("InfluxDB cuts its answers short: set max-row-limit = 0 in its configuration")
        return list(results)


class Curves:
    """Curves of points, read back from the measurement of readings."""

    def __init__(self, *, catalogue: Catalogue, influxql: InfluxQL) -> None:
        self._catalogue = catalogue
        self._influxql = influxql

    def __call__(self, point: int, start: int, end: int, most: int) -> Curve:
        """Rows of a point in [start, end]: all when they are `most` at most, else the extremes of as many buckets."""
        tag = quoted(plain(self._catalogue.points[point].id))
        source = f"FROM {READING} WHERE point = {tag} AND time >= {start} AND time <= {end}"
        extent = [f"SELECT {chosen}({VALUE}) {source}" for chosen in ("COUNT", "FIRST", "LAST")]
        count, first, last = self._influxql.ask(*extent)
        if not count or count[0][1] == 0:
            return _columns([])
        if count[0][1] <= most:
            return _columns(self._influxql.ask(f"SELECT {VALUE}, {QUALITY} {source}")[0])
        width = width_ns(first[0][0], last[0][0], most)
        # With TOP and BOTTOM a row keeps its own time, where MIN and MAX would give that of the bucket.
        buckets = f"GROUP BY time({width}ns, {first[0][0] % width}ns) fill(none)"
        chosen = [f"SELECT {extreme}({VALUE}, 1), {QUALITY} {source} {buckets}" for extreme in ("BOTTOM", "TOP")]
        return _columns([row for rows in self._influxql.ask(*chosen) for row in rows])


class Recall:
    """Values of given points and times, read back from the measurement of readings."""

    def __init__(self, *, catalogue: Catalogue, influxql: InfluxQL) -> None:
        self._names = [plain(point.id) for point in catalogue.points]
        self._influxql = influxql

    def __call__(self, point: Int32s, time: Int64s) -> Floats:
        """The value stored for each (point, time), float64 (n,), NaN where there is none."""
        found = np.full(len(point), math.nan)
        if len(point) == 0:
            return found
        wanted: dict[tuple[str, int], list[int]] = {}
        for row, key in enumerate(zip(map(self._names.__getitem__, point.tolist()), time.tolist(), strict=True)):
            wanted.setdefault(key, []).append(row)
        statements = list(self._statements(point, time))
        for at in range(0, len(statements), STATEMENTS_A_REQUEST):
            for tags, rows in self._influxql.series(statements[at : at + STATEMENTS_A_REQUEST]):
                for when, value in rows:
                    found[wanted.get((tags["point"], when), [])] = value
        return found

    def _statements(self, point: Int32s, time: Int64s) -> Iterator[str]:
        for rows in clusters(time, joined=False):
            # All rows of these points between the first and the last key are read: hence short clusters.
            bounds = f"time >= {time[rows[0]]} AND time <= {time[rows[-1]]}"
            names = [self._names[index] for index in np.unique(point[rows]).tolist()]
            for at in range(0, len(names), POINTS_A_STATEMENT):
                tags = " OR ".join(f"point = {quoted(name)}" for name in names[at : at + POINTS_A_STATEMENT])
                yield f"SELECT {VALUE} FROM {READING} WHERE ({tags}) AND {bounds} GROUP BY point"


def _columns(rows: Rows) -> Curve:
    return in_order(
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1] for row in rows], np.float64),
        np.array([row[2] for row in rows], np.uint8),
    )
