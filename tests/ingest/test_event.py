"""External events: what is read of a message, what is refused, and that none is acknowledged before it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganzhi.errors import BadPayload, Unavailable
from ganzhi.records import ExternalEvent, Tier
from ingest.admission import NEVER
from ingest.bulk import Messages
from ingest.event import EventReader, enterprise_of
from ingest.service import Ingest, Memory
from tests.ingest.test_session import CATALOGUE, POINTS, ROUTE, MemoryLog

NOW = 1_780_000_000_000_000_000
PLAIN: dict[str, Any] = {"key": "cam/1", "kind": "flame"}
KEYS = ["key", "kind", "source", "ts", "tier", "state", "text", "picture", "by", "simulated", "else"]


class Kept:
    """Where events go; can be told to be down."""

    def __init__(self) -> None:
        self.events: list[ExternalEvent] = []
        self.down = False

    def __call__(self, events: Sequence[ExternalEvent]) -> None:
        if self.down:
            raise Unavailable("the disk is full")
        self.events += events


def reader(kept: Kept | None = None) -> EventReader:
    return EventReader(sources={"e": {"s"}}, kinds={"flame", "smoke"}, keep=Kept() if kept is None else kept)


def read(message: object) -> ExternalEvent:
    return reader()(orjson.dumps(message), "e", NOW)


def test_a_full_message_is_read_as_it_says() -> None:
    message = {
        **PLAIN, "source": "s", "ts": 1_779_999_999_000.5, "tier": "orange", "state": "over", "text": " 明火 ",
        "picture": "https://nvr/1.jpg", "by": "cam", "simulated": True,
    }  # fmt: skip
    assert read(message) == ExternalEvent(
        "cam/1", "flame", "e", "s", 1_779_999_999_000_500_000, Tier.ORANGE, over=True, text="明火",
        picture="https://nvr/1.jpg", by="cam", simulated=True,
    )  # fmt: skip
    assert read(PLAIN) == ExternalEvent("cam/1", "flame", "e", "", NOW)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"key": None}, "bad_key"),
        ({"key": "x" * 129}, "bad_key"),
        ({"key": "a\nb"}, "bad_key"),
        ({"kind": 3}, "bad_kind"),
        ({"source": "t"}, "unknown_source"),
        ({"ts": True}, "bad_ts"),
        ({"ts": NOW // 1_000_000 + 300_001}, "clock_ahead"),
        ({"picture": "ftp://nvr/1.jpg"}, "bad_picture"),
        ({"picture": "http://"}, "bad_picture"),
        ({"picture": "http://[nvr/1.jpg"}, "bad_picture"),
        ({"by": "\x00"}, "bad_by"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_key(change: dict[str, object], reason: str) -> None:
    with pytest.raises(BadPayload) as bad:
        read({**PLAIN, **change})
    assert bad.value.reason == reason


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(KEYS), JSON) | JSON, st.binary(max_size=30))
def test_whatever_comes_is_read_or_refused(message: object, raw: bytes) -> None:
    for payload in (_dumped(message), raw):
        try:
            assert reader()(payload, "e", NOW).key
        except BadPayload as bad:
            assert bad.reason


def _dumped(message: object) -> bytes:
    try:
        return orjson.dumps(message)
    except TypeError:  # an integer beyond 64 bits
        return b"{}"


@pytest.mark.parametrize(
    ("topic", "enterprise"),
    [
        (b"ganzhi/v1/e/event", "e"),
        (b"ganzhi/v1/e/gw/event", None),
        (b"ganzhi/v1//event", None),
        (b"ganzhi/v1/event", None),
        (b"other/v1/e/event", None),
    ],
)
def test_a_topic_says_whose_event_it_is(topic: bytes, enterprise: str | None) -> None:
    assert enterprise_of(topic) == enterprise


def test_an_event_is_kept_before_the_commit_returns_and_only_once() -> None:
    kept, log = Kept(), MemoryLog()
    ingest = Ingest(
        catalogue=CATALOGUE,
        routes=[ROUTE],
        log=log,
        memory=Memory(newest=np.full(POINTS, NEVER, np.int64)),
        older=log.recall,
        clock=lambda: NOW,
        events=reader(kept),
    )
    kept.down = True
    bad = b'{"key": "cam/2"}'
    ingest.receive(Messages([b"ganzhi/v1/e/event"] * 2, [orjson.dumps(PLAIN), bad], []))
    for _ in range(2):
        with pytest.raises(Unavailable):
            ingest.commit()
    kept.down = False
    ingest.commit()
    ingest.commit()
    assert [event.key for event in kept.events] == ["cam/1"]
    totals = ingest.counters.totals()
    assert (totals["received"], totals["rejected"], list(ingest.counters.reasons)) == (1, 1, ["unknown_kind"])
