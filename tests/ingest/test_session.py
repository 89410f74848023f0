"""The session against real brokers: Mosquitto (5, 3.1.1, TLS, killed and started again) and the embedded one."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from bench.load.firehose import connect, packets
from ganzhi.clock import wall_clock
from ganzhi.errors import Unavailable
from ganzhi.records import Catalogue, Enterprise, Floats, Int32s, Int64s, Point, ReadingBlock, Reconciled, Text
from ingest.admission import NEVER
from ingest.broker import embedded
from ingest.bulk import Messages
from ingest.route import Route
from ingest.service import Ingest, Memory
from ingest.session import Session, SessionOptions
from tests.servers import Server, free_port, mosquitto, program, running, wait_until

POINTS = 10
ROUTE = Route("ganzhi/v1/{enterprise}/{gateway}/data", "json")
CATALOGUE = Catalogue(
    {"e": Enterprise("e", Text("企业", "enterprise"))},
    {},
    tuple(Point(f"e.T-{n}", "e", "s", f"T-{n}", "level", "m", 0, 10, 0.01, 1.0) for n in range(POINTS)),
)
START_MS = 1_780_000_000_000


@pytest.fixture(scope="module")
def mosquitto_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A broker of this module's own: others leave retained messages, which would be counted here."""
    if program("mosquitto") is None:
        pytest.skip("mosquitto is not installed (apt-get install mosquitto)")
    with running(mosquitto(tmp_path_factory.mktemp("mosquitto"))) as server:
        yield server


