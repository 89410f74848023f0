"""What the platform publishes, at a real broker."""

from __future__ import annotations

import queue
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from ganzhi.errors import Unavailable
from ingest.publisher import Publisher
from ingest.session import SessionOptions
from tests.servers import Server, mosquitto, program, running


def listen(port: int, topic: str) -> tuple[paho.Client, queue.Queue[tuple[bytes, bool, int]]]:
    heard: queue.Queue[tuple[bytes, bool, int]] = queue.Queue()
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_connect = lambda client, *_: client.subscribe(topic, qos=1)
    client.on_message = lambda client, userdata, m: heard.put((bytes(m.payload), m.retain, m.qos))
    client.connect("127.0.0.1", port)
    client.loop_start()
    return client, heard


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_message_is_retained_for_who_comes_late(mosquitto_server: Server, version: str) -> None:
    topic = f"ganzhi/v1/publisher-{version}/alarm"
    options = SessionOptions(
        url=f"mqtt://127.0.0.1:{mosquitto_server.port}", filters=[], version=version, client_id=f"p{version}"
    )
    with Publisher(options, name="siren", answer_s=10) as publisher:
        publisher.publish(topic, b"one")
        publisher.publish(topic, b"two")
    client, heard = listen(mosquitto_server.port, topic)
    assert heard.get(timeout=10) == (b"two", True, 1)
    client.disconnect()
    client.loop_stop()


@pytest.mark.skipif(program("mosquitto") is None, reason="mosquitto is not installed (apt-get install mosquitto)")
def test_who_publishes_is_told_when_the_broker_is_away_and_it_works_again_after(tmp_path: Path) -> None:
    with running(mosquitto(tmp_path)) as broker:
        options = SessionOptions(url=f"mqtt://127.0.0.1:{broker.port}", filters=[], client_id="away")
        with Publisher(options, name="siren", answer_s=5) as publisher:
            publisher.publish("ganzhi/v1/x/alarm", b"one")
            broker.stop()
            with pytest.raises(Unavailable, match=f"127.0.0.1:{broker.port}"):
                publisher.publish("ganzhi/v1/x/alarm", b"two")
            broker.start()
            publisher.publish("ganzhi/v1/x/alarm", b"three")
            client, heard = listen(broker.port, "ganzhi/v1/x/alarm")
            assert heard.get(timeout=10)[0] == b"three"
            client.disconnect()
            client.loop_stop()
