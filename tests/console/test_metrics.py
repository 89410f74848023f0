"""The metrics as Prometheus scrapes them from a real server, parsed back by its client's own parsers."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx
import pytest
from prometheus_client import REGISTRY
from prometheus_client.core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from console.feed import Feed
from console.metrics import FAMILIES, Metrics
from tests.console.busy import busy_plant
from tests.console.plant import NOW, Plant

OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.3"
BUSY = pytest.mark.parametrize("plant", [busy_plant], indirect=True)


def figures(families: list[Metric]) -> dict[tuple[str, ...], float]:
    """(name, values of the labels in the order of their names …) -> figure; a series that comes twice fails."""
    found: dict[tuple[str, ...], float] = {}
    for sample in (sample for family in families for sample in family.samples):
        key = (sample.name, *(value for _, value in sorted(sample.labels.items())))
        assert key not in found
        found[key] = sample.value
    return found


def scrape(http: httpx.Client) -> dict[tuple[str, ...], float]:
    answer = http.get("/metrics")
    assert answer.status_code == 200
    return figures(list(parse_text(answer.text)))


@BUSY
def test_every_figure_of_health_is_there_in_base_units(plant: Plant, http: httpx.Client) -> None:
    plant.feed.publish("colour", {})
    found = scrape(http)
    expected: dict[tuple[str, ...], float] = {
        ("ganzhi_readings_received_total", "haihe-storage"): 1_234_567,
        ("ganzhi_readings_received_total", ""): 9,
        ("ganzhi_readings_total", "accepted", "haihe-storage"): 1_233_000,
        ("ganzhi_readings_total", "late", "haihe-storage"): 1_000,
        ("ganzhi_readings_total", "duplicate", "haihe-storage"): 500,
        ("ganzhi_readings_total", "rejected", "haihe-storage"): 60,
        ("ganzhi_readings_total", "unknown", "haihe-storage"): 7,
        ("ganzhi_readings_total", "accepted", ""): 0,
        ("ganzhi_readings_total", "late", ""): 0,
        ("ganzhi_readings_total", "duplicate", ""): 0,
        ("ganzhi_readings_total", "rejected", ""): 9,
        ("ganzhi_readings_total", "unknown", ""): 0,
        ("ganzhi_conflicts_total", "haihe-storage"): 3,
        ("ganzhi_conflicts_total", ""): 0,
        ("ganzhi_rejected_total", "坏数值"): 69,
        ("ganzhi_messages_per_second",): 40.25,
        ("ganzhi_mqtt_connected",): 1,
        ("ganzhi_mqtt_acknowledgements_outstanding",): 18,
        ("ganzhi_log_size_bytes",): 5_368_709_120,
        ("ganzhi_log_free_bytes",): 734_003_200,
        ("ganzhi_log_pending_rows",): 410,
        ("ganzhi_log_commit_seconds", "0.5"): 0.00125,
        ("ganzhi_log_commit_seconds", "0.99"): 0.021,
        ("ganzhi_consumer_lag_rows", "detect"): 0,
        ("ganzhi_consumer_lag_rows", "store"): 35_235,
        ("ganzhi_consumer_lag_seconds", "detect"): 0,
        ("ganzhi_consumer_lag_seconds", "store"): 754,
        ("ganzhi_consumer_lag_bytes", "detect"): 0,
        ("ganzhi_consumer_lag_bytes", "store"): 3_670_016,
        ("ganzhi_consumer_error", "detect"): 0,
        ("ganzhi_consumer_error", "store"): 1,
        ("ganzhi_stored_rows_total",): 1_198_765,
        ("ganzhi_backlog_rows",): 35_235,
        ("ganzhi_store_refused_rows_total",): 2,
        ("ganzhi_detection_delay_seconds", "0.5"): 0.0125,
        ("ganzhi_detection_delay_seconds", "0.99"): 0.048,
        ("ganzhi_snapshot_age_seconds",): 45,
        ("ganzhi_snapshot_size_bytes",): 812_345,
        ("ganzhi_snapshot_error",): 0,
        ("ganzhi_condition", "log.full", "red"): 1,
        ("ganzhi_condition", "store.behind", "yellow"): 1,
        ("ganzhi_start_time_seconds",): NOW / 1e9 - 3600,
        ("ganzhi_feed_subscribers",): 0,
        ("ganzhi_feed_events_total",): 1,
        ("ganzhi_feed_resyncs_total",): 0,
    }
    assert {key: figure for key, figure in found.items() if key[0].startswith("ganzhi_")} == expected
    assert 0 < found["process_start_time_seconds",] <= time.time()


def test_what_was_not_measured_yet_is_left_out_and_nothing_fails(plant: Plant, http: httpx.Client) -> None:
    plant.health["delay_ms"] = {"p50": float("nan"), "p99": None}
    found = scrape(http)
    names = {key[0] for key in found}
    for name in ("ganzhi_detection_delay_seconds", "ganzhi_log_commit_seconds", "ganzhi_snapshot_age_seconds"):
        assert name not in names
    assert found["ganzhi_mqtt_connected",] == 1
    plant.health["mqtt"]["connected"] = False
    assert scrape(http)["ganzhi_mqtt_connected",] == 0


def test_a_consumer_named_twice_does_not_spoil_the_page(plant: Plant, http: httpx.Client) -> None:
    for rows, error in ((7, ""), (0, "refused")):
        entry = {"name": "储存", "backlog_rows": rows, "backlog_s": 0.0, "backlog_bytes": 0, "error": error}
        plant.health["consumers"] = [*plant.health["consumers"], entry]  # type: ignore[list-item]
    found = scrape(http)
    assert (found["ganzhi_consumer_lag_rows", "储存"], found["ganzhi_consumer_error", "储存"]) == (7, 1)


@pytest.mark.parametrize("text", ['quo"te', "new\nline", "back\\slash", "乙烯·储罐", "{a=b}"])
def test_a_label_of_any_text_comes_back_as_it_was(plant: Plant, http: httpx.Client, text: str) -> None:
    plant.health["rejected_by_reason"] = {text: {"count": 1, "sample": "", "topic": "", "at": 0}}
    assert scrape(http)["ganzhi_rejected_total", text] == 1


@BUSY
@pytest.mark.parametrize(
    ("accept", "content_type", "parse"),
    [
        ("", "text/plain; version=0.0.4; charset=utf-8", parse_text),
        ("*/*", "text/plain; version=0.0.4; charset=utf-8", parse_text),
        (OPENMETRICS, "application/openmetrics-text; version=1.0.0; charset=utf-8", parse_openmetrics),
    ],
)
def test_the_format_is_the_one_asked_for(
    http: httpx.Client, accept: str, content_type: str, parse: Callable[[str], list[Metric]]
) -> None:
    answer = http.get("/metrics", headers={"Accept": accept})
    assert answer.headers["Content-Type"].startswith(content_type)
    assert answer.headers["Cache-Control"] == "no-store"
    assert figures(list(parse(answer.text)))["ganzhi_consumer_lag_seconds", "store"] == 754


@BUSY
def test_every_metric_has_a_text_and_a_name_by_the_conventions(http: httpx.Client) -> None:
    families = {family.name: family for family in parse_text(http.get("/metrics").text)}
    for family in FAMILIES:
        assert family.text.endswith(".")
        assert not family.name.endswith(("_total", "_ms", "_count", "_sum"))
        read = families[family.name]
        assert (read.documentation, read.type) == (family.text, family.kind)


def test_two_consoles_in_one_process_share_nothing(plant: Plant) -> None:
    before = {metric.name for metric in REGISTRY.collect()}
    health = plant.backend().health
    for _ in range(2):
        text, _ = Metrics(health, Feed()).exposition("")
        assert b"ganzhi_mqtt_connected 1.0" in text
    assert {metric.name for metric in REGISTRY.collect()} == before
