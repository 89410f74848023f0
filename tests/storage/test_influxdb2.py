"""The write API of InfluxDB 2 and 3: against a real one where there is one, and against VictoriaMetrics."""

from __future__ import annotations

import gzip
import http.server
import json
import os
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from ganzhi.clock import NS_PER_MS, NS_PER_S
from ganzhi.errors import Unavailable
from ganzhi.records import Text
from storage.influxdb import InfluxDBStore
from storage.influxdb2 import influxdb2_store
from storage.influxql import client
from tests.servers import Server, answers, free_port, program, running
from tests.storage.plant import T0, alarm, block, catalogue, colour, event, numbered

PLANT = catalogue("LT 1", "LT,2", "温度=3")


def victoria(folder: Path, *options: str) -> Server:
    """VictoriaMetrics, single node, that keeps what is as old as the tests' readings."""
    executable = program("victoria-metrics")
    if executable is None:
        pytest.skip("victoria-metrics is not installed (apt-get install victoria-metrics)")
    port = free_port()
    fixed = (f"-httpListenAddr=127.0.0.1:{port}", f"-storageDataPath={folder}/data", "-retentionPeriod=100y")
    health = f"http://127.0.0.1:{port}/health"
    return Server([executable, *fixed, *options], port, folder, lambda: answers(health))


@pytest.fixture(scope="module")
def victoria_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(victoria(tmp_path_factory.mktemp("victoria"))) as server:
        yield server


def exported(server: Server, metric: str, **tags: str) -> dict[int, float]:
    """Values by time in ms of one metric, as VictoriaMetrics exports them."""
    match = metric + "{" + ",".join(f"{name}={json.dumps(value)}" for name, value in tags.items()) + "}"
    urllib.request.urlopen(f"{server.url}/internal/force_flush", timeout=10).close()
    query = urllib.parse.urlencode({"match[]": match, "start": "0", "reduce_mem_usage": "1"})
    with urllib.request.urlopen(f"{server.url}/api/v1/export?{query}", timeout=10) as answer:
        found = [json.loads(line) for line in answer.read().splitlines()]
    return {time: value for series in found for time, value in zip(series["timestamps"], series["values"], strict=True)}


def test_readings_arrive_through_the_write_api(victoria_server: Server) -> None:
    sent = [
        (1, T0 + NS_PER_S, 0.1, 0x81, T0),
        (0, T0, -2.5, 3, T0),
        (2, T0 + 5 * NS_PER_MS, 1e15, 0, T0),
        (1, T0, 7.0, 0, T0),
    ]
    with influxdb2_store(victoria_server.url, "city", "readings", "token", PLANT) as store:
        assert store.verify() is None
        assert store.write(block(sent, T0), 1).size == 0
        assert store.position() is None
        store.record([event(1, alarm(text=Text("一行", "one line")))], [colour(T0)])  # which knows no line feeds
        store.record_pipeline(T0, {"received": 5})
    t0_ms = T0 // NS_PER_MS
    tags = {"enterprise": "plant", "source": "tank area, 1", "quantity": "level"}
    assert exported(victoria_server, "reading_value", point="plant.LT,2", **tags) == {t0_ms: 7.0, t0_ms + 1_000: 0.1}
    assert exported(victoria_server, "reading_quality", point="plant.LT,2") == {t0_ms: 0, t0_ms + 1_000: 0x81}
    assert exported(victoria_server, "reading_value", point="plant.LT 1", **tags) == {t0_ms: -2.5}
    assert exported(victoria_server, "reading_value", point="plant.温度=3", **tags) == {t0_ms + 5: 1e15}
    assert exported(victoria_server, "alarm_tier", condition="level.high") == {t0_ms + 1_000: 3}
    assert exported(victoria_server, "risk_tier", source="tank area, 1") == {t0_ms: 2}
    assert exported(victoria_server, "pipeline_received") == {t0_ms: 5}


