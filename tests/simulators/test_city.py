"""The city: the demo's timeline by its models, and a few seconds of it through a real broker."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from ganzhi.errors import ConfigError, Unavailable
from simulators import KINDS
from simulators.city import City, CityProgress, beats, run
from simulators.script import DEMO, DEMO_SPEED, QUIET
from tests.servers import Server, free_port
from tests.simulators.mqtt import subscribed
from tests.simulators.plant import SECTORS, catalogue, dam, detectors, slope, tanks

CYCLE_S = 300


def timeline(seed: int, seconds: int) -> list[tuple[float, float]]:
    """(level of tank 102 in %, highest %LEL) at every second of the clock at demo speed."""
    city = City(catalogue(), seed=seed, script=DEMO)
    found = []
    for _ in range(seconds):
        readings, _ = city.step(DEMO_SPEED)
        found.append((readings["tank-area-1"]["LT-102"] / 0.16, max(readings["gas-area-1"].values())))
    return found


@pytest.mark.parametrize("seed", [7, 1, 2])
def test_demo_keeps_its_times_whatever_the_seed(seed: int) -> None:
    found = timeline(seed, 2 * CYCLE_S)
    for start in (0, CYCLE_S):
        level = [row[0] for row in found[start : start + CYCLE_S]]
        gas = [row[1] for row in found[start : start + CYCLE_S]]
        assert all(62 < value < 70 for value in level[:5])
        assert 55 <= next(s for s, value in enumerate(level) if value > 85) <= 65
        assert 70 <= next(s for s, value in enumerate(level) if value > 90) <= 80
        assert 93 < max(level) < 98
        assert 133 <= next(s for s in range(90, CYCLE_S) if level[s] < 80) <= 155
        assert all(62 < value < 70 for value in level[245:])
        assert max(gas[:31]) <= 1
        assert 61 <= next(s for s, value in enumerate(gas) if value > 25) <= 69
        assert 76 <= next(s for s, value in enumerate(gas) if value > 50) <= 84
        assert max(gas) < 80
        assert 140 <= next(s for s in range(100, CYCLE_S) if max(gas[s : s + 5]) < 20) <= 165
        assert max(gas[245:]) <= 4


def test_rise_is_fairly_even_between_start_and_high_high() -> None:
    level = [row[0] for row in timeline(7, 77)]
    rates = [level[s + 10] - level[s] for s in range(11, 67, 10)]
    assert all(2.8 < rate < 4.0 for rate in rates)


def test_accident_befalls_only_its_tank_and_a_source_reads_the_same_without_the_others() -> None:
    whole, alone = City(catalogue(), seed=7), City(catalogue(tanks("101", "102", "103")), seed=7)
    for _ in range(100):
        all_readings, _ = whole.step(DEMO_SPEED)
        few_readings, _ = alone.step(DEMO_SPEED)
        assert few_readings["tank-area-1"] == all_readings["tank-area-1"]
    levels = {tag: value / 0.16 for tag, value in all_readings["tank-area-1"].items() if tag.startswith("LT")}
    assert levels["LT-102"] > 90
    assert max(levels["LT-101"], levels["LT-103"]) < 70
    assert max(v for t, v in all_readings["tank-area-2"].items() if t.startswith("LT")) / 0.16 < 70
    assert alone.without == ("tank-area-2", "gas-area-1", "gas-area-2")


def test_script_plays_at_another_subject_when_the_catalogue_has_not_its_own() -> None:
    points = [replace(point, source="tanks-x", enterprise="storage") for point in tanks("7", "8")]
    city = City(catalogue(points, {"tanks-x": ("storage", "tank_farm")}), seed=7)
    acts = [act for _ in range(106) for act in city.step(DEMO_SPEED)[1]]
    assert [str(act) for act in acts] == ["overfill of 7 in tanks-x begins", "overfill of 7 in tanks-x ends"]


def test_gateways_are_named_as_in_the_demo_city() -> None:
    assert City(catalogue(), seed=7).gateways == {
        ("storage", "gw-tank"): ["tank-area-1", "tank-area-2"],
        ("chem", "gw-gas-1"): ["gas-area-1"],
        ("chem", "gw-gas-2"): ["gas-area-2"],
    }


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_city_publishes_every_point_once_a_period(mosquitto_server: Server, protocol: str) -> None:
    points = [replace(point, enterprise=f"{point.enterprise}-{protocol[0]}") for point in catalogue().points]
    city = catalogue(points, {name: (f"{owner}-{protocol[0]}", sector) for name, (owner, sector) in SECTORS.items()})
    told: list[CityProgress] = []
    with subscribed(mosquitto_server.port, "ganzhi/v1/+/+/data") as heard:
        before_ms = time.time_ns() // 1_000_000
        summary = run(
            city, url=f"mqtt://127.0.0.1:{mosquitto_server.port}", stop=threading.Event(), seconds=2.0, period_s=0.2,
            speed=2000.0, protocol=protocol, receipts=False, on_progress=told.append,
        )  # fmt: skip
        heard.wait(summary.messages)
    beats_kept = 10 - summary.skipped
    assert (summary.messages, summary.acknowledged, summary.refused) == (3 * beats_kept, 3 * beats_kept, 0)
    assert summary.readings == beats_kept * len(city.points) == sum(len(message["values"]) for message in heard.data())
    assert all(message["simulated"] is True for message in heard.data())
    numbers = sorted(message["seq"] for message in heard.data())
    assert len(numbers) == 3 * beats_kept
    assert before_ms <= numbers[0] <= numbers[-1] <= time.time_ns() // 1_000_000 + beats_kept
    times = [message["ts"] for message in heard.data()]
    assert before_ms <= min(times) <= max(times) <= time.time_ns() // 1_000_000
    tags = {tuple(message["values"]) for message in heard.data()}
    assert sorted(tag for some in tags for tag in some) == sorted(point.tag for point in city.points)
    assert [str(act).split(" in ")[0] for _, act in summary.acts] == [
        "overfill of 102", "leak of GD-06", "overfill of 102", "leak of GD-06",
    ]  # fmt: skip
    assert told[-1].messages == summary.messages
    assert told[-1].plant_s == pytest.approx(4000.0)
    assert "overfill of 102 in tank-area-1 begins" in str(summary)
    assert f"{summary.messages} messages" in str(summary)


def test_city_stops_at_once_and_flushes_when_it_is_told_to(mosquitto_server: Server) -> None:
    stop = threading.Event()
    url = f"mqtt://127.0.0.1:{mosquitto_server.port}"
    only = catalogue(detectors(), {"gas-area-1": ("chem-stop", "gas_detection")})
    summary = run(only, url=url, stop=stop, script=QUIET, receipts=False, on_progress=lambda _: stop.set())
    assert (summary.messages, summary.acknowledged, summary.acts) == (1, 1, [])


def test_city_without_a_broker_says_where_it_looked() -> None:
    port = free_port()
    with pytest.raises(Unavailable, match=f"no MQTT broker at mqtt://127.0.0.1:{port}"):
        run(catalogue(), url=f"mqtt://127.0.0.1:{port}", stop=threading.Event(), seconds=1.0)


def test_city_without_a_model_or_with_senseless_numbers_is_refused() -> None:
    nothing = catalogue([], {"dam": ("e", "tailings")})
    with pytest.raises(ConfigError, match=r"no source can be simulated .*tank_farm, gas_detection"):
        City(nothing, seed=1)
    with pytest.raises(ConfigError) as caught:
        run(catalogue(), url="mqtt://h", stop=threading.Event(), speed=0.0, period_s=float("nan"))
    assert [fault.place for fault in caught.value.faults] == ["speed", "period_s"]


def test_beats_keep_step_and_count_what_was_missed() -> None:
    stop = threading.Event()
    began = time.monotonic()
    late = []
    for missed in beats(0.05, stop, 8):
        late.append(missed)
        if len(late) == 2:
            time.sleep(0.12)
    assert time.monotonic() - began >= 0.34
    assert sum(late) + len(late) == 8
    assert sum(late) >= 1
    stop.set()
    assert list(beats(10.0, stop, None)) == []


def test_every_model_is_deterministic_and_answers_to_its_points() -> None:
    sectors = SECTORS | {"dam-1": ("mine", "tailings"), "slope-1": ("mine", "slope")}
    whole = catalogue([*catalogue().points, *dam(), *slope()], sectors)
    assert set(KINDS) == {sector for _, sector in sectors.values()}
    first, second = (City(whole, seed=3) for _ in range(2))
    for _ in range(60):
        assert first.step(DEMO_SPEED) == second.step(DEMO_SPEED)
    readings, _ = first.step(DEMO_SPEED)
    for point in whole.points:
        assert point.low <= readings[point.source][point.tag] <= point.high
