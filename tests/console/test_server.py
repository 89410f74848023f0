"""The server's thread: ports, sentences when an address cannot be had, and a stop that is not held up."""

from __future__ import annotations

import socket
import time

import httpx
import pytest

from console.api import create_app
from console.server import Server
from tests.console.plant import Plant
from tests.servers import listening

STOP_LIMIT_S = 2.0


def test_port_zero_takes_a_free_port(plant: Plant) -> None:
    with Server(create_app(plant.backend(), plant.feed), "127.0.0.1", 0) as server:
        assert server.port > 0
        assert server.url == f"http://127.0.0.1:{server.port}"
        assert httpx.get(f"{server.url}/api/site").status_code == 200
    assert not listening(server.port)


def test_a_port_in_use_gets_a_sentence_that_says_what_to_set(plant: Plant) -> None:
    app = create_app(plant.backend(), plant.feed)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=rf"Port {port} is in use; set \[console\] port"):
            Server(app, "127.0.0.1", port).__enter__()


def test_a_foreign_address_gets_a_sentence_that_says_what_to_set(plant: Plant) -> None:
    app = create_app(plant.backend(), plant.feed)
    with pytest.raises(OSError, match=r"Cannot listen on 192\.0\.2\.1:0 .* set \[console\] host"):
        Server(app, "192.0.2.1", 0).__enter__()


def test_an_open_event_stream_does_not_hold_up_the_stop_and_the_port_is_free_at_once(plant: Plant) -> None:
    app = create_app(plant.backend(), plant.feed)
    server = Server(app, "127.0.0.1", 0)
    for _ in range(2):
        with server, httpx.stream("GET", f"{server.url}/api/events?source=tank-area-1") as answer:
            lines = answer.iter_lines()
            assert next(lines) == "retry: 2000"
            began = time.monotonic()
            server.__exit__(None, None, None)
            assert time.monotonic() - began < STOP_LIMIT_S
            assert "event: values" in list(lines)
        assert plant.feed.subscribers == 0
