"""`ganzhi run` as a child process, seen through its HTTP API."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.servers import wait_until

STOP_LIMIT_S = 30


def get(port: int, path: str) -> Any:
    """A JSON answer of the console."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as response:
        return json.load(response)


def connected(port: int) -> bool:
    """Whether the service answers and has its broker."""
    try:
        return bool(get(port, "/api/health")["mqtt"]["connected"])
    except OSError:
        return False


@contextmanager
def serving(settings: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """The service, connected to its broker; on leaving it is told to stop and must end well."""
    command = [sys.executable, "-m", "ganzhi", "run", str(settings)]
    with (settings.parent / "service.log").open("w+", encoding="utf-8") as log:
        child = subprocess.Popen(command, stdout=log, stderr=log, text=True)
        try:
            wait_until(lambda: child.poll() is not None or connected(port), "ganzhi run")
            yield child
        finally:
            child.terminate()
            try:
                child.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        log.seek(0)
        said = log.read()
    assert child.returncode == 0, said
    assert "Traceback" not in said, said
