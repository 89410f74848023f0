"""Runs the console's HTTP server in a thread of its own."""

from __future__ import annotations

import errno
import socket
import threading
from types import TracebackType

import uvicorn
from fastapi import FastAPI

from console.feed import Feed

STOP_LIMIT_S = 1
"""Time that requests under way get to finish when the server stops."""


class _Uvicorn(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, feed: Feed | None) -> None:
        super().__init__(config)
        self.settled = threading.Event()
        self._feed = feed

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.settled.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._feed is not None:
            self._feed.disconnect()
        await super().shutdown(sockets)


class Server:
    """Serve `app` on `host`:`port` while the context lasts; port 0 takes a free one, seen as `.port`.

    Raises OSError on entering, with a sentence that says what to set, if the address cannot be had.
    """

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        self._app = app
        self._host = host
        self.port = port

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the page."""
        host = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(self._host, self._host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def __enter__(self) -> Server:
        listener = _listen(self._host, self.port)
        self.port = int(listener.getsockname()[1])
        config = uvicorn.Config(
            self._app,
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=STOP_LIMIT_S,
        )
        feed = getattr(self._app.state, "feed", None)
        self._uvicorn = _Uvicorn(config, feed if isinstance(feed, Feed) else None)
        self._thread = threading.Thread(target=self._run, args=(listener,), name="console", daemon=True)
        self._thread.start()
        self._uvicorn.settled.wait()
        if not self._uvicorn.started:
            raise RuntimeError("the console's server ended while it started")
        return self

    def _run(self, listener: socket.socket) -> None:
        try:
            self._uvicorn.run(sockets=[listener])
        finally:
            listener.close()
            self._uvicorn.settled.set()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._uvicorn.should_exit = True
        self._thread.join()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=socket.SOMAXCONN)
    except OSError as error:
        raise OSError(error.errno, _sentence(error, host, port)) from error


def _sentence(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        free = "set [console] port (in the demo: --port) to a free one"
        return f"Port {port} is in use; {free}, or stop the program that holds it"
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights than we have; set [console] port to one above 1023"
    return f"Cannot listen on {host}:{port} ({error.strerror}); set [console] host to an address of this machine"
