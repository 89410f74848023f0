"""Telling people: lines of the journals -> deliveries -> messages to receivers, each at its own pace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from alerting.notify.address import Address
from alerting.notify.board import Board
from alerting.notify.deliver import Carrier, Deliver, Outbox
from alerting.notify.hours import Hours
from alerting.notify.message import Message, Present, from_alarm, present
from alerting.notify.route import Inhibit, Match, Receiver, Route
from alerting.notify.router import AlarmNotices, Plan, Router, Told
from alerting.notify.siren import Siren
from alerting.notify.words import Notice, trial
from ganzhi.records import AlarmEvent

__all__ = [
    "KINDS",
    "Address",
    "AlarmNotices",
    "Board",
    "Carrier",
    "Deliver",
    "Hours",
    "Inhibit",
    "Match",
    "Message",
    "Notice",
    "Outbox",
    "Outlet",
    "Plan",
    "Present",
    "Receiver",
    "Route",
    "Router",
    "Siren",
    "Told",
    "from_alarm",
    "present",
    "trial",
]

KINDS: Mapping[str, Callable[..., Carrier]] = {"apprise": Address, "mqtt": Siren}
"""How a receiver is reached, by its kind."""


class Outlet(Protocol):
    """Whatever is told of every line of the alarms' journal, in order and at its own pace.

    tell  returns when all lines are taken, and may be given them again; raises Unavailable, and is then called again
    """

    def tell(self, events: Sequence[AlarmEvent]) -> None: ...
