"""A line under the contract of receipts, at a real broker; the monotonic clock is a parameter."""

from __future__ import annotations

import json
import select
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from paho.mqtt import publish
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from bench.fault.gateway import RESEND_AFTER_S, Entry, Gateway
from bench.fault.proxy import Proxy
from tests.servers import Server, wait_until


@dataclass
class Driven:
    """A gateway and the moment it believes in."""

    gateway: Gateway
    now: float = 1000.0

    def put(self, *numbers: int) -> None:
        for number in numbers:
            self.gateway.put(Entry((b'{"ts":1,"values":{"a":1},"seq":%d' % number,), number, number))

    def turn(self) -> None:
        """One turn, and a short wait for the broker's answer."""
        self.now += 0.001
        self.gateway.turn(self.now)
        if self.gateway.tap is not None:
            select.select([self.gateway.tap], [], [], 0.01)

    def until(self, ready: Callable[[], bool], what: str) -> None:
        def turned() -> bool:
            self.turn()
            return ready()

        wait_until(turned, what)


@dataclass
class Heard:
    """What a subscriber got, in the order of arrival."""

    documents: list[dict[str, Any]] = field(default_factory=list)

    def seqs(self) -> list[int]:
        return [document["seq"] for document in self.documents]

    def oldest(self) -> list[int | None]:
        return [document.get("oldest") for document in self.documents]


@contextmanager
def subscribed(port: int, topic: str) -> Iterator[Heard]:
    heard, ready = Heard(), threading.Event()
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)

    def on_message(_: Client, __: object, message: MQTTMessage) -> None:
        heard.documents.append(json.loads(message.payload))

    client.on_message = on_message
    client.on_connect = lambda client, *_: client.subscribe(topic, qos=1)
    client.on_subscribe = lambda *_: ready.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        assert ready.wait(10)
        yield heard
    finally:
        client.disconnect()
        client.loop_stop()


@contextmanager
def driven(topic: str, port: int, *, receipts: bool = True) -> Iterator[Driven]:
    gateway = Gateway(topic=topic, client=topic.replace("/", "-"), port=port, receipts=receipts, seed=1)
    try:
        yield Driven(gateway)
    finally:
        gateway.close()


def receipt(server: Server, topic: str, seq: int) -> None:
    publish.single(f"{topic}/receipt", f'{{"seq": {seq}}}', qos=0, retain=True, port=server.port)


def test_nothing_overtakes_the_first_message_when_nobody_is_there(mosquitto_server: Server) -> None:
    topic = "bench/nobody/gw"
    with driven(topic, mosquitto_server.port) as line:
        line.put(1, 2, 3)
        line.until(lambda: line.gateway.count.nobody == 1, "the answer that nobody is there")
        for _ in range(20):
            line.turn()
        assert line.gateway.count.sent == 1
        line.now += 0.5
        line.until(lambda: line.gateway.count.nobody == 2, "the same answer again")
        with subscribed(mosquitto_server.port, f"{topic}/data") as heard:
            line.now += 0.5
            line.until(lambda: len(heard.documents) >= 3, "every message")
        assert heard.seqs() == [1, 2, 3]
        assert line.gateway.kept == 3


def test_message_is_kept_until_its_receipt_when_the_broker_has_it(mosquitto_server: Server) -> None:
    topic = "bench/kept/gw"
    with subscribed(mosquitto_server.port, f"{topic}/data") as heard, driven(topic, mosquitto_server.port) as line:
        line.put(5, 6, 7)
        line.until(lambda: len(heard.documents) >= 3, "every message")
        assert heard.oldest() == [5, 5, 5]
        receipt(mosquitto_server, topic, 6)
        line.until(lambda: line.gateway.kept == 1, "the receipt")
        line.put(8)
        line.until(lambda: len(heard.documents) >= 4, "the next message")
        assert heard.oldest()[-1] == 7
        receipt(mosquitto_server, topic, 8)
        line.until(lambda: line.gateway.kept == 0, "the last receipt")
        assert line.gateway.count.receipted == 4
        assert heard.seqs() == [5, 6, 7, 8]


def test_all_is_sent_again_in_order_when_the_line_was_cut(mosquitto_server: Server) -> None:
    topic = "bench/cut/gw"
    with (
        Proxy(mosquitto_server.port) as proxy,
        subscribed(mosquitto_server.port, f"{topic}/data") as heard,
        driven(topic, proxy.port) as line,
    ):
        line.put(1, 2)
        line.until(lambda: len(heard.documents) >= 2, "the first messages")
        proxy.cut()
        line.put(3)
        line.until(lambda: line.gateway.tap is None, "the end of the line")
        line.now += 5
        line.until(lambda: line.gateway.count.connections == 2 and heard.seqs()[-1:] == [3], "the last message")
        assert heard.seqs()[-3:] == [1, 2, 3]


@pytest.mark.parametrize("receipts", [True, False])
def test_what_was_acknowledged_is_sent_again_only_when_a_receipt_is_missing(
    mosquitto_server: Server, receipts: bool
) -> None:
    topic = f"bench/again-{receipts}/gw"
    with (
        subscribed(mosquitto_server.port, f"{topic}/data") as heard,
        driven(topic, mosquitto_server.port, receipts=receipts) as line,
    ):
        line.put(1, 2)
        line.until(lambda: line.gateway.count.acknowledged == 2, "the broker's acknowledgements")
        assert line.gateway.kept == (2 if receipts else 0)
        for _ in range(4):  # in steps, each below the silence that ends a connection
            line.now += RESEND_AFTER_S / 3
            for _ in range(10):
                line.turn()
        if receipts:
            line.until(lambda: len(heard.documents) >= 4, "the same again")
        assert heard.seqs() == ([1, 2, 1, 2] if receipts else [1, 2])
        assert line.gateway.count.connections == 1
        assert line.gateway.count.resends == int(receipts)
