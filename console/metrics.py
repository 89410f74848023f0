"""The health record as Prometheus reads it: base units, a registry of its own, nothing global to the process."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from console.feed import Feed
from console.health import Condition, Consumer, EnterpriseCounters, Health
from ganzhi.records import Tier

ENDS: tuple[Literal["accepted", "late", "duplicate", "rejected", "unknown"], ...]
ENDS = ("accepted", "late", "duplicate", "rejected", "unknown")
MS_PER_S = 1000.0

Labels = tuple[str, ...]
Samples = Iterable[tuple[Labels, float | None]]
"""Values of the labels, and the figure; None where nothing was measured yet: that sample is left out."""


@dataclass(frozen=True, slots=True)
class _Family:
    kind: Literal["counter", "gauge", "summary"]
    name: str
    text: str
    labels: Labels
    read: Callable[[Health, Feed], Samples]


class Metrics:
    """What `GET /metrics` answers; may be asked from several threads at once."""

    def __init__(self, health: Callable[[], Health], feed: Feed) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_HealthCollector(health, feed))
        ProcessCollector(registry=self._registry)

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """The figures of now and their content type, in the format that the scraper's Accept header asks for."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


class _HealthCollector(Collector):
    def __init__(self, health: Callable[[], Health], feed: Feed) -> None:
        self._health = health
        self._feed = feed

    def collect(self) -> Iterator[Metric]:
        health = self._health()
        for family in FAMILIES:
            yield _metric(family, family.read(health, self._feed))


def _metric(family: _Family, samples: Samples) -> Metric:
    metric = Metric(family.name, family.text, family.kind)
    name = f"{family.name}_total" if family.kind == "counter" else family.name
    found: dict[Labels, float] = {}
    for labels, figure in samples:  # a series that came twice would make Prometheus refuse the whole page
        if figure is not None and not math.isnan(figure):
            found[labels] = max(float(figure), found.get(labels, -math.inf))
    for labels, value in found.items():
        metric.add_sample(name, dict(zip(family.labels, labels, strict=True)), value)
    return metric


def _one(figure: float | None) -> Samples:
    return [((), figure)]


def _by_enterprise(health: Health, read: Callable[[EnterpriseCounters], int]) -> Samples:
    return [((enterprise,), read(counters)) for enterprise, counters in health["enterprises"].items()]


def _by_end(health: Health) -> Samples:
    return [((owner, end), counters[end]) for owner, counters in health["enterprises"].items() for end in ENDS]


def _by_consumer(health: Health, read: Callable[[Consumer], float]) -> Samples:
    return [((consumer["name"],), read(consumer)) for consumer in health["consumers"]]


def _quantiles(median_ms: float | None, high_ms: float | None) -> Samples:
    return [
        ((quantile,), None if figure is None else figure / MS_PER_S)
        for quantile, figure in (("0.5", median_ms), ("0.99", high_ms))
    ]


def _snapshot_age(health: Health) -> float | None:
    at = health["snapshot"]["at"]
    return None if at is None else max(0, health["now"] - at) / MS_PER_S


def _condition(condition: Condition) -> Labels:
    return condition["id"], Tier(condition["tier"]).name.lower()


