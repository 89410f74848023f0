"""InfluxDB 1.x, a real one: exact rows, bad lines apart, outages, access."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ganzhi.clock import NS_PER_S
from ganzhi.errors import Unavailable
from ganzhi.records import Change
from storage.curve import Curve
from storage.influxdb import InfluxDBStore
from storage.influxdb1 import influxdb1_store
from storage.influxql import InfluxQL, Rows, client, named
from tests.servers import Server, free_port, influxdb1, program, running
from tests.storage.plant import T0, alarm, block, catalogue, colour, event, numbered

PLANT = catalogue("LT 1", "LT,2", "温度=3\\", 'it\'s "so"')


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    return re.sub(r"\W", "_", request.node.name)


@pytest.fixture
def store(influxdb1_server: Server, database: str) -> Iterator[InfluxDBStore]:
    with influxdb1_store(influxdb1_server.url, database, PLANT) as store:
        yield store


def ask(server: Server, database: str, statement: str) -> Rows:
    with client(server.url, timeout_s=10) as http:
        return InfluxQL(http=http, database=database, access="", place="").ask(statement)[0]


def points_of(curve: Curve) -> list[tuple[int, float, int]]:
    return list(zip(*(column.tolist() for column in curve), strict=True))


def test_every_reading_is_kept_exactly(store: InfluxDBStore, influxdb1_server: Server, database: str) -> None:
    sent = [
        (1, T0 + 1, 0.1, 0x81, T0 + 9),
        (0, T0 - 5, 5e-324, 3, T0 + 9),
        (2, T0 + 123_456_789, 1.7976931348623157e308, 0, T0 + 10),
        (3, T0, -1e16, 1, T0 + 10),
        (3, T0 + 1, 3.0, 0, T0 + 10),
    ]
    assert store.position() is None
    assert store.prune(T0) == 0
    assert store.write(block(sent, T0 + 10), 1).size == 0
    assert store.write(block(sent, T0 + 10), 1).size == 0
    found = ask(influxdb1_server, database, "SELECT value, quality, point, enterprise, source, quantity FROM reading")
    ids = [point.id for point in PLANT.points]
    ids[2] = "plant.温度=3/"
    expected = [[row[1], row[2], row[3], ids[row[0]], "plant", "tank area, 1", "level"] for row in sent]
    assert sorted(found, key=lambda row: (row[0], row[3])) == sorted(expected, key=lambda row: (row[0], row[3]))
    assert points_of(store.curve(2, 0, 2**62, 10)) == [(T0 + 123_456_789, 1.7976931348623157e308, 0)]
    assert points_of(store.curve(3, T0, T0 + 1, 10)) == [(T0, -1e16, 1), (T0 + 1, 3.0, 0)]
    assert points_of(store.curve(3, T0 + 1, T0 + 1, 10)) == [(T0 + 1, 3.0, 0)]
    assert points_of(store.curve(1, T0 + 2, T0 + 9, 10)) == []


def test_a_thinned_curve_keeps_every_peak(store: InfluxDBStore) -> None:
    number = np.arange(10_000)
    value = np.sin(number / 500)
    value[1_234], value[7_777] = 99.0, -99.0
    time = T0 + number * NS_PER_S
    store.write(block([(0, int(t), float(v), 0, T0) for t, v in zip(time, value, strict=True)], T0), 1)
    thin = points_of(store.curve(0, 0, 2**62, 200))
    assert 100 <= len(thin) <= 200
    assert (int(time[1_234]), 99.0, 0) in thin
    assert (int(time[7_777]), -99.0, 0) in thin
    assert set(thin) <= set(zip(time.tolist(), value.tolist(), [0] * 10_000, strict=True))
    assert [row[0] for row in thin] == sorted(row[0] for row in thin)


def test_events_colours_and_counters_are_read_back(
    store: InfluxDBStore, influxdb1_server: Server, database: str
) -> None:
    first, second = event(1, alarm()), event(2, alarm(score=1.5), Change.CLEARED)
    store.record([first, second], [colour(T0)])
    store.record_pipeline(T0, {"received": 5, "delay_p50_ms": 1.25})
    columns = ("change", "point", "condition", "text_zh", "text_en", "name_en", "score", "tier", "simulated", "seq")
    assert ask(influxdb1_server, database, f"SELECT {', '.join(columns)} FROM alarm") == [
        [line.noted, line.change.value, "plant.LT 1", "level.high", *texts, score, 3, True, line.seq]
        for line, score in ((first, None), (second, 1.5))
        for texts in [(line.alarm.text.zh, line.alarm.text.en, 'Level "high"')]
    ]
    assert ask(influxdb1_server, database, "SELECT tier, blue, yellow, orange, red, source FROM risk") == [
        [T0, 2, 1, 2, 0, 0, "tank area, 1"]
    ]
    assert ask(influxdb1_server, database, "SELECT received, delay_p50_ms FROM pipeline") == [[T0, 5, 1.25]]


def test_lines_the_server_refuses_are_split_out(store: InfluxDBStore, influxdb1_server: Server, database: str) -> None:
    assert store.verify() is None
    # Someone wrote texts as values before us: readings of that day have a field of another type in their shard.
    other_day = T0 - 30 * 86_400 * NS_PER_S
    with client(influxdb1_server.url, timeout_s=10) as http:
        answer = http.post("/write", params={"db": database}, content=f'reading value="text" {other_day}'.encode())
        assert answer.status_code == 204
    good = [(number % 3, T0 + number, float(number), 0, T0) for number in range(100)]
    bad = [(0, other_day + 7, 7.0, 0, T0), (1, other_day + 8, 8.0, 0, T0)]
    assert store.write(block([*good[:40], bad[0], *good[40:90], bad[1], *good[90:]], T0), 1).tolist() == [40, 91]
    assert store.rejected.count == 2
    assert "field type conflict" in store.rejected.sample
    assert f"value=8.0,quality=0i {other_day + 8}" in store.rejected.sample
    assert len(ask(influxdb1_server, database, f"SELECT value FROM reading WHERE time >= {T0}")) == 100


def test_readings_older_than_the_retention_are_counted_as_rejected(
    store: InfluxDBStore, influxdb1_server: Server, database: str
) -> None:
    ask(influxdb1_server, database, f"CREATE DATABASE {named(database)} WITH DURATION 1h")
    assert store.write(block([(0, T0 - 10**17, 1.0, 0, T0)], T0), 1).tolist() == [0]
    assert store.rejected.count == 1
    assert "beyond retention policy" in store.rejected.sample


def test_a_database_that_is_dropped_is_created_again(
    store: InfluxDBStore, influxdb1_server: Server, database: str
) -> None:
    assert store.verify() is None
    assert store.verify() is None
    ask(influxdb1_server, database, f"DROP DATABASE {named(database)}")
    assert store.write(numbered(3), 1).size == 0
    assert len(ask(influxdb1_server, database, "SELECT value FROM reading")) == 3


def test_an_outage_is_unavailable_and_nothing_is_missing_after_it(tmp_path: Path) -> None:
    if program("influxd") is None:
        pytest.skip("influxd is not installed (apt-get install influxdb)")
    with running(influxdb1(tmp_path)) as server, influxdb1_store(server.url, "ganzhi", PLANT) as store:
        assert store.write(numbered(10), 1).size == 0
        server.stop(kill=True)
        with pytest.raises(Unavailable, match="does not answer"):
            store.write(numbered(10, 10), 2)
        with pytest.raises(Unavailable, match="does not answer"):
            store.curve(0, 0, 2**62, 10)
        with pytest.raises(Unavailable, match="does not answer"):
            store.recall(np.array([0], np.int32), np.array([T0]))
        fault = store.verify()
        assert fault is not None
        assert fault.place == "[store] url"
        assert server.url in fault.problem
        server.start()
        assert store.write(numbered(10, 10), 2).size == 0
        found = ask(server, "ganzhi", "SELECT value FROM reading")
        assert [row[1] for row in found] == [float(i) for i in range(20)]


def test_access_is_by_user_and_password(tmp_path: Path) -> None:
    if program("influxd") is None:
        pytest.skip("influxd is not installed (apt-get install influxdb)")
    guarded = influxdb1(tmp_path)
    configuration = tmp_path / "influxdb.conf"
    configuration.write_text(configuration.read_text().replace("[http]", "[http]\n  auth-enabled = true"))
    with running(guarded) as server:
        ask(server, "", "CREATE USER admin WITH PASSWORD 'root' WITH ALL PRIVILEGES")
        with influxdb1_store(server.url, "ganzhi", PLANT) as nobody:
            fault = nobody.verify()
            assert fault is not None
            assert "check [store] username and password_file" in fault.problem
            with pytest.raises(Unavailable, match=r"refuses entry.*\[store\] username and password_file"):
                nobody.write(numbered(1), 1)
        with influxdb1_store(server.url, "ganzhi", PLANT, username="admin", password="root") as admin:
            assert admin.verify() is None
            assert admin.write(numbered(1), 1).size == 0
            for statement in ("CREATE USER reader WITH PASSWORD 'r'", "GRANT READ ON ganzhi TO reader"):
                with client(server.url, timeout_s=10, auth=("admin", "root")) as http:
                    InfluxQL(http=http, database="", access="", place="").ask(statement)
        with influxdb1_store(server.url, "ganzhi", PLANT, username="reader", password="r") as reader:
            fault = reader.verify()
            assert fault is not None
            assert "403" in fault.problem
            assert len(reader.curve(0, 0, 2**62, 10)[0]) == 1


def test_verify_tells_another_program_from_influxdb(mosquitto_server: Server, tmp_path: Path) -> None:
    with influxdb1_store(f"http://127.0.0.1:{free_port()}", "ganzhi", PLANT) as store:
        fault = store.verify()
        assert fault is not None
        assert (fault.place, fault.remedy) == ("[store] url", "start it, or mend the address")
    with influxdb1_store(mosquitto_server.url, "ganzhi", PLANT, timeout_s=2) as store:
        assert store.verify() is not None


def test_values_are_recalled_by_point_and_time(store: InfluxDBStore) -> None:
    assert store.verify() is None
    assert np.isnan(store.recall(np.array([1], np.int32), np.array([T0]))).all()
    store.write(numbered(20_000, points=4), 1)
    day = 86_400 * NS_PER_S
    store.write(block([(3, T0 + day, 0.1, 0, T0), (2, T0 + day, -1e16, 5, T0)], T0), 2)
    number = np.append(np.random.default_rng(1).integers(-50, 20_050, 3_000), [7, 7])
    point = np.append(number % 4, [3, 2, 1, 3]).astype(np.int32)
    time = T0 + np.append(number * NS_PER_S, [day, day, day, day + 1])
    expected = np.append(np.where((number >= 0) & (number < 20_000), number, np.nan), [0.1, -1e16, np.nan, np.nan])
    np.testing.assert_array_equal(store.recall(point, time), expected)
    assert store.recall(point[:0], time[:0]).shape == (0,)


def test_values_of_many_points_are_recalled_in_few_requests(influxdb1_server: Server, database: str) -> None:
    plant = catalogue(*(f"LT {i}" for i in range(1_200)))
    with influxdb1_store(influxdb1_server.url, database, plant) as store:
        store.write(numbered(1_200, points=1_200), 1)
        number = np.arange(1_199, -1, -1)
        found = store.recall(number.astype(np.int32), T0 + number * NS_PER_S)
        np.testing.assert_array_equal(found, number)
