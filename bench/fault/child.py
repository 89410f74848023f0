"""Processes that are killed and started again: the platform, the broker, the database, and the publisher's own."""

from __future__ import annotations

import getpass
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.fault.plan import Plan
from tests.servers import free_port, program

STOP_LIMIT_S = 20.0

MOSQUITTO = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {folder}/
user {user}
max_queued_messages 0
max_queued_bytes 0
max_inflight_messages 1000
set_tcp_nodelay true
"""
"""Persistence with the default autosave of 30 minutes: a broker that is killed loses its sessions and queues.
Started by root it would otherwise become a user who may not save in this folder."""


class Child:
    """A process under a service manager's rule: once started it is to run until it is stopped or killed here.

    exits  times it ended by itself
    """

    def __init__(
        self, name: str, command: list[str], folder: Path, *, started: Callable[[int], None] | None = None
    ) -> None:
        self.name = name
        self.exits = 0
        self.wanted = False
        self.log = folder / f"{name}.log"
        self._command, self._folder, self._started = command, folder, started
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it, and do not wait for it to be ready."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command, cwd=self._folder, stdout=log, stderr=log)
        self.wanted = True
        if self._started is not None:
            self._started(self._process.pid)

    def fallen(self) -> int | None:
        """The code with which it ended by itself, once for each time; None: it runs, or was not to run."""
        if not self.wanted or self._process is None or (code := self._process.poll()) is None:
            return None
        self.wanted = False
        self.exits += 1
        return code

    def kill(self) -> None:
        """SIGKILL."""
        self.wanted = False
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> bool:
        """SIGTERM, and SIGKILL where that is not enough; whether SIGTERM was."""
        self.wanted = False
        if self._process is None or self._process.poll() is not None:
            return True
        self._process.terminate()
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            return False
        return True


def broker(folder: Path) -> tuple[Child, int]:
    """Mosquitto, and its port."""
    executable, port = program("mosquitto"), free_port()
    if executable is None:
        raise FileNotFoundError("mosquitto")
    folder.mkdir()
    config = folder / "mosquitto.conf"
    config.write_text(MOSQUITTO.format(port=port, folder=folder, user=getpass.getuser()), encoding="utf-8")
    return Child("broker", [executable, "-c", str(config)], folder), port


def platform(settings: Path, started: Callable[[int], None] | None = None) -> Child:
    """`ganzhi run`."""
    command = [sys.executable, "-m", "ganzhi", "run", str(settings)]
    child = Child("platform", command, Path.cwd(), started=started)
    child.log = settings.parent / "platform.log"
    return child


class Publishing:
    """The publisher's process and what it last said of itself."""

    def __init__(self, plan: Plan, *, port: int, receipts: bool) -> None:
        given = {"plan": plan.parameters(), "port": port, "receipts": receipts, "from_seq": plan.start_ms}
        command = [sys.executable, "-m", "bench.fault.publisher", json.dumps(given)]
        self.report: dict[str, Any] = {}
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """Have it make nothing new; what it keeps it still sends."""
        assert self._process.stdin is not None
        self._process.stdin.write("stop\n")
        self._process.stdin.flush()

    def close(self) -> None:
        """Let it end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._thread.join()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self.report = json.loads(line)
