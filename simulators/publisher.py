"""The line of a gateway: sends payloads at QoS 1, in order, until each is acknowledged.

One thread does all that touches paho: it connects, sends from the outbox while the window has room, reads
acknowledgements, and after a broken line puts what was not acknowledged back to the front of the outbox. So the
order survives a reconnect; a message of which only the acknowledgement was lost arrives twice, as QoS 1 allows.
"""

from __future__ import annotations

import contextlib
import logging
import random
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from ganzhi.errors import Unavailable
from simulators.address import GatewayOptions

log = logging.getLogger(__name__)

CONNECT_LIMIT_S = 5.0
FIRST_DELAY_S, MOST_DELAY_S = 0.2, 15.0
IDLE_S = 0.5
"""The longest sleep on a quiet line: keep-alive runs at this beat."""
GOODBYE_LIMIT_S = 1.0
"""How long closing waits for the acknowledgement of the last state message."""
HEADER_BYTES = 16
"""More than MQTT adds to topic and payload of a PUBLISH without properties."""


class Publisher:
    """Publishes bytes to `{topic}/data` and keeps `{topic}/state` true: births, a last will, a good-bye.

    `state(online)` gives the retained payload of the moment. Counters only rise; `waiting` is what the broker has
    not yet answered for. Raises ConfigError for options that cannot work.
    """

    def __init__(self, options: GatewayOptions, *, state: Callable[[bool], bytes], will: bytes) -> None:
        self.address = options.check()
        self._options = options
        self._state = state
        self._client = self._build(will)
        self._outbox: deque[bytes] = deque()
        self._sent: dict[int, bytes] = {}
        self._changed = threading.Condition()
        self._window, self._most_bytes = options.window, 0
        self._up = self._asleep = self._over = False
        self._since = 0.0
        self._close_by: float | None = None
        self._goodbye: int | None = None
        self._bell = _Bell()
        self._thread = threading.Thread(target=self._run, name=f"gateway-{options.gateway}", daemon=True)
        self.published = self.acknowledged = self.refused = self.connections = 0
        self.error = ""

    # -- called from any thread

    @property
    def connected(self) -> bool:
        return self._up

    @property
    def waiting(self) -> int:
        return self.published - self.acknowledged - self.refused

    def open(self) -> None:
        """Start, and wait for the first connection; raises Unavailable where none comes about."""
        self._bell.hang()
        self._thread.start()
        with self._changed:
            self._changed.wait_for(lambda: self.connections or self._over)
        if not self.connections:
            self._thread.join()
            tries = self._options.attempts
            raise Unavailable(
                f"no MQTT broker at {self.address} after {tries} attempt{'s' if tries > 1 else ''} ({self.error}); "
                "check the address and that the broker runs",
                retry_after_s=MOST_DELAY_S,
            )

    def put(self, payload: bytes) -> None:
        """Queue a payload, whether there is room or not; ask `wait_for_room` before."""
        self.published += 1
        self._outbox.append(payload)
        if self._asleep:
            self._bell.ring()

    def wait_for_room(self, timeout_s: float) -> bool:
        """Whether the buffer has room, waiting so long for it; raises Unavailable once closed."""
        if not self._room():
            with self._changed:
                self._changed.wait_for(self._room, timeout_s)
        if self._over or not self._thread.is_alive():
            raise Unavailable(f"the gateway to {self.address} is not open")
        return self._room()

    def drained(self, timeout_s: float) -> bool:
        """Wait until nothing waits; False when `timeout_s` was not enough."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or not self.waiting, timeout_s)
        return not self.waiting

    def close(self, timeout_s: float) -> None:
        """Send what waits as long as `timeout_s` allows, say that we go offline, and disconnect."""
        if self._thread.is_alive():
            self._close_by = time.monotonic() + timeout_s
            self._bell.ring()
            self._thread.join()
            if self.waiting:
                log.warning("%d messages were not acknowledged by %s", self.waiting, self.address)

    def _room(self) -> bool:
        return self._over or self.waiting < self._options.buffer

    # -- the thread

    def _run(self) -> None:
        delay_s, failures = FIRST_DELAY_S / 2, 0
        try:
            while not self._done():
                try:
                    self._connect()
                    self._serve()
                except (OSError, ValueError) as error:
                    failures = 0 if self._up else failures + 1
                    lasted = self._up and time.monotonic() - self._since > MOST_DELAY_S
                    delay_s = FIRST_DELAY_S if lasted else min(delay_s * 2, MOST_DELAY_S)
                    self._lost(str(error) or type(error).__name__)
                    if not self.connections and failures >= self._options.attempts:
                        return
                    self._pause(delay_s * random.uniform(0.5, 1.0))
        finally:
            with self._changed:
                self._over, self._up = True, False
                self._changed.notify_all()
            self._bell.close()

    def _done(self) -> bool:
        """Whether closing was asked for, and there is nothing to send or no time left."""
        return self._close_by is not None and (not self.waiting or time.monotonic() >= self._close_by)

    def _pause(self, delay_s: float) -> None:
        until = time.monotonic() + delay_s
        while not self._done() and (left := until - time.monotonic()) > 0:
            select.select([self._bell], [], [], min(left, IDLE_S))
            self._bell.calm()

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
        return client

    def _connect(self) -> None:
        self.error = ""
        self._client.connect(self.address.host, self.address.port, self._options.keep_alive_s)
        line = self._client.socket()
        if isinstance(line, socket.socket):
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        deadline = time.monotonic() + CONNECT_LIMIT_S
        while not self._up:
            if time.monotonic() > deadline:
                raise TimeoutError("no answer to CONNECT; is that an MQTT broker?")
            self._turn()

    def _serve(self) -> None:
        """Send and read until closing is done; raises OSError when the line breaks."""
        while not self._done():
            before = self.acknowledged + self.refused
            self._pump()
            self._turn()
            if self.acknowledged + self.refused > before:
                with self._changed:
                    self._changed.notify_all()
        self._up = False
        self._goodbye = self._client.publish(f"{self._options.topic}/state", self._state(False), 1, True).mid
        deadline = time.monotonic() + GOODBYE_LIMIT_S
        while self._goodbye is not None and time.monotonic() < deadline:
            self._turn()
        self._client.disconnect()

    def _pump(self) -> None:
        while self._outbox and len(self._sent) < self._window and not self._client.want_write():
            payload = self._outbox.popleft()
            if self._most_bytes and len(payload) > self._most_bytes:
                self._refuse(f"a message of {len(payload)} bytes is larger than the broker takes")
                continue
            mid = self._client.publish(f"{self._options.topic}/data", payload, 1).mid
            self._sent[mid] = payload

    def _turn(self) -> None:
        """Wait for the line or for a message, and let paho work; raises OSError when the line is gone."""
        line = self._client.socket()
        if line is None:
            raise ConnectionError(self.error or "the broker closed the connection")
        writers = [line.fileno()] if self._client.want_write() else []
        self._asleep = True
        ready = self._up and self._outbox and len(self._sent) < self._window and not writers
        pending = getattr(line, "pending", None)  # TLS may hold bytes that select does not see
        wait_s = 0.0 if ready or (pending is not None and pending() > 0) else IDLE_S
        readable, writable, _ = select.select([line.fileno(), self._bell.fileno()], writers, [], wait_s)
        self._asleep = False
        if self._bell.fileno() in readable:
            self._bell.calm()
        if writable:
            self._client.loop_write()
        if line.fileno() in readable or (pending is not None and pending() > 0):
            self._client.loop_read()
        self._client.loop_misc()

    def _lost(self, why: str) -> None:
        if self._up or self.error != why:
            log.warning("no connection to %s: %s", self.address, why)
        self.error, self._up = why, False
        self._outbox.extendleft(reversed(self._sent.values()))
        self._sent.clear()

    def _refuse(self, why: str) -> None:
        if not self.refused:
            log.error("%s: refused by the broker: %s", self.address, why)
        self.refused += 1
        self.error = why

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
        client.publish(f"{self._options.topic}/state", self._state(True), 1, True)
        with self._changed:
            self._up, self._since = True, time.monotonic()
            self.connections += 1
            self._changed.notify_all()
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
        if self._sent.pop(mid, None) is None:
            self._goodbye = None if mid == self._goodbye else self._goodbye
        elif reason.is_failure:
            self._refuse(str(reason))
        else:
            self.acknowledged += 1


class _Bell:
    """Wakes a thread that sleeps in `select`; rings from any thread, and silently once it is closed."""

    def __init__(self) -> None:
        self._ends: tuple[socket.socket, socket.socket] | None = None

    def hang(self) -> None:
        self._ends = socket.socketpair()
        for end in self._ends:
            end.setblocking(False)

    def fileno(self) -> int:
        return -1 if self._ends is None else self._ends[0].fileno()

    def ring(self) -> None:
        if self._ends is not None:
            with contextlib.suppress(OSError):  # full: it rings already; closed: nobody sleeps
                self._ends[1].send(b"\0")

    def calm(self) -> None:
        if self._ends is not None:
            with contextlib.suppress(BlockingIOError):
                self._ends[0].recv(4096)

    def close(self) -> None:
        ends, self._ends = self._ends, None
        for end in ends or ():
            end.close()
