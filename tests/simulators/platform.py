"""The counterpart of a gateway: a subscriber that commits to a list and publishes receipts, one a message."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import orjson
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.servers import wait_until
from tests.simulators.mqtt import LIMIT_S

SESSION_S = 3600


class Platform:
    """Listens to one gateway with a persistent session, QoS 1 and manual acknowledgements.

    `commits` False: what comes is neither committed nor acknowledged, so the broker keeps it. `receipts` False: an old
    platform. Numbers are counted as docs/receipts.md says; the list survives `stop` and `start`.
    """

    def __init__(self, port: int, topic: str, *, receipts: bool = True, receive_maximum: int = 1000) -> None:
        self.commits, self.receipts = True, receipts
        self.arrived: list[dict[str, Any]] = []
        self._port, self._topic, self._receive_maximum = port, topic, receive_maximum
        self._numbers: set[int] = set()
        self._upto = self._oldest = 0
        self._client: Client | None = None

    def values(self) -> list[float]:
        """The value `A` of every message, in the order of their first arrival."""
        return list(dict.fromkeys(message["values"]["A"] for message in self.arrived))

    def wait(self, values: int) -> None:
        """Until so many different values are here."""
        wait_until(lambda: len(self.values()) >= values, f"value {values}", LIMIT_S)

    def start(self) -> None:
        client = Client(
            CallbackAPIVersion.VERSION2, f"platform-{self._topic}", protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True
        )
        client.reconnect_delay_set(1, 1)
        ready = threading.Event()
        client.on_message = self._on_message
        client.on_connect = lambda client, *_: client.subscribe(f"{self._topic}/data", qos=1)
        client.on_subscribe = lambda *_: ready.set()
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval, properties.ReceiveMaximum = SESSION_S, self._receive_maximum
        client.connect("127.0.0.1", self._port, clean_start=False, properties=properties)
        client.loop_start()
        self._client = client
        assert ready.wait(LIMIT_S)

    def stop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()

    def receipt(self) -> None:
        self.tell(orjson.dumps({"seq": self._upto}))

    def tell(self, receipt: bytes) -> None:
        """Publish a receipt, or what is none."""
        if self._client is not None:
            self._client.publish(f"{self._topic}/receipt", receipt, 0, retain=True)

    def _on_message(self, client: Client, _: object, message: MQTTMessage) -> None:
        if not self.commits:
            return
        document = orjson.loads(message.payload)
        for each in document if isinstance(document, list) else [document]:
            self.arrived.append(each)
            self._numbers.add(each["seq"])
            self._oldest = max(self._oldest, each["oldest"])
        self._upto = max(self._upto, self._oldest - 1)
        while self._upto + 1 in self._numbers:
            self._upto += 1
        client.ack(message.mid, message.qos)
        if self.receipts:
            self.receipt()


@contextlib.contextmanager
def platform(port: int, topic: str, *, receipts: bool = True, receive_maximum: int = 1000) -> Iterator[Platform]:
    """A platform that listens; stopped on leaving."""
    found = Platform(port, topic, receipts=receipts, receive_maximum=receive_maximum)
    found.start()
    try:
        yield found
    finally:
        found.stop()
