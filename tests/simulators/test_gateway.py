"""The gateway against a real Mosquitto and by its word alone: in order, across broken lines and restarts.

What receipts add is in test_receipt.py.
"""

from __future__ import annotations

import gc
import itertools
import logging
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ganzhi.errors import ConfigError, Unavailable
from ganzhi.records import Quality
from simulators.address import Address, GatewayOptions, Login
from simulators.gateway import Counts, Gateway
from tests.servers import Server, free_port, mosquitto, program, running, wait_until
from tests.simulators.mqtt import LIMIT_S, line, subscribed

NUMBERS = itertools.count(1)
AS_STARTED = "user root\n"
"""Started by root, Mosquitto would otherwise change to a user who may not read a temporary folder."""


def from_one() -> int:
    """A clock that lets numbers begin at 1."""
    return 0


def options(
    port: int, *, protocol: str = "5", window: int = 200, buffer: int = 10_000, attempts: int = 5
) -> GatewayOptions:
    """A gateway with a name of its own, so that tests share a broker."""
    return GatewayOptions(
        f"mqtt://127.0.0.1:{port}", "sim", f"gw-{next(NUMBERS)}", protocol,
        window=window, buffer=buffer, attempts=attempts, patience_s=0.3, receipts=False,
    )  # fmt: skip


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Server]:
    """A Mosquitto of this test's own, without persistence, that may be stopped."""
    if program("mosquitto") is None:
        pytest.skip("mosquitto is not installed (apt-get install mosquitto)")
    with running(mosquitto(tmp_path)) as server:
        yield server


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_all_messages_arrive_once_in_order(mosquitto_server: Server, protocol: str) -> None:
    mine = options(mosquitto_server.port, protocol=protocol, window=50)
    with subscribed(mosquitto_server.port, f"{mine.topic}/data") as heard:
        with Gateway(mine, clock=from_one) as gateway:
            numbers = [gateway.publish(1000 + i, {"LT-101": i / 4}) for i in range(2000)]
            assert gateway.flush(LIMIT_S)
            assert gateway.counts == Counts(published=2000, acknowledged=2000, refused=0, reconnects=0)
        heard.wait(2000)
    assert numbers == list(range(1, 2001))
    assert heard.data() == [{"ts": 1000 + i, "values": {"LT-101": i / 4}, "seq": i + 1} for i in range(2000)]


def test_message_says_what_is_known_of_its_values(mosquitto_server: Server) -> None:
    mine = options(mosquitto_server.port)
    with subscribed(mosquitto_server.port, f"{mine.topic}/data") as heard, Gateway(mine, clock=from_one) as gateway:
        gateway.publish(1, {"A": 1.5, "B": 2.0}, {"B": Quality.IN_CALIBRATION}, simulated=True)
        assert gateway.publish_batch([(2, {"A": 1.0}), (3, {"A": 2.0})], simulated=True) == 3
        assert gateway.publish_batch([]) == 3
        gateway.publish(4, {"A": 3.0})
        heard.wait(3)
    assert heard.data() == [
        {"ts": 1, "values": {"A": 1.5, "B": 2.0}, "seq": 1, "quality": {"B": "in_calibration"}, "simulated": True},
        [
            {"ts": 2, "values": {"A": 1.0}, "seq": 2, "simulated": True},
            {"ts": 3, "values": {"A": 2.0}, "seq": 3, "simulated": True},
        ],
        {"ts": 4, "values": {"A": 3.0}, "seq": 4},
    ]


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_state_is_told_at_birth_by_last_will_and_at_good_bye(mosquitto_server: Server, protocol: str) -> None:
    mine = options(mosquitto_server.port, protocol=protocol)
    with line(mosquitto_server.port) as relay, subscribed(mosquitto_server.port, f"{mine.topic}/state") as heard:
        away = replace(mine, url=f"mqtt://127.0.0.1:{relay.port}")
        with Gateway(away, clock=lambda: 7_000_000_000):
            heard.wait_states(1)
            with subscribed(mosquitto_server.port, f"{mine.topic}/state") as late:
                late.wait_states(1)
            relay.cut()
            heard.wait_states(3)
        heard.wait_states(4)
    birth = {"online": True, "ts": 7000, "gateway": mine.gateway}
    assert heard.states() == [
        birth,
        {"online": False, "reason": "connection lost"},
        birth,
        {"online": False, "ts": 7000, "gateway": mine.gateway, "reason": "closed"},
    ]
    assert late.messages == [("state", birth, True)]


