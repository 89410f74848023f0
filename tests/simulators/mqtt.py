"""The far side of a gateway: a subscriber that keeps what it hears, and a line that can be cut."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.servers import wait_until

LIMIT_S = 20.0


@dataclass
class Heard:
    """Messages in the order of their arrival: (last level of the topic, document, retained)."""

    messages: list[tuple[str, Any, bool]] = field(default_factory=list)

    def data(self) -> list[Any]:
        """Data messages without `oldest`, which says how far the broker or the platform was at that moment."""
        return [_timeless(document) for level, document, _ in self.messages if level == "data"]

    def states(self) -> list[Any]:
        return [document for level, document, _ in self.messages if level == "state"]

    def seqs(self) -> list[int]:
        return [document["seq"] for document in self.data()]

    def wait(self, count: int) -> None:
        """Until so many data messages are here."""
        wait_until(lambda: len(self.data()) >= count, f"message {count}", LIMIT_S)

    def wait_states(self, count: int) -> None:
        wait_until(lambda: len(self.states()) >= count, f"state {count}", LIMIT_S)


def _timeless(document: Any) -> Any:
    if isinstance(document, list):
        return [_timeless(each) for each in document]
    return {key: value for key, value in document.items() if key != "oldest"}


@contextlib.contextmanager
def subscribed(port: int, topic: str) -> Iterator[Heard]:
    """Listen to a topic filter at QoS 1 on the broker at this port of the loopback."""
    heard, ready = Heard(), threading.Event()
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)

    def on_message(_: Client, __: object, message: MQTTMessage) -> None:
        heard.messages.append((message.topic.rsplit("/", 1)[-1], orjson.loads(message.payload), message.retain))

    client.on_message = on_message
    client.on_connect = lambda client, *_: client.subscribe(topic, qos=1)
    client.on_subscribe = lambda *_: ready.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        assert ready.wait(LIMIT_S)
        yield heard
    finally:
        client.disconnect()
        client.loop_stop()


class Line:
    """A TCP relay to a port of the loopback. `cut` breaks its connections; `open` False refuses new ones;
    `mute` swallows what the broker answers."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.open, self.mute = True, False
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def cut(self) -> None:
        pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    def close(self) -> None:
        self.open = False
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join(LIMIT_S)

    def _start(self, target: Any, *arguments: Any) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if not self.open:
                    near.close()
                    continue
                try:
                    far = socket.create_connection(("127.0.0.1", self._target))
                except OSError:
                    near.close()
                    continue
                self._pairs.append((near, far))
                self._start(self._carry, near, far, False)
                self._start(self._carry, far, near, True)

    def _carry(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not (answers and self.mute):
                    sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def line(target: int) -> Iterator[Line]:
    """A relay, closed on leaving."""
    relay = Line(target)
    try:
        yield relay
    finally:
        relay.close()
