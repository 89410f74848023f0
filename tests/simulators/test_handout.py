"""The publisher that enterprises get, as a process of its own, under the faults of test_receipt.py."""

from __future__ import annotations

import ast
import contextlib
import itertools
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import Server, mosquitto, program, running, wait_until
from tests.simulators.mqtt import LIMIT_S
from tests.simulators.platform import Platform, platform

SCRIPT = Path(__file__).parents[2] / "simulators" / "handout.py"
NAMES = itertools.count(1)


class Handout:
    """The script with settings of a test; `feed` writes lines to it."""

    def __init__(self, port: int, folder: Path, **settings: object) -> None:
        self.gateway = f"handed-{next(NAMES)}"
        self.topic = f"ganzhi/v1/sim/{self.gateway}"
        self.file = folder / "kept.sqlite"
        given = {"port": port, "enterprise": "sim", "gateway": self.gateway, "file": self.file, **settings}
        self._command = [sys.executable, str(SCRIPT), *(f"{name}={value}" for name, value in given.items())]
        self._folder = folder
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        with (self._folder / "said").open("a") as said:
            self.process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stderr=said, text=True, encoding="utf-8"
            )

    def feed(self, values: range) -> None:
        self.write("".join(json.dumps({"ts": value, "A": value}) + "\n" for value in values))

    def write(self, text: str) -> None:
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def end(self) -> int:
        """The input ends; its exit code once all is done."""
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(LIMIT_S)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            assert self.process.stdin is not None
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()

    def kept(self) -> list[int]:
        """The values in its file, oldest first."""
        try:
            with contextlib.closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)) as db:
                bodies = db.execute("SELECT body FROM message ORDER BY seq").fetchall()
        except sqlite3.OperationalError:  # it has not made it yet
            return []
        return [json.loads(body)["values"]["A"] for (body,) in bodies]

    @property
    def said(self) -> str:
        return (self._folder / "said").read_text(encoding="utf-8")


@contextlib.contextmanager
def handout(port: int, folder: Path, **settings: object) -> Iterator[Handout]:
    made = Handout(port, folder, **settings)
    made.start()
    try:
        yield made
    finally:
        made.kill()


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Server]:
    """A Mosquitto without persistence that may be killed."""
    if program("mosquitto") is None:
        pytest.skip("mosquitto is not installed (apt-get install mosquitto)")
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    with running(mosquitto(folder)) as server:
        yield server