def test_messages_are_kept_and_sent_in_order_when_the_broker_was_away(own_broker: Server) -> None:
    with line(own_broker.port) as relay:
        mine = options(relay.port)
        with Gateway(mine, clock=from_one) as gateway:
            with subscribed(own_broker.port, f"{mine.topic}/data") as heard:
                for i in range(50):
                    gateway.publish(i, {"A": i})
                assert gateway.flush(LIMIT_S)
                heard.wait(50)
            relay.open = False
            own_broker.stop()
            for i in range(50, 150):
                gateway.publish(i, {"A": i})
            assert not gateway.flush(0.05)
            assert gateway.counts.waiting == 100
            own_broker.start()
            with subscribed(own_broker.port, f"{mine.topic}/data") as after:
                relay.open = True
                assert gateway.flush(LIMIT_S)
                after.wait(100)
            counts = gateway.counts
    assert heard.seqs() == list(range(1, 51))
    assert after.seqs() == list(range(51, 151))
    assert (counts.published, counts.acknowledged, counts.reconnects) == (150, 150, 1)


def test_what_was_not_acknowledged_is_sent_again_in_order(mosquitto_server: Server) -> None:
    with line(mosquitto_server.port) as relay:
        mine = options(relay.port, window=20)
        with subscribed(mosquitto_server.port, f"{mine.topic}/data") as heard, Gateway(mine, clock=from_one) as gateway:
            gateway.publish(0, {"A": 0})
            assert gateway.flush(LIMIT_S)
            relay.mute = True
            for i in range(1, 31):
                gateway.publish(i, {"A": i})
            heard.wait(21)
            assert gateway.counts.acknowledged == 1
            relay.mute = False
            relay.cut()
            assert gateway.flush(LIMIT_S)
            heard.wait(51)
    assert heard.seqs() == [1, *range(2, 22), *range(2, 32)]


def test_nothing_is_lost_or_out_of_order_when_the_line_breaks_again_and_again(mosquitto_server: Server) -> None:
    with line(mosquitto_server.port) as relay:
        mine = options(relay.port, window=30)
        with subscribed(mosquitto_server.port, f"{mine.topic}/data") as heard, Gateway(mine, clock=from_one) as gateway:
            for i in range(3000):
                if i % 1000 == 500:
                    heard.wait(max(1, i - 400))
                    relay.cut()
                gateway.publish(i, {"A": i})
            assert gateway.flush(LIMIT_S)
            wait_until(lambda: len(set(heard.seqs())) == 3000, "all messages", LIMIT_S)
            counts = gateway.counts
    first_arrivals = list(dict.fromkeys(heard.seqs()))
    assert first_arrivals == list(range(1, 3001))
    assert (counts.published, counts.acknowledged) == (3000, 3000)
    assert counts.reconnects >= 1


def test_publishing_waits_and_then_says_so_when_the_buffer_is_full(mosquitto_server: Server) -> None:
    with line(mosquitto_server.port) as relay:
        with Gateway(options(relay.port, buffer=10), clock=from_one) as gateway:
            relay.open = False
            relay.cut()
            wait_until(lambda: not gateway.connected, "the loss of the line", LIMIT_S)
            for i in range(10):
                gateway.publish(i, {"A": i})
            assert not gateway.wait_for_room(0.01)
            with pytest.raises(Unavailable, match=rf"10 messages wait for the broker at mqtt://127.0.0.1:{relay.port}"):
                gateway.publish(10, {"A": 10})
            relay.open = True
            assert gateway.flush(LIMIT_S)
            gateway.publish(10, {"A": 10})
        assert gateway.counts == Counts(published=11, acknowledged=11, refused=0, reconnects=1)
        with pytest.raises(Unavailable, match="is not open"):
            gateway.publish(11, {"A": 11})


