"""How much the whole path carries: publisher, Mosquitto, `ganzhi run` with its log, detectors, alarms and DuckDB.

    python -m bench.pipeline [--short] [--json FILE]

Every part is the real one and runs on this machine's loopback. The publisher sends packets that were encoded
beforehand, so it is not what is measured. A rate counts from the first message published to the last reading
stored. A bare paho subscriber that throws messages away is measured in the same run.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from bench.load.firehose import POINTS_PER_GATEWAY, connect, packets, topic_of
from ganzhi.figure import Figure, at_least, at_most, table, write_json
from tests.servers import Server, free_port, mosquitto, program, running, wait_until

POINTS = 10_000
PROBES = 400
"""Points beyond the first that no one else publishes: each is pushed over its limit once, to time the alarm."""
SPACING_MS = 1000
BATCH = 100
STEADY_PER_S = 10_000

SETTINGS = """
[site]
name_zh = "测速"
name_en = "Bench"
packs = ["rules.toml"]
[mqtt]
url = "mqtt://127.0.0.1:{port}"
client_id = "bench-{console}"
[console]
port = {console}
"""

ENTERPRISES = """
[[enterprise]]
id = "bench"
name = {zh = "测速企业", en = "Bench"}
[[source]]
id = "bench-area"
enterprise = "bench"
name = {zh = "测速区", en = "Bench area"}
sector = "tank_farm"
"""

RULES = """
[[rule]]
id = "bench.value"
name = {zh = "高", en = "high"}
kind = "value"
select = {quantity = "level"}
side = "high"
limits = {blue = 80, yellow = 85, orange = 90, red = 95}
deadband = 1
basis = "engineering default"
[[rule]]
id = "bench.rate"
name = {zh = "上升过快", en = "rising fast"}
kind = "rate"
select = {quantity = "level"}
side = "high"
limits = {yellow = 1000}
options = {window_s = 60}
basis = "engineering default"
[[rule]]
id = "bench.forecast"
name = {zh = "将到上限", en = "will reach its limit"}
kind = "forecast"
select = {quantity = "level"}
side = "low"
limits = {blue = 1}
options = {target = 95, direction = "high"}
basis = "engineering default"
[[rule]]
id = "bench.stale"
name = {zh = "无数据", en = "silent"}
kind = "stale"
select = {quantity = "level"}
limits = {blue = 100000}
class = "device"
basis = "engineering default"
"""


def write_points(folder: Path, count: int) -> None:
    """A catalogue of one enterprise with so many points."""
    rows = ["id,enterprise,source,tag,quantity,unit,low,high,resolution,period,lon,lat"]
    rows += [f"bench.p{i},bench,bench-area,p{i},level,m,0,100,0.01,1s,," for i in range(count)]
    (folder / "points.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "enterprises.toml").write_text(ENTERPRISES, encoding="utf-8")


def write_site(folder: Path, broker_port: int, console_port: int) -> Path:
    """A site of POINTS points, and PROBES more, each with value, rate, forecast and stale."""
    write_points(folder, POINTS + PROBES)
    (folder / "rules.toml").write_text(RULES, encoding="utf-8")
    settings = folder / "ganzhi.toml"
    settings.write_text(SETTINGS.format(port=broker_port, console=console_port), encoding="utf-8")
    return settings


class Service:
    """`ganzhi run` as a child process, seen through its HTTP API and the operating system."""

    def __init__(self, settings: Path, port: int) -> None:
        self._port = port
        self._log = (settings.parent / "service.log").open("wb")
        command = [sys.executable, "-m", "ganzhi", "run", str(settings)]
        self._child = subprocess.Popen(command, stdout=self._log, stderr=self._log)
        self.process = psutil.Process(self._child.pid)

    def get(self, path: str) -> Any:
        """A JSON answer of the console."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=10) as response:
            return json.load(response)

    def ready(self) -> bool:
        """Whether it is connected to the broker."""
        if self._child.poll() is not None:
            raise RuntimeError(f"ganzhi run ended: {Path(self._log.name).read_text(encoding='utf-8')}")
        try:
            return bool(self.get("/api/health")["mqtt"]["connected"])
        except OSError:
            return False

    def stored(self) -> int:
        """Readings stored so far."""
        return int(self.get("/api/health")["counters"]["stored"])

    def cpu_s(self) -> float:
        """CPU seconds of the service and its children so far."""
        total = 0.0
        for process in [self.process, *self.process.children(recursive=True)]:
            times = process.cpu_times()
            total += times.user + times.system
        return total

    def rss_mb(self) -> float:
        """Resident memory of the service and its children."""
        processes = [self.process, *self.process.children(recursive=True)]
        return float(sum(process.memory_info().rss for process in processes)) / 2**20

    def stop(self) -> None:
        """End it and wait."""
        self._child.terminate()
        try:
            self._child.wait(30)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._log.close()


@contextmanager
def service(broker_port: int) -> Iterator[Service]:
    """A fresh service over a fresh folder."""
    with tempfile.TemporaryDirectory(prefix="ganzhi-bench-") as name:
        port = free_port()
        running_service = Service(write_site(Path(name), broker_port, port), port)
        try:
            wait_until(running_service.ready, "ganzhi run", 60)
            yield running_service
        finally:
            running_service.stop()


