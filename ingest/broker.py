"""The embedded broker: iotcore (rumqttd), started as a child process that ends with us."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from iotcore import Broker

from ganzhi.errors import Unavailable

WINDOW = 1000
"""Messages in flight to a client before the broker waits for acknowledgements."""

CONFIG = """
id = 0

[router]
id = 0
max_connections = 1000
max_outgoing_packet_count = {window}
max_segment_size = 104857600
max_segment_count = 10

[v5.1]
name = "mqtt-5"
listen = "{host}:{port}"
next_connection_delay_ms = 1
[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = 1048576
max_inflight_count = {window}

[v4.1]
name = "mqtt-3.1.1"
listen = "{host}:{port_311}"
next_connection_delay_ms = 1
[v4.1.connections]
connection_timeout_ms = 60000
max_payload_size = 1048576
max_inflight_count = {window}
"""


@dataclass(frozen=True, slots=True)
class Embedded:
    """Where the embedded broker listens: rumqttd keeps one port for each version of the protocol."""

    host: str
    port: int
    port_311: int

    @property
    def url(self) -> str:
        return f"mqtt://{self.host}:{self.port}"


USUAL_PORT = 1883


def free_port(wished: int, host: str = "127.0.0.1") -> int:
    """`wished` where nobody listens there, else any free port."""
    for port in (wished, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            return int(probe.getsockname()[1])
    raise Unavailable(f"no free port on {host}")


@contextlib.contextmanager
def embedded(folder: Path, *, port: int, port_311: int, host: str = "127.0.0.1") -> Iterator[Embedded]:
    """Run the broker for MQTT 5 on `port` and for 3.1.1 on `port_311`; its configuration is written to `folder`.

    Raises Unavailable, with a sentence, where a port is taken or the broker does not come up.
    """
    config = folder / "broker.toml"
    config.write_text(CONFIG.format(host=host, port=port, port_311=port_311, window=WINDOW), encoding="utf-8")
    broker = Broker(config_path=str(config))
    try:
        broker.start()
    except (OSError, RuntimeError) as error:
        raise Unavailable(f"the embedded broker cannot listen on {host}:{port} and {port_311}: {error}") from error
    try:
        yield Embedded(host, port, port_311)
    finally:
        broker.stop()
