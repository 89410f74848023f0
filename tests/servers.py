"""Real servers from Debian's packages, on free ports in temporary folders; each stops what it started."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

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
    """A child process that can be stopped and started again on the same port and folder.

    user         the account it runs as, None for ours
    stop_signal  what it takes for a request to stop at once, in good order
    """

    command: list[str]
    port: int
    folder: Path
    ready: Callable[[], bool]
    process: subprocess.Popen[bytes] | None = None
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(self.command, cwd=self.folder, stdout=log, stderr=log, user=self.user)
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
            self.process.send_signal(self.stop_signal)
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


POSTGRESQL_CONFIG = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
fsync = off
shared_buffers = 16MB
max_connections = 30
max_wal_size = 64MB
timezone = 'UTC'
"""
POSTGRESQL_ACCESS = """
host all with_password 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
"""


def postgresql_program(name: str) -> str | None:
    """Where a program of the newest PostgreSQL is, or None: Debian keeps them off the PATH."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda place: int(place.parts[4]))
    return str(places[-1]) if places else shutil.which(name)


def postgresql(folder: Path) -> Server:
    """PostgreSQL with the superuser `ganzhi`, who needs no password, and no database but its own.

    It refuses to run as root and then runs as `postgres`, who must be able to get at `folder`. A role named
    `with_password` is asked for one.
    """
    executable, initdb = postgresql_program("postgres"), postgresql_program("initdb")
    if executable is None or initdb is None:
        raise FileNotFoundError("postgres, initdb")
    user = "postgres" if os.geteuid() == 0 else None
    if user is not None:
        shutil.chown(folder, user)
    data = folder / "data"
    options = ["--username=ganzhi", "--encoding=UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-sync"]
    command = [initdb, f"--pgdata={data}", *options]
    subprocess.run(command, cwd=folder, user=user, check=True, capture_output=True)
    port = free_port()
    with (data / "postgresql.conf").open("a") as config:
        config.write(POSTGRESQL_CONFIG.format(port=port))
    (data / "pg_hba.conf").write_text(POSTGRESQL_ACCESS)
    address = f"postgresql://ganzhi@127.0.0.1:{port}/postgres"
    command = [executable, "-D", str(data)]
    return Server(command, port, folder, lambda: takes_queries(address), user=user, stop_signal=signal.SIGINT)


def takes_queries(address: str) -> bool:
    """Whether the PostgreSQL server at this address answers."""
    try:
        with psycopg.connect(address, connect_timeout=2) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True
