"""Packets cut and read as the standard says."""

from __future__ import annotations

from bench.fault import mqtt

CONNACK = bytes.fromhex("2011 00 00 0e 12 0003 616263 21 0014 27 00100000".replace(" ", ""))
"""Not resumed, success; assigned client identifier "abc", receive maximum 20, maximum packet size 1 MiB."""


def test_packets_come_whole_when_the_stream_is_cut_anywhere() -> None:
    stream = CONNACK + mqtt.publish(mqtt.text("a/b"), 300, b"x" * 300) + mqtt.PINGREQ
    for size in (1, 2, 7, len(stream)):
        buffer = bytearray()
        kinds = []
        for at in range(0, len(stream), size):
            buffer += stream[at : at + size]
            kinds += [packet.kind for packet in mqtt.split(buffer)]
        assert kinds == [mqtt.CONNACK, mqtt.PUBLISH, 12]
        assert not buffer


def test_receive_maximum_is_read_when_other_properties_stand_before_it() -> None:
    [packet] = mqtt.split(bytearray(CONNACK))
    assert mqtt.receive_maximum(packet.body) == 20
    assert mqtt.receive_maximum(b"\x00\x00\x00") == mqtt.MOST_IN_FLIGHT


def test_message_is_read_when_it_has_properties() -> None:
    properties = bytes.fromhex("02 0000000a 26 0001 6b 0001 76".replace(" ", ""))
    body = mqtt.text("t/receipt") + bytes([len(properties)]) + properties + b'{"seq": 5}'
    assert mqtt.received(mqtt.Packet(mqtt.PUBLISH, 0, body)) == ("t/receipt", b'{"seq": 5}')


def test_acknowledgement_is_success_when_it_gives_no_reason() -> None:
    assert mqtt.puback(b"\x01\x02") == (258, mqtt.SUCCESS)
    assert mqtt.puback(b"\x01\x02\x10\x00") == (258, mqtt.NO_MATCHING_SUBSCRIBERS)
