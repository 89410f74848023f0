"""Line protocol: escaping that a reader of the protocol undoes, numbers that come back to the bit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganzhi.records import AlarmClass, Catalogue, ReadingBlock
from storage.line import ReadingLines, event_lines, field, key, pipeline_lines, plain, tag
from tests.storage.plant import T0, alarm, block, catalogue, colour, event

PLANT = catalogue("LT 1", "LT,2", "温度=3")


def split(text: str, at: str, *, quotes: bool = False, most: int = -1) -> list[str]:
    """The parts of a text between characters that are not escaped, nor inside quotes where those count."""
    parts, quoted, escaped = [""], False, False
    for character in text:
        if not escaped and not quoted and character == at and len(parts) != most:
            parts.append("")
            continue
        if quotes and character == '"' and not escaped:
            quoted = not quoted
        escaped = character == "\\" and not escaped
        parts[-1] += character
    return parts


def parsed(line: str) -> tuple[str, dict[str, str], dict[str, str], int]:
    """Measurement, tags, fields as they are written, and time of one line."""
    head, rest = split(line, " ", most=2)
    fields, time = split(rest, " ", quotes=True)
    measurement, *tags = split(head, ",")

    def meant(text: str) -> str:
        return text.replace("\\,", ",").replace("\\ ", " ").replace("\\=", "=")

    names = [split(part, "=") for part in tags]
    values = [split(part, "=", quotes=True) for part in split(fields, ",", quotes=True)]
    assert all(len(pair) == 2 for pair in [*names, *values])
    return measurement, {name: meant(value) for name, value in names}, {pair[0]: pair[1] for pair in values}, int(time)


def test_a_reading_is_one_line_with_its_tags_escaped() -> None:
    lines = ReadingLines(PLANT)(block([(1, T0, 7.25, 0x81, T0 + 9), (2, T0 + 1, -3.0, 0, T0 + 9)], T0 + 9))
    rest = "quantity=level,source=tank\\ area\\,\\ 1"
    assert lines == [
        f"reading,enterprise=plant,point=plant.LT\\,2,{rest} value=7.25,quality=129i {T0}",
        f"reading,enterprise=plant,point=plant.温度\\=3,{rest} value=-3.0,quality=0i {T0 + 1}",
    ]
    assert ReadingLines(PLANT)(block([], T0)) == []


def test_lines_of_a_plant_without_points() -> None:
    assert ReadingLines(Catalogue({}, {}, ()))(block([], T0)) == []


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1), st.integers(0, 2**62))
def test_values_and_times_come_back_to_the_bit(values: list[float], time: int) -> None:
    n = len(values)
    sent = ReadingBlock(
        np.zeros(n, np.int32), np.full(n, time), np.array(values), np.zeros(n, np.uint8), np.full(n, time), time
    )
    for line, value in zip(ReadingLines(PLANT)(sent), values, strict=True):
        _, _, fields, at = parsed(line)
        found = float(fields["value"])
        assert (found, math.copysign(1, found)) == (value, math.copysign(1, value))
        assert at == time


@given(st.text(min_size=1))
def test_a_tag_comes_back_as_a_query_must_ask_for_it(text: str) -> None:
    head = key("reading", {"point": text, "source": "s"})
    assert "\n" not in head
    _, tags, _, _ = parsed(f"{head} value=1 0")
    assert tags == {"point": plain(text), "source": "s"}
    assert plain(plain(text)) == plain(text)


@given(st.text())
def test_a_text_field_comes_back_whole(text: str) -> None:
    written = field(text)
    _, _, fields, _ = parsed(f"m a={written},b=1i 7")
    assert fields["b"] == "1i"
    inside = fields["a"][1:-1]
    assert inside.replace("\\\\", "\0").replace('\\"', '"').replace("\0", "\\") == text.replace("\0", " ")


@pytest.mark.parametrize(
    ("value", "written"),
    [(True, "true"), (False, "false"), (3, "3i"), (3.0, "3.0"), (1e300, "1e+300"), ('a"\\b', '"a\\"\\\\b"')],
)
def test_a_field_shows_its_type(value: str | float, written: str) -> None:
    assert field(value) == written


def test_an_empty_tag_is_left_out() -> None:
    assert key("alarm", {"condition": "", "source": "s"}) == "alarm,source=s"
    assert tag("a\\,b\n") == "a/\\,b\\ "


def test_an_event_is_written_at_the_time_it_was_noted() -> None:
    told = event(4, alarm(alarm_class=AlarmClass.DEVICE, value=float("inf")))
    measurement, tags, fields, time = parsed(event_lines([told], [])[0].replace("\n", "⏎"))
    assert (measurement, time) == ("alarm", told.noted)
    assert tags == {
        "alarm_class": "device",
        "condition": "level.high",
        "enterprise": "plant",
        "point": "plant.LT 1",
        "source": "tank area, 1",
    }
    assert fields == {
        "id": '"a1"',
        "change": '"raised"',
        "state": '"unacknowledged"',
        "rule": '"level, high"',
        "name_zh": '"液位高"',
        "name_en": '"Level \\"high\\""',
        "text_zh": '"液位 13.7 米，⏎超过限值"',
        "text_en": '"Level 13.7 m\\\\above the limit"',
        "actor": '"李工"',
        "unit": '"m"',
        "tier": "3i",
        "before": "1i",
        "worst": "4i",
        "seq": "4i",
        "at_ms": f"{told.at // 1_000_000}i",
        "limit": "13.6",
        "simulated": "true",
        "retrospective": "false",
    }


def test_a_colour_and_the_counters_are_lines() -> None:
    expected = "risk,enterprise=plant,source=tank\\ area\\,\\ 1 tier=2i,blue=1i,yellow=2i,orange=0i,red=0i"
    assert event_lines([], [colour(T0)]) == [f"{expected} {T0}"]
    counters = {"received": 3, "delay_p50_ms": 1.5, "delay_p99_ms": float("nan"), "unheard_of": 1}
    assert pipeline_lines(T0, counters) == [f"pipeline received=3i,delay_p50_ms=1.5 {T0}"]
    assert pipeline_lines(T0, {}) == []
