"""A bare paho subscriber that throws messages away: the scale that Python users know.

Run as a child process: `python -m bench.load.bare PORT MESSAGES`. It prints a JSON line when it has subscribed and one
at the end.
"""

from __future__ import annotations

import json
import sys
import time

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties


def main() -> None:
    """See the module's docstring."""
    port, wanted = int(sys.argv[1]), int(sys.argv[2])
    client = Client(CallbackAPIVersion.VERSION2, client_id="bare", protocol=MQTTProtocolVersion.MQTTv5)
    seen = 0

    def take(_: Client, __: object, ___: MQTTMessage) -> None:
        nonlocal seen
        seen += 1
        if seen == wanted:
            print(json.dumps({"messages": seen, "cpu_s": time.process_time() - cpu_s}), flush=True)
            client.disconnect()

    client.on_message = take
    client.on_subscribe = lambda *_: print(json.dumps({"ready": True}), flush=True)

    def begin(*_: object) -> None:
        client.subscribe("ganzhi/v1/#", qos=1)

    client.on_connect = begin
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.ReceiveMaximum = 8192
    client.connect("127.0.0.1", port, properties=properties)
    cpu_s = time.process_time()
    client.loop_forever()


if __name__ == "__main__":
    main()
