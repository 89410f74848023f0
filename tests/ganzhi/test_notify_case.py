"""The chain of responsibility is told of a case that an alarm opens."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.alerting.notify.far import webhook
from tests.ganzhi.service import get, serving
from tests.ganzhi.test_notify import environment
from tests.ganzhi.test_run import publish, site
from tests.servers import Server, free_port, wait_until

RECEIVERS = """
[[notify.receiver]]
name = "leader"
url_file = "env:GANZHI_TEST_HOOK"
[[notify.route]]
classes = ["case"]
roles = ["shift_leader"]
conditions = ["opened"]
receivers = ["leader"]
wait = "0s"
"""


@pytest.mark.timeout(120)
def test_shift_leader_is_told_of_a_new_case(tmp_path: Path, mosquitto_server: Server) -> None:
    port, start_ms = free_port(), time.time_ns() // 1_000_000 - 300_000
    settings = site(tmp_path, mosquitto_server, port)
    settings.write_text(settings.read_text(encoding="utf-8") + RECEIVERS, encoding="utf-8")
    with webhook() as hook:
        hooked = environment(GANZHI_TEST_HOOK=f"json://127.0.0.1:{hook.port}/hook")
        with hooked, serving(settings, port):
            publish(mosquitto_server, start_ms, [15.0] * 14)
            wait_until(lambda: bool(hook.came), "the message")
            rows = get(port, "/api/deliveries?receiver=leader")["deliveries"]
        (document,) = hook.documents
    assert (document["class"], document["happening"]) == ("case", "raised")
    assert "负责:" in document["message"]
    assert rows[-1]["subject"] == document["subject"]
