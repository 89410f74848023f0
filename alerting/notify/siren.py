"""MQTT back to the enterprise: what is wrong there now, as one retained document, so that a local siren can act."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import orjson

from alerting.notify.message import Present
from alerting.notify.route import Receiver, Route
from alerting.notify.words import Notice
from ganzhi.clock import NS_PER_MS, Clock
from ganzhi.records import Tier

TOPIC = "ganzhi/v1/{enterprise}/alarm"
MOST_LISTED = 50
"""Alarms that one document lists, worst first; the rest are counted, so that a small gateway can hold it."""

Document = dict[str, object]


class Siren:
    """Publishes the state of an enterprise when it has changed; a Carrier.

    The document is the state and not the change, so one that is lost is made good by the next, and a siren that
    connects late gets the retained one. After a start every enterprise's is published once.

    publish  (topic, payload): returns when the broker has acknowledged a retained QoS 1 message; raises Unavailable
    """

    most = 0

    def __init__(
        self,
        *,
        receiver: Receiver,
        routes: Sequence[Route],
        enterprises: Sequence[str],
        present: Callable[[], Mapping[str, Present]],
        publish: Callable[[str, bytes], None],
        clock: Clock,
    ) -> None:
        self._receiver = receiver
        self._routes = [route for route in routes if receiver.name in route.receivers]
        self._enterprises = enterprises
        self._present = present
        self._publish = publish
        self._clock = clock
        self._published: dict[str, Document] = {}

    def send(self, notice: Notice) -> None:
        """Publish what has changed; the notice only says that something has."""
        self.idle()

    def idle(self) -> None:
        """Publish every document that is not as it was last published. Raises Unavailable."""
        found: dict[str, list[Present]] = {enterprise: [] for enterprise in self._enterprises}
        for standing in self._present().values():
            if standing.message.enterprise in found and self._wanted(standing):
                found[standing.message.enterprise].append(standing)
        for enterprise, standings in found.items():
            state = document(enterprise, standings)
            if self._published.get(enterprise) != state:
                stamped = {**state, "at": self._clock() // NS_PER_MS}
                self._publish(TOPIC.format(enterprise=enterprise), orjson.dumps(stamped))
                self._published[enterprise] = state

    def _wanted(self, standing: Present) -> bool:
        message = standing.message
        barred = (message.drill and not self._receiver.drills) or (
            message.simulated and not message.drill and not self._receiver.simulated
        )
        shown = message.tier and not standing.shelved and not barred
        return bool(shown) and any(route.match.fits(message) for route in self._routes)


def document(enterprise: str, standings: Sequence[Present]) -> Document:
    """The state of an enterprise. `tier` is the worst colour there, `sound` the worst that nobody has acknowledged."""
    listed = sorted(standings, key=lambda s: (-s.message.tier, s.acknowledged, -s.raised_at, s.message.subject))
    return {
        "enterprise": enterprise,
        "tier": int(max((s.message.tier for s in listed), default=Tier.NONE)),
        "sound": int(max((s.message.tier for s in listed if not s.acknowledged), default=Tier.NONE)),
        "alarms": [_alarm(standing) for standing in listed[:MOST_LISTED]],
        "more": max(0, len(listed) - MOST_LISTED),
    }


def _alarm(standing: Present) -> Document:
    message = standing.message
    return {
        "id": message.subject,
        "tier": int(message.tier),
        "state": standing.state,
        "class": message.kind,
        "source": message.source,
        "condition": message.condition,
        "raised": standing.raised_at // NS_PER_MS,
        "name": {"zh": message.title.zh, "en": message.title.en},
        "text": {"zh": message.text.zh, "en": message.text.en},
        "simulated": message.simulated,
        "drill": message.drill,
    }
