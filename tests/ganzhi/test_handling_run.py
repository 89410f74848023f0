"""Cases in the running service: an alarm opens one, and a killed service loses no deadline and passes none twice."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.ganzhi.service import connected, get
from tests.ganzhi.test_run import publish, site
from tests.servers import Server, free_port, wait_until

QUICK = """
[cases]
open_at = "red"
[cases.chain]
red = ["shift_leader", "safety_officer", "command_post"]
[cases.deadlines.red]
accept = "3s"
feedback = "1h"
verify = "1h"
[warnings]
source = "red"
district = ""
"""
LASTS_S = 3.0


@contextmanager
def running(settings: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The service until it is killed."""
    with (settings.parent / "service.log").open("ab") as log:
        child = subprocess.Popen([sys.executable, "-m", "ganzhi", "run", str(settings)], stdout=log, stderr=log)
        try:
            wait_until(lambda: child.poll() is not None or connected(port), "ganzhi run")
            yield child
        finally:
            child.kill()
            child.wait()


def acts(port: int, kind: str = "case") -> list[str]:
    lines: list[dict[str, Any]] = get(port, "/api/handling?limit=1000")["lines"]
    return [line["act"] for line in lines if line["kind"] == kind]


def post(port: int, path: str, body: dict[str, object]) -> Any:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


@pytest.mark.timeout(180)
def test_a_killed_service_loses_no_deadline_and_passes_none_twice(tmp_path: Path, mosquitto_server: Server) -> None:
    port = free_port()
    settings = site(tmp_path, mosquitto_server, port)
    settings.write_text(settings.read_text(encoding="utf-8") + QUICK, encoding="utf-8")
    start_ms = time.time_ns() // 1_000_000 - 300_000
    with running(settings, port):
        publish(mosquitto_server, start_ms, [15.0] * 14)
        wait_until(lambda: acts(port) == ["opened"], "the case")
        wait_until(lambda: acts(port, "warning") == ["proposed"], "the proposal")
    time.sleep(LASTS_S)
    with running(settings, port):
        wait_until(lambda: acts(port) == ["opened", "escalated"], "the deadline that passed meanwhile")
        (case,) = get(port, "/api/cases")["cases"]
        assert (case["step"], case["overdue"], case["tier"]) == (1, 1, 4)
        done = post(port, f"/api/cases/{case['id']}/accept", {"person": "safety_officer"})
        assert done["case"]["state"] == "accepted"
    with running(settings, port):
        time.sleep(LASTS_S)
        assert acts(port) == ["opened", "escalated", "accepted"]
        assert acts(port, "warning") == ["proposed"]
        (warning,) = get(port, "/api/warnings")["warnings"]
        released = post(port, f"/api/warnings/{warning['id']}/release", {"person": "command_post"})
        assert (released["warning"]["state"], released["warning"]["tier"]) == ("released", 4)
        (red,) = [risk for risk in get(port, "/api/risk?scope=source")["risks"] if risk["tier"]]
        assert (red["id"], red["tier"], bool(red["reasons"])) == ("tank-area-1", 4, True)
    assert "Traceback" not in (tmp_path / "service.log").read_text(encoding="utf-8")
