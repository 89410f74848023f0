"""A line made worse in every way, and good again afterwards."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bench.fault.proxy import Proxy

SHORT_S = 0.3


@contextmanager
def echo() -> Iterator[int]:
    """A server that sends back what it gets; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    line, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(line,), daemon=True).start()

        def answer(line: socket.socket) -> None:
            with line:
                try:
                    while data := line.recv(1 << 16):
                        line.sendall(data)
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@contextmanager
def through() -> Iterator[tuple[Proxy, socket.socket]]:
    with echo() as port, Proxy(port) as proxy, socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as line:
        yield proxy, line


def said(line: socket.socket, text: bytes) -> bytes:
    line.sendall(text)
    got = b""
    while len(got) < len(text):
        data = line.recv(1 << 16)
        if not data:
            raise ConnectionError
        got += data
    return got


def test_bytes_arrive_whole_and_in_order_when_there_is_no_fault() -> None:
    with through() as (_, line):
        text = bytes(range(256)) * 1000
        assert said(line, text) == text


def test_connection_ends_when_cut_and_the_next_comes_through() -> None:
    with through() as (proxy, line):
        assert said(line, b"a") == b"a"
        proxy.cut()
        with pytest.raises(ConnectionError):
            while said(line, b"b"):
                pass
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as another:
            assert said(another, b"c") == b"c"


def test_no_connection_lives_while_refused() -> None:
    with through() as (proxy, line):
        with proxy.refused():
            with pytest.raises(ConnectionError):
                while said(line, b"b"):
                    pass
            with (
                pytest.raises(ConnectionError),
                socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as another,
            ):
                said(another, b"c")
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as another:
            assert said(another, b"d") == b"d"


def test_nothing_arrives_while_stalled_and_everything_afterwards() -> None:
    with through() as (proxy, line):
        assert said(line, b"a") == b"a"
        with proxy.stalled():
            line.settimeout(SHORT_S)
            with pytest.raises(TimeoutError):
                said(line, b"held")
        line.settimeout(5)
        assert line.recv(4) == b"held"


def test_bytes_arrive_later_while_delayed() -> None:
    with through() as (proxy, line):
        assert said(line, b"a") == b"a"
        with proxy.delayed(SHORT_S):
            began = time.monotonic()
            assert said(line, b"later") == b"later"
            assert time.monotonic() - began >= 2 * SHORT_S
        assert said(line, b"again") == b"again"
