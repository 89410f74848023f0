"""感知中枢 Ganzhi：网关发送程序 (publisher for a field gateway). Needs Python 3.9 or newer, and: pip install paho-mqtt

    your-collector | python3 ganzhi_gateway.py            settings below, or on the command line: host=10.0.0.5

It reads one JSON object a line, {"LT-101": 7.3, "TT-101": 21.5}, or with "ts" (UTC milliseconds) among them. Each is
kept in a file under a number of its own, sent at QoS 1, and deleted only when the platform's receipt says that all up
to that number is stored there. Kill this program, the broker or the platform: nothing is lost. You port it to C or to
a PLC? Each rule stands beside its comment; docs/receipts.md says them in ten lines.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
import time
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

SETTINGS: dict[str, Any] = {
    "host": "127.0.0.1", "port": 1883, "username": "", "password": "",
    "tls": 0, "ca_file": "",  # tls=1: encrypted, usually on port 8883; ca_file: if the broker has its own authority
    "enterprise": "enterprise", "gateway": "gateway",
    "mqtt": 5,  # 4: MQTT 3.1.1
    "file": "ganzhi_gateway.sqlite", "most": 1_000_000,  # so many messages are kept; then standard input waits
    "resend_s": 10.0,
}  # fmt: skip
WINDOW = 20  # messages sent and not yet acknowledged
NOBODY, NOBODY_WAIT_S = 0x10, 0.5  # MQTT 5: acknowledged, but nobody has subscribed
MOST_RESEND_S, RETRY_S, TURN_S, MOST_NUMBER = 300.0, 2.0, 0.1, 2**53


class Store:
    """The file: what is kept, oldest first. Every change is on the disk when its method returns."""

    def __init__(self, path: str, most: int) -> None:
        self.most, self.acked, self.room = most, 0, threading.Condition()
        self.db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")  # NORMAL is faster; a power cut then costs the last seconds
        self.db.execute("CREATE TABLE IF NOT EXISTS message (seq INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT)")
        if not self.one("SELECT max(seq) FROM sqlite_sequence"):  # a new file: begin above all earlier numbers
            self.db.execute("INSERT INTO sqlite_sequence VALUES ('message', ?)", (time.time_ns() // 1_000_000,))
        self.count = self.one("SELECT count(*) FROM message")
        self.heard = self.one("PRAGMA user_version")  # 1: a receipt was heard once

    def one(self, query: str) -> int:
        return int(self.db.execute(query).fetchone()[0] or 0)

    def add(self, body: str) -> None:
        with self.room:
            while self.count >= self.most:
                # Full: wait. But a platform that never gave a receipt gives none: let go what the broker has.
                if self.heard or not self.delete("seq = (SELECT min(seq) FROM message) AND seq <= ?", self.acked):
                    self.room.wait(1.0)
            self.db.execute("INSERT INTO message (body) VALUES (?)", (body,))
            self.count += 1

    def after(self, number: int, most: int) -> list[tuple[int, int, str]]:
        """(number, oldest number kept, body) of what comes after `number`."""
        query = "SELECT seq, (SELECT min(seq) FROM message), body FROM message WHERE seq > ? ORDER BY seq LIMIT ?"
        with self.room:
            return self.db.execute(query, (number, most)).fetchall()

    def delete(self, where: str, number: int) -> int:
        with self.room:
            gone = self.db.execute(f"DELETE FROM message WHERE {where}", (number,)).rowcount
            self.count -= gone
            self.room.notify_all()
            return gone

    def acknowledged(self, number: int) -> None:
        with self.room:
            self.acked = max(self.acked, number)
            self.room.notify_all()

    def receipt(self, number: int) -> int:
        """All up to `number` is stored on the platform: delete it. How many messages that were."""
        with self.room:
            if not self.heard:
                self.db.execute("PRAGMA user_version = 1")
            self.heard = 1
            if number > self.one("SELECT seq FROM sqlite_sequence"):  # of an earlier life: numbers go on above it
                self.db.execute("UPDATE sqlite_sequence SET seq = ?", (number,))
                return 0
            return self.delete("seq <= ?", number)


class Gateway:
    """One connection: after every connect all that is kept is sent again, oldest first, before anything new."""

    def __init__(self, settings: dict[str, Any], store: Store) -> None:
        self.settings, self.store = settings, store
        self.topic = "ganzhi/v1/{enterprise}/{gateway}".format(**settings)
        self.sent = 0  # all up to here went out; set to 0 it sends all again
        self.flight: dict[int, int] = {}  # packet identifier -> number, until the broker acknowledges
        self.ready = self.again = False
        self.alone = settings["mqtt"] == 5  # the first message goes alone: is anybody there?
        self.birth, self.window, self.pause_until = -1, WINDOW, 0.0
        self.resend_s, self.quiet_since = settings["resend_s"], time.monotonic()
        client_id, version = self.topic.replace("/", "-"), MQTTProtocolVersion(settings["mqtt"])
        self.client = client = Client(CallbackAPIVersion.VERSION2, client_id, protocol=version)
        client.max_inflight_messages = 0  # the window is ours
        client.on_connect, client.on_publish, client.on_message = self.on_connect, self.on_publish, self.on_message
        client.will_set(f"{self.topic}/state", '{"online":false,"reason":"connection lost"}', 1, True)
        if settings["username"]:
            client.username_pw_set(settings["username"], settings["password"])
        if settings["tls"]:
            client.tls_set(settings["ca_file"] or None)

    def on_connect(self, client: Client, _: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            say(f"the broker refused the connection: {reason}")
        else:
            self.window = max(1, min(WINDOW, getattr(properties, "ReceiveMaximum", WINDOW + 1) - 1))
            client.subscribe(f"{self.topic}/receipt", 1)
            # When this is acknowledged a retained receipt has come before it; only then do messages go.
            self.birth = client.publish(f"{self.topic}/state", '{"online":true}', 1, True).mid

    def on_message(self, client: Client, _: Any, message: Any) -> None:
        try:
            number = json.loads(message.payload)["seq"]
        except (ValueError, KeyError, TypeError):
            number = None
        if type(number) is not int or not 0 <= number <= MOST_NUMBER:
            say(f"not a receipt: {message.payload[:100]!r}")
        elif self.store.receipt(number):
            self.quiet_since, self.resend_s = time.monotonic(), self.settings["resend_s"]

    def on_publish(self, client: Client, _: Any, mid: int, reason: Any, properties: Any) -> None:
        number = self.flight.pop(mid, None)
        if number is None:
            self.ready = self.ready or mid == self.birth
        elif reason.value == NOBODY:  # counts as not sent: all again, the first alone, until somebody is there
            self.alone, self.again, self.pause_until = True, True, time.monotonic() + NOBODY_WAIT_S
        elif reason.is_failure:
            say(f"message {number} was refused by the broker: {reason}")
            self.store.delete("seq = ?", number)
        else:
            self.alone = False
            self.store.acknowledged(number)

    def send(self) -> bool:
        """Send what may go now; False when all that is kept was sent and acknowledged."""
        now = time.monotonic()
        if self.again and not self.flight:
            self.again, self.sent = False, 0
        if not self.ready or self.again or now < self.pause_until:
            return True
        room = (1 if self.alone else self.window) - len(self.flight)
        rows = self.store.after(self.sent, room) if room > 0 else []
        for number, oldest, body in rows:
            text = f'{{"seq":{number},"oldest":{oldest},{body[1:]}'
            self.flight[self.client.publish(f"{self.topic}/data", text, 1).mid] = self.sent = number
        if rows and rows[0][0] == rows[0][1]:
            self.quiet_since = now  # until now nothing waited for a receipt
        if self.flight:
            return True
        if self.store.heard and self.store.count and now - self.quiet_since >= self.resend_s:  # no receipt: all again
            self.again, self.quiet_since, self.resend_s = True, now, min(2 * self.resend_s, MOST_RESEND_S)
        return False

    def run(self, ended: threading.Event) -> bool:
        """Until the line breaks: False; or until the input has ended and nothing is left to do: True."""
        self.client.connect(self.settings["host"], self.settings["port"], keepalive=30)
        while self.client.loop(TURN_S) == 0:
            busy, quiet_s = self.send(), time.monotonic() - self.quiet_since
            waits = self.store.count and (self.store.heard or quiet_s < self.settings["resend_s"])
            if ended.is_set() and not busy and not waits:
                return True
        return False


def say(text: str) -> None:
    sys.stderr.write(f"ganzhi: {text}\n")


def message(line: str) -> str:
    """What is kept of a line of input; raises ValueError where it is no object with values."""
    found = json.loads(line)
    if not isinstance(found, dict) or not found:
        raise ValueError("not a JSON object of tags and values")
    if not isinstance(found.get("values"), dict):
        found = {"ts": found.pop("ts", None), "values": found}
    if found.get("ts") is None:
        found["ts"] = time.time_ns() // 1_000_000
    return json.dumps({key: value for key, value in found.items() if key not in ("seq", "oldest")})


def keep(store: Store, body: str) -> None:
    while True:
        try:
            return store.add(body)
        except sqlite3.OperationalError as error:
            say(f"waiting: the file cannot be written: {error}")
            time.sleep(RETRY_S)


def read(store: Store, ended: threading.Event) -> None:
    for line in sys.stdin:
        try:
            keep(store, message(line))
        except ValueError as error:
            say(f"left out {line[:100]!r}: {error}")
    ended.set()


def main() -> None:
    settings = dict(SETTINGS)
    for name, _, value in (pair.partition("=") for pair in sys.argv[1:]):
        settings[name] = type(settings[name])(value)
    try:
        store, ended = Store(settings["file"], settings["most"]), threading.Event()
    except sqlite3.DatabaseError as error:
        sys.exit(f"ganzhi: {settings['file']} cannot be used: {error}. Move it away to begin a new one")
    threading.Thread(target=read, args=(store, ended), daemon=True).start()
    done = False
    while not done:
        try:
            done = Gateway(settings, store).run(ended)
        except OSError as error:
            say(f"no connection to {settings['host']}:{settings['port']}: {error}")
        if not done:
            time.sleep(RETRY_S)


if __name__ == "__main__":
    main()
