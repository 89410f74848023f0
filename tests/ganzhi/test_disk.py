"""A full disk under the service: nothing is acknowledged, an alarm about ourselves is raised, nothing is lost."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from bench.fault.disk import Disk
from tests.ganzhi.service import get, serving
from tests.ganzhi.test_run import publish, site
from tests.servers import Server, free_port, wait_until

BATCH = 50


@pytest.mark.timeout(120)
@pytest.mark.parametrize("size_bytes", [48 << 20, None], ids=["small disk", "limited files"])
def test_nothing_is_lost_and_an_alarm_is_raised_when_the_disk_is_full(
    tmp_path: Path, mosquitto_server: Server, size_bytes: int | None
) -> None:
    port = free_port()
    settings = site(tmp_path, mosquitto_server, port)
    start_ms = time.time_ns() // 1_000_000 - 600_000
    with Disk(tmp_path / "data", size_bytes=size_bytes) as disk:
        if size_bytes is not None and disk.kind != "tmpfs":
            pytest.skip("a small file system cannot be mounted here (needs root)")
        with serving(settings, port) as service:
            disk.started(service.pid)

            def health() -> dict[str, Any]:
                found: dict[str, Any] = get(port, "/api/health")
                return found

            def held() -> bool:
                disk.fill()  # what was freed by a checkpoint meanwhile
                return "log_held" in [condition["id"] for condition in health()["conditions"]]

            publish(mosquitto_server, start_ms, [7.0] * BATCH)
            wait_until(lambda: health()["counters"]["stored"] == BATCH, "the first readings in the store")
            disk.fill()
            publish(mosquitto_server, start_ms + 1000 * BATCH, [15.0] * BATCH)
            wait_until(held, "the alarm about ourselves")
            full = health()
            assert full["mqtt"]["connected"]
            assert full["mqtt"]["outstanding"] > 0
            assert "held" in full["mqtt"]["error"] or "disk" in full["mqtt"]["error"]
            assert full["counters"]["stored"] < 2 * BATCH
            disk.free()
            wait_until(lambda: health()["counters"]["stored"] == 2 * BATCH, "the held readings in the store", 60)
            wait_until(lambda: len(own_events(port)) >= 2, "the alarm's end in the journal", 60)
            after = health()
            assert after["counters"]["accepted"] == 2 * BATCH
            assert after["counters"]["duplicate"] == 0
            assert after["mqtt"]["outstanding"] == 0
            events = get(port, "/api/alarms/history?limit=1000")["events"]
            told = [event["change"] for event in events if event["alarm"]["condition"] == "level.high"]
            assert told[-1] == "raised"
            changes = own_events(port)
            assert (changes[0], changes[-1]) == ("raised", "cleared")
            assert all(row["closes"] for row in get(port, "/api/reconciliation?hours=1")["rows"])


def own_events(port: int) -> list[str]:
    """What the journal says of the readings that were held, oldest first."""
    events = get(port, "/api/alarms/history?limit=1000")["events"]
    return [event["change"] for event in reversed(events) if event["alarm"]["condition"] == "_platform.log_held"]
