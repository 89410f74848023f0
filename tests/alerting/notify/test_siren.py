"""The document that a local siren acts on."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from alerting.notify import Match, Present, Receiver, Route, Siren
from alerting.notify.siren import MOST_LISTED
from ganzhi.errors import Unavailable
from ganzhi.records import Tier
from tests.alerting.notify.stage import message

SIREN = Receiver("siren", kind="mqtt")
HERE, THERE = "haihe-storage", "binhai-chem"


class Line:
    """A broker that keeps what is retained, or is away."""

    def __init__(self) -> None:
        self.retained: dict[str, dict[str, object]] = {}
        self.published = 0
        self.away = False

    def publish(self, topic: str, payload: bytes) -> None:
        if self.away:
            raise Unavailable("no broker")
        self.published += 1
        self.retained[topic] = json.loads(payload)


def standing(subject: str, tier: Tier, **changes: object) -> Present:
    base = Present(message(subject, tier), "unacknowledged", 1_000_000_000, False, False)
    return replace(base, **changes)  # type: ignore[arg-type]


def siren(line: Line, open_: dict[str, Present], route: Route, receiver: Receiver = SIREN) -> Siren:
    return Siren(
        receiver=receiver,
        routes=[route],
        enterprises=[HERE, THERE],
        present=lambda: open_,
        publish=line.publish,
        clock=lambda: 5_000_000_000,
    )


ALL = Route("all", Match(), ("siren",))


def test_every_enterprise_has_its_state_once_after_a_start_and_again_only_when_it_changes() -> None:
    line, open_ = Line(), {"a1": standing("a1", Tier.RED)}
    speaker = siren(line, open_, ALL)
    speaker.idle()
    assert line.retained[f"ganzhi/v1/{THERE}/alarm"] == {
        "enterprise": THERE,
        "tier": 0,
        "sound": 0,
        "alarms": [],
        "more": 0,
        "at": 5000,
    }
    here = line.retained[f"ganzhi/v1/{HERE}/alarm"]
    assert (here["tier"], here["sound"], line.published) == (4, 4, 2)
    speaker.idle()
    assert line.published == 2
    open_["a1"] = standing("a1", Tier.RED, state="acknowledged", acknowledged=True)
    speaker.idle()
    here = line.retained[f"ganzhi/v1/{HERE}/alarm"]
    assert (here["tier"], here["sound"], line.published) == (4, 0, 3)
    del open_["a1"]
    speaker.idle()
    assert line.retained[f"ganzhi/v1/{HERE}/alarm"]["tier"] == 0


def test_state_is_published_when_the_broker_is_back() -> None:
    line, open_ = Line(), {"a1": standing("a1", Tier.RED)}
    speaker = siren(line, open_, ALL)
    line.away = True
    with pytest.raises(Unavailable):
        speaker.idle()
    line.away = False
    speaker.idle()
    assert line.published == 2


@pytest.mark.parametrize(
    ("change", "heard"),
    [
        ({}, 3),
        ({"shelved": True}, 0),
        ({"message": message("a1", Tier.NONE)}, 0),
        ({"message": message("a1", Tier.ORANGE, simulated=True)}, 0),
        ({"message": message("a1", Tier.ORANGE, drill=True)}, 0),
        ({"message": message("a1", Tier.BLUE)}, 0),
    ],
)
def test_only_what_its_routes_lead_to_it_is_heard(change: dict[str, object], heard: int) -> None:
    line = Line()
    route = Route("worst", Match(tiers=frozenset({Tier.ORANGE, Tier.RED})), ("siren",))
    siren(line, {"a1": standing("a1", Tier.ORANGE, **change)}, route).idle()
    assert line.retained[f"ganzhi/v1/{HERE}/alarm"]["sound"] == heard


def test_simulated_alarms_are_heard_where_the_receiver_says_so() -> None:
    line = Line()
    open_ = {"a1": standing("a1", Tier.ORANGE, message=message("a1", Tier.ORANGE, simulated=True))}
    siren(line, open_, ALL, replace(SIREN, simulated=True)).idle()
    assert line.retained[f"ganzhi/v1/{HERE}/alarm"]["sound"] == 3


def test_document_lists_the_worst_and_counts_the_rest() -> None:
    line = Line()
    open_ = {f"a{n}": standing(f"a{n}", Tier.BLUE) for n in range(MOST_LISTED)} | {"r": standing("r", Tier.RED)}
    siren(line, open_, ALL).idle()
    here = line.retained[f"ganzhi/v1/{HERE}/alarm"]
    alarms = here["alarms"]
    assert isinstance(alarms, list)
    assert (alarms[0]["id"], len(alarms), here["more"]) == ("r", MOST_LISTED, 1)
