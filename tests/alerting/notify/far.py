"""Real far sides on free ports of the loopback: an SMTP server, a webhook, one that accepts and never answers."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Letters:
    """What an SMTP server has accepted, and when on the monotonic clock."""

    port: int = 0
    came: list[tuple[float, EmailMessage]] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.came.append((time.monotonic(), message_from_bytes(envelope.content, policy=default)))
        return "250 taken"

    @property
    def subjects(self) -> list[str]:
        return [str(letter["subject"]) for _, letter in self.came]

    @property
    def bodies(self) -> list[str]:
        bodies = [letter.get_body(("plain",)) for _, letter in self.came]
        return [body.get_content() for body in bodies if body is not None]


@contextmanager
def smtp() -> Iterator[Letters]:
    """An SMTP server."""
    letters = Letters()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        letters.port = probe.getsockname()[1]
    controller = Controller(letters, hostname="127.0.0.1", port=letters.port)
    controller.start()
    try:
        yield letters
    finally:
        controller.stop()


@dataclass
class Hook:
    """What a webhook was sent, and when; it answers with `status` and `answer`."""

    port: int = 0
    status: int = 200
    answer: bytes = b""
    came: list[tuple[float, str, dict[str, Any]]] = field(default_factory=list)

    @property
    def documents(self) -> list[dict[str, Any]]:
        return [document for _, _, document in self.came]


@contextmanager
def webhook() -> Iterator[Hook]:
    """An HTTP server that takes documents."""
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            hook.came.append((time.monotonic(), self.path, document))
            self.send_response(hook.status)
            self.send_header("Content-Length", str(len(hook.answer)))
            self.end_headers()
            self.wfile.write(hook.answer)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def hanging() -> Iterator[int]:
    """A port where every connection is accepted and nothing is ever answered."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])