@contextmanager
def publisher(broker_port: int, messages: int, per_message: int, rate: float) -> Iterator[subprocess.Popen[str]]:
    """The firehose, its packets encoded, waiting for a line."""
    rounds = messages * per_message // POINTS + 1
    start_ms = int(time.time() * 1000) - (rounds + 5) * SPACING_MS
    arguments = [POINTS, messages, per_message, rate, start_ms, SPACING_MS]
    command = [sys.executable, "-m", "bench.load.firehose", "127.0.0.1", str(broker_port), *map(str, arguments)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        child.stdout.readline()
        yield child
    finally:
        child.terminate()
        child.communicate()


def go(child: subprocess.Popen[str]) -> float:
    """Let the publisher begin; the moment, by the monotonic clock."""
    assert child.stdin is not None
    child.stdin.write("go\n")
    child.stdin.flush()
    return time.monotonic()


def bare(broker_port: int, messages: int) -> tuple[float, float]:
    """Messages a second into a bare paho subscriber, and its CPU seconds a message."""
    command = [sys.executable, "-m", "bench.load.bare", str(broker_port), str(messages)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    child.stdout.readline()
    with publisher(broker_port, messages, 1, 0) as hose:
        began = go(hose)
        done = json.loads(child.stdout.readline())
        seconds = time.monotonic() - began
    child.wait(10)
    child.stdout.close()
    return messages / seconds, done["cpu_s"] / messages


def throughput(broker_port: int, messages: int, per_message: int) -> tuple[float, float]:
    """Readings a second until the last is stored, and CPU seconds a message, as (rate, cpu)."""
    with service(broker_port) as measured, publisher(broker_port, messages, per_message, 0) as hose:
        cpu_s = measured.cpu_s()
        began = go(hose)
        wait_until(lambda: measured.stored() >= messages * per_message, "the last reading", 300)
        seconds = time.monotonic() - began
        health = measured.get("/api/health")["counters"]
        if health["accepted"] != messages * per_message:
            raise RuntimeError(f"not every reading was accepted: {health}")
        return messages * per_message / seconds, (measured.cpu_s() - cpu_s) / messages


def delays(broker_port: int, seconds: float) -> tuple[float, float, float]:
    """Publish to alarm event at STEADY_PER_S single readings a second: median and p99 in ms; and memory in MB."""
    messages = int(STEADY_PER_S * seconds)
    with service(broker_port) as measured, publisher(broker_port, messages, 1, STEADY_PER_S) as hose:
        line = connect("127.0.0.1", broker_port, "probe")
        began = go(hose)
        for k in range(PROBES):
            due = began + (k + 1) * seconds / (PROBES + 2)
            time.sleep(max(0.0, due - time.monotonic()))
            point = POINTS + k
            topic = topic_of(point // POINTS_PER_GATEWAY).encode()
            payload = f'{{"ts":{time.time() * 1000:.3f},"values":{{"p{point}":99}}}}'.encode()
            line.sendall(packets([(topic, payload)])[0])
            line.recv(1 << 12)
        line.close()
        wait_until(lambda: measured.stored() >= messages + PROBES, "the last reading", 120)
        events = measured.get(f"/api/alarms/history?limit={PROBES + 100}")
        events = events["events"] if isinstance(events, dict) else events
        found = [event["noted"] - event["at"] for event in events if event["change"] == "raised"]
        if len(found) != PROBES:
            raise RuntimeError(f"{len(found)} alarms for {PROBES} crossings")
        median, high = np.percentile(found, [50, 99])
        return float(median), float(high), measured.rss_mb()


def measure(short: bool, broker: Server) -> list[Figure]:
    """All figures of the table."""
    singles, batches, steady_s = (120_000, 15_000, 8.0) if short else (400_000, 100_000, 30.0)
    assert broker.process is not None
    broker_process = psutil.Process(broker.process.pid)
    paho_per_s, paho_cpu_s = bare(broker.port, singles // 2)
    broker_cpu_s = sum(broker_process.cpu_times()[:2])
    single_per_s, single_cpu_s = throughput(broker.port, singles, 1)
    broker_cpu_s = sum(broker_process.cpu_times()[:2]) - broker_cpu_s
    batch_per_s, _ = throughput(broker.port, batches, BATCH)
    median, high, rss = delays(broker.port, steady_s)
    return [
        Figure("bare_paho_msg_per_s", paho_per_s, "1/s"),
        Figure("bare_paho_cpu_us", paho_cpu_s * 1e6, "us"),
        Figure("broker_cpu_us", broker_cpu_s / singles * 1e6, "us"),
        at_least("single_msg_per_s", single_per_s, "1/s", 25_000),
        at_least("single_over_bare_paho", single_per_s / paho_per_s, "", 2),
        at_most("single_cpu_us", single_cpu_s * 1e6, "us", 25),
        at_least("batch_readings_per_s", batch_per_s, "1/s", 500_000),
        Figure("delay_p50_ms", median, "ms"),
        at_most("delay_p99_ms", high, "ms", 200),
        Figure("rss_mb", rss, "MB"),
    ]


def main() -> int:
    """Measure, print the table, write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="under a minute, for a first look")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    arguments = parser.parse_args()
    if program("mosquitto") is None:
        print("bench.pipeline needs Mosquitto: apt-get install mosquitto", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="ganzhi-broker-") as name, running(mosquitto(Path(name))) as broker:
        figures = measure(arguments.short, broker)
    print(table(f"pipeline, {POINTS:,} points, QoS 1, four rules a point, DuckDB", figures))
    if arguments.json:
        write_json(arguments.json, "pipeline", figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
