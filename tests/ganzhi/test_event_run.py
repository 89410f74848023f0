"""External events and last wills through the whole service: a broker, a ledger that is away, a page."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.load.firehose import connect, packets
from tests.ganzhi.service import get, serving
from tests.ganzhi.test_run import site
from tests.servers import Server, free_port, wait_until

ROOT = "ganzhi/v1/haihe-storage"
EVENT = {"key": "cam-3/17", "kind": "flame", "text": "T-102 东侧可见明火", "picture": "http://nvr.example/17.jpg"}
ACKNOWLEDGEMENT_BYTES = 4


def publish(broker: Server, topic: str, payload: bytes) -> None:
    """One message at QoS 1, and the broker's acknowledgement."""
    with connect("127.0.0.1", broker.port, "test-camera") as line:
        line.sendall(b"".join(packets([(topic.encode(), payload)])))
        got = 0
        while got < ACKNOWLEDGEMENT_BYTES:
            got += len(line.recv(1 << 12))


def alarms(port: int, wanted: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    return [alarm for alarm in get(port, "/api/alarms")["alarms"] if wanted(alarm)]


@pytest.mark.timeout(120)
def test_events_are_alarms_once_also_where_the_ledger_was_away(tmp_path: Path, mosquitto_server: Server) -> None:
    port = free_port()
    settings = site(tmp_path, mosquitto_server, port)

    def flames() -> list[dict[str, Any]]:
        return alarms(port, lambda alarm: alarm["rule"] == "_event.flame")

    with serving(settings, port):
        with contextlib.closing(sqlite3.connect(tmp_path / "data" / "ledger.sqlite", isolation_level=None)) as ledger:
            ledger.execute("BEGIN IMMEDIATE")
            publish(mosquitto_server, f"{ROOT}/event", json.dumps(EVENT).encode())
            publish(mosquitto_server, f"{ROOT}/event", b'{"key": "x", "kind": "ufo"}')
            wait_until(lambda: get(port, "/api/health")["rejected_by_reason"].get("unknown_kind"), "the refusal")
            health = get(port, "/api/health")
            assert health["mqtt"]["outstanding"] == 0
            assert health["mqtt"]["error"] == ""
            assert flames() == []
            ledger.execute("ROLLBACK")
        wait_until(lambda: len(flames()) == 1, "the alarm")
        publish(mosquitto_server, f"{ROOT}/event", json.dumps(EVENT).encode())
        publish(mosquitto_server, f"{ROOT}/event", json.dumps({**EVENT, "key": "cam-3/18"}).encode())
        wait_until(lambda: len(flames()) == 2, "the second alarm")
        assert {alarm["details"]["key"] for alarm in flames()} == {"cam-3/17", "cam-3/18"}
        assert all(alarm["tier"] == 4 for alarm in flames())
    with serving(settings, port):
        publish(mosquitto_server, f"{ROOT}/event", json.dumps(EVENT).encode())
        publish(mosquitto_server, f"{ROOT}/event", json.dumps({**EVENT, "state": "over"}).encode())
        wait_until(lambda: [alarm["tier"] for alarm in flames()].count(0) == 1, "the end of the event")
        assert len(flames()) == 2


@pytest.mark.timeout(120)
def test_a_gateway_that_left_by_its_last_will_is_an_alarm(tmp_path: Path, mosquitto_server: Server) -> None:
    port = free_port()

    def states() -> list[tuple[str, int]]:
        of_gateway = alarms(port, lambda alarm: alarm["details"].get("gateway") == "gw-tank")
        return [(alarm["state"], alarm["tier"]) for alarm in of_gateway]

    with serving(site(tmp_path, mosquitto_server, port), port):
        publish(mosquitto_server, f"{ROOT}/gw-tank/state", b'{"online": false}')
        wait_until(lambda: states() == [("unacknowledged", 2)], "the alarm")
        publish(mosquitto_server, f"{ROOT}/gw-tank/state", b'{"online": true}')
        wait_until(lambda: states() == [("returned_unacknowledged", 0)], "its end")
        publish(mosquitto_server, f"{ROOT}/gw-tank/state", b'{"online": false}')
        wait_until(lambda: states() == [("unacknowledged", 2)], "the alarm again")
        publish(mosquitto_server, f"{ROOT}/gw-tank/data", b'{"ts": 1767225600000, "values": {"LT-101": 7.3}}')
        wait_until(lambda: states() == [("returned_unacknowledged", 0)], "its end by data")
