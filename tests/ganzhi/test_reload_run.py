"""A change of points and rules while the service runs: SIGHUP and the console, with good files and with bad ones."""

from __future__ import annotations

import json
import signal
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from bench.load.firehose import connect, packets
from tests.ganzhi.service import connected, get, serving
from tests.servers import Server, free_port, wait_until

PACK = """
name.zh = "试验"
name.en = "trial"

[[rule]]
id = "level.high"
name.zh = "液位高"
name.en = "Level high"
kind = "value"
side = "high"
condition = "level.high"
select = {{ quantity = "level" }}
limits = {{ yellow = {yellow}, red = 15 }}
unit = "m"
basis = "for the test"

[[rule]]
id = "level.rising"
name.zh = "液位上升快"
name.en = "Level rises fast"
kind = "rate"
side = "high"
condition = "level.rising"
select = {{ quantity = "level" }}
limits = {{ blue = 0.5 }}
unit = "m/min"
options = {{ window_s = 60 }}
basis = "for the test"
"""
ENTERPRISES = """
[[enterprise]]
id = "e"
name.zh = "企业"
name.en = "Enterprise"
[[enterprise.source]]
id = "tanks"
name.zh = "罐区"
name.en = "Tanks"
sector = "tank_farm"
"""
HEAD = "id,enterprise,source,tag,quantity,unit,low,high,resolution,period,lon,lat,name\n"


def write_site(folder: Path, broker: Server, console: int, *, tags: list[str], yellow: float) -> Path:
    rows = [f"e.{tag},e,tanks,{tag},level,m,0,16,0.01,1s,,,{tag}\n" for tag in tags]
    (folder / "points.csv").write_text(HEAD + "".join(rows), "utf-8")
    (folder / "enterprises.toml").write_text(ENTERPRISES, "utf-8")
    (folder / "trial.toml").write_text(PACK.format(yellow=yellow), "utf-8")
    settings = folder / "ganzhi.toml"
    settings.write_text(
        f'[site]\npacks = ["trial.toml"]\n[mqtt]\nurl = "mqtt://127.0.0.1:{broker.port}"\n'
        f'client_id = "reload-{console}"\n[console]\nport = {console}\n',
        "utf-8",
    )
    return settings


def publish(broker: Server, start_ms: int, rows: list[dict[str, float]]) -> None:
    """Readings a second apart, all at once."""
    messages = [
        (b"ganzhi/v1/e/gw/data", json.dumps({"ts": start_ms + 1000 * k, "values": values}).encode())
        for k, values in enumerate(rows)
    ]
    with connect("127.0.0.1", broker.port, "reload-gateway") as line:
        line.sendall(b"".join(packets(messages)))
        got = 0
        while got < 4 * len(messages):
            got += len(line.recv(1 << 12))


def events(port: int) -> list[tuple[str, str, str, int]]:
    found: list[dict[str, Any]] = get(port, "/api/alarms/history?limit=1000")["events"]
    own = [event for event in reversed(found) if not event["alarm"]["rule"].startswith("_platform")]
    return [(e["change"], e["alarm"]["rule"], e["alarm"]["subject"], e["alarm"]["tier"]) for e in own]


def said(folder: Path) -> str:
    """The service's log without its line breaks."""
    return " ".join((folder / "service.log").read_text("utf-8").split())


def restarted(port: int, started: int) -> bool:
    """Whether the parts that answer began after `started`, ms, and have their broker."""
    try:
        return bool(connected(port) and get(port, "/api/health")["started"] > started)
    except OSError:
        return False


def post_reload(port: int) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/reload", method="POST", data=b"")
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.mark.timeout(120)
def test_what_did_not_change_keeps_its_state_when_points_and_rules_change(
    tmp_path: Path, mosquitto_server: Server
) -> None:
    port = free_port()
    settings = write_site(tmp_path, mosquitto_server, port, tags=["A", "B"], yellow=10)
    start_ms = time.time_ns() // 1_000_000 - 600_000
    rising = [{"A": 11 + 0.02 * k, "B": 5.0} for k in range(60)]
    with serving(settings, port) as service:
        publish(mosquitto_server, start_ms, rising)
        expected = [("raised", "level.high", "e.A", 2), ("raised", "level.rising", "e.A", 1)]
        wait_until(lambda: events(port) == expected, "two alarms")

        write_site(tmp_path, mosquitto_server, port, tags=["NEW", "B", "A"], yellow=4)
        with (tmp_path / "points.csv").open("a", encoding="utf-8") as file:
            file.write("e.C,e,nowhere,C,level,m,0,16,0.01,1s,,,C\n")
        started = get(port, "/api/health")["started"]
        status, answer = post_reload(port)
        assert (status, len(answer["faults"])) == (422, 1)
        assert "nowhere" in answer["faults"][0]
        service.send_signal(signal.SIGHUP)
        wait_until(lambda: "the old settings stay in force" in said(tmp_path), "a word in the log")
        assert get(port, "/api/health")["started"] == started

        write_site(tmp_path, mosquitto_server, port, tags=["NEW", "B", "A"], yellow=4)
        service.send_signal(signal.SIGHUP)
        wait_until(lambda: restarted(port, started), "the service with its new settings")
        publish(mosquitto_server, start_ms + 60_000, [{"A": 12.18, "B": 5.0, "NEW": 3.0}])
        expected.append(("raised", "level.high", "e.B", 2))
        wait_until(lambda: events(port) == expected, "the alarm of the new limit")
        # The trend of A was not forgotten: it needs no warm-up to see the end of the rise.
        publish(mosquitto_server, start_ms + 61_000, [{"A": 12.2}] * 60)
        expected.append(("cleared", "level.rising", "e.A", 0))
        wait_until(lambda: events(port) == expected, "the end of the rise")

        (tmp_path / "points.csv").write_text(
            (tmp_path / "points.csv").read_text("utf-8").replace("e.NEW", "e.OTHER"), "utf-8"
        )
        started = get(port, "/api/health")["started"]
        assert post_reload(port)[0] == 202
        wait_until(lambda: restarted(port, started), "the service after the console's reload")
        wait_until(lambda: get(port, "/api/health")["counters"]["stored"] == 120 + 3 + 60, "every reading stored")
        assert events(port) == expected


@pytest.mark.timeout(120)
def test_old_settings_stay_when_the_service_cannot_start_with_the_new_ones(
    tmp_path: Path, mosquitto_server: Server
) -> None:
    port = free_port()
    settings = write_site(tmp_path, mosquitto_server, port, tags=["A"], yellow=10)
    with serving(settings, port):
        started = get(port, "/api/health")["started"]
        text = settings.read_text("utf-8").replace(f"port = {port}", f"port = {mosquitto_server.port}")
        settings.write_text(text, "utf-8")
        assert post_reload(port)[0] == 202
        wait_until(lambda: restarted(port, started), "the service with its old settings")
        assert "the old ones stay in force" in said(tmp_path)
