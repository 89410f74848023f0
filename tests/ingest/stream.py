"""A broker end of a socket that says exactly what a test tells it: for bytes no real broker can be made to send."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from bench.load.firehose import remaining_length
from ingest.bulk import BulkReader, Messages, TappedClient

CONNACK_5 = b"\x20\x03\x00\x00\x00"
CONNACK_311 = b"\x20\x02\x00\x00"


def publish(
    topic: str, payload: bytes, mid: int | None = 1, properties: bytes | None = b"", dup: bool = False
) -> bytes:
    """A PUBLISH packet; `mid` None is QoS 0, `properties` None is MQTT 3.1.1."""
    body = struct.pack(">H", len(topic.encode())) + topic.encode()
    if mid is not None:
        body += struct.pack(">H", mid)
    if properties is not None:
        body += remaining_length(len(properties)) + properties
    body += payload
    return bytes([0x30 | (0x02 if mid is not None else 0) | (0x08 if dup else 0)]) + remaining_length(len(body)) + body


class Line:
    """The far end of one client's connection."""

    def __init__(self, version_5: bool = True) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._version_5 = version_5
        self.client = TappedClient(
            CallbackAPIVersion.VERSION2,
            client_id="test",
            protocol=MQTTProtocolVersion.MQTTv5 if version_5 else MQTTProtocolVersion.MQTTv311,
            manual_ack=True,
        )
        self.reader = BulkReader(self.client)
        self.far: socket.socket

    def connect(self) -> None:
        """Connect the client and answer its CONNECT."""
        accepted: list[socket.socket] = []
        thread = threading.Thread(target=lambda: accepted.append(self._listener.accept()[0]))
        thread.start()
        self.reader.reset()
        self.client.connect("127.0.0.1", self._listener.getsockname()[1], keepalive=30)
        thread.join(5)
        self.far = accepted[0]
        self.far.settimeout(5)
        assert self.far.recv(1 << 16)[0] == 0x10
        self.send(CONNACK_5 if self._version_5 else CONNACK_311)
        self.read_until(lambda messages: self.client.is_connected())

    def send(self, data: bytes) -> None:
        """Send bytes to the client; must fit the socket's buffers."""
        self.far.sendall(data)

    def read_until(self, enough: object, tries: int = 2000) -> Messages:
        """Read until `enough(messages)`."""
        messages = Messages()
        assert callable(enough)
        for _ in range(tries):
            self.reader.read(messages)
            if enough(messages):
                return messages
            threading.Event().wait(0.001)
        raise AssertionError(f"only {len(messages)} messages came")

    def close(self) -> None:
        self.client.disconnect()
        self.far.close()
        self._listener.close()


@contextmanager
def connected(version_5: bool = True) -> Iterator[Line]:
    """A connected Line, closed on leaving."""
    line = Line(version_5)
    line.connect()
    try:
        yield line
    finally:
        line.close()