FAMILIES: tuple[_Family, ...] = (
    _Family(
        "counter", "ganzhi_readings_received", "Readings received since the start, by the enterprise that sent them.",
        ("enterprise",), lambda health, _: _by_enterprise(health, lambda counters: counters["received"]),
    ),
    _Family(
        "counter", "ganzhi_readings", "Readings since the start by the one end that each came to; their sum is all.",
        ("enterprise", "end"), lambda health, _: _by_end(health),
    ),
    _Family(
        "counter", "ganzhi_conflicts", "Duplicate readings since the start whose value was not the one kept.",
        ("enterprise",), lambda health, _: _by_enterprise(health, lambda counters: counters["conflict"]),
    ),
    _Family(
        "counter", "ganzhi_rejected", "What was rejected, by reason.", ("reason",),
        lambda health, _: [((reason,), entry["count"]) for reason, entry in health["rejected_by_reason"].items()],
    ),
    _Family(
        "gauge", "ganzhi_messages_per_second", "MQTT messages a second at present.", (),
        lambda health, _: _one(health["rates"]["messages_per_s"]),
    ),
    _Family(
        "gauge", "ganzhi_mqtt_connected", "1 while the MQTT session is up, else 0.", (),
        lambda health, _: _one(health["mqtt"]["connected"]),
    ),
    _Family(
        "gauge", "ganzhi_mqtt_acknowledgements_outstanding", "Messages received and not yet acknowledged.", (),
        lambda health, _: _one(health["mqtt"]["outstanding"]),
    ),
    _Family(
        "gauge", "ganzhi_log_size_bytes", "Size of the log on disk.", (),
        lambda health, _: _one(health["log"]["bytes"]),
    ),
    _Family(
        "gauge", "ganzhi_log_free_bytes", "Free space of the disk that holds the log.", (),
        lambda health, _: _one(health["log"]["free_bytes"]),
    ),
    _Family(
        "gauge", "ganzhi_log_pending_rows", "Rows that wait for their commit to the log.", (),
        lambda health, _: _one(health["log"]["pending_rows"]),
    ),
    _Family(
        "summary", "ganzhi_log_commit_seconds", "Time that a commit to the log takes.", ("quantile",),
        lambda health, _: _quantiles(health["log"]["commit_p50_ms"], health["log"]["commit_p99_ms"]),
    ),
    _Family(
        "gauge", "ganzhi_consumer_lag_rows", "Rows of the log that a consumer has still to read.", ("consumer",),
        lambda health, _: _by_consumer(health, lambda consumer: consumer["backlog_rows"]),
    ),
    _Family(
        "gauge", "ganzhi_consumer_lag_seconds", "Age of the oldest row that a consumer has still to read.",
        ("consumer",), lambda health, _: _by_consumer(health, lambda consumer: consumer["backlog_s"]),
    ),
    _Family(
        "gauge", "ganzhi_consumer_lag_bytes", "Disk use of what a consumer has still to read.", ("consumer",),
        lambda health, _: _by_consumer(health, lambda consumer: consumer["backlog_bytes"]),
    ),
    _Family(
        "gauge", "ganzhi_consumer_error", "1 while a consumer, such as a store, stands still for an error, else 0.",
        ("consumer",), lambda health, _: _by_consumer(health, lambda consumer: consumer["error"] != ""),
    ),
    _Family(
        "counter", "ganzhi_stored_rows", "Rows that the telemetry store has worked off since the log began.", (),
        lambda health, _: _one(health["counters"]["stored"]),
    ),
    _Family(
        "gauge", "ganzhi_backlog_rows", "Accepted and late rows that wait for the telemetry store.", (),
        lambda health, _: _one(health["counters"]["backlog"]),
    ),
    _Family(
        "counter", "ganzhi_store_refused_rows", "Rows that the telemetry store will not take.", (),
        lambda health, _: _one(health["store_refused"]["count"]),
    ),
    _Family(
        "summary", "ganzhi_detection_delay_seconds", "From the arrival of a reading to its alarm.", ("quantile",),
        lambda health, _: _quantiles(health["delay_ms"]["p50"], health["delay_ms"]["p99"]),
    ),
    _Family(
        "gauge", "ganzhi_snapshot_age_seconds", "Age of the newest saved state of detection.", (),
        lambda health, _: _one(_snapshot_age(health)),
    ),
    _Family(
        "gauge", "ganzhi_snapshot_size_bytes", "Size of the newest saved state of detection.", (),
        lambda health, _: _one(health["snapshot"]["bytes"]),
    ),
    _Family(
        "gauge", "ganzhi_snapshot_error", "1 while the state of detection cannot be saved, else 0.", (),
        lambda health, _: _one(health["snapshot"]["error"] != ""),
    ),
    _Family(
        "gauge", "ganzhi_condition", "1 for everything that is wrong with the platform itself now.",
        ("condition", "tier"), lambda health, _: [(_condition(condition), 1) for condition in health["conditions"]],
    ),
    _Family(
        "gauge", "ganzhi_start_time_seconds", "When the platform started, Unix time.", (),
        lambda health, _: _one(health["started"] / MS_PER_S),
    ),
    _Family(
        "gauge", "ganzhi_feed_subscribers", "Pages that listen to the console's event stream.", (),
        lambda _, feed: _one(feed.subscribers),
    ),
    _Family(
        "counter", "ganzhi_feed_events", "Events published to pages.", (), lambda _, feed: _one(feed.published),
    ),
    _Family(
        "counter", "ganzhi_feed_resyncs", "Times that a page fell behind and was told to fetch again.", (),
        lambda _, feed: _one(feed.resyncs),
    ),
)  # fmt: skip
"""Every metric of ours. Messages come as a rate only, for Health holds no count of them."""
