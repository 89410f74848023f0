"""A publisher faster than what it measures: PUBLISH packets encoded beforehand, sent over a plain socket.

Run as a child process: `python -m bench.load.firehose HOST PORT POINTS MESSAGES PER_MESSAGE RATE START_MS SPACING_MS`.
It prints a JSON line when its packets are ready, starts at a line on its standard input, and prints another when the
broker has acknowledged every message. POINTS must be a multiple of PER_MESSAGE, which divides 100 or is 100.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import sys
import time

WINDOW = 4000
"""Messages on their way before it waits for acknowledgements."""
IDENTIFIERS = 60_000


def remaining_length(size: int) -> bytes:
    """The variable byte integer of MQTT 3.1.1, 2.2.3."""
    out = bytearray()
    while True:
        size, byte = divmod(size, 128)
        out.append(byte | (0x80 if size else 0))
        if not size:
            return bytes(out)


def connect(host: str, port: int, client: str) -> socket.socket:
    """A plain MQTT 3.1.1 connection. Raises ConnectionError when refused."""
    line = socket.create_connection((host, port), timeout=10)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    body = b"\x00\x04MQTT\x04\x02\x00\x3c" + struct.pack(">H", len(client)) + client.encode()
    line.sendall(b"\x10" + remaining_length(len(body)) + body)
    answer = line.recv(4)
    if answer[:1] != b"\x20" or answer[3] != 0:
        line.close()
        raise ConnectionError(f"refused: {answer!r}")
    return line


def topic_of(gateway: int) -> str:
    """Each gateway carries 100 points, as `python -m bench.pipeline` lays out its catalogue."""
    return f"ganzhi/v1/bench/gw{gateway}/data"


POINTS_PER_GATEWAY = 100


def payloads(points: int, messages: int, per_message: int, start_ms: int, spacing_ms: int) -> list[tuple[bytes, bytes]]:
    """(topic, payload) of every message: points in turn, each round `spacing_ms` later, values that raise no alarm."""
    out = []
    turn = points // per_message
    for k in range(messages):
        first = (k % turn) * per_message
        ts = start_ms + (k // turn) * spacing_ms
        values = ",".join(
            f'"p{p}":{50 + (p * 7 + k // turn * 29) % 100 / 100:.2f}' for p in range(first, first + per_message)
        )
        out.append((topic_of(first // POINTS_PER_GATEWAY).encode(), f'{{"ts":{ts},"values":{{{values}}}}}'.encode()))
    return out


def packets(messages: list[tuple[bytes, bytes]]) -> list[bytes]:
    """QoS 1 PUBLISH packets with identifiers in turn."""
    out = []
    for k, (topic, payload) in enumerate(messages):
        body = struct.pack(">H", len(topic)) + topic + struct.pack(">H", k % IDENTIFIERS + 1) + payload
        out.append(b"\x32" + remaining_length(len(body)) + body)
    return out


def send(line: socket.socket, encoded: list[bytes], rate: float) -> float:
    """Send all, at most `rate` a second (0: as fast as acknowledgements allow); the seconds until the last ack."""
    line.setblocking(False)
    total, sent, acked, ack_bytes = len(encoded), 0, 0, 0
    out = b""
    began = time.monotonic()
    while acked < total:
        due = total if not rate else min(total, int((time.monotonic() - began) * rate) + 1)
        if not out and sent < due and sent - acked < WINDOW:
            upto = min(due, acked + WINDOW, sent + 500)
            out, sent = b"".join(encoded[sent:upto]), upto
        readable, writable, _ = select.select([line], [line] if out else [], [], 0.002)
        if writable:
            out = out[line.send(out) :]
        if readable:
            data = line.recv(1 << 16)
            if not data:
                raise ConnectionError("the broker closed the connection")
            ack_bytes += len(data)
            acked = ack_bytes // 4
    return time.monotonic() - began


def main() -> None:
    """See the module's docstring."""
    host, port, points, messages, per_message, rate, start_ms, spacing_ms = sys.argv[1:9]
    encoded = packets(payloads(int(points), int(messages), int(per_message), int(start_ms), int(spacing_ms)))
    line = connect(host, int(port), f"firehose-{start_ms}")
    print(json.dumps({"ready": len(encoded)}), flush=True)
    sys.stdin.readline()
    seconds = send(line, encoded, float(rate))
    line.sendall(b"\xe0\x00")
    print(json.dumps({"messages": len(encoded), "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
