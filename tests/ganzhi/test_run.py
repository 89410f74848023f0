"""The service as a site runs it: an alarm, a person who acknowledges it on the page, a restart, and its end."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from bench.load.firehose import connect, packets
from config import example
from tests.ganzhi.service import get, serving
from tests.servers import Server, free_port, wait_until

POINT = "LT-101"
TOPIC = "ganzhi/v1/haihe-storage/gw-test/data"


def site(folder: Path, broker: Server, console: int) -> Path:
    """The demo's site over this broker and this port, with a client id of its own."""
    source = example("demo")
    for name in ("enterprises.toml", "points.csv"):
        (folder / name).write_bytes((source / name).read_bytes())
    settings = folder / "ganzhi.toml"
    settings.write_text(
        f"""
[site]
name_zh = "示范市"
packs = ["tank_farm", "gas_detection"]
[mqtt]
url = "mqtt://127.0.0.1:{broker.port}"
client_id = "run-{console}"
[console]
port = {console}
""",
        encoding="utf-8",
    )
    return settings


def publish(broker: Server, start_ms: int, levels: list[float]) -> None:
    """Levels of one tank, a second apart by the sensor's clock."""
    messages = [
        (TOPIC.encode(), f'{{"ts":{start_ms + 1000 * k},"values":{{"{POINT}":{level}}}}}'.encode())
        for k, level in enumerate(levels)
    ]
    with connect("127.0.0.1", broker.port, "test-gateway") as line:
        line.sendall(b"".join(packets(messages)))
        got = 0
        while got < 4 * len(messages):
            got += len(line.recv(1 << 12))


def process_events(port: int) -> list[dict[str, Any]]:
    """The journal of the tank's level, oldest first."""
    events = get(port, "/api/alarms/history?limit=1000")["events"]
    return [event for event in reversed(events) if event["alarm"]["condition"] == "level.high"]


@pytest.mark.timeout(180)
def test_alarm_is_acknowledged_once_and_survives_a_restart(
    tmp_path: Path, mosquitto_server: Server, page: Page
) -> None:
    port = free_port()
    settings = site(tmp_path, mosquitto_server, port)
    start_ms = time.time_ns() // 1_000_000 - 300_000
    with serving(settings, port):
        page.goto(f"http://127.0.0.1:{port}/")
        expect(page.locator("#header .chip.good").first).to_have_text("实时")
        publish(mosquitto_server, start_ms, [15.0] * 14)
        card = page.locator("#alarms .alarm", has_text=POINT)
        expect(card).to_contain_text("未确认")
        expect(card).to_contain_text("红")
        card.get_by_role("button", name="确认").click()
        dialog = page.get_by_role("dialog", name="确认报警")
        dialog.get_by_label("姓名").fill("值班员甲")
        dialog.get_by_role("button", name="确认").dblclick()
        expect(card).to_contain_text("值班员甲")
        wait_until(lambda: len(process_events(port)) >= 2, "the journal")
        before = process_events(port)
        assert [(event["change"], event["actor"]) for event in before] == [("raised", ""), ("acknowledged", "值班员甲")]
        page.goto("about:blank")
    with serving(settings, port):
        assert [alarm["state"] for alarm in get(port, "/api/alarms")["alarms"] if alarm["tag"] == POINT] == [
            "acknowledged"
        ]
        publish(mosquitto_server, start_ms + 14_000, [15.0] * 6 + [8.0] * 200)
        wait_until(lambda: process_events(port)[-1]["change"] == "cleared", "the end of the alarm")
        assert [event["change"] for event in process_events(port)].count("raised") == 1
        assert process_events(port)[:2] == before


def test_service_says_what_to_do_when_its_port_is_taken(tmp_path: Path, mosquitto_server: Server) -> None:
    settings = site(tmp_path, mosquitto_server, mosquitto_server.port)
    done = subprocess.run(
        [sys.executable, "-m", "ganzhi", "run", str(settings)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert f"Port {mosquitto_server.port} is in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_fault_is_told_at_once_when_the_site_is_wrong(tmp_path: Path, mosquitto_server: Server) -> None:
    settings = site(tmp_path, mosquitto_server, free_port())
    settings.write_text(settings.read_text(encoding="utf-8").replace("client_id", "clientid"), encoding="utf-8")
    points = tmp_path / "points.csv"
    points.write_text(points.read_text(encoding="utf-8").replace(",m,", ",metrr,", 1), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "ganzhi", "check", str(settings)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "client_id" in done.stderr
    assert "points.csv" in done.stderr
    assert "Traceback" not in done.stderr


def test_replay_says_so_when_there_is_no_broker(tmp_path: Path) -> None:
    chart = example("skab") / "map.toml"
    recording = tmp_path / "recording.csv"
    rms = "Accelerometer1RMS;Accelerometer2RMS;Current;Pressure"
    header = f"datetime;{rms};Temperature;Thermocouple;Voltage;Volume Flow RateRMS"
    recording.write_text(f"{header}\n2020-03-09 10:34:33;0.1;0.1;1;0.1;75;25;240;32\n", encoding="utf-8")
    port = free_port()
    command = ["replay", str(recording), "--map", str(chart), "--url", f"mqtt://127.0.0.1:{port}"]
    done = subprocess.run(
        [sys.executable, "-m", "ganzhi", *command], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert str(port) in done.stderr
    assert "Traceback" not in done.stderr
