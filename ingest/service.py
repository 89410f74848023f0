"""Ingest: from MQTT messages to committed blocks, with every reading counted once."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import orjson
from numpy.typing import NDArray

from ganzhi.clock import NS_PER_S, Clock
from ganzhi.errors import BadPayload, Unavailable
from ganzhi.records import Catalogue, ExternalEvent, Floats, Int32s, Int64s, ReadingBlock, Reconciled, tick
from ingest.account import NOBODY, Accounts
from ingest.admission import Admission, Recall
from ingest.bulk import Messages
from ingest.codecs import KINDS
from ingest.column import Columns
from ingest.counter import MOST_CONFLICTS, Conflict, Counters
from ingest.event import EventReader, enterprise_of
from ingest.receipt import Numbering, numbers_in, receipt_topic
from ingest.route import Gateway, Route, Router
from ingest.session import Outgoing

log = logging.getLogger(__name__)

RECEIPTS_NS = NS_PER_S
"""A gateway gets a receipt once a second at most."""
OLDER_AGAIN_NS = 30 * NS_PER_S
"""A store that did not answer is not asked again for so long: what comes in must not wait for it."""
TICK_NS = NS_PER_S
"""While nothing comes, one tick a second says that we were listening."""
STATE_SUFFIX = b"/state"
OUTBOUND_SUFFIXES = (b"/receipt", b"/alarm")
"""Topics below the watched root that the platform itself publishes."""


class BlockLog(Protocol):
    """What ingest needs of the durable log."""

    def append(
        self,
        blocks: Sequence[ReadingBlock],
        counters: Mapping[str, int],
        *,
        tallies: Sequence[Reconciled],
        receipts: Mapping[str, int],
    ) -> int: ...
    def recall(self, point: Int32s, time: Int64s) -> Floats: ...
    @property
    def oldest(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Memory:
    """What the log remembers of earlier runs.

    newest    int64 (n_points,), the newest time of every point
    totals    the counters; tallies: the accounts of the present hour; receipts: by topic
    """

    newest: Int64s
    totals: Mapping[str, int] = field(default_factory=dict)
    tallies: Sequence[Reconciled] = ()
    receipts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GatewayView:
    """One gateway on the health page. `skew_s`: how far its clock is from ours, at its last message."""

    enterprise: str
    gateway: str
    last_ms: int
    readings: int
    skew_s: float
    online: bool | None


@dataclass(frozen=True, slots=True)
class Will:
    """Whether a gateway is there, by its birth message or last will."""

    enterprise: str
    gateway: str
    online: bool | None


class Ingest:
    """Receives messages, decodes and judges them, and commits blocks to the log.

    `receive`, `commit` and `idle` are called by the session's thread alone; the views by anyone.

    memory   what the log remembers
    events   reads external events and keeps them, before they are acknowledged; None: their topic is not routed
    older    recalls readings from before the log's oldest block from the telemetry store; may raise Unavailable, and
             the readings are then let in as late: the store keeps one value a point and time whatever is written
    """

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        routes: Sequence[Route],
        log: BlockLog,
        memory: Memory,
        older: Recall,
        clock: Clock,
        events: EventReader | None = None,
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
        self.router = Router(routes, tags=tags, units=units, receipts=memory.receipts)
        self.counters = Counters()
        self.counters.resume(memory.totals)
        self.accounts = Accounts(
            enterprises=list(catalogue.enterprises),
            point_enterprise=[point.enterprise for point in catalogue.points],
            saved=memory.tallies,
        )
        self._ahead_ns = int(ahead_s * NS_PER_S)
        self._admission = Admission(newest=memory.newest, ahead_ns=self._ahead_ns, recall=self._recall)
        self._log = log
        self._older = older
        self._event_reader = events
        self._events: list[ExternalEvent] = []
        self._clock = clock
        self._max_payload_bytes = max_payload_bytes
        self._pending: list[ReadingBlock] = []
        self._last_now = 0
        self._logged_at = 0
        self._told_at = 0
        self._older_after = 0
        self._untold: dict[str, int] = {}
        self._numbered: dict[str, Numbering] = {}

    def receive(self, messages: Messages) -> None:
        """Decode a batch and judge its readings. Never raises for what is in the messages."""
        now = self._now()
        self.accounts.turn(now)
        columns = Columns()
        for topic, payload in zip(messages.topics, messages.payloads, strict=True):
            gateway = self.router.gateways.get(topic) or self.router.find(topic)
            if gateway is None:
                self._off_route(topic, payload, now)
            else:
                self._decode(topic, payload, gateway, columns, now)
        self.counters.messages += len(messages)
        self._judge(columns, now)

    def commit(self) -> list[Outgoing]:
        """Make what was received durable; the receipts to publish. Raises Unavailable and keeps it all where the log
        cannot."""
        if self._events and self._event_reader is not None:
            self._event_reader.keep(self._events)
            self._events.clear()
        if not self._pending and self._last_now - self._logged_at >= TICK_NS:
            self._pending.append(tick(self._last_now))
        if not self._pending and not self._numbered:
            return []
        tallies = self.accounts.due()
        numbers = {topic: numbering.upto or 0 for topic, numbering in self._numbered.items()}
        self._log.append(self._pending, self.counters.totals(), tallies=tallies, receipts=numbers)
        self._pending.clear()
        self._logged_at = self._last_now
        self.accounts.kept(tallies)
        self._untold |= numbers
        for numbering in self._numbered.values():
            numbering.due = False
        self._numbered.clear()
        return self._receipts()

    @property
    def pending_rows(self) -> int:
        """Rows received that the log does not hold yet."""
        return sum(map(len, self._pending.copy()))

    def idle(self) -> bool:
        """Whether no block has been for a second, so that a tick is to be committed."""
        if self._clock() - self._logged_at < TICK_NS:
            return False
        self.accounts.turn(self._now())
        return True

    def wills(self) -> list[Will]:
        """Which gateways are there, by what they said of themselves, or by data that came after it."""
        return [
            Will(each.enterprise, each.name, each.received > each.stated or each.online)
            for each in list(self.router.gateways.values())
        ]

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
        counters, numbering, account = self.counters, gateway.numbering, self.accounts.of(gateway.enterprise)

        def reject(reason: str, sample: str) -> None:
            counters.reject(reason, topic=topic.decode("utf-8", "replace"), sample=sample, at=now)
            account.rejected += 1

        def unknown(tag: str) -> None:
            counters.meet_unknown(gateway.enterprise, gateway.name, tag, at=now)
            account.unknown += 1

        count = 1
        try:
            if len(payload) > self._max_payload_bytes:
                raise BadPayload("too_large")
            count = KINDS[gateway.codec](payload, gateway, columns, reject, unknown)
        except BadPayload as bad:
            reject(bad.reason, repr(payload[:400]))
            numbers = numbers_in(payload)
            numbering.note(numbers.get("seq"), numbers.get("oldest"))
        if numbering.due:
            self._numbered[topic.decode("utf-8", "replace")] = numbering
        counters.received += count
        account.received += count
        gateway.readings += count
        gateway.messages += 1
        gateway.received = now

    def _off_route(self, topic: bytes, payload: bytes, now: int) -> None:
        if topic.endswith(OUTBOUND_SUFFIXES):
            return
        if topic.endswith(STATE_SUFFIX) and self._note_state(topic, payload):
            return
        reason = "unrouted_topic"
        if self._event_reader is not None and (enterprise := enterprise_of(topic)) is not None:
            try:
                self._events.append(self._event_reader(payload, enterprise, now))
                return
            except BadPayload as bad:
                reason = bad.reason
        self.counters.received += 1
        account = self.accounts.of(NOBODY)
        account.received += 1
        account.rejected += 1
        self.counters.reject(reason, topic=topic.decode("utf-8", "replace"), sample=repr(payload[:400]), at=now)

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
            gateway.online, gateway.stated = online, self._last_now
        return True

    def _judge(self, columns: Columns, now: int) -> None:
        point, time, value, quality = columns.arrays()
        if not len(point):
            return
        verdict = self._admission.judge(point, time, value, quality, now)
        accounts, fresh, block = self.accounts, verdict.fresh, verdict.block
        self.counters.accepted += verdict.accepted
        accounts.judged("accepted", block.point if fresh is None else block.point[fresh])
        if fresh is not None:
            self.counters.late += verdict.late
            accounts.judged("late", block.point[~fresh])
        if verdict.duplicate is not None:
            self.counters.duplicate += verdict.duplicates
            accounts.judged("duplicate", verdict.duplicate.point)
            self._note_conflicts(verdict.duplicate, verdict.kept, verdict.conflicts)
        for reason, rows in verdict.refused.items():
            accounts.judged("rejected", point[rows])
            last = int(rows[-1])
            sample = f"point {int(point[last])}: time {int(time[last])} ns, value {float(value[last])!r}"
            self.counters.reject(reason, topic="", sample=sample, at=now, count=len(rows))
        if len(block):
            self._pending.append(block)

    def _note_conflicts(self, duplicate: ReadingBlock, kept: Floats, rows: NDArray[np.intp]) -> None:
        self.counters.conflict += len(rows)
        self.accounts.judged("conflict", duplicate.point[rows])
        for row in rows[-MOST_CONFLICTS:].tolist():
            point, time, value = int(duplicate.point[row]), int(duplicate.time[row]), float(duplicate.value[row])
            self.counters.conflicts.append(Conflict(point, time, float(kept[row]), value, duplicate.now))

    def _receipts(self) -> list[Outgoing]:
        """Receipts for all that is committed and not told yet, once a second at most."""
        if not self._untold or self._last_now - self._told_at < RECEIPTS_NS:
            return []
        self._told_at = self._last_now
        receipts = [Outgoing(receipt_topic(topic), b'{"seq":%d}' % n) for topic, n in self._untold.items()]
        self._untold.clear()
        return receipts

    def _recall(self, point: Int32s, time: Int64s) -> Floats:
        """What is kept of these readings: in the log, on the way to it, or in the store where the log was pruned."""
        kept = self._log.recall(point, time)
        if self._pending:
            self._recall_pending(point, time, kept)
        absent = np.flatnonzero(np.isnan(kept) & (time < self._log.oldest + self._ahead_ns))
        if len(absent) and self._last_now >= self._older_after:
            try:
                kept[absent] = self._older(point[absent], time[absent])
            except Unavailable as error:
                log.warning("late readings older than the log are let in unseen: %s", error)
                self._older_after = self._last_now + OLDER_AGAIN_NS
        return kept

    def _recall_pending(self, point: Int32s, time: Int64s, kept: Floats) -> None:
        rows: dict[tuple[int, int], list[int]] = {}
        for row, key in enumerate(zip(point.tolist(), time.tolist(), strict=True)):
            rows.setdefault(key, []).append(row)
        for block in self._pending:
            about = np.flatnonzero(np.isin(block.time, time))
            columns = (block.point[about].tolist(), block.time[about].tolist(), block.value[about].tolist())
            for key_point, key_time, value in zip(*columns, strict=True):
                kept[rows.get((key_point, key_time), [])] = value
