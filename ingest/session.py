"""The MQTT session: connects, subscribes, reads in bulk, and comes back with jitter when the line breaks."""

from __future__ import annotations

import logging
import random
import select
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from paho.mqtt.client import ConnectFlags, DisconnectFlags
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from ganzhi.errors import Unavailable
from ingest.bulk import BulkReader, MalformedStreamError, Messages, TappedClient

log = logging.getLogger(__name__)

MOST_MESSAGES = 4096
"""Commit at this many messages although the socket has more."""
LONGEST_WAIT_S = 0.020
"""Commit when so much time has passed since the first message of a batch."""
GATHER_S = 0.003
"""How long a drained socket may gather more for the same commit, where the broker's window is wide enough not to
stall meanwhile: a commit costs an fsync and a wake-up of every consumer, whatever its size."""
WIDE_WINDOW = 1000
IDLE_S = 0.5
"""The longest sleep on a quiet socket: keep-alive and ticks run at this beat."""
FIRST_DELAY_S, MOST_DELAY_S = 0.2, 15.0
CONNECT_LIMIT_S = 5.0
SCHEMES = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How to reach the broker. `url` is mqtt:// or mqtts://; `version` "5" or "3.1.1".

    receive_maximum  messages the broker may send before it waits for our acknowledgements (MQTT 5)
    filters          what to subscribe to, at QoS 1
    """

    url: str
    filters: Sequence[str]
    version: str = "5"
    client_id: str = "ganzhi"
    username: str = ""
    password: str = ""
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""
    receive_maximum: int = 8192
    keep_alive_s: float = 30.0
    session_expiry_s: float = 86_400.0
    max_packet_bytes: int = 4 << 20


class Outgoing(NamedTuple):
    """A message of ours: retained, QoS 0; whoever misses it gets it again with the next."""

    topic: str
    payload: bytes


class Receiver(Protocol):
    """Takes what the session reads; all calls come from the session's thread."""

    def receive(self, messages: Messages) -> None:
        """Decode and keep messages; nothing is durable yet."""

    def commit(self) -> Sequence[Outgoing]:
        """Make all that was received durable; what to publish now. Raises Unavailable, and keeps it all then."""

    def idle(self) -> bool:
        """Called at every beat while connected; whether there is something to commit now, such as a tick."""


@dataclass(slots=True)
class Status:
    """What the health page shows of the session; connected: and subscribed. Times are UTC ns.

    held_since  since when readings are held and not acknowledged, because they cannot be committed
    """

    url: str
    connected: bool = False
    since: int | None = None
    outstanding: int = 0
    error: str = ""
    held_since: int | None = None


def address(url: str) -> tuple[str, int, bool]:
    """Host, port and whether TLS is meant. Raises ValueError with a sentence."""
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise ValueError(f"{url!r} is not a broker's address; write mqtt://host:1883 or mqtts://host:8883")
    return parts.hostname, parts.port or SCHEMES[parts.scheme], parts.scheme == "mqtts"