class MemoryLog:
    """A log that forgets at the end of the test, and can be told to be down."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, int, float]] = []
        self.ticks = 0
        self.totals: Mapping[str, int] = {}
        self.oldest_now = 0
        self.receipts: dict[str, int] = {}
        self.tallies: dict[tuple[int, str], Reconciled] = {}
        self.down = False

    @property
    def oldest(self) -> int:
        return self.oldest_now

    def append(
        self,
        blocks: Sequence[ReadingBlock],
        counters: Mapping[str, int],
        *,
        tallies: Sequence[Reconciled],
        receipts: Mapping[str, int],
    ) -> int:
        if self.down:
            raise Unavailable("the disk is full", retry_after_s=0.05)
        for block in blocks:
            self.ticks += not len(block)
            self.rows += zip(block.point.tolist(), block.time.tolist(), block.value.tolist(), strict=True)
        self.totals = counters
        self.receipts |= receipts
        self.tallies |= {(tally.hour, tally.enterprise): tally for tally in tallies}
        return len(self.rows)

    def recall(self, point: Int32s, time: Int64s) -> Floats:
        kept = {row[:2]: row[2] for row in self.rows}
        return np.array([kept.get(key, np.nan) for key in zip(point.tolist(), time.tolist(), strict=True)])


@contextmanager
def listening(options: SessionOptions, log: MemoryLog) -> Iterator[tuple[Session, Ingest]]:
    """A session on a thread of its own."""
    ingest = Ingest(
        catalogue=CATALOGUE,
        routes=[ROUTE],
        log=log,
        memory=Memory(np.full(POINTS, NEVER, np.int64), log.totals, receipts=log.receipts),
        older=lambda point, time: np.full(len(point), np.nan),
        clock=wall_clock,
    )
    session = Session(options, ingest, clock=wall_clock)
    stop = threading.Event()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            session.run(stop)
        except BaseException as error:
            failures.append(error)
            raise

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield session, ingest
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()
        assert failures == []


def options(port: int, client: str, **changes: object) -> SessionOptions:
    return SessionOptions(f"mqtt://127.0.0.1:{port}", ["ganzhi/v1/#"], client_id=client, **changes)  # type: ignore[arg-type]


def send(port: int, messages: list[tuple[str, str]], client: str = "sender") -> None:
    """Publish at QoS 1 and wait for every acknowledgement."""
    with connect("127.0.0.1", port, client) as line:
        line.sendall(b"".join(packets([(topic.encode(), payload.encode()) for topic, payload in messages])))
        got = 0
        while got < 4 * len(messages):
            got += len(line.recv(1 << 16))
        line.sendall(b"\xe0\x00")


def readings(first: int, count: int) -> list[tuple[str, str]]:
    return [
        ("ganzhi/v1/e/g/data", f'{{"ts":{START_MS + k * 100},"values":{{"T-{k % POINTS}":{k / 100}}}}}')
        for k in range(first, first + count)
    ]


def expected(first: int, count: int) -> list[tuple[int, int, float]]:
    return [(k % POINTS, (START_MS + k * 100) * 1_000_000, k / 100) for k in range(first, first + count)]


def until(ready: Callable[[], bool], what: str) -> None:
    wait_until(ready, what, 20)


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_every_reading_is_committed_once_when_published_to_mosquitto(mosquitto_server: Server, version: str) -> None:
    log = MemoryLog()
    with listening(options(mosquitto_server.port, f"once-{version}", version=version), log) as (session, ingest):
        until(lambda: session.status.connected, "the session")
        send(mosquitto_server.port, readings(0, 5000))
        until(lambda: len(log.rows) >= 5000, "5000 readings")
        assert log.rows == expected(0, 5000)
        totals = ingest.counters.totals()
        assert totals == dict.fromkeys(totals, 0) | {"received": 5000, "accepted": 5000, "messages": 5000}


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_every_reading_is_committed_once_when_the_broker_is_embedded(tmp_path: Path, version: str) -> None:
    log = MemoryLog()
    with embedded(tmp_path, port=free_port(), port_311=free_port()) as broker:
        port = broker.port if version == "5" else broker.port_311
        with listening(options(port, "embedded", version=version), log) as (session, _):
            until(lambda: session.status.connected, "the session")
            send(broker.port_311, readings(0, 3000))
            until(lambda: len(log.rows) >= 3000, "3000 readings")
    assert log.rows == expected(0, 3000)


def test_embedded_broker_says_which_port_when_it_is_taken(tmp_path: Path, mosquitto_server: Server) -> None:
    taken = mosquitto_server.port
    with pytest.raises(Unavailable, match=str(taken)), embedded(tmp_path, port=taken, port_311=free_port()):
        pass


def test_nothing_is_lost_when_the_service_was_away(mosquitto_server: Server) -> None:
    log = MemoryLog()
    with listening(options(mosquitto_server.port, "away"), log) as (session, _):
        until(lambda: session.status.connected, "the session")
        send(mosquitto_server.port, readings(0, 1))
        until(lambda: len(log.rows) == 1, "one reading")
    send(mosquitto_server.port, readings(1, 400))
    with listening(options(mosquitto_server.port, "away"), log):
        until(lambda: len(log.rows) >= 401, "401 readings")
    assert log.rows == expected(0, 401)


def test_session_comes_back_when_the_broker_is_killed_and_started_again(tmp_path: Path) -> None:
    if program("mosquitto") is None:
        pytest.skip("mosquitto is not installed (apt-get install mosquitto)")
    log = MemoryLog()
    with running(mosquitto(tmp_path)) as broker, listening(options(broker.port, "killed"), log) as (session, _):
        until(lambda: session.status.connected, "the session")
        send(broker.port, readings(0, 100))
        until(lambda: len(log.rows) == 100, "100 readings")
        broker.stop(kill=True)
        until(lambda: not session.status.connected, "the loss to be seen")
        assert session.status.error
        broker.start()
        until(lambda: session.status.connected, "the session again")
        send(broker.port, readings(100, 100))
        until(lambda: len(log.rows) == 200, "200 readings")
    assert log.rows == expected(0, 200)


def test_readings_are_committed_when_the_line_breaks_before_the_commit(tmp_path: Path) -> None:
    if program("mosquitto") is None:
        pytest.skip("mosquitto is not installed (apt-get install mosquitto)")
    log = MemoryLog()
    with running(mosquitto(tmp_path)) as broker, listening(options(broker.port, "gone"), log) as (session, _):
        until(lambda: session.status.connected, "the session")
        log.down = True
        send(broker.port, readings(0, 20))
        until(lambda: session.status.outstanding == 20, "the messages")
        broker.stop(kill=True)
        log.down = False
        until(lambda: len(log.rows) == 20, "the commit without a broker")
    assert log.rows == expected(0, 20)


def test_broker_holds_the_messages_when_the_log_is_down(mosquitto_server: Server) -> None:
    log = MemoryLog()
    with listening(options(mosquitto_server.port, "held", receive_maximum=50), log) as (session, ingest):
        until(lambda: session.status.connected, "the session")
        log.down = True
        send(mosquitto_server.port, readings(0, 300))
        until(lambda: session.status.outstanding == 50, "the window to fill")
        until(lambda: "disk is full" in session.status.error, "the error to show")
        assert log.rows == []
        assert ingest.counters.messages == 50
        log.down = False
        until(lambda: len(log.rows) >= 300, "300 readings")
        assert session.status.error == ""
    assert log.rows == expected(0, 300)


def test_redelivered_messages_count_as_duplicates_when_the_line_broke_before_the_ack(mosquitto_server: Server) -> None:
    log = MemoryLog()
    log.down = True
    with listening(options(mosquitto_server.port, "broken"), log) as (session, ingest):
        until(lambda: session.status.connected, "the session")
        send(mosquitto_server.port, readings(0, 20))
        until(lambda: session.status.outstanding == 20, "the messages")
        tap = session._client.socket()
        assert tap is not None
        tap.inner.shutdown(2)  # type: ignore[attr-defined]
        until(lambda: ingest.counters.messages >= 40, "the messages again")
        log.down = False
        until(lambda: len(log.rows) >= 20 and session.status.outstanding == 0, "the commit")
        assert ingest.counters.totals()["duplicate"] == 20
    assert log.rows == expected(0, 20)


def numbered(first: int, count: int, oldest: int = 1) -> list[tuple[str, str]]:
    """Readings in messages with their gateway's numbers, from 1 on."""
    return [
        (topic, f'{{"seq":{k + 1},"oldest":{oldest},{payload[1:]}')
        for k, (topic, payload) in enumerate(readings(first, count), first)
    ]


