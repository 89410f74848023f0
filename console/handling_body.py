"""What people send about cases and warnings, checked: bodies of the requests, and answers to what was refused."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

from fastapi.responses import Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from console.answer import JsonResponse, Refusal, unavailable
from ganzhi.clock import NS_PER_MS
from ganzhi.errors import Refused, Unavailable
from ganzhi.handling import Deed, Hazard, Scope
from ganzhi.records import Tier

ID_LENGTH = 64
TITLE_LENGTH = 100
COMMENT_LENGTH = 500
MOST_PHOTOS = 9
LATEST_MS = 9_223_372_036_854
"""The last millisecond that int64 nanoseconds can hold."""


def _clean(text: str) -> str:
    return "".join(sign for sign in text if sign == "\n" or not unicodedata.category(sign).startswith("C")).strip()


def _address(text: str) -> str:
    if not text.startswith(("http://", "https://")) or "".join(text.split()) != text or _clean(text) != text:
        raise ValueError("a photo is an address that begins with http:// or https://")
    return text


Short = Annotated[str, Field(max_length=ID_LENGTH), AfterValidator(_clean)]
Words = Annotated[str, Field(max_length=COMMENT_LENGTH), AfterValidator(_clean)]
Some = Field(min_length=1)
Photo = Annotated[str, Field(max_length=COMMENT_LENGTH), AfterValidator(_address)]
Photos = Annotated[list[Photo], Field(max_length=MOST_PHOTOS)]
Colour = Annotated[Tier, Field(ge=Tier.BLUE, le=Tier.RED)]


class Said(BaseModel):
    """Who asks, and what he says of it."""

    model_config = ConfigDict(extra="forbid")
    person: Short = ""
    pin: Short = ""
    comment: Words = ""
    key: Short = ""

    def deed(self) -> Deed:
        """As the platform takes it."""
        return Deed(self.person, self.pin, self.comment, (), self.key)


class CaseSaid(Said):
    """The same with photos."""

    photos: Photos = []

    def deed(self) -> Deed:
        """As the platform takes it."""
        return Deed(self.person, self.pin, self.comment, tuple(self.photos), self.key)


class Report(BaseModel):
    """A hazard."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["hazard"] = "hazard"
    person: Short = ""
    pin: Short = ""
    key: Short = ""
    title: Annotated[str, Field(max_length=TITLE_LENGTH), AfterValidator(_clean), Some]
    text: Words = ""
    tier: Colour = Tier.BLUE
    enterprise: str
    source: str = ""
    photos: Photos = []
    limit: Annotated[int, Field(ge=0, le=LATEST_MS)] | None = None

    def deed(self) -> Deed:
        """Who reports it."""
        return Deed(self.person, self.pin, self.text or self.title, tuple(self.photos), self.key)

    def hazard(self) -> Hazard:
        """What is reported."""
        limit_at = None if self.limit is None else self.limit * NS_PER_MS
        return Hazard(self.title, self.text, self.tier, self.enterprise, self.source, limit_at)


class Proposal(Said):
    """A warning that a person proposes."""

    scope: Scope
    subject: str
    tier: Colour


class WarningSaid(Said):
    """An action on a warning; `tier` of a proposal or a release, 0: lift."""

    tier: Tier | None = None


@contextmanager
def answered() -> Iterator[None]:
    """Turns what the platform refuses, and a ledger that is away, into answers."""
    try:
        yield
    except Refused as refused:
        status = 403 if refused.forbidden else 404 if refused.missing else 409
        raise Refusal(status, refused.zh, refused.en) from refused
    except Unavailable as down:
        zh = "台账数据库没有应答，请稍后再试；报警不受影响。"
        raise unavailable(down, zh, f"The ledger does not answer; try again. Alarms go on. ({down})") from down


def answer(ask: Callable[[], object], status: int = 200) -> Response:
    """The answer to what `ask` gives."""
    with answered():
        return JsonResponse(ask(), status)
