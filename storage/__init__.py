"""The log of reading blocks, the telemetry stores, and the ledger of alarms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from ganzhi.errors import Fault
from ganzhi.records import AlarmEvent, Floats, Int32s, Int64s, ReadingBlock, RiskColour
from storage.consumer import Backlog, Batch, Consumer
from storage.curve import Curve
from storage.delivery import Rejected
from storage.duckdb import DuckDBStore
from storage.influxdb1 import influxdb1_store
from storage.influxdb2 import influxdb2_store
from storage.ledger import Ledger
from storage.log import Log

__all__ = [
    "KINDS",
    "Backlog",
    "Batch",
    "BlockLog",
    "BlockReader",
    "Consumer",
    "Curve",
    "DuckDBStore",
    "EventStore",
    "History",
    "Ledger",
    "Log",
    "Rejected",
    "Store",
    "TelemetryStore",
    "influxdb1_store",
    "influxdb2_store",
]


class BlockReader(Protocol):
    """A consumer of the log, and all that may be assumed of one: it may see only some of the enterprises."""

    def read(self, max_rows: int = ..., timeout_s: float = ...) -> Batch | None: ...
    def commit(self, batch: Batch) -> None: ...
    def seek(self, seq: int) -> None: ...


class BlockLog(Protocol):
    """The log as those see it who feed it and those who open readers of it."""

    def append(self, blocks: Sequence[ReadingBlock] | ReadingBlock, counters: Mapping[str, int]) -> int: ...
    def counters(self) -> dict[str, int]: ...
    def reader(self, name: str) -> BlockReader: ...


class TelemetryStore(Protocol):
    """Where readings are kept for people. Every method raises Unavailable while the store is.

    write     stores the block that ends at `seq`, again if need be; the row numbers it will not take, normally none
    position  the last seq written, where the store can say; the consumer then seeks it
    prune     deletes what is older than its retention, where that is not the far side's own affair; how many readings
    """

    def write(self, block: ReadingBlock, seq: int) -> NDArray[np.intp]: ...
    def position(self) -> int | None: ...
    def prune(self, now: int) -> int: ...


class History(Protocol):
    """Readings read back. Both methods raise Unavailable while the store is.

    curve   a point's rows in [start, end], `most` at most, every peak among them: time, value, quality
    recall  the value stored for each (point, time), float64 (n,), NaN where there is none
    """

    def curve(self, point: int, start: int, end: int, most: int) -> Curve: ...
    def recall(self, point: Int32s, time: Int64s) -> Floats: ...


class EventStore(Protocol):
    """Where alarms, risk colours and the pipeline's own figures are kept for people."""

    def record(self, events: Sequence[AlarmEvent], colours: Sequence[RiskColour]) -> None: ...
    def record_pipeline(self, now: int, counters: Mapping[str, float]) -> None: ...
    def close(self) -> None: ...


class Store(TelemetryStore, History, EventStore, Protocol):
    """What every kind is: these three, and a context manager.

    rejected  rows that it would not take since the start, and the newest of them with its words
    verify    what keeps it from working, in a sentence that names the setting, or None
    """

    @property
    def rejected(self) -> Rejected: ...
    def verify(self) -> Fault | None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...


KINDS: Mapping[str, Callable[..., Store]] = {
    "duckdb": DuckDBStore,
    "influxdb1": influxdb1_store,
    "influxdb2": influxdb2_store,
}
"""The kinds of [store], by name."""