def receipts(port: int, until_seq: int) -> list[int]:
    """Receipts as a gateway hears them, the retained one first, up to a number."""
    heard: list[int] = []
    with connect("127.0.0.1", port, "receipts") as line:
        line.settimeout(10)
        topic = b"ganzhi/v1/e/g/receipt"
        body = b"\x00\x01" + len(topic).to_bytes(2, "big") + topic + b"\x00"
        line.sendall(b"\x82" + bytes([len(body)]) + body)
        data = b""
        while not heard or heard[-1] < until_seq:
            data += line.recv(1 << 12)
            heard = [int(digits) for digits in re.findall(rb'\{"seq":(\d+)\}', data)]
    return heard


def test_receipts_follow_the_commits_and_wait_for_what_is_missing(mosquitto_server: Server) -> None:
    log, port = MemoryLog(), mosquitto_server.port
    with listening(options(port, "receipts-platform"), log) as (session, _):
        until(lambda: session.status.connected, "the session")
        began = time.monotonic()
        send(port, numbered(0, 100))
        assert receipts(port, 100)[-1] == 100
        send(port, numbered(110, 10))
        send(port, numbered(100, 5))
        assert receipts(port, 105)[-1] == 105
        send(port, numbered(105, 5))
        assert receipts(port, 120)[-1] == 120
        seconds = time.monotonic() - began
        heard = receipts(port, 120)
        assert heard == [120]
        assert seconds > 2  # three receipts, one a second at most
    assert log.receipts == {"ganzhi/v1/e/g/data": 120}
    with listening(options(port, "receipts-platform"), log) as (session, ingest):
        until(lambda: session.status.connected, "the session")
        send(port, numbered(122, 3))  # 121 and 122 are missing
        until(lambda: ingest.counters.messages >= 3, "the messages")
        send(port, numbered(120, 2))
        assert receipts(port, 125)[-1] == 125


