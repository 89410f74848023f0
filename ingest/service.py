"""Ingest: from MQTT messages to committed blocks, with every reading counted once."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import orjson

from ganzhi.clock import NS_PER_S, Clock
from ganzhi.errors import BadPayload
from ganzhi.records import Catalogue, Int32s, Int64s, ReadingBlock, tick
from ingest.admission import Admission, Mask
from ingest.bulk import Messages
from ingest.codecs import KINDS
from ingest.column import Columns
from ingest.counter import Counters
from ingest.route import Gateway, Route, Router

log = logging.getLogger(__name__)

TICK_NS = NS_PER_S
"""While nothing comes, one tick a second says that we were listening."""
STATE_SUFFIX = b"/state"
OUTBOUND_SUFFIXES = (b"/receipt", b"/alarm")
"""Topics below the watched root that the platform itself publishes."""


class BlockLog(Protocol):
    """What ingest needs of the durable log."""

    def append(self, blocks: Sequence[ReadingBlock], counters: Mapping[str, int]) -> int: ...
    def contains(self, point: Int32s, time: Int64s) -> Mask: ...


@dataclass(frozen=True, slots=True)
class GatewayView:
    """One gateway on the health page. `skew_s`: how far its clock is from ours, at its last message."""

    enterprise: str
    gateway: str
    last_ms: int
    readings: int
    skew_s: float
    online: bool | None


class Ingest:
    """Receives messages, decodes and judges them, and commits blocks to the log.

    `receive`, `commit` and `idle` are called by the session's thread alone; the views by anyone.

    newest   int64 (n_points,), the newest time of every point, as the log remembers it
    totals   the counters of earlier runs, as the log remembers them
    """

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        routes: Sequence[Route],
        log: BlockLog,
        newest: Int64s,
        totals: Mapping[str, int],
        clock: Clock,
        ahead_s: float = 300.0,
        max_payload_bytes: int = 1 << 20,
    ) -> None:
        tags: dict[str, dict[str, int]] = {name: {} for name in catalogue.enterprises}
        units: dict[str, dict[str, str]] = {name: {} for name in catalogue.enterprises}
        for index, point in enumerate(catalogue.points):
            tags[point.enterprise][point.tag] = index
            units[point.enterprise][point.tag] = point.unit
        for route in routes:
            if route.codec not in KINDS:
                raise ValueError(f"route {route.pattern!r}: no codec {route.codec!r}; there is {', '.join(KINDS)}")
        self.router = Router(routes, tags=tags, units=units)
        self.counters = Counters()
        self.counters.resume(totals)
        self._admission = Admission(newest=newest, ahead_ns=int(ahead_s * NS_PER_S), seen=self._seen)
        self._log = log
        self._clock = clock
        self._max_payload_bytes = max_payload_bytes
        self._pending: list[ReadingBlock] = []
        self._last_now = 0

    def receive(self, messages: Messages) -> None:
        """Decode a batch and judge its readings. Never raises for what is in the messages."""
        now = self._now()
        columns = Columns()
        for topic, payload in zip(messages.topics, messages.payloads, strict=True):
            gateway = self.router.gateways.get(topic) or self.router.find(topic)
            if gateway is None:
                self._off_route(topic, payload, now)
            else:
                self._decode(topic, payload, gateway, columns, now)
        self.counters.messages += len(messages)
        self._judge(columns, now)

    def commit(self) -> None:
        """Make what was received durable. Raises Unavailable and keeps it all where the log cannot."""
        if self._pending:
            self._log.append(self._pending, self.counters.totals())
            self._pending.clear()

    def idle(self) -> bool:
        """Add a tick when no block has been for a second; whether there is one to commit."""
        if self._clock() - self._last_now < TICK_NS:
            return False
        self._pending.append(tick(self._now()))
        return True

    def gateways(self) -> list[GatewayView]:
        """The gateways that have sent data, the latest first."""
        views = [
            GatewayView(
                gateway.enterprise,
                gateway.name,
                gateway.received // 1_000_000,
                gateway.readings,
                gateway.time_ms / 1000 - gateway.received / NS_PER_S,
                gateway.online,
            )
            for gateway in list(self.router.gateways.values())
            if gateway.messages
        ]
        return sorted(views, key=lambda view: -view.last_ms)

    def _now(self) -> int:
        """Our clock; where it was set back, the last moment again, so that `received` never falls."""
        self._last_now = max(self._clock(), self._last_now)
        return self._last_now

    def _decode(self, topic: bytes, payload: bytes, gateway: Gateway, columns: Columns, now: int) -> None:
        counters = self.counters

        def reject(reason: str, sample: str) -> None:
            counters.reject(reason, topic=topic.decode("utf-8", "replace"), sample=sample, at=now)

        def unknown(tag: str) -> None:
            counters.meet_unknown(gateway.enterprise, gateway.name, tag, at=now)

        count = 1
        try:
            if len(payload) > self._max_payload_bytes:
                raise BadPayload("too_large")
            count = KINDS[gateway.codec](payload, gateway, columns, reject, unknown)
        except BadPayload as bad:
            reject(bad.reason, repr(payload[:400]))
        counters.received += count
        gateway.readings += count
        gateway.messages += 1
        gateway.received = now

    def _off_route(self, topic: bytes, payload: bytes, now: int) -> None:
        if topic.endswith(OUTBOUND_SUFFIXES):
            return
        if topic.endswith(STATE_SUFFIX) and self._note_state(topic, payload):
            return
        self.counters.received += 1
        self.counters.reject(
            "unrouted_topic", topic=topic.decode("utf-8", "replace"), sample=repr(payload[:400]), at=now
        )

    def _note_state(self, topic: bytes, payload: bytes) -> bool:
        """Keep a gateway's birth or last will; False where the topic or the payload is none."""
        gateway = self.router.find(topic.removesuffix(STATE_SUFFIX) + b"/data")
        if gateway is None:
            return False
        try:
            state = orjson.loads(payload) if payload else {}
        except orjson.JSONDecodeError:
            return False
        online = state.get("online") if isinstance(state, dict) else None
        if isinstance(online, bool):
            gateway.online = online
        return True

    def _judge(self, columns: Columns, now: int) -> None:
        point, time, value, quality = columns.arrays()
        if not len(point):
            return
        verdict = self._admission.judge(point, time, value, quality, now)
        self.counters.accepted += verdict.accepted
        self.counters.late += verdict.late
        self.counters.duplicate += verdict.duplicate
        for reason, rows in verdict.refused.items():
            last = int(rows[-1])
            sample = f"point {int(point[last])}: time {int(time[last])} ns, value {float(value[last])!r}"
            self.counters.reject(reason, topic="", sample=sample, at=now, count=len(rows))
        if len(verdict.block):
            self._pending.append(verdict.block)

    def _seen(self, point: Int32s, time: Int64s) -> Mask:
        """Whether these readings are in the log, or wait for it."""
        seen = self._log.contains(point, time)
        for block in self._pending:
            keys = set(zip(block.point.tolist(), block.time.tolist(), strict=True))
            seen |= np.fromiter(
                (key in keys for key in zip(point.tolist(), time.tolist(), strict=True)), np.bool_, len(point)
            )
        return seen
