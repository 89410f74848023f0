"""Receipts end to end against a real Mosquitto: whoever is killed, everything arrives, in the gateway's order."""

from __future__ import annotations

import itertools
import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ganzhi.errors import ConfigError, Unavailable
from simulators.address import GatewayOptions
from simulators.gateway import Gateway
from tests.servers import Server, mosquitto, program, running, wait_until
from tests.simulators.mqtt import LIMIT_S, line
from tests.simulators.platform import Platform, platform

ROOT = Path(__file__).parents[2]
NAMES = itertools.count(1)


def options(
    port: int,
    *,
    protocol: str = "5",
    resend_after_s: float = 10.0,
    grace_s: float = 60.0,
    buffer: int = 100_000,
    folder: Path | None = None,
) -> GatewayOptions:
    return GatewayOptions(
        f"mqtt://127.0.0.1:{port}", "sim", f"kept-{next(NAMES)}", protocol, patience_s=0.3, attempts=100,
        resend_after_s=resend_after_s, grace_s=grace_s, buffer=buffer, folder=folder,
    )  # fmt: skip


def publish(gateway: Gateway, values: range) -> None:
    for value in values:
        gateway.publish(value, {"A": value})


def acknowledged(gateway: Gateway, count: int) -> None:
    wait_until(lambda: gateway.counts.acknowledged >= count, f"acknowledgement {count}", LIMIT_S)


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Server]:
    """A Mosquitto without persistence that may be killed: it forgets its sessions, queues and retained messages."""
    if program("mosquitto") is None:
        pytest.skip("mosquitto is not installed (apt-get install mosquitto)")
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    with running(mosquitto(folder)) as server:
        yield server


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_every_message_is_done_by_its_receipt(mosquitto_server: Server, protocol: str) -> None:
    mine = options(mosquitto_server.port, protocol=protocol)
    with platform(mosquitto_server.port, mine.topic) as there, Gateway(mine, clock=lambda: 5_000_000_000) as gateway:
        publish(gateway, range(300))
        assert gateway.publish_batch([(1, {"A": 300}), (2, {"A": 301})]) == 5301
        assert gateway.flush(LIMIT_S)
        counts = gateway.counts
    assert (counts.published, counts.acknowledged, counts.receipted, counts.waiting) == (301, 301, 301, 0)
    assert counts.resent == 0
    assert there.values() == list(range(302))
    assert [message["seq"] for message in there.arrived] == list(range(5000, 5302))
    assert all(5000 <= message["oldest"] <= message["seq"] for message in there.arrived)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_what_a_killed_broker_had_acknowledged_is_sent_again(own_broker: Server, protocol: str) -> None:
    mine = options(own_broker.port, protocol=protocol, resend_after_s=1.0)
    with platform(own_broker.port, mine.topic, receive_maximum=10) as there, Gateway(mine) as gateway:
        publish(gateway, range(100))
        assert gateway.flush(LIMIT_S)
        there.commits = False
        publish(gateway, range(100, 1000))
        acknowledged(gateway, 1000)
        assert len(there.values()) == 100
        own_broker.stop(kill=True)
        there.commits = True
        publish(gateway, range(1000, 1100))
        own_broker.start()
        there.wait(1100)
        assert gateway.flush(LIMIT_S)
        counts = gateway.counts
    assert sorted(there.values()) == list(range(1100))
    if protocol == "5":  # in 3.1.1 nothing says that nobody listens yet, so newer messages may come first
        assert there.values() == list(range(1100))
    assert counts.resent >= 900
    assert (counts.receipted, counts.waiting) == (1100, 0)


def test_nothing_overtakes_what_waits_for_a_subscriber(own_broker: Server) -> None:
    mine = options(own_broker.port)
    there = Platform(own_broker.port, mine.topic)
    with Gateway(mine) as gateway:
        publish(gateway, range(200))
        assert not gateway.flush(1.2)
        counts = gateway.counts
        assert counts.acknowledged == 0
        assert 1 <= counts.resent <= 3
        there.start()
        try:
            publish(gateway, range(200, 300))
            assert gateway.flush(LIMIT_S)
        finally:
            there.stop()
    assert [message["values"]["A"] for message in there.arrived] == list(range(300))


def test_all_is_sent_again_when_receipts_stay_away(mosquitto_server: Server) -> None:
    mine = options(mosquitto_server.port, resend_after_s=0.2)
    with platform(mosquitto_server.port, mine.topic) as there, Gateway(mine) as gateway:
        publish(gateway, range(20))
        assert gateway.flush(LIMIT_S)
        there.receipts = False
        publish(gateway, range(20, 40))
        there.wait(40)
        wait_until(lambda: len(there.arrived) >= 80, "the second sending", LIMIT_S)
        assert gateway.counts.waiting == 20
        there.receipts = True
        assert gateway.flush(LIMIT_S)
        counts = gateway.counts
    again = [message["values"]["A"] for message in there.arrived[40:80]]
    assert again == [*range(20, 40)] * 2
    assert counts.resent >= 40