def test_receipt_does_not_wait_for_a_message_that_cannot_be_read(mosquitto_server: Server) -> None:
    log, port = MemoryLog(), mosquitto_server.port
    with listening(options(port, "receipts-bad"), log) as (session, ingest):
        until(lambda: session.status.connected, "the session")
        topic = "ganzhi/v1/e/bad/data"
        send(port, [(topic, '{"seq":1,"oldest":1,"values":'), (topic, '{"seq":2,"oldest":1,"ts":1}')])
        until(lambda: log.receipts.get(topic) == 2, "the receipt")
        assert ingest.counters.rejected == 2


def test_first_value_stays_and_the_other_is_a_conflict(mosquitto_server: Server) -> None:
    log, port = MemoryLog(), mosquitto_server.port
    with listening(options(port, "conflict"), log) as (session, ingest):
        until(lambda: session.status.connected, "the session")
        send(port, readings(0, 30))
        other = [(topic, payload.replace(":0.0}", ":7.5}")) for topic, payload in readings(0, 30)]
        send(port, other)
        until(lambda: ingest.counters.duplicate == 30, "the duplicates")
        assert ingest.counters.conflict == 1
        [conflict] = ingest.counters.conflicts
        assert (conflict.point, conflict.time, conflict.kept, conflict.refused) == (0, START_MS * 1_000_000, 0.0, 7.5)
        assert ingest.accounts.totals()["e"]["received"] == 60
    assert log.rows == expected(0, 30)
    [tally] = log.tallies.values()
    assert (tally.received, tally.accepted, tally.duplicate, tally.conflict) == (60, 30, 30, 1)


def test_old_reading_is_asked_of_the_store_when_the_log_has_forgotten_it() -> None:
    log = MemoryLog()
    asked: list[int] = []

    def older(point: Int32s, time: Int64s) -> Floats:
        asked.extend(time.tolist())
        if len(asked) > 2:
            raise Unavailable("the store is down")
        return np.where(time == START_MS * 1_000_000, 5.0, np.nan)

    log.oldest_now = (START_MS + 10_000_000) * 1_000_000
    ingest = Ingest(
        catalogue=CATALOGUE,
        routes=[ROUTE],
        log=log,
        memory=Memory(np.full(POINTS, (START_MS + 5000) * 1_000_000, np.int64)),
        older=older,
        clock=wall_clock,
    )

    def receive(ts: int, value: float) -> None:
        payload = f'{{"ts":{ts},"values":{{"T-1":{value}}}}}'.encode()
        ingest.receive(Messages([b"ganzhi/v1/e/g/data"], [payload], [b""]))
        ingest.commit()

    receive(START_MS, 5.0)
    receive(START_MS + 1, 5.0)
    assert (ingest.counters.duplicate, ingest.counters.late, ingest.counters.conflict) == (1, 1, 0)
    receive(START_MS + 2, 5.0)  # the store is down: let in, and it keeps one value a point and time
    assert (ingest.counters.late, len(asked)) == (2, 3)
    receive(START_MS + 3, 5.0)  # and is not asked again so soon
    assert (ingest.counters.late, len(asked)) == (3, 3)
    receive(START_MS + 6000, 5.0)  # newer than its newest: nobody is asked
    assert (ingest.counters.accepted, len(asked)) == (1, 3)


def test_ticks_come_when_nothing_is_published(mosquitto_server: Server) -> None:
    log = MemoryLog()
    with listening(options(mosquitto_server.port, "ticks"), log):
        until(lambda: log.ticks >= 2, "two ticks")


