"""Real servers from Debian's packages, on free ports in temporary folders; each stops what it started."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

START_LIMIT_S = 30.0


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program(name: str, *places: str) -> str | None:
    """Where a server's program is, or None: Debian keeps some in /usr/sbin."""
    return shutil.which(name) or next((p for p in (f"/usr/sbin/{name}", *places) if Path(p).exists()), None)


def wait_until(ready: Callable[[], bool], what: str, limit_s: float = START_LIMIT_S) -> None:
    """Poll until `ready()`; raises TimeoutError naming `what` after `limit_s`."""
    deadline = time.monotonic() + limit_s
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} was not ready within {limit_s:g} s")
        time.sleep(0.02)


def listening(port: int) -> bool:
    """Whether something accepts connections on this loopback port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5):
            return True
    except OSError:
        return False


def answers(url: str) -> bool:
    """Whether an HTTP GET of `url` succeeds."""
    try:
        with urllib.request.urlopen(url, timeout=1) as response:
            return bool(response.status < 300)
    except (urllib.error.URLError, OSError):
        return False


@dataclass
class Server:
    """A child process that can be stopped and started again on the same port and folder."""

    command: list[str]
    port: int
    folder: Path
    ready: Callable[[], bool]
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(self.command, cwd=self.folder, stdout=log, stderr=log)
        try:
            wait_until(self.ready, self.command[0])
        except TimeoutError:
            self.stop()
            raise

    def stop(self, *, kill: bool = False) -> None:
        if self.process is None:
            return
        if kill:
            self.process.kill()
        else:
            self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


@contextlib.contextmanager
def running(server: Server) -> Iterator[Server]:
    """The server, started; stopped on leaving."""
    server.start()
    try:
        yield server
    finally:
        server.stop()


MOSQUITTO_CONFIG = """
listener {port} 127.0.0.1
allow_anonymous true
max_queued_messages 0
max_queued_bytes 0
max_inflight_messages 1000
persistence false
set_tcp_nodelay true
{extra}
"""


def mosquitto(folder: Path, extra: str = "") -> Server:
    """Eclipse Mosquitto with no access control; `extra` is appended to its configuration."""
    executable = program("mosquitto")
    if executable is None:
        raise FileNotFoundError("mosquitto")
    port = free_port()
    config = folder / "mosquitto.conf"
    config.write_text(MOSQUITTO_CONFIG.format(port=port, extra=extra))
    return Server([executable, "-c", str(config)], port, folder, lambda: listening(port))


INFLUXDB1_CONFIG = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
[logging]
  level = "warn"
"""


def influxdb1(folder: Path) -> Server:
    """InfluxDB 1.x, empty; create a database by `POST /query?q=CREATE DATABASE …`."""
    executable = program("influxd")
    if executable is None:
        raise FileNotFoundError("influxd")
    port, rpc = free_port(), free_port()
    config = folder / "influxdb.conf"
    config.write_text(INFLUXDB1_CONFIG.format(port=port, rpc=rpc, folder=folder))
    ping = f"http://127.0.0.1:{port}/ping"
    return Server([executable, "-config", str(config)], port, folder, lambda: answers(ping))
