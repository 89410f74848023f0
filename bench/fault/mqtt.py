"""The packets of MQTT 5 that a publisher needs, as bytes: no client library, so that nothing is sent behind our back.

https://docs.oasis-open.org/mqtt/mqtt/v5.0/mqtt-v5.0.html
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP, DISCONNECT = 2, 3, 4, 9, 13, 14
SUCCESS, NO_MATCHING_SUBSCRIBERS = 0x00, 0x10
FAILURE = 0x80
"""Reason codes from here on are failures."""
RECEIVE_MAXIMUM = 0x21
MOST_IN_FLIGHT = 65_535
"""What a server that names no receive maximum takes (3.2.2.3.3)."""
PINGREQ = b"\xc0\x00"

_BYTE, _TWO, _FOUR, _TEXT, _PAIR, _VARIABLE = "byte", "two", "four", "text", "pair", "variable"
_PROPERTY = {
    0x01: _BYTE, 0x02: _FOUR, 0x03: _TEXT, 0x08: _TEXT, 0x09: _TEXT, 0x0B: _VARIABLE, 0x11: _FOUR, 0x12: _TEXT,
    0x13: _TWO, 0x15: _TEXT, 0x16: _TEXT, 0x17: _BYTE, 0x18: _FOUR, 0x19: _BYTE, 0x1A: _TEXT, 0x1C: _TEXT,
    0x1F: _TEXT, 0x21: _TWO, 0x22: _TWO, 0x23: _TWO, 0x24: _BYTE, 0x25: _BYTE, 0x26: _PAIR, 0x27: _FOUR,
    0x28: _BYTE, 0x29: _BYTE, 0x2A: _BYTE,
}  # fmt: skip


class Packet(NamedTuple):
    """Kind (first four bits), flags (the others) and everything after the fixed header."""

    kind: int
    flags: int
    body: bytes


def variable(number: int) -> bytes:
    """A variable byte integer (1.5.5)."""
    out = bytearray()
    while True:
        number, byte = divmod(number, 128)
        out.append(byte | (0x80 if number else 0))
        if not number:
            return bytes(out)


def text(value: str) -> bytes:
    """A UTF-8 string with its length (1.5.4)."""
    encoded = value.encode()
    return struct.pack(">H", len(encoded)) + encoded


def packet(first: int, body: bytes) -> bytes:
    """A whole packet from its first byte and what follows the length."""
    return bytes([first]) + variable(len(body)) + body


def connect(client: str, *, keep_alive_s: int) -> bytes:
    """CONNECT with a clean start."""
    return packet(0x10, text("MQTT") + b"\x05\x02" + struct.pack(">H", keep_alive_s) + b"\x00" + text(client))


def subscribe(identifier: int, topic: str) -> bytes:
    """SUBSCRIBE at QoS 1."""
    return packet(0x82, struct.pack(">H", identifier) + b"\x00" + text(topic) + b"\x01")


def publish(topic: bytes, identifier: int, payload: bytes) -> bytes:
    """PUBLISH at QoS 1; `topic` comes with its length."""
    return packet(0x32, topic + struct.pack(">H", identifier) + b"\x00" + payload)


def split(buffer: bytearray) -> Iterator[Packet]:
    """Take every whole packet out of the front of the buffer."""
    while len(buffer) >= 2:
        size, shift, at = 0, 0, 1
        while True:
            if at >= len(buffer):
                return
            byte = buffer[at]
            size |= (byte & 0x7F) << shift
            shift, at = shift + 7, at + 1
            if not byte & 0x80:
                break
        if len(buffer) < at + size:
            return
        found = Packet(buffer[0] >> 4, buffer[0] & 0x0F, bytes(buffer[at : at + size]))
        del buffer[: at + size]
        yield found


def puback(body: bytes) -> tuple[int, int]:
    """Packet identifier and reason."""
    return int.from_bytes(body[:2], "big"), body[2] if len(body) > 2 else SUCCESS


def receive_maximum(connack: bytes) -> int:
    """How many messages the server takes before it has acknowledged one."""
    return properties(connack, 2)[0].get(RECEIVE_MAXIMUM, MOST_IN_FLIGHT)


def received(found: Packet) -> tuple[str, bytes]:
    """Topic and payload of a PUBLISH."""
    end = 2 + int.from_bytes(found.body[:2], "big")
    _, at = properties(found.body, end + (2 if found.flags & 0x06 else 0))
    return found.body[2:end].decode(), found.body[at:]


def properties(body: bytes, at: int) -> tuple[dict[int, int], int]:
    """The properties that are numbers, and where they end."""
    size, at = _number(body, at)
    end, found = at + size, {}
    while at < end:
        name, at = body[at], at + 1
        kind = _PROPERTY[name]
        if kind in (_TEXT, _PAIR):
            for _ in range(2 if kind == _PAIR else 1):
                at += 2 + int.from_bytes(body[at : at + 2], "big")
        elif kind == _VARIABLE:
            found[name], at = _number(body, at)
        else:
            width = {_BYTE: 1, _TWO: 2, _FOUR: 4}[kind]
            found[name], at = int.from_bytes(body[at : at + width], "big"), at + width
    return found, end


def _number(body: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte, at = body[at], at + 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return number, at
