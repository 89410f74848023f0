"""The event stream as a page hears it, over a real server."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator

import httpx
import pytest

from console.api import create_app
from console.server import Server
from ganzhi.records import Quality, Text, Tier
from tests.console.plant import LEVEL, NOW, PRESSURE, Plant
from tests.servers import wait_until

MS = NOW // 1_000_000
HIGH = Text("液位高", "Level high")


def frames(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    """Events and comments of a stream, a dictionary each; comments under the key ""."""
    frame: dict[str, str] = {}
    for line in lines:
        if line:
            key, _, value = line.partition(":")
            frame[key] = value.strip()
        elif frame:
            yield frame
            frame = {}


def test_a_new_page_is_told_to_fetch_and_then_hears_alarms(plant: Plant, http: httpx.Client) -> None:
    with http.stream("GET", "/api/events") as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        heard = frames(answer.iter_lines())
        assert next(heard) == {"retry": "2000"}
        assert next(heard) == {"event": "resync", "data": "{}"}
        plant.raise_alarm(LEVEL, Tier.RED, HIGH, HIGH)
        alarm = next(heard)
        assert (alarm["event"], alarm["id"]) == ("alarm", "1")
        event = json.loads(alarm["data"])
        assert (event["seq"], event["change"], event["alarm"]["tier"]) == (1, "raised", 4)
        colour = next(heard)
        assert (colour["event"], json.loads(colour["data"])["tier"], "id" in colour) == ("colour", 4, False)
    wait_until(lambda: plant.feed.subscribers == 0, "the end of the subscription")


@pytest.mark.parametrize(
    ("headers", "query", "first"),
    [
        ({"Last-Event-ID": "2"}, {}, "alarm"),
        ({}, {"after": 2}, "alarm"),
        ({"Last-Event-ID": "2"}, {"after": 1}, "alarm"),
        ({"Last-Event-ID": "1"}, {}, "resync"),
        ({}, {"after": 7}, "resync"),
        ({"Last-Event-ID": "x"}, {}, "resync"),
    ],
)
def test_a_page_that_comes_back_fetches_only_if_it_missed_something(
    plant: Plant, http: httpx.Client, headers: dict[str, str], query: dict[str, int], first: str
) -> None:
    plant.raise_alarm(LEVEL, Tier.BLUE, HIGH, HIGH)
    plant.raise_alarm(LEVEL, Tier.RED, HIGH, HIGH)
    with http.stream("GET", "/api/events", headers=headers, params=query) as answer:
        heard = frames(answer.iter_lines())
        next(heard)
        plant.raise_alarm(LEVEL, Tier.RED, HIGH, HIGH)
        assert next(heard)["event"] == first


@pytest.mark.parametrize("last", [1, 7])
def test_a_page_that_knows_more_than_a_new_process_is_told_to_fetch(
    plant: Plant, http: httpx.Client, last: int
) -> None:
    assert plant.feed.newest is None
    with http.stream("GET", "/api/events", headers={"Last-Event-ID": str(last)}) as answer:
        heard = frames(answer.iter_lines())
        next(heard)
        assert next(heard) == {"event": "resync", "data": "{}"}
        plant.raise_alarm(LEVEL, Tier.RED, HIGH, HIGH)
        assert next(heard)["event"] == "alarm"


def test_values_of_a_source_come_whole_first_and_then_what_is_new(plant: Plant, http: httpx.Client) -> None:
    plant.read(LEVEL, 7.5, simulated=True)
    with http.stream("GET", "/api/events", params={"source": "tank-area-1"}) as answer:
        heard = (json.loads(f["data"]) for f in frames(answer.iter_lines()) if f.get("event") == "values")
        assert next(heard) == {
            "source": "tank-area-1",
            "now": MS,
            "rows": [["haihe-storage.LT-101", MS, 7.5, "good", True]],
        }
        assert next(heard)["rows"] == []
        plant.now = NOW + 1_000_000
        plant.read(PRESSURE, -1.0, Quality.DEVICE_FAULT)
        rows = next(values["rows"] for values in heard if values["rows"])
        assert rows == [["haihe-storage.PT-101", MS + 1, -1.0, "device_fault", False]]


def test_events_of_an_unknown_source_are_404(http: httpx.Client) -> None:
    answer = http.get("/api/events", params={"source": "nowhere"})
    assert (answer.status_code, answer.json()["message"]["en"]) == (404, "No such source: nowhere")


def test_a_silent_stream_sends_heartbeats(plant: Plant) -> None:
    app = create_app(plant.backend(), plant.feed, clock=lambda: plant.now, heartbeat_s=0.02)
    with Server(app, "127.0.0.1", 0) as server, httpx.stream("GET", f"{server.url}/api/events") as answer:
        heard = frames(answer.iter_lines())
        assert [next(heard) for _ in range(4)][2:] == [{"": "heartbeat"}, {"": "heartbeat"}]


def test_a_reader_too_slow_for_a_storm_is_told_to_fetch_again(plant: Plant, server: Server) -> None:
    padding = {"text": "x" * 1000}
    storm = 20_000  # 20 MB: more than every buffer on the way holds
    with httpx.stream("GET", f"{server.url}/api/events", timeout=10) as answer:
        heard = frames(answer.iter_lines())
        next(heard), next(heard)
        for number in range(storm):
            plant.feed.publish("colour", padding, number)
        events = [frame["event"] for frame in itertools.takewhile(lambda frame: frame["event"] != "resync", heard)]
        assert len(events) < storm
        assert plant.feed.resyncs >= 1
