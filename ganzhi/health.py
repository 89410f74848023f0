"""The health page: gathers what every part knows of itself, and never waits for a part that is down."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ganzhi.clock import NS_PER_MS, Clock
from ganzhi.errors import Unavailable
from ganzhi.keeper import Kept
from ganzhi.latest import Delay, Rate
from ganzhi.worker import Worker

MOST_LISTED = 200
MS_PER_S = 1000.0


class Backlog(Protocol):
    """What a consumer of the log has still to do."""

    @property
    def rows(self) -> int: ...
    @property
    def age_s(self) -> float: ...
    @property
    def bytes(self) -> int: ...


class Consumer(Protocol):
    """A named place in the log."""

    @property
    def name(self) -> str: ...
    def backlog(self) -> Backlog: ...


class Ingest(Protocol):
    """The counters and accounts of ingest and the gateways it has heard."""

    @property
    def counters(self) -> Any: ...
    @property
    def accounts(self) -> Any: ...
    @property
    def pending_rows(self) -> int: ...
    def gateways(self) -> Sequence[Any]: ...


@dataclass(frozen=True, slots=True)
class Inner:
    """What the health page shows of the service's inside.

    points, enterprises  id and enterprise of every point, by index
    commits_s            how long the last commits of the log took
    kept                 the saved state of detection; rejected: rows that the store will not take
    conditions           what is wrong with the platform itself, as the page shows it
    """

    points: Sequence[str]
    enterprises: Sequence[str]
    log_bytes: Callable[[], int]
    free_bytes: Callable[[], int]
    commits_s: Collection[float]
    kept: Callable[[], Kept]
    rejected: Callable[[], Any]
    conditions: Callable[[], list[dict[str, Any]]]


class Monitor:
    """Health as the console shows it: times in ms, counters that must close.

    stored    rows that the store has written, as the log counts them: rows up to its committed offset
    """

    def __init__(
        self,
        *,
        ingest: Ingest,
        status: Any,
        consumers: Sequence[tuple[Consumer, Worker]],
        others: Sequence[Worker],
        stored: Callable[[], int],
        delay: Delay,
        inner: Inner,
        clock: Clock,
    ) -> None:
        self._ingest = ingest
        self._inner = inner
        self._status = status
        self._consumers = consumers
        self._others = others
        self._stored = stored
        self._delay = delay
        self._rate = Rate()
        self._clock = clock
        self._started = clock()

    def counters(self) -> dict[str, int]:
        """received, the five ends, stored and backlog. Exact when the stream rests; within one block otherwise."""
        counters = self._ingest.counters.totals()
        stored = self._stored()
        counters["stored"] = stored
        counters["backlog"] = max(0, counters["accepted"] + counters["late"] - stored)
        return dict(counters)

    def __call__(self) -> dict[str, Any]:
        """All of it; see console.backend.Health for the form."""
        now = self._clock()
        counters = self.counters()
        messages = counters.pop("messages")
        readings_per_s, messages_per_s = self._rate.sample(now, counters["received"], messages)
        median, high = self._delay.percentiles()
        status = self._status
        return {
            "now": now // NS_PER_MS,
            "started": self._started // NS_PER_MS,
            "mqtt": {
                "connected": status.connected,
                "url": status.url,
                "since": None if status.since is None else status.since // NS_PER_MS,
                "outstanding": status.outstanding,
                "error": status.error,
            },
            "counters": counters,
            "rejected_by_reason": self._rejected(),
            "unknown_points": self._unknown(),
            "gateways": [
                {
                    "enterprise": gateway.enterprise,
                    "gateway": gateway.gateway,
                    "last": gateway.last_ms,
                    "readings": gateway.readings,
                    "skew_s": gateway.skew_s,
                }
                for gateway in self._ingest.gateways()[:MOST_LISTED]
            ],
            "consumers": [self._consumer(consumer, worker) for consumer, worker in self._consumers]
            + [
                {"name": w.name, "backlog_rows": 0, "backlog_s": 0.0, "backlog_bytes": 0, "error": w.error}
                for w in self._others
                if w.error
            ],
            "rates": {"readings_per_s": readings_per_s, "messages_per_s": messages_per_s},
            "delay_ms": {"p50": median, "p99": high},
            **self._inside(),
        }

    def _inside(self) -> dict[str, Any]:
        inner, counters = self._inner, self._ingest.counters
        commits = np.array(list(inner.commits_s)) * MS_PER_S
        kept, rejected = inner.kept(), inner.rejected()
        return {
            "conditions": inner.conditions(),
            "enterprises": self._ingest.accounts.totals(),
            "conflicts": [
                {
                    "enterprise": inner.enterprises[conflict.point],
                    "point": inner.points[conflict.point],
                    "time": conflict.time // NS_PER_MS,
                    "kept": conflict.kept,
                    "refused": conflict.refused,
                    "at": conflict.at // NS_PER_MS,
                }
                for conflict in reversed(counters.conflicts.copy())
            ],
            "log": {
                "bytes": inner.log_bytes(),
                "free_bytes": inner.free_bytes(),
                "commit_p50_ms": float(np.percentile(commits, 50)) if len(commits) else None,
                "commit_p99_ms": float(np.percentile(commits, 99)) if len(commits) else None,
                "pending_rows": self._ingest.pending_rows,
            },
            "store_refused": {"count": rejected.count, "sample": rejected.sample},
            "snapshot": {
                "at": None if kept.at is None else kept.at // NS_PER_MS,
                "seq": kept.seq,
                "bytes": kept.size_bytes,
                "error": kept.error,
            },
        }

    def lag(self) -> int:
        """Rows of the log that some consumer has not worked on yet."""
        return max(consumer.backlog().rows for consumer, _ in self._consumers)

    def record(self, write: Callable[[int, Mapping[str, float]], None]) -> None:
        """Hand the pipeline's own figures to the store; while it is down they are left out, and it says so itself."""
        figures: dict[str, float] = dict(self.counters())
        median, high = self._delay.percentiles()
        if median is not None and high is not None:
            figures |= {"delay_p50_ms": median, "delay_p99_ms": high}
        with suppress(Unavailable):
            write(self._clock(), figures)

    def _rejected(self) -> dict[str, dict[str, Any]]:
        return {
            reason: {
                "count": entry.count,
                "sample": entry.sample,
                "topic": entry.topic,
                "at": entry.at // NS_PER_MS,
            }
            for reason, entry in sorted(self._ingest.counters.reasons.copy().items())
        }

    def _unknown(self) -> list[dict[str, Any]]:
        points = sorted(self._ingest.counters.unknown_points.copy().values(), key=lambda point: -point.at)
        return [
            {
                "enterprise": point.enterprise,
                "gateway": point.gateway,
                "tag": point.tag,
                "count": point.count,
                "at": point.at // NS_PER_MS,
            }
            for point in points[:MOST_LISTED]
        ]

    def _consumer(self, consumer: Consumer, worker: Worker) -> dict[str, Any]:
        backlog = consumer.backlog()
        return {
            "name": consumer.name,
            "backlog_rows": backlog.rows,
            "backlog_s": backlog.age_s,
            "backlog_bytes": backlog.bytes,
            "error": worker.error,
        }