def test_odd_messages_are_counted_when_good_ones_stand_between(mosquitto_server: Server) -> None:
    log = MemoryLog()
    now_ms = wall_clock() // 1_000_000
    odd = [
        ("ganzhi/v1/e/g/data", "garbage"),
        ("ganzhi/v1/e/g/data", f'{{"ts":{now_ms},"values":{{"T-1":NaN,"T-2":2}}}}'),
        ("ganzhi/v1/e/g/data", f'{{"ts":{now_ms + 2 * 86_400_000},"values":{{"T-1":1}}}}'),
        ("ganzhi/v1/e/g/data", f'{{"ts":{now_ms},"values":{{"T-3":3,"NEW":1}}}}'),
        ("ganzhi/v1/stranger/g/data", f'{{"ts":{now_ms},"values":{{"T-3":3}}}}'),
        ("ganzhi/v1/e/g/dta", "{}"),
        ("ganzhi/v1/e/g/state", '{"online":true}'),
        ("ganzhi/v1/e/g/data", f'{{"ts":{now_ms},"values":{{"T-4":4}},"units":{{"T-4":"kPa"}}}}'),
        ("ganzhi/v1/e/g/data", f'{{"ts":{now_ms},"values":{{"T-5":5}}}}'),
    ]
    with listening(options(mosquitto_server.port, "odd"), log) as (session, ingest):
        until(lambda: session.status.connected, "the session")
        send(mosquitto_server.port, odd)
        until(lambda: len(log.rows) == 3, "the good readings")
        counters = ingest.counters
        until(lambda: counters.messages >= len(odd) and not session.status.outstanding, "all messages")
        assert [row[0] for row in log.rows] == [2, 3, 5]
        reasons = {reason: entry.count for reason, entry in counters.reasons.items()}
        assert reasons == {"not_json": 1, "not_finite": 1, "clock_ahead": 1, "unrouted_topic": 1, "wrong_unit": 1}
        unknown = {(p.enterprise, p.gateway, p.tag) for p in counters.unknown_points.values()}
        assert unknown == {("e", "g", "NEW"), ("stranger", "g", "T-3")}
        totals = counters.totals()
        assert totals["received"] == sum(totals[n] for n in ("accepted", "late", "duplicate", "rejected", "unknown"))
        assert [view.online for view in ingest.gateways() if view.enterprise == "e"] == [True]


def test_session_says_what_is_wrong_when_no_broker_is_there() -> None:
    with listening(options(free_port(), "nobody"), MemoryLog()) as (session, _):
        until(lambda: "refused" in session.status.error, "the error")


def test_session_says_so_when_the_password_is_wrong(tmp_path: Path) -> None:
    if program("mosquitto") is None or program("mosquitto_passwd") is None:
        pytest.skip("mosquitto is not installed (apt-get install mosquitto)")
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), "ganzhi", "right"], check=True, capture_output=True)
    server = mosquitto(tmp_path, f"password_file {passwords}\nuser root")
    config = tmp_path / "mosquitto.conf"
    config.write_text(config.read_text().replace("allow_anonymous true", "allow_anonymous false"))
    with (
        running(server),
        listening(options(server.port, "pw", username="ganzhi", password="wrong"), MemoryLog()) as (
            session,
            _,
        ),
    ):
        until(lambda: "Not authorized" in session.status.error, "the refusal")


def test_messages_arrive_when_the_line_is_encrypted(tmp_path: Path) -> None:
    if program("mosquitto") is None or shutil.which("openssl") is None:
        pytest.skip("mosquitto or openssl is not installed (apt-get install mosquitto openssl)")
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    key.chmod(0o644)
    secure = free_port()
    extra = f"listener {secure} 127.0.0.1\ncertfile {certificate}\nkeyfile {key}\nallow_anonymous true\nuser root"
    log = MemoryLog()
    with running(mosquitto(tmp_path, extra)) as broker:
        choices = SessionOptions(
            f"mqtts://localhost:{secure}", ["ganzhi/v1/#"], client_id="tls", ca_file=str(certificate)
        )
        with listening(choices, log) as (session, _):
            until(lambda: session.status.connected, "the session")
            send(broker.port, readings(0, 5000))
            until(lambda: len(log.rows) >= 5000, "5000 readings")
    assert log.rows == expected(0, 5000)


def test_line_is_kept_when_load_is_longer_than_the_keep_alive(mosquitto_server: Server) -> None:
    log = MemoryLog()
    with listening(options(mosquitto_server.port, "keepalive", keep_alive_s=1.0), log) as (session, _):
        until(lambda: session.status.connected, "the session")
        since = session.status.since
        began, sent = time.monotonic(), 0
        while time.monotonic() - began < 3.5:
            send(mosquitto_server.port, readings(sent, 200))
            sent += 200
        until(lambda: len(log.rows) >= sent, "all readings")
        assert session.status.since == since
    assert log.rows == expected(0, sent)
