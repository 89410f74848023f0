"""People are told, end to end: a real SMTP server, a webhook, a siren on MQTT, and receivers that are no use."""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.alerting.notify.far import hanging, smtp, webhook
from tests.ganzhi.service import get, serving
from tests.ganzhi.test_run import POINT, publish, site
from tests.servers import Server, free_port, wait_until

SIREN_TOPIC = "ganzhi/v1/haihe-storage/alarm"
SOON_S = 25.0
"""Generous: what is asserted is the order of events, and that nobody waits for a receiver that hangs."""

RECEIVERS = """
[[notify.receiver]]
name = "dead"
url_file = "env:GANZHI_TEST_DEAD"
[[notify.receiver]]
name = "hanging"
url_file = "env:GANZHI_TEST_HANGING"
timeout = "4s"
[[notify.receiver]]
name = "mail"
url_file = "mail.url"
language = "both"
[[notify.receiver]]
name = "hook"
url_file = "env:GANZHI_TEST_HOOK"
[[notify.receiver]]
name = "siren"
kind = "mqtt"
[[notify.route]]
name = "levels"
conditions = ["level.high"]
enterprises = ["haihe-storage"]
receivers = ["dead", "hanging", "mail", "hook", "siren"]
wait = "0s"
"""


@contextlib.contextmanager
def environment(**values: str) -> Any:
    """Variables for the service, which inherits ours."""
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            del os.environ[name]


class Siren:
    """A siren's own client: what it was told, oldest first."""

    def __init__(self, port: int) -> None:
        self.documents: list[dict[str, Any]] = []
        self.client = paho.Client(CallbackAPIVersion.VERSION2)
        self.client.on_connect = lambda client, *_: client.subscribe(SIREN_TOPIC, qos=1)
        self.client.on_message = lambda client, userdata, m: self.documents.append(json.loads(m.payload))
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def __enter__(self) -> Siren:
        return self

    def __exit__(self, *exc: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    @property
    def sound(self) -> int:
        return int(self.documents[-1]["sound"]) if self.documents else -1


def outcomes(port: int) -> dict[tuple[str, str], dict[str, Any]]:
    """The delivery of each receiver and happening."""
    rows = get(port, "/api/deliveries?limit=1000")["deliveries"]
    return {(row["receiver"], row["happening"]): row for row in reversed(rows)}


@pytest.mark.timeout(180)
def test_messages_arrive_although_other_receivers_are_dead_or_hang(tmp_path: Path, mosquitto_server: Server) -> None:
    port, start_ms = free_port(), time.time_ns() // 1_000_000 - 300_000
    settings = site(tmp_path, mosquitto_server, port)
    settings.write_text(
        settings.read_text(encoding="utf-8") + f'public_url = "http://127.0.0.1:{port}"\n' + RECEIVERS,
        encoding="utf-8",
    )
    with smtp() as letters, webhook() as hook, hanging() as silent, Siren(mosquitto_server.port) as siren:
        mail = f"mailto://127.0.0.1:{letters.port}?from=ganzhi@example.cn&to=duty@example.cn&format=text"
        (tmp_path / "mail.url").write_text(f"{mail}\n", encoding="utf-8")
        with environment(
            GANZHI_TEST_DEAD=f"json://127.0.0.1:{free_port()}/S3cr3t-path",
            GANZHI_TEST_HANGING=f"json://127.0.0.1:{silent}/S3cr3t-path",
            GANZHI_TEST_HOOK=f"json://127.0.0.1:{hook.port}/hook",
        ):
            with serving(settings, port):
                wait_until(lambda: siren.sound == 0, "the siren's first state", SOON_S)
                publish(mosquitto_server, start_ms, [15.0] * 14)
                wait_until(lambda: bool(letters.came and hook.came) and siren.sound == 4, "the messages", SOON_S)
                wait_until(lambda: outcomes(port)["hanging", "raised"]["attempts"] > 0, "the hanging one", SOON_S)
                rows = outcomes(port)
                # The hanging one was asked at the same moment, and took four seconds to fail.
                assert rows["mail", "raised"]["sent"] < rows["hanging", "raised"]["tried"]
                assert rows["hook", "raised"]["sent"] < rows["hanging", "raised"]["tried"]
                for name in ("dead", "hanging"):
                    row = rows[name, "raised"]
                    assert (row["outcome"], row["reason"]) == ("waiting", "receiver_down")
                    assert "127.0.0.1" in row["error"]
                    assert "S3cr3t" not in row["error"]
                waiting = {worker["name"] for worker in get(port, "/api/health")["consumers"] if worker["error"]}
                assert waiting >= {"receiver dead", "receiver hanging"}
                assert siren.documents[-1]["alarms"][0]["condition"] == "level.high"
            assert letters.subjects == [
                f"【红色报警】海河石化仓储 {rows['mail', 'raised']['text']['zh'].split()[0]} 液位高"
            ]
            assert POINT in letters.bodies[0]
            assert f"http://127.0.0.1:{port}/#alarm={rows['mail', 'raised']['subject']}" in letters.bodies[0]
            assert hook.documents[0]["key"] == rows["hook", "raised"]["notice"]
            with serving(settings, port):
                publish(mosquitto_server, start_ms + 14_000, [15.0] * 6 + [8.0] * 200)
                wait_until(lambda: len(letters.came) > 1 and len(hook.came) > 1, "the end", SOON_S)
                wait_until(lambda: siren.sound == 0 and siren.documents[-1]["tier"] == 0, "silence", SOON_S)
            assert [document["happening"] for document in hook.documents] == ["raised", "ended"]
            assert len(letters.came) == 2
    assert "S3cr3t" not in (tmp_path / "service.log").read_text(encoding="utf-8")
