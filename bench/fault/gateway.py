"""One gateway's line: keeps its messages until they are receipted, and sends them in order whatever breaks.

The rules are those of docs/receipts.md: a message is kept until the platform's receipt covers it; after every connect
the first message goes out alone until somebody is there to hear it (PUBACK 0x10 says that nobody is), then all that
is kept, oldest first; what was acknowledged by the broker and has no receipt after RESEND_AFTER_S is sent again.
Without receipts a message is kept until the broker acknowledges it, and the rest is the same.
"""

from __future__ import annotations

import json
import random
import socket
from dataclasses import dataclass, field

from bench.fault import mqtt

KEEP_ALIVE_S = 6
SILENCE_S = 9.0
"""A broker that has said nothing for so long, although it was pinged, is given up: a stalled line looks like this."""
CONNECT_LIMIT_S = 5.0
FIRST_DELAY_S, MOST_DELAY_S = 0.2, 2.0
NOBODY_PAUSE_S = 0.5
WINDOW = 200
"""Messages on their way at most, below what the broker allows."""
RESEND_AFTER_S, MOST_PATIENCE_S = 10.0, 300.0
IDENTIFIERS = 60_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One payload: JSON documents without their closing brace, and the numbers of the first and the last."""

    documents: tuple[bytes, ...]
    first: int
    last: int

    def payload(self, oldest: int | None) -> bytes:
        """As it is sent while `oldest` is the lowest number kept; None: without receipts."""
        tail = b"}" if oldest is None else b',"oldest":%d}' % oldest
        whole = [document + tail for document in self.documents]
        return whole[0] if len(whole) == 1 else b"[" + b",".join(whole) + b"]"


@dataclass(slots=True)
class Count:
    """What a line has done; numbers only rise."""

    connections: int = 0
    sent: int = 0
    acknowledged: int = 0
    nobody: int = 0
    receipts: int = 0
    resends: int = 0
    receipted: int = 0


@dataclass(slots=True)
class _Line:
    """What belongs to one connection and ends with it.

    alone   messages go out one at a time, as long as nobody has heard the one with the identifier `scout`
    """

    tap: socket.socket
    opened: float
    heard: float
    said: float
    up: bool = False
    alone: bool = True
    scout: int = 0
    again_at: float = 0.0
    window: int = 1
    inbound: bytearray = field(default_factory=bytearray)
    outbound: bytearray = field(default_factory=bytearray)
    in_flight: dict[int, int] = field(default_factory=dict)


class Gateway:
    """Driven by one thread: `turn` once in a while and when the socket is ready. Times are of the monotonic clock."""

    def __init__(self, *, topic: str, client: str, port: int, receipts: bool, seed: int) -> None:
        self.count = Count()
        self._topic, self._client, self._port, self._receipts = topic, client, port, receipts
        self._data = mqtt.text(f"{topic}/data")
        self._chance = random.Random(seed)
        self._line: _Line | None = None
        self._retry_at, self._delay_s = 0.0, FIRST_DELAY_S
        self._kept: dict[int, Entry] = {}
        self._first = self._next = self._end = 0
        self._identifier = 0
        self._quiet_since, self._patience_s = 0.0, RESEND_AFTER_S

    @property
    def kept(self) -> int:
        """Payloads that nobody has vouched for yet."""
        return len(self._kept)

    @property
    def tap(self) -> socket.socket | None:
        """The socket of the present connection."""
        return None if self._line is None else self._line.tap

    @property
    def wants_write(self) -> bool:
        return self._line is not None and bool(self._line.outbound)

    def put(self, entry: Entry) -> None:
        """Keep a payload, and send it when its turn comes."""
        self._kept[self._end] = entry
        self._end += 1

    def turn(self, now: float) -> None:
        """Connect, read, send, as far as can be done without waiting."""
        try:
            if self._line is None:
                if now < self._retry_at:
                    return
                self._open(now)
            self._read(now)
            self._pump(now)
            self._write(now)
        except OSError:
            self._lost(now)

    def close(self) -> None:
        """Leave the broker."""
        if self._line is not None:
            self._line.tap.close()
            self._line = None

    def _open(self, now: float) -> None:
        tap = socket.create_connection(("127.0.0.1", self._port), timeout=1.0)
        tap.setblocking(False)
        tap.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._line = _Line(tap, now, now, now)
        self._line.outbound += mqtt.connect(self._client, keep_alive_s=KEEP_ALIVE_S)

    def _lost(self, now: float) -> None:
        self.close()
        self._retry_at = now + self._delay_s * self._chance.uniform(0.5, 1.0)
        self._delay_s = min(self._delay_s * 2, MOST_DELAY_S)

    def _read(self, now: float) -> None:
        line = self._opened()
        try:
            data = line.tap.recv(1 << 16)
        except BlockingIOError:
            if now - (line.heard if line.up else line.opened) > (SILENCE_S if line.up else CONNECT_LIMIT_S):
                raise TimeoutError("the broker is silent") from None
            return
        if not data:
            raise ConnectionError("the broker closed the connection")
        line.heard = now
        line.inbound += data
        for packet in mqtt.split(line.inbound):
            self._take(line, packet, now)

    def _take(self, line: _Line, packet: mqtt.Packet, now: float) -> None:
        if packet.kind == mqtt.CONNACK:
            self._begin(line, packet.body, now)
        elif packet.kind == mqtt.PUBACK:
            self._acknowledged(line, *mqtt.puback(packet.body), now)
        elif packet.kind == mqtt.PUBLISH:
            self._receipt(mqtt.received(packet)[1], now)
        elif packet.kind == mqtt.DISCONNECT:
            raise ConnectionError("the broker said good-bye")

    def _begin(self, line: _Line, connack: bytes, now: float) -> None:
        if connack[1] >= mqtt.FAILURE:
            raise ConnectionError(f"refused: {connack[1]:#x}")
        line.up, line.window = True, min(WINDOW, mqtt.receive_maximum(connack))
        self.count.connections += 1
        self._delay_s = FIRST_DELAY_S
        self._quiet_since, self._patience_s = now, RESEND_AFTER_S
        self._next = self._first
        if self._receipts:
            line.outbound += mqtt.subscribe(self._new_identifier(line), f"{self._topic}/receipt")

    def _acknowledged(self, line: _Line, identifier: int, reason: int, now: float) -> None:
        number = line.in_flight.pop(identifier, None)
        if number is None:
            return
        if reason >= mqtt.FAILURE:
            raise ConnectionError(f"a message was refused: {reason:#x}")
        if reason == mqtt.NO_MATCHING_SUBSCRIBERS:
            self.count.nobody += 1
            line.alone, line.scout, line.again_at = True, 0, now + NOBODY_PAUSE_S
            self._next = self._first
            return
        self.count.acknowledged += 1
        if identifier == line.scout:
            line.alone = False
        if not self._receipts:
            self._delete(number)

    def _receipt(self, payload: bytes, now: float) -> None:
        self.count.receipts += 1
        upto = int(json.loads(payload)["seq"])
        if self._kept and upto > self._kept[self._end - 1].last:
            raise ValueError(f"a receipt for {upto}, which was never given")
        while self._kept and self._kept[self._first].last <= upto:
            self._quiet_since, self._patience_s = now, RESEND_AFTER_S
            self.count.receipted += len(self._kept[self._first].documents)
            self._delete(self._first)

    def _delete(self, number: int) -> None:
        self._kept.pop(number, None)
        while self._first < self._end and self._first not in self._kept:
            self._first += 1
        self._next = max(self._next, self._first)

    def _pump(self, now: float) -> None:
        line = self._opened()
        if not line.up:
            return
        waiting = self._receipts and self._kept and self._next == self._end and not line.in_flight
        if not self._kept:
            self._quiet_since = now
        elif waiting and now - self._quiet_since >= self._patience_s:
            self.count.resends += 1
            self._patience_s = min(2 * self._patience_s, MOST_PATIENCE_S)
            self._next, self._quiet_since = self._first, now
        while self._next < self._end and self._may_send(line, now):
            self._send(line, self._next)
            self._next += 1

    def _may_send(self, line: _Line, now: float) -> bool:
        if line.alone:
            return not line.in_flight and now >= line.again_at
        return len(line.in_flight) < line.window and len(line.outbound) < 1 << 16

    def _send(self, line: _Line, number: int) -> None:
        entry = self._kept.get(number)
        if entry is None:
            return
        identifier = self._new_identifier(line)
        line.in_flight[identifier] = number
        line.scout = identifier if line.alone else line.scout
        oldest = self._kept[self._first].first if self._receipts else None
        line.outbound += mqtt.publish(self._data, identifier, entry.payload(oldest))
        self.count.sent += 1

    def _new_identifier(self, line: _Line) -> int:
        while True:
            self._identifier = self._identifier % IDENTIFIERS + 1
            if self._identifier not in line.in_flight:
                return self._identifier

    def _write(self, now: float) -> None:
        line = self._opened()
        if not line.outbound and line.up and now - line.said > KEEP_ALIVE_S / 2:
            line.outbound += mqtt.PINGREQ
        if line.outbound:
            line.said = now
            try:
                del line.outbound[: line.tap.send(line.outbound)]
            except BlockingIOError:
                return

    def _opened(self) -> _Line:
        assert self._line is not None
        return self._line
