"""What the platform tells of itself, in the form in which the API answers it: every time in ms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict


class Mqtt(TypedDict):
    """State of the MQTT session; `since` is when it last changed, ms; `outstanding` messages not yet acknowledged."""

    connected: bool
    url: str
    since: int | None
    outstanding: int
    error: str


class Counters(TypedDict):
    """Every inbound reading ends in one of five; received = the five, accepted + late = stored + backlog.

    conflict   those of `duplicate` whose value was another than the one kept; not a sixth end
    """

    received: int
    accepted: int
    late: int
    duplicate: int
    rejected: int
    unknown: int
    stored: int
    backlog: int
    conflict: int


class Conflict(TypedDict):
    """Two values for one point and time: the first stays, the second is refused; times in ms."""

    enterprise: str
    point: str
    time: int
    kept: float
    refused: float
    at: int


class EnterpriseCounters(TypedDict):
    """The readings of one enterprise since this start of the process; `conflict` is a part of `duplicate`."""

    received: int
    accepted: int
    late: int
    duplicate: int
    rejected: int
    unknown: int
    conflict: int


class Rejected(TypedDict):
    """Payloads refused for one reason, with one sample of them; `at` in ms."""

    count: int
    sample: str
    topic: str
    at: int


class UnknownPoint(TypedDict):
    """A tag that a gateway sends and the catalogue does not hold (待登记测点); `at` in ms."""

    enterprise: str
    gateway: str
    tag: str
    count: int
    at: int


class Gateway(TypedDict):
    """A gateway that was heard: its last message (ms), its readings, how far its clock is ahead of ours."""

    enterprise: str
    gateway: str
    last: int
    readings: int
    skew_s: float


class Consumer(TypedDict):
    """A consumer of the log, how much it has still to read, and why it stands still ("" if it does not)."""

    name: str
    backlog_rows: int
    backlog_s: float
    backlog_bytes: int
    error: str


class Rates(TypedDict):
    """Present flow."""

    readings_per_s: float
    messages_per_s: float


class Delay(TypedDict):
    """From our clock at arrival to the alarm event; None until something was measured."""

    p50: float | None
    p99: float | None


class Words(TypedDict):
    """A sentence for people."""

    zh: str
    en: str


class Condition(TypedDict):
    """What is wrong with the platform itself now: a full disk, a store that stays behind; `since` in ms."""

    id: str
    tier: int
    text: Words
    since: int


class Log(TypedDict):
    """The log on its disk; the time of a commit is None until one was measured."""

    bytes: int
    free_bytes: int
    commit_p50_ms: float | None
    commit_p99_ms: float | None
    pending_rows: int


class StoreRefused(TypedDict):
    """Rows that the telemetry store will not take, and one of them."""

    count: int
    sample: str


class Snapshot(TypedDict):
    """The newest saved state of detection; `at` in ms, None before the first; `error` why the last was not saved."""

    at: int | None
    seq: int
    bytes: int
    error: str


class Health(TypedDict):
    """How the platform itself is; every time in ms.

    conflicts    newest first, at most 50
    conditions   worst first
    enterprises  by id; "" holds what came on topics of no known enterprise
    """

    now: int
    started: int
    mqtt: Mqtt
    counters: Counters
    rejected_by_reason: Mapping[str, Rejected]
    unknown_points: Sequence[UnknownPoint]
    gateways: Sequence[Gateway]
    consumers: Sequence[Consumer]
    rates: Rates
    delay_ms: Delay
    conflicts: Sequence[Conflict]
    conditions: Sequence[Condition]
    enterprises: Mapping[str, EnterpriseCounters]
    log: Log
    store_refused: StoreRefused
    snapshot: Snapshot
