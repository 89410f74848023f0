"""Recorded data of a real rig: through a real Mosquitto and `ganzhi run` into a real InfluxDB, row for row."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from config import example
from tests.ganzhi.service import get, serving
from tests.servers import Server, free_port, wait_until

DATA = Path(os.environ.get("GANZHI_BENCH_DATA", Path(__file__).parents[3] / "shared" / "data")) / "SKAB" / "data"
RECORDING = DATA / "valve1" / "9.csv"
COLUMNS = {
    "Accelerometer1RMS": "VIB-1", "Accelerometer2RMS": "VIB-2", "Current": "CUR-1", "Pressure": "PRE-1",
    "Temperature": "TMP-1", "Thermocouple": "TMP-2", "Voltage": "VOL-1", "Volume Flow RateRMS": "FLW-1",
}  # fmt: skip
ALARMS = [
    ("raised", "rig.flow.low", "FLW-1", 1, 1583760329000),
    ("worsened", "rig.flow.low", "FLW-1", 2, 1583760340000),
    ("raised", "rig.flow.falling", "FLW-1", 1, 1583760345000),
    ("cleared", "rig.flow.falling", "FLW-1", 0, 1583760380000),
    ("eased", "rig.flow.low", "FLW-1", 1, 1583760656000),
    ("cleared", "rig.flow.low", "FLW-1", 0, 1583760666000),
]
"""What the rig's pack says of this recording, in which a valve closes at 13:25 UTC: (change, rule, tag, tier, ms)."""

needs_recordings = pytest.mark.skipif(
    not RECORDING.exists(),
    reason="the SKAB recordings are not there: get waico/SKAB and name its parent folder in GANZHI_BENCH_DATA",
)


def published() -> set[tuple[str, int, float]]:
    """(tag, time ns, value) of everything the recording holds."""
    with RECORDING.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    found = set()
    for row in rows:
        moment = datetime.strptime(row["datetime"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        for column, tag in COLUMNS.items():
            found.add((tag, int(moment.timestamp()) * 1_000_000_000, float(row[column])))
    return found


def query(server: Server, database: str, text: str) -> list[dict[str, Any]]:
    """Rows of an InfluxQL query, tags included."""
    parameters = urllib.parse.urlencode({"db": database, "q": text, "epoch": "ns"})
    with urllib.request.urlopen(f"{server.url}/query?{parameters}", timeout=30) as response:
        series = json.load(response)["results"][0].get("series", [])
    return [
        dict(zip(one["columns"], values, strict=True)) | one.get("tags", {})
        for one in series
        for values in one["values"]
    ]


def site(folder: Path, broker: Server, influx: Server, console: int) -> Path:
    """The rig's example, over this broker, this database and this port."""
    source = example("skab")
    for name in ("enterprises.toml", "points.csv"):
        (folder / name).write_bytes((source / name).read_bytes())
    text = (source / "ganzhi.toml").read_text(encoding="utf-8")
    text = text.replace("http://127.0.0.1:8086", influx.url).replace(
        "mqtt://127.0.0.1:1883", f"mqtt://127.0.0.1:{broker.port}"
    )
    assert influx.url in text
    assert f":{broker.port}" in text
    settings = folder / "ganzhi.toml"
    settings.write_text(f"{text}\n[console]\nport = {console}\n", encoding="utf-8")
    return settings


@needs_recordings
@pytest.mark.timeout(180)
def test_rig_is_stored_row_for_row_and_alarms_when_its_recording_is_replayed(
    tmp_path: Path, mosquitto_server: Server, influxdb1_server: Server
) -> None:
    console = free_port()
    settings = site(tmp_path, mosquitto_server, influxdb1_server, console)
    ganzhi = [sys.executable, "-m", "ganzhi"]
    with serving(settings, console):
        arguments = ["--map", str(example("skab") / "map.toml"), "--url", f"mqtt://127.0.0.1:{mosquitto_server.port}"]
        done = subprocess.run(
            [*ganzhi, "replay", str(RECORDING), *arguments, "--speed", "60"],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        expected = published()
        assert f"{len(expected)} readings published" in done.stdout

        def counters() -> dict[str, int]:
            found: dict[str, int] = get(console, "/api/health")["counters"]
            return found

        wait_until(lambda: counters()["stored"] >= len(expected), "the last reading in InfluxDB")
        rows = query(influxdb1_server, "ganzhi", "SELECT value, quality FROM reading GROUP BY point")
        found = {(row["point"].removeprefix("skab-lab."), row["time"], row["value"]) for row in rows}
        assert found == expected
        assert len(rows) == len(expected)
        assert {row["quality"] for row in rows} == {0}
        ends = {"received": len(expected), "accepted": len(expected), "stored": len(expected)}
        assert counters() == dict.fromkeys(counters(), 0) | ends
        events: list[dict[str, Any]] = []

        def events_there() -> bool:
            events[:] = query(influxdb1_server, "ganzhi", "SELECT * FROM alarm WHERE alarm_class = 'process'")
            return len(events) >= len(ALARMS)

        wait_until(events_there, f"{len(ALARMS)} alarm events in InfluxDB", 15)
        told = [
            (row["change"], row["rule"], row["point"].removeprefix("skab-lab."), row["tier"], row["at_ms"])
            for row in sorted(events, key=lambda row: row["seq"])
        ]
        assert told == ALARMS