class Session:
    """One persistent MQTT session, driven by the thread that calls `run`.

    Messages are acknowledged only after the receiver has committed them. A commit follows the socket: when it is
    drained, after MOST_MESSAGES, or after LONGEST_WAIT_S, whichever is first; never on a timer alone, because a
    broker sends only its window before it waits for acknowledgements. Where we have asked for a window of WIDE_WINDOW
    or more, a drained socket is given GATHER_S to bring more.
    """

    def __init__(self, options: SessionOptions, receiver: Receiver, *, clock: Callable[[], int]) -> None:
        self._options = options
        self._host, self._port, tls = address(options.url)
        self._receiver = receiver
        self._clock = clock
        self._version_5 = options.version == "5"
        self._gather_s = GATHER_S if self._version_5 and options.receive_maximum >= WIDE_WINDOW else 0.0
        self._client = self._build(tls)
        self._reader = BulkReader(self._client)
        self._refused = ""
        self._kept = False
        self._mids: list[bytes] = []
        self._uncommitted = False
        self._retry_at = 0.0
        self.status = Status(options.url)

    def run(self, stop: Event) -> None:
        """Stay connected until `stop` is set, then commit, acknowledge and say good-bye."""
        delay_s = FIRST_DELAY_S
        while not stop.is_set():
            try:
                self._connect()
                self._serve(stop)
            except (OSError, MalformedStreamError, ValueError) as error:
                delay_s = FIRST_DELAY_S if self.status.connected else min(delay_s * 2, MOST_DELAY_S)
                self._lost(self._refused or str(error) or type(error).__name__)
                if self._uncommitted:  # what came before the line broke need not wait for the next line
                    self._commit()
                stop.wait(delay_s * random.uniform(0.5, 1.0))

    def _build(self, tls: bool) -> TappedClient:
        options = self._options
        client = TappedClient(
            CallbackAPIVersion.VERSION2,
            client_id=options.client_id,
            protocol=MQTTProtocolVersion.MQTTv5 if self._version_5 else MQTTProtocolVersion.MQTTv311,
            manual_ack=True,
            clean_session=None if self._version_5 else False,
        )
        if options.username:
            client.username_pw_set(options.username, options.password)
        if tls:
            context = ssl.create_default_context(cafile=options.ca_file or None)
            if options.certificate_file:
                context.load_cert_chain(options.certificate_file, options.key_file or None)
            client.tls_set_context(context)
        client.connect_timeout = CONNECT_LIMIT_S
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        return client

    def _connect(self) -> None:
        self._refused = ""
        self._reader.reset()
        extra: dict[str, Any] = {}
        if self._version_5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = int(self._options.session_expiry_s)
            properties.ReceiveMaximum = self._options.receive_maximum
            properties.MaximumPacketSize = self._options.max_packet_bytes
            extra = {"clean_start": False, "properties": properties}
        self._client.connect(self._host, self._port, keepalive=max(1, int(self._options.keep_alive_s)), **extra)
        tap: Any = self._client.socket()
        if tap is not None:
            tap.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _on_connect(
        self, client: object, userdata: object, flags: ConnectFlags, reason: ReasonCode, properties: object
    ) -> None:
        if reason.is_failure:
            self._refused = f"the broker refused the connection: {reason}"
            return
        self._kept = flags.session_present
        options = SubscribeOptions(qos=1, noLocal=True) if self._version_5 else None
        topics: list[Any] = [(topic, options if self._version_5 else 1) for topic in self._options.filters]
        self._client.subscribe(topics)

    def _on_subscribe(
        self, client: object, userdata: object, mid: int, reasons: Sequence[ReasonCode], properties: object
    ) -> None:
        refused = [t for t, reason in zip(self._options.filters, reasons, strict=False) if reason.is_failure]
        if refused:
            self._refused = f"the broker refused the subscription to {', '.join(refused)}: see its access list"
            self._client.disconnect()
            return
        self.status.connected, self.status.since, self.status.error = True, self._clock(), ""
        log.info("connected to %s (session kept: %s)", self._options.url, self._kept)

    def _on_disconnect(
        self, client: object, userdata: object, flags: DisconnectFlags, reason: ReasonCode, properties: object
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self._refused = f"the broker ended the connection: {reason}"

    def _lost(self, why: str) -> None:
        if self.status.connected or self.status.error != why:
            log.warning("no connection to %s: %s", self._options.url, why)
        self.status.connected, self.status.since, self.status.error = False, None, why
        self.status.outstanding = 0
        self._mids.clear()  # they belong to the line that is gone; the broker sends those messages again

    def _serve(self, stop: Event) -> None:
        """Read until stopped, or until the line breaks (raises OSError)."""
        drained = True
        while not stop.is_set():
            tap = self._client.socket()
            if tap is None:
                raise ConnectionError(self._refused or "the connection was closed")
            writers = [tap] if self._client.want_write() else []
            readable, writable, _ = select.select([tap], writers, [], IDLE_S if drained else 0.0)
            if writable:
                self._client.loop_write()
            if readable or not drained:
                drained = self._read()
            if self._uncommitted:
                self._commit()
            elif self.status.connected:
                self._uncommitted = self._receiver.idle()
            self._client.loop_misc()
        self._commit()
        self._client.disconnect()
        self.status.connected, self.status.since = False, None

    def _read(self) -> bool:
        """Take a batch from the socket and hand it on; whether the socket is drained."""
        messages = Messages()
        began = time.monotonic()
        try:
            drained = self._reader.read(messages)
            while len(messages) < MOST_MESSAGES and time.monotonic() - began < LONGEST_WAIT_S:
                if drained and not self._more(began + self._gather_s):
                    break
                drained = self._reader.read(messages)
        finally:
            if len(messages):
                self._receiver.receive(messages)
                self._mids += messages.mids
                self.status.outstanding = len(self._mids)
                self._uncommitted = True
        return drained

    def _more(self, until: float) -> bool:
        """Whether the drained socket has more before `until`, on the monotonic clock."""
        left_s = until - time.monotonic()
        tap = self._client.socket()
        return left_s > 0 and tap is not None and bool(select.select([tap], [], [], left_s)[0])

    def _commit(self) -> None:
        """Commit and acknowledge; on failure keep everything and say when to try again."""
        if time.monotonic() < self._retry_at:
            return
        try:
            outgoing = self._receiver.commit()
        except Unavailable as error:
            if self.status.error != str(error):
                log.error("readings are held and not acknowledged: %s", error)
            if self.status.held_since is None:
                self.status.held_since = self._clock()
            self.status.error = str(error)
            self._retry_at = time.monotonic() + error.retry_after_s
            return
        if self.status.held_since is not None:
            log.info("readings are committed again")
            self.status.held_since, self.status.error = None, ""
        self._uncommitted = False
        mids, self._mids = self._mids, []
        self._reader.acknowledge(mids)
        self.status.outstanding = 0
        if self.status.connected:
            for message in outgoing:
                self._client.publish(message.topic, message.payload, qos=0, retain=True)
