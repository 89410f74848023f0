"""What BulkReader takes from paho's inside: these tests notice when a new paho breaks it."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paho.mqtt.client import Client

from ingest.bulk import READ_BYTES, BulkReader, MalformedStreamError, Messages
from tests.ingest.stream import connected, publish


def count(n: int) -> object:
    return lambda messages: len(messages) >= n


@pytest.mark.parametrize("version_5", [True, False], ids=["mqtt5", "mqtt311"])
def test_messages_arrive_whole_when_packets_are_split_at_every_byte(version_5: bool) -> None:
    properties = b"" if version_5 else None
    first = publish("a/b", b"one", 1, properties)
    data = first + publish("a/c", b"x" * 200, 2, properties)
    with connected(version_5) as line:
        for cut in range(1, len(data)):
            line.send(data[:cut])
            messages = line.read_until(count(1 if cut >= len(first) else 0))
            line.send(data[cut:])
            deadline = time.monotonic() + 5
            while len(messages) < 2 and time.monotonic() < deadline:
                line.reader.read(messages)
            assert messages.topics == [b"a/b", b"a/c"]
            assert messages.payloads == [b"one", b"x" * 200]
            assert messages.mids == [b"\x00\x01", b"\x00\x02"]


def test_message_arrives_when_it_is_many_times_the_buffer() -> None:
    payload = bytes(range(256)) * (6 * READ_BYTES // 256)
    with connected() as line:
        sender = threading.Thread(target=line.send, args=(publish("big", payload, 7) + publish("small", b"s", 8),))
        sender.start()
        messages = line.read_until(count(2), tries=20_000)
        sender.join()
        assert messages.payloads == [payload, b"s"]


def test_other_packets_reach_paho_when_they_stand_between_messages() -> None:
    with connected() as line:
        subscribed: list[int] = []
        line.client.on_subscribe = lambda client, userdata, mid, codes, properties: subscribed.append(mid)
        _, mid = line.client.subscribe("a/#", qos=1)
        assert mid is not None
        pingresp = b"\xd0\x00"
        suback = b"\x90\x04" + mid.to_bytes(2, "big") + b"\x00\x01"
        line.send(publish("a", b"1", 1) + pingresp + publish("a", b"2", 2) + suback + publish("a", b"3", None))
        messages = line.read_until(count(3))
        assert messages.payloads == [b"1", b"2", b"3"]
        assert messages.mids == [b"\x00\x01", b"\x00\x02"]
        assert subscribed == [mid]


def test_payload_is_right_when_properties_are_short_and_long() -> None:
    short = b"\x26\x00\x01k\x00\x01v"
    long = b"\x26\x00\x01k\x01\x00" + b"v" * 256
    with connected() as line:
        line.send(publish("a", b"{}", 1, short) + publish("a", b"[]", 2, long) + publish("a", b"", 3))
        assert line.read_until(count(3)).payloads == [b"{}", b"[]", b""]


def test_acknowledgements_go_out_in_one_write_when_many_are_due() -> None:
    with connected() as line:
        line.send(b"".join(publish("a", b"x", mid) for mid in range(1, 301)))
        messages = line.read_until(count(300))
        line.reader.acknowledge(messages.mids)
        got = b""
        while len(got) < 1200:
            got += line.far.recv(1 << 16)
        assert got == b"".join(b"\x40\x02" + mid.to_bytes(2, "big") for mid in range(1, 301))


def test_keep_alive_sees_our_reading_when_paho_reads_nothing() -> None:
    with connected() as line:
        line.client._last_bytes_received -= 1000.0
        line.send(publish("a", b"x", 1))
        line.read_until(count(1))
        line.client.loop_misc()
        assert line.client.is_connected()
        assert time.monotonic() - line.client._last_bytes_received < 10


def test_next_message_is_whole_when_the_line_broke_inside_a_packet() -> None:
    with connected() as line:
        line.send(publish("a", b"never finished", 1)[:-4])
        line.reader.read(Messages())
        line.far.close()
        with pytest.raises(ConnectionError):
            line.read_until(count(1))
        line.client.disconnect()
        line.connect()
        line.send(publish("a", b"whole", 2))
        assert line.read_until(count(1)).payloads == [b"whole"]


@pytest.mark.parametrize(
    "data",
    [
        b"\x32\x80\x80\x80\x80\x01",  # a length of five bytes
        b"\x32\x03\x00\x40a",  # a topic longer than its packet
        b"\x32\x01\x00",  # no room for a topic
    ],
)
def test_stream_is_refused_when_it_is_not_mqtt(data: bytes) -> None:
    with connected() as line:
        line.send(data)
        with pytest.raises(MalformedStreamError):
            line.read_until(count(1), tries=200)


def test_reader_says_what_to_do_when_paho_lacks_what_it_needs() -> None:
    class Stranger:
        protocol = 5

    with pytest.raises(TypeError, match=r"requirements\.lock"):
        BulkReader(Stranger())  # type: ignore[arg-type]
    for name in ("_create_socket", "_packet_queue"):
        assert hasattr(Client, name)


MESSAGE = st.tuples(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0+#"), min_size=1, max_size=20),
    st.binary(max_size=300),
    st.one_of(st.none(), st.integers(1, 65535)),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(MESSAGE, min_size=1, max_size=20), st.data())
def test_messages_equal_what_was_sent_however_the_stream_is_cut(
    sent: list[tuple[str, bytes, int | None]], data: st.DataObject
) -> None:
    stream = b"".join(publish(topic, payload, mid) for topic, payload, mid in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    with connected() as line:
        messages = Messages()
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
            if end > start:
                line.send(stream[start:end])
                line.reader.read(messages)
        deadline = time.monotonic() + 5
        while len(messages) < len(sent) and time.monotonic() < deadline:
            line.reader.read(messages)
        assert messages.topics == [topic.encode() for topic, _, _ in sent]
        assert messages.payloads == [payload for _, payload, _ in sent]
        assert messages.mids == [mid.to_bytes(2, "big") for _, _, mid in sent if mid is not None]
