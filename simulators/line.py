"""A gateway's connection: paho's client, what its callbacks mean, and the births and wills of its state topic."""

from __future__ import annotations

import logging
import select
import socket
import time
from collections.abc import Callable

import orjson
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from simulators.address import GatewayOptions
from simulators.bell import Bell
from simulators.delivery import Delivery

log = logging.getLogger(__name__)

CONNECT_LIMIT_S = 5.0
IDLE_S = 0.5
"""The longest sleep on a quiet line: keep-alive runs at this beat."""
GOODBYE_LIMIT_S = 1.0
"""How long closing waits for the acknowledgement of the last state message."""
HEADER_BYTES = 16
"""More than MQTT adds to topic and payload of a PUBLISH without properties."""
MOST_NUMBER = 2**53
"""Up to here every reader of JSON agrees on whole numbers."""


class Line:
    """Sends what `delivery` gives and tells it what comes back; used by one thread, woken by `bell`.

    `connect` returns once messages may go. Everything raises OSError, and `connect` also ValueError, when the line
    breaks; `lost` then clears up for the next `connect`.
    """

    def __init__(
        self, options: GatewayOptions, delivery: Delivery, *, state: Callable[[bool], bytes], will: bytes
    ) -> None:
        self.address = options.check()
        self.bell = Bell()
        self.up = self.asleep = False
        self.error = ""
        self._options, self._delivery, self._state = options, delivery, state
        self._window, self._most_bytes = options.window, 0
        self._birth = self._goodbye = -1
        self._told = False
        self._client = self._build(will)

    def connect(self) -> None:
        self.error = ""
        self._client.connect(self.address.host, self.address.port, self._options.keep_alive_s)
        line = self._client.socket()
        if isinstance(line, socket.socket):
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        deadline = time.monotonic() + CONNECT_LIMIT_S
        while not self.up:
            if time.monotonic() > deadline:
                raise TimeoutError("no answer to CONNECT; is that an MQTT broker?")
            self._turn()

    def work(self) -> None:
        """Send what may be sent, sleep until something happens, and read what came."""
        self._pump()
        self._turn()

    def goodbye(self) -> None:
        """Say that the gateway goes offline, and disconnect."""
        self.up = False
        self._goodbye = self._client.publish(f"{self._options.topic}/state", self._state(False), 1, True).mid
        deadline = time.monotonic() + GOODBYE_LIMIT_S
        while self._goodbye >= 0 and time.monotonic() < deadline:
            self._turn()
        self._client.disconnect()

    def lost(self, why: str) -> None:
        if self.up or self.error != why:
            log.warning("no connection to %s: %s", self.address, why)
        self.error, self.up = why, False
        self._delivery.lost()

    def _build(self, will: bytes) -> Client:
        options = self._options
        version_5 = options.protocol == "5"
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=options.client_id or f"{options.enterprise}-{options.gateway}",
            protocol=MQTTProtocolVersion.MQTTv5 if version_5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
            clean_session=None if version_5 else True,
        )
        who = options.login if options.login.username else self.address
        if who.username:
            client.username_pw_set(who.username, who.password)
        if self.address.tls:
            client.tls_set_context(options.trust())
        client.max_inflight_messages = 0  # the window is ours; paho would search its list at every acknowledgement
        client.connect_timeout = CONNECT_LIMIT_S
        client.will_set(f"{options.topic}/state", will, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        return client

    def _pump(self) -> None:
        now = time.monotonic()
        while not self._client.want_write() and (message := self._delivery.take(now)) is not None:
            payload = message.payload(self._delivery.buffer.oldest)
            if self._most_bytes and len(payload) > self._most_bytes:
                self.error = f"a message of {len(payload)} bytes is larger than the broker takes"
                self._delivery.refuse(message)
                self._told_of_refusal()
                continue
            self._delivery.sent(self._client.publish(f"{self._options.topic}/data", payload, 1).mid, message)

    def _turn(self) -> None:
        """Wait for the line or for a message, and let paho work; raises OSError when the line is gone."""
        line = self._client.socket()
        if line is None:
            raise ConnectionError(self.error or "the broker closed the connection")
        writers = [line.fileno()] if self._client.want_write() else []
        self.asleep = True
        now = time.monotonic()
        ready = self.up and self._delivery.ready(now) and not writers
        pending = getattr(line, "pending", None)  # TLS may hold bytes that select does not see
        wait_s = 0.0 if ready or (pending is not None and pending() > 0) else min(IDLE_S, self._delivery.due_s(now))
        readable, writable, _ = select.select([line.fileno(), self.bell.fileno()], writers, [], wait_s)
        self.asleep = False
        if self.bell.fileno() in readable:
            self.bell.calm()
        if writable:
            self._client.loop_write()
        if line.fileno() in readable or (pending is not None and pending() > 0):
            self._client.loop_read()
        self._client.loop_misc()

    def _told_of_refusal(self) -> None:
        if self._delivery.refused == 1:
            log.error("%s: refused by the broker: %s", self.address, self.error)

    def _on_connect(
        self, client: Client, userdata: object, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self.error = f"the broker refused the connection: {reason}"
            return
        client.drop_out_messages()  # paho would send them again, but not in step with ours
        most = getattr(properties, "ReceiveMaximum", self._options.window + 1)
        self._window = max(1, min(self._options.window, most - 1))
        limit = getattr(properties, "MaximumPacketSize", 0)
        self._most_bytes = max(1, limit - HEADER_BYTES - len(self._options.topic)) if limit else 0
        if self._options.receipts:
            client.subscribe(f"{self._options.topic}/receipt", qos=1)
        self._birth = client.publish(f"{self._options.topic}/state", self._state(True), 1, True).mid

    def _begin(self) -> None:
        """The birth message is acknowledged, so a retained receipt has come before it: messages may go."""
        self.up, self._birth = True, -1
        self._delivery.connected(self._window, time.monotonic(), reasons=self._options.protocol == "5")
        log.info("connected to %s as %s", self.address, self._options.topic)

    def _on_disconnect(
        self,
        client: Client,
        userdata: object,
        flags: DisconnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self.error = f"the broker ended the connection: {reason}"

    def _on_publish(
        self, client: Client, userdata: object, mid: int, reason: ReasonCode, properties: Properties
    ) -> None:
        if self._delivery.answered(mid, reason.value, time.monotonic()):
            if reason.is_failure:
                self.error = str(reason)
                self._told_of_refusal()
        elif mid == self._birth:
            self._begin()
        elif mid == self._goodbye:
            self._goodbye = -1

    def _on_message(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        try:
            document = orjson.loads(message.payload)
        except orjson.JSONDecodeError:
            document = None
        number = document.get("seq") if isinstance(document, dict) else None
        if type(number) is int and 0 <= number <= MOST_NUMBER:
            self._delivery.receipt(number, time.monotonic())
        else:
            log.warning("%s: not a receipt: %.100r", self.address, message.payload)

    def _on_subscribe(
        self, client: Client, userdata: object, mid: int, reasons: list[ReasonCode], properties: Properties | None
    ) -> None:
        if any(reason.is_failure for reason in reasons) and not self._told:
            self._told = True
            log.warning("%s: %s may not subscribe to its receipts: %s", self.address, self._options.gateway, reasons[0])