def test_it_needs_paho_and_the_standard_library_only() -> None:
    tree = ast.parse(SCRIPT.read_text(encoding="utf-8"))
    names = {
        alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    names |= {str(node.module).split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names - set(sys.stdlib_module_names) == {"paho"}


@pytest.mark.parametrize("mqtt", [5, 4])
def test_lines_arrive_numbered_and_are_deleted_by_receipts(mosquitto_server: Server, tmp_path: Path, mqtt: int) -> None:
    with (
        handout(mosquitto_server.port, tmp_path, mqtt=mqtt) as gateway,
        platform(mosquitto_server.port, gateway.topic) as there,
    ):
        gateway.feed(range(300))
        gateway.write('{"A": 300, "氨": 1.5}\nnonsense\n[1]\n{}\n')
        gateway.write('{"ts": 7, "values": {"A": 301}, "quality": {"A": "uncertain"}, "seq": 1}\n')
        assert gateway.end() == 0
    assert there.values() == list(range(302))
    first = there.arrived[0]["seq"]
    assert first > 1_700_000_000_000
    assert [message["seq"] - first for message in there.arrived] == list(range(302))
    assert there.arrived[0] | {"oldest": 0, "seq": 0} == {"oldest": 0, "seq": 0, "ts": 0, "values": {"A": 0}}
    assert there.arrived[300]["values"] == {"A": 300, "氨": 1.5}
    assert there.arrived[300]["ts"] > 1_700_000_000_000
    assert (there.arrived[301]["ts"], there.arrived[301]["quality"]) == (7, {"A": "uncertain"})
    assert gateway.said.count("left out") == 3
    assert gateway.kept() == []


@pytest.mark.parametrize("mqtt", [5, 4])
def test_what_a_killed_broker_had_acknowledged_is_sent_again(own_broker: Server, tmp_path: Path, mqtt: int) -> None:
    with (
        handout(own_broker.port, tmp_path, mqtt=mqtt, resend_s=1.0) as gateway,
        platform(own_broker.port, gateway.topic, receive_maximum=10) as there,
    ):
        gateway.feed(range(100))
        there.wait(100)
        there.commits = False
        gateway.feed(range(100, 300))
        wait_until(lambda: gateway.kept()[-1:] == [299], "the last line in the file", LIMIT_S)
        own_broker.stop(kill=True)
        there.commits = True
        gateway.feed(range(300, 400))
        own_broker.start()
        there.wait(400)
        assert gateway.end() == 0
    assert sorted(there.values()) == list(range(400))
    if mqtt == 5:  # in 3.1.1 nothing says that nobody listens yet, so newer messages may come first
        assert there.values() == list(range(400))


@pytest.mark.timeout(120)
def test_killed_it_loses_nothing_that_it_kept(own_broker: Server, tmp_path: Path) -> None:
    with (
        handout(own_broker.port, tmp_path) as gateway,
        platform(own_broker.port, gateway.topic, receive_maximum=10) as there,
    ):
        start, kept = 0, set()
        for arrivals in (50, 150, 300):
            there.commits = True
            gateway.feed(range(start, start + 2000))
            there.wait(arrivals)
            there.commits = False
            wait_until(lambda: len(gateway.kept()) > 100, "100 lines in the file", LIMIT_S)
            gateway.kill()
            kept |= set(gateway.kept()) | set(there.values())
            own_broker.stop(kill=True)
            own_broker.start()
            start += 2000
            gateway.start()
        there.commits = True
        gateway.feed(range(start, start + 10))
        assert gateway.end() == 0
    values = there.values()
    assert kept <= set(values)
    assert values == sorted(values)
    assert values[-10:] == list(range(start, start + 10))


def test_nothing_overtakes_what_waits_for_a_subscriber(own_broker: Server, tmp_path: Path) -> None:
    with handout(own_broker.port, tmp_path) as gateway:
        gateway.feed(range(100))
        wait_until(lambda: gateway.kept()[-1:] == [99], "the last line in the file", LIMIT_S)
        there = Platform(own_broker.port, gateway.topic)
        there.start()
        try:
            assert gateway.end() == 0
        finally:
            there.stop()
    assert [message["values"]["A"] for message in there.arrived] == list(range(100))


def test_all_is_sent_again_when_receipts_stay_away(mosquitto_server: Server, tmp_path: Path) -> None:
    with (
        handout(mosquitto_server.port, tmp_path, resend_s=0.3) as gateway,
        platform(mosquitto_server.port, gateway.topic) as there,
    ):
        gateway.feed(range(10))
        wait_until(lambda: there.values() == list(range(10)) and gateway.kept() == [], "receipts", LIMIT_S)
        there.receipts = False
        gateway.feed(range(10, 20))
        wait_until(lambda: len(there.arrived) >= 30, "the second sending", LIMIT_S)
        there.receipts = True
        assert gateway.end() == 0
    assert [message["values"]["A"] for message in there.arrived[10:30]] == [*range(10, 20)] * 2


def test_input_waits_while_the_file_is_full(mosquitto_server: Server, tmp_path: Path) -> None:
    with (
        handout(mosquitto_server.port, tmp_path, most=20, resend_s=0.3) as gateway,
        platform(mosquitto_server.port, gateway.topic) as there,
    ):
        gateway.feed(range(1))
        wait_until(lambda: there.values() == [0] and gateway.kept() == [], "a receipt", LIMIT_S)
        there.commits = False
        gateway.feed(range(1, 101))
        wait_until(lambda: len(gateway.kept()) == 20, "a full file", LIMIT_S)
        there.commits = True
        there.stop()
        there.start()
        assert gateway.end() == 0
    assert there.values() == list(range(101))


def test_platform_without_receipts_does_not_stall_it(mosquitto_server: Server, tmp_path: Path) -> None:
    with (
        handout(mosquitto_server.port, tmp_path, most=20, resend_s=0.5) as gateway,
        platform(mosquitto_server.port, gateway.topic, receipts=False) as there,
    ):
        gateway.feed(range(200))
        there.wait(200)
        assert gateway.end() == 0
    assert there.values() == list(range(200))


def test_damaged_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "kept.sqlite").write_bytes(b"no database at all" * 100)
    with handout(1, tmp_path) as gateway:
        assert gateway.process is not None
        assert gateway.process.wait(LIMIT_S) == 1
        assert "cannot be used: file is not a database. Move it away" in gateway.said


def test_it_waits_for_a_broker_that_is_away(own_broker: Server, tmp_path: Path) -> None:
    own_broker.stop()
    with handout(own_broker.port, tmp_path) as gateway:
        gateway.feed(range(10))
        wait_until(lambda: "no connection to 127.0.0.1" in gateway.said, "a complaint", LIMIT_S)
        own_broker.start()
        with platform(own_broker.port, gateway.topic) as there:
            assert gateway.end() == 0
    assert there.values() == list(range(10))