def test_full_buffer_holds_the_caller_until_a_receipt_comes(mosquitto_server: Server) -> None:
    mine = options(mosquitto_server.port, buffer=50)
    with platform(mosquitto_server.port, mine.topic) as there, Gateway(mine) as gateway:
        gateway.publish(0, {"A": 0})
        assert gateway.flush(LIMIT_S)
        there.receipts = False
        publish(gateway, range(1, 51))
        there.wait(51)
        acknowledged(gateway, 51)
        assert not gateway.wait_for_room(0.05)
        with pytest.raises(
            Unavailable, match=r"50 messages wait for the broker at .*: .*no receipt of the platform came"
        ):
            gateway.publish(51, {"A": 51})
        there.receipts = True
        there.receipt()
        assert gateway.wait_for_room(LIMIT_S)
        gateway.publish(51, {"A": 51})
        assert gateway.flush(LIMIT_S)
    assert there.values() == list(range(52))


def test_platform_without_receipts_does_not_stall_the_gateway(
    mosquitto_server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    mine = options(mosquitto_server.port, buffer=100, grace_s=0.3)
    with (
        caplog.at_level(logging.WARNING),
        platform(mosquitto_server.port, mine.topic, receipts=False) as there,
        Gateway(replace(mine, patience_s=LIMIT_S)) as gateway,
    ):
        publish(gateway, range(1000))
        assert gateway.flush(LIMIT_S)
        assert gateway.counts.waiting == 0
        there.wait(1000)
        assert there.values() == list(range(1000))
        there.receipts = True
        gateway.publish(1000, {"A": 1000})
        wait_until(lambda: gateway.counts.receipted > 0, "a receipt", LIMIT_S)
        assert gateway.flush(LIMIT_S)
    assert caplog.text.count("going on without receipts") == 1


def test_bare_broker_does_not_stall_the_gateway_and_a_late_platform_gets_what_is_kept(own_broker: Server) -> None:
    mine = options(own_broker.port, grace_s=0.3)
    there = Platform(own_broker.port, mine.topic)
    with Gateway(mine) as gateway:
        publish(gateway, range(500))
        assert gateway.flush(LIMIT_S)
        assert gateway.counts.acknowledged == 500
        there.start()
        try:
            gateway.publish(500, {"A": 500})
            there.wait(501)
            assert gateway.flush(LIMIT_S)
        finally:
            there.stop()
        assert gateway.counts.receipted == 501
    assert there.values() == [500, *range(500)]


def feed(broker: Server, gateway: str, folder: Path, start: int, count: int) -> subprocess.Popen[str]:
    url = f"mqtt://127.0.0.1:{broker.port}"
    command = [sys.executable, "-m", "tests.simulators.feeder", url, gateway, str(folder), str(start), str(count)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.timeout(120)
def test_killed_gateway_loses_nothing_that_it_kept(own_broker: Server, tmp_path: Path) -> None:
    name, folder = f"kept-{next(NAMES)}", tmp_path / "buffer"
    kept: list[int] = []
    with platform(own_broker.port, f"ganzhi/v1/sim/{name}", receive_maximum=10) as there:
        for start in (0, 10_000, 20_000):
            process = feed(own_broker, name, folder, start, 10_000)
            assert process.stdout is not None
            kept += [int(process.stdout.readline()) for _ in range(100)]
            there.commits = False
            kept += [int(process.stdout.readline()) for _ in range(300)]
            process.kill()
            kept += [int(number) for number in process.stdout]
            process.stdout.close()
            process.wait()
            there.commits = True
            own_broker.stop(kill=True)
            own_broker.start()
        process = feed(own_broker, name, folder, 30_000, 10)
        assert process.stdout is not None
        kept += [int(number) for number in process.stdout]
        process.stdout.close()
        assert process.wait() == 0
        wait_until(lambda: set(kept) <= set(there.values()), "all that was kept", LIMIT_S)
    values = there.values()
    assert values == sorted(values)
    assert set(values) - set(kept) <= {kept[-1]} | {value + 1 for value in kept}  # kept, and killed before it was told


def test_numbers_go_on_after_a_restart(mosquitto_server: Server, tmp_path: Path) -> None:
    mine = options(mosquitto_server.port, folder=tmp_path)
    with platform(mosquitto_server.port, mine.topic) as there:
        with Gateway(mine, clock=lambda: 7_000_000) as gateway:
            assert [gateway.publish(0, {"A": 0}), gateway.publish(0, {"A": 1})] == [7, 8]
            assert gateway.flush(LIMIT_S)
            there.receipts = False
            assert gateway.publish(0, {"A": 2}) == 9
            acknowledged(gateway, 3)
        there.receipts = True
        with Gateway(mine, clock=lambda: 9_000_000_000) as gateway:
            assert gateway.publish(0, {"A": 3}) == 10
            assert gateway.flush(LIMIT_S)
            assert (gateway.counts.published, gateway.counts.receipted, gateway.counts.waiting) == (1, 2, 0)
    assert [message["seq"] for message in there.arrived] == [7, 8, 9, 9, 10]


def test_numbers_rise_above_a_receipt_of_an_earlier_life(mosquitto_server: Server) -> None:
    mine = options(mosquitto_server.port)
    with platform(mosquitto_server.port, mine.topic) as there:
        for clock_ms in (5000, 4000):
            with Gateway(mine, clock=lambda ms=clock_ms: ms * 1_000_000) as gateway:
                publish(gateway, range(clock_ms, clock_ms + 10))
                assert gateway.flush(LIMIT_S)
    assert [message["seq"] for message in there.arrived] == list(range(5000, 5020))


def test_message_that_no_broker_takes_does_not_hold_up_the_receipts(tmp_path: Path) -> None:
    if program("mosquitto") is None:
        pytest.skip("mosquitto is not installed (apt-get install mosquitto)")
    with running(mosquitto(tmp_path, "max_packet_size 2000")) as server:
        mine = options(server.port, resend_after_s=0.2)
        with platform(server.port, mine.topic) as there, Gateway(mine) as gateway:
            gateway.publish(1, {"A": 1})
            gateway.publish(2, {f"A{i}": 1.0 for i in range(1000)})
            gateway.publish(3, {"A": 3})
            assert gateway.flush(LIMIT_S)
            counts = gateway.counts
    assert (counts.published, counts.receipted, counts.refused, counts.waiting) == (3, 2, 1, 0)
    assert there.values() == [1, 3]


def test_what_is_no_receipt_is_passed_over(mosquitto_server: Server, caplog: pytest.LogCaptureFixture) -> None:
    mine = options(mosquitto_server.port)
    sender = Platform(mosquitto_server.port, mine.topic)
    sender.start()
    try:
        with Gateway(mine) as gateway, caplog.at_level(logging.WARNING):
            sender.commits = False
            gateway.publish(1, {"A": 1})
            for payload in (
                b"oops",
                b"[]",
                b'{"seq": true}',
                b'{"seq": -1}',
                b'{"seq": 1e300}',
                b'{"seq": 1' + b"0" * 30,
            ):
                sender.tell(payload)
            wait_until(lambda: caplog.text.count("not a receipt") == 6, "six complaints", LIMIT_S)
            assert gateway.counts.waiting == 1
            sender.tell(b'{"seq": 9000000000000}')
            wait_until(lambda: gateway.publish(2, {"A": 2}) > 9_000_000_000_000, "a higher number", LIMIT_S)
            gateway.close(0.0)
    finally:
        sender.stop()


def test_closing_with_a_folder_waits_for_the_broker_only(mosquitto_server: Server, tmp_path: Path) -> None:
    mine = options(mosquitto_server.port, folder=tmp_path)
    with platform(mosquitto_server.port, mine.topic, receipts=False) as there:
        began = time.monotonic()
        with Gateway(mine) as gateway:
            publish(gateway, range(10))
        assert time.monotonic() - began < 4.0
        there.wait(10)
    assert gateway.counts.waiting == 10


def test_folder_that_cannot_be_used_is_told(mosquitto_server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(ConfigError, match="cannot keep messages"),
        Gateway(options(mosquitto_server.port, folder=tmp_path / "file")),
    ):
        pass
    with (
        Gateway(options(mosquitto_server.port, folder=tmp_path / "buffer")),
        pytest.raises(ConfigError, match="another process uses it"),
        Gateway(options(mosquitto_server.port, folder=tmp_path / "buffer")),
    ):
        pass


def test_order_holds_when_the_line_breaks_again_and_again(mosquitto_server: Server, tmp_path: Path) -> None:
    with line(mosquitto_server.port) as relay:
        mine = replace(options(relay.port, folder=tmp_path), patience_s=LIMIT_S)
        with platform(mosquitto_server.port, mine.topic) as there, Gateway(mine) as gateway:
            for value in range(3000):
                if value % 1000 == 500:
                    there.wait(value - 400)
                    relay.cut()
                gateway.publish(value, {"A": value})
            assert gateway.flush(LIMIT_S)
            assert gateway.counts.reconnects >= 1
    assert there.values() == list(range(3000))
