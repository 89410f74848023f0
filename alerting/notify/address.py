"""One apprise address: WeCom, DingTalk, Feishu, mail, an SMS gateway, a webhook. None of it is shown or logged."""

from __future__ import annotations

import logging
import re
import time
import warnings
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from alerting.notify.robot import ROBOTS
from alerting.notify.words import TITLE_CHARACTERS, Notice
from ganzhi.errors import ConfigError, Fault, Unavailable
from ganzhi.records import Tier

HOSTED = frozenset({"json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos"})
"""Schemes whose host is a machine; elsewhere it may be a token, and is as secret as the rest."""
HIDDEN = "***"
LEAST_SECRET = 4
"""Characters; shorter pieces of an address, such as a method's name, are words of their own."""
UTF8_BYTES = 3
"""Of a Chinese character: the robots of WeCom and DingTalk count bytes."""
WORDS = frozenset({"POST", "GET", "yes", "no", "true", "false", "text", "html", "markdown", "from", "name"})
REMEDY = (
    "write an address as apprise has them, such as wecombot://KEY, dingtalk://TOKEN, mailto://… or jsons://host/path"
)
TYPES: Mapping[Tier, str] = {Tier.BLUE: "info", Tier.YELLOW: "warning", Tier.ORANGE: "warning", Tier.RED: "failure"}


class Address:
    """Sends notices to one apprise address, in the thread that calls; a Carrier.

    Raises ConfigError, which does not show the address, where it is none or names several recipients: they would be
    told twice when one of them fails.
    """

    def __init__(self, *, name: str, url: str, timeout_s: float) -> None:
        _keep_out_of_logs()
        with warnings.catch_warnings():
            # Its OpenPGP plugin imports imghdr, which Python 3.11 calls deprecated.
            warnings.simplefilter("ignore", DeprecationWarning)
            from apprise import Apprise, AppriseAsset
            from apprise.plugins import url_to_dict

            self._parts: Mapping[str, Any] | None = url_to_dict(url)  # type: ignore[no-untyped-call]
        self._apprise = Apprise
        # A deadline of apprise's own would send from a shared pool, where one that hangs could keep others waiting.
        self._asset = AppriseAsset(async_mode=False, service_timeout=0, http_redirects=False)
        self._asset.app_id = "Ganzhi"
        self._timeout_s = timeout_s
        self._secrets = secrets(url)
        service = self._service({})
        if service is None or self._parts is None:
            raise ConfigError([Fault(f"notify.receiver {name!r}", "its address is none that apprise knows", REMEDY)])
        self._robot = None
        if service.schema in ROBOTS:
            self._robot = ROBOTS[service.schema](service, self._parts["qsd"].get("base", ""), timeout_s)
        elif len(service) > 1:
            remedy = "write a receiver for each, or the address of a mailing list or group"
            raise ConfigError([Fault(f"notify.receiver {name!r}", "its address names several recipients", remedy)])
        self._fixed = None if self._takes_fields else service
        self.most = _most(service)

    def send(self, notice: Notice) -> None:
        """Send it. Raises Unavailable with the far side's words, or apprise's."""
        began = time.monotonic()
        said = (
            self._by_apprise(notice) if self._robot is None else self._robot(f"{notice.title}\n{notice.body}".strip())
        )
        if said:
            raise Unavailable(f"{redacted(said, self._secrets)} (after {time.monotonic() - began:.1f} s)")

    def idle(self) -> None:
        """Nothing to do."""

    def _by_apprise(self, notice: Notice) -> str:
        """ "" when it was taken, or why not."""
        sender = self._apprise(asset=self._asset)
        sender.add(self._fixed or self._service(_fields(notice)))
        kind = TYPES.get(notice.tier, "info")
        result = sender.notify(body=notice.body, title=notice.title, notify_type=kind, body_format="text")
        if result:
            return ""
        return " ".join(entry.message for entry in result.logs()) or "the service did not take the message"

    @property
    def _takes_fields(self) -> bool:
        """Whether it is a webhook, whose document may have fields of ours."""
        return self._parts is not None and isinstance(self._parts.get("payload"), dict)

    def _service(self, fields: Mapping[str, str]) -> Any:
        if self._parts is None:
            return None
        parts = {**self._parts}
        if self._takes_fields:
            parts["payload"] = {**fields, **parts["payload"]}
        service = self._apprise.instantiate(parts, asset=self._asset)
        if service is not None:
            service.socket_connect_timeout = service.socket_read_timeout = self._timeout_s
        return service


def _most(service: Any) -> int:
    """Characters of a text: room for the title where it goes before it, and for bytes where those are counted."""
    bytes_each = UTF8_BYTES if service.schema in ROBOTS else 1
    title = 0 if service.title_maxlen and service.schema not in ROBOTS else TITLE_CHARACTERS + 1
    return int(service.body_maxlen) // bytes_each - title


def _keep_out_of_logs() -> None:
    # What these say of their own may hold an address. Why a notice failed is in apprise's result.
    logging.getLogger("apprise").propagate = False
    logging.getLogger("apprise").setLevel(logging.WARNING)
    logging.getLogger("urllib3").setLevel(logging.INFO)


def secrets(url: str) -> list[str]:
    """The pieces of an address that nobody may see, longest first: all of it, but for a machine's name."""
    parts = urlsplit(url)
    rest = url.removeprefix(f"{parts.scheme}://")
    pieces = {url, rest, *re.split(r"[/?&=:@,+]", rest), *re.split(r"[/?&=,]", rest)}
    if parts.scheme.lower() in HOSTED and parts.hostname:
        pieces -= {parts.hostname, f"{parts.hostname}:{parts.netloc.rpartition(':')[2]}"}
        pieces = {piece for piece in pieces if not piece.isdecimal()}
    pieces |= {part for piece in pieces for part in (unquote(piece), *unquote(piece).split())}
    return sorted((p for p in pieces if len(p) >= LEAST_SECRET and p not in WORDS), key=len, reverse=True)


def redacted(text: str, pieces: Iterable[str]) -> str:
    """The text without them, whatever their case."""
    for piece in pieces:
        text = re.sub(re.escape(piece), HIDDEN, text, flags=re.IGNORECASE)
    return text


def _fields(notice: Notice) -> dict[str, str]:
    """What a webhook's document has beside title and message, so that a program need not read the text."""
    first = notice.messages[0]
    return {
        "key": notice.key,
        "tier": notice.tier.name.lower(),
        "happening": first.happening.value,
        "subject": first.subject,
        "enterprise": first.enterprise,
        "source": first.source,
        "condition": first.condition,
        "class": first.kind,
        "simulated": str(first.simulated).lower(),
        "drill": str(first.drill).lower(),
        "count": str(len(notice.messages)),
    }
