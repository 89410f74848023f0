"""External events: the JSON of a camera, a call point or a person -> ExternalEvent, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import orjson

from ganzhi.clock import NS_PER_S
from ganzhi.errors import BadPayload
from ganzhi.records import COLOURS, ExternalEvent, Tier
from ingest.admission import EARLIEST
from ingest.column import FAR_MS

FILTER = "ganzhi/v1/+/event"
PREFIX, SUFFIX = b"ganzhi/v1/", b"/event"

MOST_BYTES = 16_384
US_PER_MS, NS_PER_US = 1000, 1000
KEY_CHARACTERS, BY_CHARACTERS, WORD_CHARACTERS = 128, 64, 500
NAMES = frozenset({"key", "kind", "source", "ts", "tier", "state", "text", "picture", "by", "simulated"})
TIERS: Mapping[str, Tier] = {tier.name.lower(): tier for tier in COLOURS}
STATES = {"raised": False, "over": True}


class EventReader:
    """Reads events of a site's enterprises, and keeps them where a kill does not reach; used by one thread.

    sources  by enterprise; kinds: what may be reported; ahead_s: how far ahead of our clock a stamp may be
    keep     makes them durable; raises Unavailable
    """

    def __init__(
        self,
        *,
        sources: Mapping[str, Collection[str]],
        kinds: Collection[str],
        keep: Callable[[Sequence[ExternalEvent]], None],
        ahead_s: float = 300.0,
    ) -> None:
        self._sources = sources
        self._kinds = kinds
        self._ahead_ns = int(ahead_s * NS_PER_S)
        self.keep = keep

    def __call__(self, payload: bytes, enterprise: str, now: int) -> ExternalEvent:
        """One event. Raises BadPayload."""
        if enterprise not in self._sources:
            raise BadPayload("unknown_enterprise")
        if len(payload) > MOST_BYTES:
            raise BadPayload("too_large")
        event = decode(payload, enterprise, now)
        if event.source and event.source not in self._sources[enterprise]:
            raise BadPayload("unknown_source")
        if event.kind not in self._kinds:
            raise BadPayload("unknown_kind")
        if event.time > now + self._ahead_ns:
            raise BadPayload("clock_ahead")
        return event


def enterprise_of(topic: bytes) -> str | None:
    """Whose event topic this is; None where it is another topic."""
    middle = topic[len(PREFIX) : -len(SUFFIX)]
    if not topic.startswith(PREFIX) or not topic.endswith(SUFFIX) or not middle or b"/" in middle:
        return None
    return middle.decode("utf-8", "replace")


def decode(payload: bytes, enterprise: str, now: int) -> ExternalEvent:
    """The event as its message says it. Raises BadPayload with a reason that names the key."""
    try:
        message = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise BadPayload("not_json") from error
    if type(message) is not dict:
        raise BadPayload("not_a_message")
    if not message.keys() <= NAMES:
        raise BadPayload("unknown_key")
    tier, state, simulated = message.get("tier"), message.get("state", "raised"), message.get("simulated", False)
    if tier is not None and (type(tier) is not str or tier not in TIERS):
        raise BadPayload("bad_tier")
    if type(state) is not str or state not in STATES:
        raise BadPayload("bad_state")
    if type(simulated) is not bool:
        raise BadPayload("bad_simulated")
    return ExternalEvent(
        key=_key(message),
        kind=_word(message, "kind", WORD_CHARACTERS),
        enterprise=enterprise,
        source=_word(message, "source", WORD_CHARACTERS),
        time=_time(message, now),
        tier=Tier.NONE if tier is None else TIERS[tier],
        over=STATES[state],
        text=_word(message, "text", WORD_CHARACTERS),
        picture=_picture(message),
        by=_word(message, "by", BY_CHARACTERS),
        simulated=simulated,
    )


def _word(message: dict[str, Any], name: str, most: int) -> str:
    word = message.get(name, "")
    if type(word) is not str or len(word) > most or not _clean(word):
        raise BadPayload(f"bad_{name}")
    return word.strip()


def _clean(word: str) -> bool:
    return all(character.isprintable() or character in "\n\t" for character in word)


def _key(message: dict[str, Any]) -> str:
    if "key" not in message:
        raise BadPayload("no_key")
    key = _word(message, "key", KEY_CHARACTERS)
    if not key or "#" in key or not key.isprintable():
        raise BadPayload("bad_key")
    return key


def _picture(message: dict[str, Any]) -> str:
    picture = _word(message, "picture", WORD_CHARACTERS)
    try:
        parts = urlsplit(picture)
    except ValueError as error:
        raise BadPayload("bad_picture") from error
    if picture and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise BadPayload("bad_picture")
    return picture


def _time(message: dict[str, Any], now: int) -> int:
    stamp = message.get("ts")
    if stamp is None:
        return now
    if (type(stamp) is not int and type(stamp) is not float) or not -FAR_MS < stamp < FAR_MS:
        raise BadPayload("bad_ts")
    time = round(stamp * US_PER_MS) * NS_PER_US  # a float of ms holds no more than microseconds
    if time < EARLIEST:
        raise BadPayload("clock_not_set")
    return time
