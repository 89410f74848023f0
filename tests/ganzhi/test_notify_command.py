"""`ganzhi notify`: a test message to every receiver, and what came of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config import example
from tests.alerting.notify.far import smtp
from tests.servers import free_port

SETTINGS = """
[site]
name_zh = "示范市"
[[notify.receiver]]
name = "mail"
url_file = "env:GANZHI_TEST_MAIL"
[[notify.receiver]]
name = "dead"
url_file = "env:GANZHI_TEST_DEAD"
[[notify.receiver]]
name = "unset"
url_file = "env:GANZHI_TEST_UNSET"
[[notify.receiver]]
name = "siren"
kind = "mqtt"
"""


@pytest.fixture
def site_folder(tmp_path: Path) -> Path:
    """The demo's site with receivers."""
    for name in ("enterprises.toml", "points.csv"):
        (tmp_path / name).write_bytes((example("demo") / name).read_bytes())
    (tmp_path / "ganzhi.toml").write_text(SETTINGS, encoding="utf-8")
    return tmp_path


def run(folder: Path, port: int, *options: str) -> subprocess.CompletedProcess[str]:
    mail = f"mailto://127.0.0.1:{port}?from=a@example.cn&to=b@example.cn&format=text"
    dead = f"json://127.0.0.1:{free_port()}/S3cr3t"
    return subprocess.run(
        [sys.executable, "-m", "ganzhi", "notify", str(folder / "ganzhi.toml"), *options],
        env={**os.environ, "GANZHI_TEST_MAIL": mail, "GANZHI_TEST_DEAD": dead},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_every_receiver_is_tried_and_what_came_of_it_is_said(site_folder: Path) -> None:
    with smtp() as letters:
        done = run(site_folder, letters.port)
        assert letters.subjects == ["【测试】示范市 通知测试"]
    lines = done.stdout.splitlines()
    assert lines[0] == "mail: taken"
    assert lines[1].startswith("dead: A Connection error")
    assert "GANZHI_TEST_UNSET is not set" in lines[2]
    assert (len(lines), done.returncode) == (3, 1)
    assert "S3cr3t" not in done.stdout + done.stderr


def test_one_receiver_is_tried_when_it_is_named(site_folder: Path) -> None:
    with smtp() as letters:
        assert run(site_folder, letters.port, "--receiver", "mail").stdout == "mail: taken\n"
        wrong = run(site_folder, letters.port, "--receiver", "mial")
    assert wrong.returncode == 2
    assert "there is no receiver 'mial'" in wrong.stderr
