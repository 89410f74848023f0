"""InfluxDB as the telemetry store; which generation it is only its `Server` knows.

All generations take the same lines and are read by the same InfluxQL. A reading that is written again replaces
itself, so a block may be repeated after any failure; none can say how far it has come.
"""

from __future__ import annotations

import contextlib
import gzip
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from ganzhi.errors import Fault, Unavailable
from ganzhi.records import AlarmEvent, Catalogue, Floats, Int32s, Int64s, ReadingBlock, RiskColour
from storage.curve import Curve
from storage.delivery import Delivery, RefusedLines, Rejected
from storage.influxql import Curves, InfluxQL, Recall
from storage.line import ReadingLines, event_lines, pipeline_lines

TIMEOUT_S = 10.0
URL = "[store] url"
GZIP_LEVEL = 1
"""A sixth of the bytes at 2 million lines a second; level 6 takes three times as long for an eighth less."""


def packed(lines: bytes) -> bytes:
    """Lines as they go over the wire."""
    return gzip.compress(lines, GZIP_LEVEL)


class Server(Protocol):
    """One generation of InfluxDB.

    send     writes lines; raises Unavailable to try all of them again later, RefusedLines when some are bad
    verify   what keeps it from working, or None
    """

    influxql: InfluxQL

    def send(self, lines: bytes) -> None: ...
    def verify(self) -> Fault | None: ...
    def close(self) -> None: ...


class InfluxDBStore:
    """Readings, alarms, risk colours and the pipeline's counters in InfluxDB.

    Safe to call from several threads. Every method raises Unavailable while the server cannot be written or read;
    lines that it refuses for good are counted in `rejected`, with the newest of them and the server's words.
    """

    def __init__(self, server: Server, catalogue: Catalogue) -> None:
        self._server = server
        self._reading_lines = ReadingLines(catalogue)
        self._deliver = Delivery(server.send)
        self._curves = Curves(catalogue=catalogue, influxql=server.influxql)
        self._recall = Recall(catalogue=catalogue, influxql=server.influxql)
        self._away = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def rejected(self) -> Rejected:
        """Lines the server would not take."""
        return self._deliver.rejected

    def verify(self) -> Fault | None:
        """What keeps the store from working, in a sentence that names the setting, or None."""
        return self._server.verify()

    def write(self, block: ReadingBlock, seq: int) -> NDArray[np.intp]:
        """Write the readings of the block that ends at `seq`; the row numbers that the server refuses for good."""
        with self._there():
            return self._deliver(self._reading_lines(block))

    def position(self) -> int | None:
        """None: InfluxDB cannot say which block it has."""
        return None

    def curve(self, point: int, start: int, end: int, most: int) -> Curve:
        """Rows of a point in [start, end]: all when they are `most` at most, else the extremes of as many buckets."""
        return self._curves(point, start, end, most)

    def recall(self, point: Int32s, time: Int64s) -> Floats:
        """The value stored for each (point, time), float64 (n,); NaN where there is none."""
        return self._recall(point, time)

    def record(self, events: Sequence[AlarmEvent], colours: Sequence[RiskColour]) -> None:
        """Write lines of the journal and risk colours."""
        with self._there():
            self._deliver(event_lines(events, colours))

    def record_pipeline(self, now: int, counters: Mapping[str, float]) -> None:
        """Write the pipeline's counters of a moment."""
        self._deliver(pipeline_lines(now, counters))

    def prune(self, now: int) -> int:
        """0: how long readings are kept is the server's own affair."""
        return 0

    def close(self) -> None:
        """Close the connections."""
        self._server.close()

    @contextlib.contextmanager
    def _there(self) -> Iterator[None]:
        """After a failure the server is tried with nothing at all first: no lines are made for one still away."""
        if self._away:
            with contextlib.suppress(RefusedLines):
                self._server.send(b"")
        try:
            yield
        except Unavailable:
            self._away = True
            raise
        self._away = False