def test_closing_ends_in_time_and_warns_when_the_broker_does_not_come_back(
    own_broker: Server, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = Gateway(options(own_broker.port))
    with caplog.at_level(logging.WARNING), gateway:
        own_broker.stop()
        gateway.publish(1, {"A": 1})
        gateway.close(0.3)
    assert f"1 messages were not acknowledged by mqtt://127.0.0.1:{own_broker.port}" in caplog.text
    assert gateway.counts.waiting == 1


def test_no_broker_is_a_sentence_with_the_address() -> None:
    port = free_port()
    with pytest.raises(
        Unavailable, match=rf"no MQTT broker at mqtt://127\.0\.0\.1:{port} after 2 attempts \(.*refused"
    ):
        Gateway(options(port, attempts=2)).__enter__()


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_credentials_are_used_and_wrong_ones_are_told(tmp_path: Path, protocol: str) -> None:
    maker = program("mosquitto_passwd")
    if maker is None or program("mosquitto") is None:
        pytest.skip("mosquitto is not installed (apt-get install mosquitto)")
    passwords = tmp_path / "passwords"
    subprocess.run([maker, "-c", "-b", str(passwords), "me", "s:e/c@ret"], check=True, capture_output=True)
    server = mosquitto(tmp_path, f"{AS_STARTED}allow_anonymous false\npassword_file {passwords}")
    with running(server):
        inside = f"mqtt://me:s%3Ae%2Fc%40ret@127.0.0.1:{server.port}"
        beside = f"mqtt://127.0.0.1:{server.port}"
        with Gateway(GatewayOptions(inside, "e", "a", protocol)) as gateway:
            assert gateway.connected
        with Gateway(GatewayOptions(beside, "e", "b", protocol, login=Login("me", "s:e/c@ret"))) as gateway:
            assert gateway.connected
        with pytest.raises(Unavailable, match="refused the connection: Not authorized") as caught:
            Gateway(GatewayOptions(beside, "e", "c", protocol, login=Login("me", "guess"), attempts=1)).__enter__()
        assert "guess" not in str(caught.value)


def test_message_larger_than_the_broker_takes_is_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    if program("mosquitto") is None:
        pytest.skip("mosquitto is not installed (apt-get install mosquitto)")
    server = mosquitto(tmp_path, "max_packet_size 2000")
    with running(server), Gateway(options(server.port)) as gateway:
        gateway.publish(1, {"A": 1})
        gateway.publish(2, {f"A{i}": 1.0 for i in range(1000)})
        gateway.publish(3, {"A": 3})
        assert gateway.flush(LIMIT_S)
        gateway.publish(4, {f"A{i}": 1.0 for i in range(1000)})
        began = time.monotonic()
        assert gateway.flush(LIMIT_S)
        assert time.monotonic() - began < LIMIT_S / 2
        assert gateway.counts == Counts(published=4, acknowledged=2, refused=2, reconnects=0)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_line_is_encrypted_and_the_certificate_checked(tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None or program("mosquitto") is None:
        pytest.skip("mosquitto or openssl is not installed (apt-get install mosquitto openssl)")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject, *files],
        check=True,
        capture_output=True,
    )
    server = mosquitto(tmp_path, f"{AS_STARTED}certfile {certificate}\nkeyfile {key}")
    with running(server):
        url = f"mqtts://localhost:{server.port}"
        with Gateway(GatewayOptions(url, "e", "tls", login=Login(ca_file=str(certificate)), receipts=False)) as gateway:
            for i in range(500):
                gateway.publish(i, {"A": i})
            assert gateway.flush(LIMIT_S)
        with pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
            Gateway(GatewayOptions(url, "e", "tls", attempts=1)).__enter__()
    gc.collect()  # paho leaves the socket of a failed handshake to it, which warns; hence the mark above


def test_address_is_read_from_a_url() -> None:
    assert Address.parse("mqtt://broker") == Address("broker", 1883, tls=False)
    assert Address.parse("mqtts://u:p%40@[::1]:99") == Address("::1", 99, tls=True, username="u", password="p@")
    assert str(Address.parse("mqtts://u:p@[::1]:99")) == "mqtts://[::1]:99"


@pytest.mark.parametrize(
    "url", ["", "broker:1883", "http://broker", "mqtt://", "mqtt://h:0", "mqtt://h:99999", "mqtt://h:x"]
)
def test_url_that_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"is not a broker's address.*write mqtt://host:1883"):
        Address.parse(url)


def test_every_fault_of_the_options_is_told_and_no_secret() -> None:
    with pytest.raises(ConfigError) as caught:
        wrong = GatewayOptions("http://me:secret@h", "a/b", "", "4", window=0, grace_s=0.0, login=Login("me", "secret"))
        Gateway(wrong)
    assert [fault.place for fault in caught.value.faults] == [
        "url", "enterprise", "gateway", "protocol", "window", "grace_s",
    ]  # fmt: skip
    assert "secret" not in str(caught.value)
    with pytest.raises(ConfigError, match=r"ca_file: 'nowhere\.pem' cannot be read"):
        Gateway(GatewayOptions("mqtts://h", "a", "b", login=Login(ca_file="nowhere.pem")))
