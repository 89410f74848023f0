"""What the platform itself says over MQTT: retained, QoS 1, acknowledged before it counts, on its own connection."""

from __future__ import annotations

import ssl
import threading
from types import TracebackType
from typing import Self

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from ganzhi.errors import Unavailable
from ingest.session import CONNECT_LIMIT_S, SessionOptions, address

LEAST_DELAY_S, MOST_DELAY_S = 1, 15
MOST_QUEUED = 100
"""Messages kept while the broker is away; who publishes then is told that it is."""


class Publisher:
    """One connection for what is published; a context manager. `publish` may be called from any thread.

    name      ends the client id, for a broker lets each id in once
    answer_s  how long the broker's acknowledgement is waited for
    """

    def __init__(self, options: SessionOptions, *, name: str, answer_s: float) -> None:
        self._options = options
        self._client_id = f"{options.client_id}-{name}"
        self._answer_s = answer_s
        self._connected = threading.Event()
        self._why = "not connected yet"
        self._client = self._build()

    def __enter__(self) -> Self:
        host, port, _ = address(self._options.url)
        self._client.connect_async(host, port, keepalive=max(1, int(self._options.keep_alive_s)))
        self._client.loop_start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: bytes) -> None:
        """Returns when the broker has acknowledged it. Raises Unavailable; it may then have arrived all the same."""
        if not self._connected.wait(self._answer_s):
            raise Unavailable(f"no connection to {self._options.url}: {self._why}")
        info = self._client.publish(topic, payload, qos=1, retain=True)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS or not self._acknowledged(info):
            raise Unavailable(f"{self._options.url} did not acknowledge within {self._answer_s:g} s")

    def _acknowledged(self, info: MQTTMessageInfo) -> bool:
        try:
            info.wait_for_publish(self._answer_s)
        except (RuntimeError, ValueError):  # the line broke, or the queue is full
            return False
        return info.is_published()

    def _build(self) -> Client:
        options = self._options
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            protocol=MQTTProtocolVersion.MQTTv5 if options.version == "5" else MQTTProtocolVersion.MQTTv311,
        )
        if options.username:
            client.username_pw_set(options.username, options.password)
        if address(options.url)[2]:
            context = ssl.create_default_context(cafile=options.ca_file or None)
            if options.certificate_file:
                context.load_cert_chain(options.certificate_file, options.key_file or None)
            client.tls_set_context(context)
        client.connect_timeout = CONNECT_LIMIT_S
        client.max_queued_messages_set(MOST_QUEUED)
        client.reconnect_delay_set(LEAST_DELAY_S, MOST_DELAY_S)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        return client

    def _on_connect(
        self, client: object, userdata: object, flags: ConnectFlags, reason: ReasonCode, properties: object
    ) -> None:
        if reason.is_failure:
            self._why = f"the broker refused the connection: {reason}"
            return
        self._connected.set()

    def _on_disconnect(
        self, client: object, userdata: object, flags: DisconnectFlags, reason: ReasonCode, properties: object
    ) -> None:
        self._connected.clear()
        self._why = str(reason)
