"""The production configuration of Mosquitto, with its paths moved to a temporary folder."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.ingest.test_session import MemoryLog, expected, listening, options, readings, send, until
from tests.servers import mosquitto, program, running

CONFIG = Path(__file__).parents[2] / "deploy" / "mosquitto.conf"


def test_nothing_is_dropped_when_the_platform_is_away_for_thousands_of_messages(tmp_path: Path) -> None:
    if program("mosquitto") is None or program("mosquitto_passwd") is None:
        pytest.skip("mosquitto is not installed (apt-get install mosquitto)")
    passwords = tmp_path / "passwords"
    subprocess.run(
        ["mosquitto_passwd", "-b", "-c", str(passwords), "ganzhi", "secret"], check=True, capture_output=True
    )
    server = mosquitto(tmp_path)
    text = CONFIG.read_text(encoding="utf-8")
    for there, here in (
        ("listener 1883", f"user root\nlistener {server.port} 127.0.0.1"),
        ("/etc/mosquitto/passwords", str(passwords)),
        ("/var/lib/mosquitto/", f"{tmp_path}/"),
        ("allow_anonymous false", "allow_anonymous true"),  # the plain-socket sender gives no name
    ):
        assert there in text
        text = text.replace(there, here)
    (tmp_path / "mosquitto.conf").write_text(text, encoding="utf-8")
    log = MemoryLog()
    login = {"username": "ganzhi", "password": "secret"}
    with running(server):
        with listening(options(server.port, "away", **login), log) as (session, _):
            until(lambda: session.status.connected, "the session")
        send(server.port, readings(0, 3000))
        server.stop()
        server.start()
        send(server.port, readings(3000, 2000))
        with listening(options(server.port, "away", **login), log):
            until(lambda: len(log.rows) >= 5000, "5000 readings")
    assert log.rows == expected(0, 5000)
