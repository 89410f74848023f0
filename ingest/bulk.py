"""Bulk reading of MQTT packets: the one place that knows paho's inside.

paho reads every packet in three or more system calls and walks a general state machine for each. Here one `recv`
takes up to 256 KiB, PUBLISH packets are cut out of it in one loop, and every other packet goes to paho as if it had
read it itself. paho keeps the connection, the session, the keep-alive and everything that is written.

What is taken from paho's inside, and nothing else (a test fails where a new paho lacks one of them):

- `Client._create_socket`, overridden to slip a `_Tap` between paho and its socket;
- `Client._packet_queue`, to send the acknowledgements of many messages as one write;
- `Client._last_bytes_received`, so that paho's keep-alive knows of the bytes it did not read itself.
"""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTProtocolVersion

READ_BYTES = 256 * 1024
PUBLISH, PUBACK = 0x30, 0x40
QOS_MASK, QOS_1 = 0x06, 0x02
LENGTH_BYTES = 4
"""The remaining length of a packet has at most four bytes (MQTT 3.1.1, 2.2.3)."""


class MalformedStreamError(Exception):
    """The bytes are not MQTT; the only way on is a new connection."""


class _Socket(Protocol):
    def recv(self, size: int, /) -> bytes: ...
    def send(self, data: bytes, /) -> int: ...
    def close(self) -> None: ...


class _Tap:
    """Stands where paho's socket stood: writes pass through, reads come from what was pushed."""

    def __init__(self, inner: _Socket) -> None:
        self.inner = inner
        self._pushed = b""

    def push(self, packet: bytes) -> None:
        self._pushed = packet

    def recv(self, size: int) -> bytes:
        if not self._pushed:
            raise BlockingIOError
        data, self._pushed = self._pushed[:size], self._pushed[size:]
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class TappedClient(Client):
    """paho's client, reading only what a BulkReader hands it."""

    def _create_socket(self) -> Any:
        return _Tap(super()._create_socket())  # type: ignore[no-untyped-call, unused-ignore]


@dataclass(slots=True)
class Messages:
    """PUBLISH packets as parallel lists; `mids` holds the two raw identifier bytes of each message of QoS 1."""

    topics: list[bytes] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    mids: list[bytes] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.topics)


class BulkReader:
    """Reads the socket of a TappedClient in bulk.

    One reader serves a client for its life; call `reset` after every connect. Not thread-safe: the thread that
    calls `read` must be the one that drives the client.
    """

    def __init__(self, client: TappedClient) -> None:
        for name in ("_create_socket", "_packet_queue", "_last_bytes_received"):
            if not hasattr(client, name):
                raise TypeError(f"this paho-mqtt has no Client.{name}; use the version in requirements.lock")
        self._client = client
        self._version_5 = client.protocol == MQTTProtocolVersion.MQTTv5
        self._rest = bytearray()
        self._wanted = 0

    def reset(self) -> None:
        """Forget the beginning of a packet whose end the old connection took with it."""
        self._rest.clear()
        self._wanted = 0

    def read(self, messages: Messages) -> bool:
        """Read once, append the messages found, and say whether the socket is drained.

        Raises ConnectionError when the far side has closed, and MalformedStreamError for bytes that are not MQTT.
        """
        tap = cast(_Tap, self._client.socket())
        if tap is None:
            raise ConnectionError("not connected")
        try:
            chunk = tap.inner.recv(READ_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        if not chunk:
            raise ConnectionError("closed by the broker")
        self._client._last_bytes_received = time.monotonic()
        if self._rest:
            self._rest += chunk
            if len(self._rest) >= self._wanted:
                data = bytes(self._rest)
                self._rest.clear()
                self._keep(data, self._cut(data, messages))
        else:
            self._keep(chunk, self._cut(chunk, messages))
        if isinstance(tap.inner, ssl.SSLSocket):
            return False  # a TLS record ends a read early; only a read that finds nothing tells
        return len(chunk) < READ_BYTES

    def acknowledge(self, mids: list[bytes]) -> None:
        """Send the PUBACK of every message identifier in one write, after paho's own packets."""
        if mids and self._client.socket() is not None:
            packets = b"\x40\x02" + b"\x40\x02".join(mids)
            self._client._packet_queue(PUBACK, packets, 0, 0)

    def _keep(self, data: bytes, used: int) -> None:
        if used < len(data):
            self._rest += data[used:] if used else data
            self._wanted = _packet_end(self._rest)

    def _cut(self, data: bytes, messages: Messages) -> int:
        """Take all whole packets from `data` and return how many bytes they had. One loop, for speed."""
        topics, payloads, mids = messages.topics, messages.payloads, messages.mids
        version_5 = self._version_5
        at, end = 0, len(data)
        while at + 2 <= end:
            first = data[at]
            length = data[at + 1]
            body = at + 2
            if length & 0x80:
                stop = _packet_end(data, at)
                if stop == 0 or stop > end:
                    break
                body = _body_start(data, at)
            else:
                stop = body + length
                if stop > end:
                    break
            if first & 0xF0 == PUBLISH and first & QOS_MASK <= QOS_1:
                after_topic = body + 2 + (data[body] << 8 | data[body + 1]) if body + 2 <= stop else stop + 1
                payload = after_topic
                if first & QOS_MASK:
                    payload += 2
                    mid = data[after_topic:payload]
                if version_5 and payload < stop:
                    properties = data[payload]
                    if properties & 0x80:
                        properties, payload = _varint(data, payload)
                        payload += properties
                    else:
                        payload += 1 + properties
                if payload > stop:
                    raise MalformedStreamError("a PUBLISH packet ends inside its header")
                topics.append(data[body + 2 : after_topic])
                payloads.append(data[payload:stop])
                if first & QOS_MASK:
                    mids.append(mid)
            else:
                self._hand_over(data[at:stop])
            at = stop
        return at

    def _hand_over(self, packet: bytes) -> None:
        """Let paho read one packet that is not a PUBLISH of QoS 0 or 1."""
        tap = cast(_Tap, self._client.socket())
        if tap is None:
            raise ConnectionError("closed while reading")
        tap.push(packet)
        if self._client.loop_read() != 0 or self._client.socket() is None:
            raise ConnectionError("paho closed the connection")


def _varint(data: bytes | bytearray, at: int) -> tuple[int, int]:
    """A variable byte integer (MQTT 5, 1.5.5) at `at`: its value, and where it ends.

    The value is -1 where the bytes end before the number does.
    """
    value = 0
    for place in range(LENGTH_BYTES):
        if at + place >= len(data):
            return -1, at
        byte = data[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if not byte & 0x80:
            return value, at + place + 1
    raise MalformedStreamError("a length of more than four bytes")


def _packet_end(data: bytes | bytearray, at: int = 0) -> int:
    """Where the packet that starts at `at` ends; 0 where its length is not all there yet."""
    length, body = _varint(data, at + 1)
    return 0 if length < 0 else body + length


def _body_start(data: bytes, at: int) -> int:
    return _varint(data, at + 1)[1]
