"""Replay through a real Mosquitto: row for row, at its pace, by its own time or by now."""

from __future__ import annotations

import csv
import os
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ganzhi.errors import ConfigError, Unavailable
from simulators.recording import Column
from simulators.replay import ReplayMap, replay
from tests.servers import Server, free_port
from tests.simulators.mqtt import subscribed

START = datetime(2024, 5, 1, 8, tzinfo=UTC)
START_MS = int(START.timestamp()) * 1000
DATA = Path(os.environ.get("GANZHI_BENCH_DATA", Path(__file__).parents[3] / "shared" / "data"))
RIG = DATA / "SKAB" / "data" / "valve1" / "1.csv"


def chart(gateway: str) -> ReplayMap:
    return ReplayMap("when", "replayed", gateway, {"p": Column("PT-1", 1000.0), "q": Column("FI-1")})


def recorded(folder: Path, seconds: list[float], name: str = "rec.csv") -> Path:
    path = folder / name
    rows = [f"{START + timedelta(seconds=s):%Y-%m-%d %H:%M:%S},{i},{i / 2}" for i, s in enumerate(seconds)]
    path.write_text("when,p,q\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def url(server: Server) -> str:
    return f"mqtt://127.0.0.1:{server.port}"


def test_recording_is_published_row_for_row_as_fast_as_possible(tmp_path: Path, mosquitto_server: Server) -> None:
    files = [recorded(tmp_path, [0, 1, 2, 250], "a.csv"), recorded(tmp_path, [300, 301], "b.csv")]
    files[1].write_text(files[1].read_text() + "2024-05-01 08:10:00,,oops\nnever,1,1\n")
    told: list[tuple[int, int, int]] = []
    with subscribed(mosquitto_server.port, "ganzhi/v1/replayed/fast/data") as heard:
        summary = replay(
            files, map=chart("fast"), url=url(mosquitto_server), stop=threading.Event(), speed=0,
            receipts=False, clock=lambda: 0, on_progress=lambda *progress: told.append(progress),
        )  # fmt: skip
        heard.wait(6)
    assert heard.data() == [
        {"ts": START_MS + s * 1000, "values": {"PT-1": 1000.0 * i, "FI-1": i / 2}, "seq": n}
        for n, (s, i) in enumerate(((0, 0), (1, 1), (2, 2), (250, 3), (300, 0), (301, 1)), 1)
    ]
    assert (summary.files, summary.rows, summary.messages, summary.readings) == (2, 8, 6, 12)
    assert (summary.acknowledged, summary.empty, summary.waiting, summary.stopped) == (6, 1, 0, False)
    assert (summary.losses.rows, summary.losses.values) == (1, {"p": 1, "q": 1})
    assert summary.first == START_MS * 1_000_000
    assert summary.last == (START_MS + 600_000) * 1_000_000
    assert told[0] == (1, 8, START_MS * 1_000_000)
    assert told[-1] == (8, 8, summary.last)
    assert "6 messages, 12 readings published" in str(summary)
    assert "b.csv:5: when 'never' is no time" in str(summary)


def test_rows_keep_their_distance_and_silences_are_cut(tmp_path: Path, mosquitto_server: Server) -> None:
    mapped = replace(chart("paced"), max_gap_s=4.0)
    path = recorded(tmp_path, [0, 2, 1000, 998, 1000])
    began = time.monotonic()
    line = url(mosquitto_server)
    summary = replay([path], map=mapped, url=line, stop=threading.Event(), speed=10.0, receipts=False)
    took = time.monotonic() - began
    assert summary.messages == 5
    assert 0.8 <= summary.seconds <= took < 20.0  # (2 + 4 + 0 + 2) s / 10


def test_start_passes_over_older_rows(tmp_path: Path, mosquitto_server: Server) -> None:
    with subscribed(mosquitto_server.port, "ganzhi/v1/replayed/start/data") as heard:
        summary = replay(
            [recorded(tmp_path, [0, 5, 10])], map=chart("start"), url=url(mosquitto_server), stop=threading.Event(),
            receipts=False, speed=None, start=(START_MS + 5000) * 1_000_000,
        )  # fmt: skip
        heard.wait(2)
    assert [message["ts"] - START_MS for message in heard.data()] == [5000, 10_000]
    assert (summary.rows, summary.before_start, summary.messages) == (3, 1, 2)


@pytest.mark.parametrize(
    ("speed", "stamps"), [(0, [-9000, -8000, 0]), (1000.0, [-8991, -7991, 9]), (1.0, [0, 1000, 9000])]
)
def test_shifted_rows_keep_their_spacing_and_never_lie_in_the_future(
    tmp_path: Path, mosquitto_server: Server, speed: float, stamps: list[int]
) -> None:
    """At speed 1 the recording begins now; at any higher one it ends as its last row is sent."""
    stop = threading.Event()
    gateway = f"shift-{speed:g}"
    now_ms = 1_900_000_000_000

    def show(done: int, total: int, moment: int) -> None:
        if speed == 1.0 and done == 2:
            stop.set()

    with subscribed(mosquitto_server.port, f"ganzhi/v1/replayed/{gateway}/data") as heard:
        replay(
            [recorded(tmp_path, [0, 1, 9])], map=chart(gateway), url=url(mosquitto_server), stop=stop, speed=speed,
            shift=True, receipts=False, clock=lambda: now_ms * 1_000_000, on_progress=show,
        )  # fmt: skip
        heard.wait(2)
    found = [message["ts"] - now_ms for message in heard.data()]
    assert found == stamps[: len(found)]
    assert len(found) == (2 if speed == 1.0 else 3)


def test_replay_stops_when_it_is_told_to(tmp_path: Path, mosquitto_server: Server) -> None:
    stop = threading.Event()
    summary = replay(
        [recorded(tmp_path, [0, 3600])], map=chart("stopped"), url=url(mosquitto_server), stop=stop,
        receipts=False, on_progress=lambda *_: stop.set(),
    )  # fmt: skip
    assert (summary.messages, summary.stopped) == (1, True)
    assert "stopped before the end" in str(summary)


def test_faults_are_told_before_anything_is_sent(tmp_path: Path) -> None:
    never = threading.Event()
    with pytest.raises(ConfigError, match="cannot be read"):
        replay([tmp_path / "none.csv"], map=chart("g"), url="mqtt://h", stop=never)
    path = recorded(tmp_path, [0])
    with pytest.raises(ConfigError, match="speed"):
        replay([path], map=chart("g"), url="mqtt://h", stop=never, speed=-1.0)
    with pytest.raises(ConfigError, match="is not a broker's address"):
        replay([path], map=chart("g"), url="h:1883", stop=never)
    port = free_port()
    with pytest.raises(Unavailable, match=f"no MQTT broker at mqtt://127.0.0.1:{port}"):
        replay([path], map=chart("g"), url=f"mqtt://127.0.0.1:{port}", stop=never)


@pytest.mark.skipif(
    not RIG.exists(),
    reason="the SKAB recordings are not there: get waico/SKAB and name its parent folder in GANZHI_BENCH_DATA",
)
def test_rig_recording_arrives_value_for_value(mosquitto_server: Server) -> None:
    with RIG.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    names = [name for name in rows[0] if name not in ("datetime", "anomaly", "changepoint")]
    columns = {name: Column(f"T-{i}") for i, name in enumerate(names)}
    mapped = ReplayMap("datetime", "replayed", "rig", columns, delimiter=";")
    with subscribed(mosquitto_server.port, "ganzhi/v1/replayed/rig/data") as heard:
        summary = replay([RIG], map=mapped, url=url(mosquitto_server), stop=threading.Event(), speed=0, receipts=False)
        heard.wait(len(rows))
    assert (summary.rows, summary.messages, summary.readings) == (len(rows), len(rows), len(rows) * 8)
    assert [message["values"] for message in heard.data()] == [
        {f"T-{i}": float(row[name]) for i, name in enumerate(names)} for row in rows
    ]
    assert [datetime.fromtimestamp(message["ts"] / 1000, UTC) for message in heard.data()] == [
        datetime.strptime(row["datetime"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) for row in rows
    ]
