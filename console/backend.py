"""What the console asks of the platform: a record of callables that `ganzhi.app` supplies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict
from zoneinfo import ZoneInfo

import numpy as np

from ganzhi.records import Alarm, AlarmEvent, Bytes, Catalogue, Floats, Int32s, Int64s, RiskColour, Rule, Text

NEVER = int(np.iinfo(np.int64).min)
"""The time of a point that has never reported."""

Columns = tuple[Int64s, Floats, Bytes]
"""time (UTC ns), value (in the point's unit) and quality (with the SIMULATED bit), all of shape (n,)."""


class Mqtt(TypedDict):
    """State of the MQTT session; `since` is when it last changed, ms; `outstanding` messages not yet acknowledged."""

    connected: bool
    url: str
    since: int | None
    outstanding: int
    error: str


class Counters(TypedDict):
    """Every inbound reading ends in one of five; received = the five, accepted + late = stored + backlog."""

    received: int
    accepted: int
    late: int
    duplicate: int
    rejected: int
    unknown: int
    stored: int
    backlog: int


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
    error: str


class Rates(TypedDict):
    """Present flow."""

    readings_per_s: float
    messages_per_s: float


class Delay(TypedDict):
    """From our clock at arrival to the alarm event; None until something was measured."""

    p50: float | None
    p99: float | None


class Health(TypedDict):
    """How the platform itself is; every time in ms."""

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


@dataclass(frozen=True, slots=True)
class Backend:
    """The platform as the console sees it. Callables are called from worker threads, several at once.

    alarms       active alarms, worst first
    history      the newest `limit` lines of the journal, newest first
    acknowledge  (alarm id, person, comment) -> the journal line; raises Refused
    latest       points int32 (n,) -> Columns (n,); time NEVER for a point that has not reported
    curve        (point, start ns, end ns, most rows) -> Columns in order of time; may raise Unavailable
    colours      the risk colour of every source that has one
    """

    catalogue: Catalogue
    rules: Sequence[Rule]
    zone: ZoneInfo
    language: Literal["zh", "en"]
    site_name: Text
    alarms: Callable[[], list[Alarm]]
    history: Callable[[int], list[AlarmEvent]]
    acknowledge: Callable[[str, str, str], AlarmEvent]
    latest: Callable[[Int32s], Columns]
    curve: Callable[[int, int, int, int], Columns]
    colours: Callable[[], list[RiskColour]]
    health: Callable[[], Health]