def test_an_outage_is_unavailable_and_nothing_is_missing_after_it(tmp_path: Path) -> None:
    with (
        running(victoria(tmp_path)) as server,
        influxdb2_store(server.url, "city", "readings", "token", PLANT) as store,
    ):
        assert store.write(numbered(10, points=1), 1).size == 0
        server.stop()
        with pytest.raises(Unavailable, match="does not answer"):
            store.write(numbered(10, 10, points=1), 2)
        with pytest.raises(Unavailable, match="does not answer"):
            store.curve(0, 0, 2**62, 10)
        with pytest.raises(Unavailable, match="does not answer"):
            store.recall(np.array([0], np.int32), np.array([T0]))
        fault = store.verify()
        assert fault is not None
        assert (fault.place, fault.remedy) == ("[store] url", "start it, or mend the address")
        server.start()
        assert store.write(numbered(10, 10, points=1), 2).size == 0
        found = exported(server, "reading_value", point="plant.LT 1")
        assert found == {(T0 + i * NS_PER_S) // NS_PER_MS: float(i) for i in range(20)}


def test_refused_entry_names_the_setting(tmp_path: Path) -> None:
    with (
        running(victoria(tmp_path, "-httpAuth.username=u", "-httpAuth.password=p")) as server,
        influxdb2_store(server.url, "city", "readings", "wrong", PLANT) as store,
    ):
        with pytest.raises(Unavailable, match=r"refuses entry \(401.*check \[store\] token_file"):
            store.write(numbered(1), 1)
        assert store.verify() is not None


@pytest.fixture
def real() -> Iterator[InfluxDBStore]:
    names = ("URL", "TOKEN", "ORG", "BUCKET")
    url, token, org, bucket = (os.environ.get(f"GANZHI_TEST_INFLUXDB2_{name}") for name in names)
    if not url or not token:
        pytest.skip("set GANZHI_TEST_INFLUXDB2_URL and _TOKEN (and _ORG, _BUCKET) to a server of InfluxDB 2")
    mark = uuid4().hex  # points of our own, whatever else the bucket holds
    with influxdb2_store(url, org or "ganzhi", bucket or "ganzhi", token, catalogue(f"{mark} 1", mark)) as store:
        yield store


def test_influxdb2_gives_back_exact_rows(real: InfluxDBStore) -> None:
    assert real.verify() is None
    assert (
        real.write(block([(0, T0 + 1, 0.1, 0x81, T0), (1, T0, 5e-324, 0, T0), (0, T0, -1e16, 1, T0)], T0), 1).size == 0
    )
    time, value, quality = real.curve(0, 0, 2**62, 10)
    assert list(zip(time.tolist(), value.tolist(), quality.tolist(), strict=True)) == [
        (T0, -1e16, 1),
        (T0 + 1, 0.1, 0x81),
    ]
    assert real.curve(1, 0, 2**62, 10)[1].tolist() == [5e-324]
    point, time = np.array([1, 0, 0, 1], np.int32), np.array([T0, T0 + 1, T0, T0 + 1])
    np.testing.assert_array_equal(real.recall(point, time), [5e-324, 0.1, -1e16, np.nan])


def test_influxdb2_thins_a_curve_and_keeps_its_peaks(real: InfluxDBStore) -> None:
    number = np.arange(2_000)
    value = np.sin(number / 100)
    value[1_234] = 99.0
    real.write(block([(0, T0 + int(i) * NS_PER_S, float(v), 0, T0) for i, v in zip(number, value, strict=True)], T0), 1)
    time, found, _ = real.curve(0, 0, 2**62, 100)
    assert 50 <= len(time) <= 100
    assert (T0 + 1_234 * NS_PER_S, 99.0) in zip(time.tolist(), found.tolist(), strict=True)


def test_influxdb2_tells_which_rows_it_refuses(real: InfluxDBStore) -> None:
    url, token = os.environ["GANZHI_TEST_INFLUXDB2_URL"], os.environ["GANZHI_TEST_INFLUXDB2_TOKEN"]
    place = {name: os.environ.get(f"GANZHI_TEST_INFLUXDB2_{name.upper()}", "ganzhi") for name in ("org", "bucket")}
    other_day = T0 - 3_650 * 86_400 * NS_PER_S
    with client(url, timeout_s=10, token=token) as http:
        lines = f'reading value="text" {other_day}'.encode()
        assert http.post("/api/v2/write", params={**place, "precision": "ns"}, content=lines).status_code == 204
    sent = [(i % 2, T0 + i, float(i), 0, T0) for i in range(20)]
    sent[7] = (1, other_day + 7, 7.0, 0, T0)
    assert real.write(block(sent, T0), 1).tolist() == [7]
    assert real.rejected.count == 1
    point, time = np.array([row[0] for row in sent], np.int32), np.array([row[1] for row in sent])
    np.testing.assert_array_equal(real.recall(point, time), [np.nan if i == 7 else float(i) for i in range(20)])


def test_influxdb2_refused_entry_and_missing_bucket_are_named(real: InfluxDBStore) -> None:
    url, token = os.environ["GANZHI_TEST_INFLUXDB2_URL"], os.environ["GANZHI_TEST_INFLUXDB2_TOKEN"]
    org = os.environ.get("GANZHI_TEST_INFLUXDB2_ORG", "ganzhi")
    with influxdb2_store(url, org, "ganzhi", "wrong", PLANT) as store:
        fault = store.verify()
        assert fault is not None
        assert "check [store] token_file" in fault.problem
    with influxdb2_store(url, org, uuid4().hex, token, PLANT) as store:
        fault = store.verify()
        assert fault is not None
        assert "check [store] org and bucket" in fault.problem


class Refusing(http.server.BaseHTTPRequestHandler):
    """Stands for a server of InfluxDB 2 that refuses whole requests that hold a bad line, or all for a while."""

    def do_POST(self) -> None:
        lines = gzip.decompress(self.rfile.read(int(self.headers["Content-Length"])))
        status, answer = 204, b""
        if b" value=13" in lines:
            status, answer = 422, b'{"code":"unprocessable entity","message":"field type conflict"}'
        if b" value=99" in lines:
            status, answer = 503, b'{"code":"unavailable"}'
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.send_header("Retry-After", "17")
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def refusing_url() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_line_the_server_refuses_costs_only_itself(refusing_url: str) -> None:
    with influxdb2_store(refusing_url, "city", "readings", "token", PLANT) as store:
        assert store.write(numbered(20), 1).tolist() == [13]
        assert store.rejected.count == 1
        assert "422" in store.rejected.sample
        assert "value=13.0" in store.rejected.sample
        assert store.write(numbered(30, 120), 2).tolist() == list(range(10, 20))
        assert store.rejected.count == 11


def test_a_server_that_is_busy_says_when_to_come_back(refusing_url: str) -> None:
    with (
        influxdb2_store(refusing_url, "city", "readings", "token", PLANT) as store,
        pytest.raises(Unavailable, match="503") as caught,
    ):
        store.write(numbered(1, 99), 1)
    assert caught.value.retry_after_s == 17.0
