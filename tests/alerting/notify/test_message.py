"""Lines of the alarms' journal as messages: what is told follows their effects."""

from __future__ import annotations

import pytest

from alerting.notify import from_alarm, present
from alerting.notify.message import Happening
from ganzhi.records import (
    AlarmEvent,
    AlarmState,
    Catalogue,
    Change,
    Effect,
    Enterprise,
    Source,
    Suppression,
    SuppressionKind,
    Text,
    Tier,
    Unsent,
)
from tests.storage.plant import T0, alarm

SITE = Catalogue(
    {"plant": Enterprise("plant", Text("示范厂", "Plant"), district="滨海区")},
    {"tank area, 1": Source("tank area, 1", "plant", Text("一号罐区", "Tank area 1"), "tank_farm")},
    (),
)


@pytest.mark.parametrize(
    ("change", "effects", "happening", "held"),
    [
        (Change.RAISED, (Effect.ANNOUNCE,), Happening.RAISED, Unsent.DUE),
        (Change.RAISED, (Effect.WITHHOLD,), Happening.RAISED, Unsent.SHELVED),
        (Change.RAISED, (Effect.FOLD,), Happening.RAISED, Unsent.FOLDED),
        (Change.WORSENED, (Effect.ANNOUNCE,), Happening.WORSENED, Unsent.DUE),
        (Change.UNSHELVED, (Effect.ANNOUNCE,), Happening.RETURNED, Unsent.DUE),
        (Change.RELEASED, (Effect.ANNOUNCE,), Happening.RETURNED, Unsent.DUE),
        (Change.UNSHELVED, (), Happening.NOTED, Unsent.DUE),
        (Change.EASED, (), Happening.EASED, Unsent.DUE),
        (Change.CLEARED, (Effect.RESOLVE,), Happening.ENDED, Unsent.DUE),
        (Change.ACKNOWLEDGED, (Effect.SILENCE,), Happening.NOTED, Unsent.DUE),
        (Change.SHELVED, (Effect.SILENCE,), Happening.NOTED, Unsent.DUE),
        (Change.GROUPED, (), Happening.NOTED, Unsent.DUE),
        (Change.RETROSPECTIVE, (), Happening.LATE, Unsent.DUE),
    ],
)
def test_what_is_told_follows_the_effects(
    change: Change, effects: tuple[Effect, ...], happening: Happening, held: Unsent
) -> None:
    told = from_alarm(AlarmEvent(7, T0, T0 + 1, change, Tier.NONE, alarm(1), effects=effects), SITE)
    assert (told.happening, told.held) == (happening, held)
    assert told.tier == (Tier.RED if happening in (Happening.ENDED, Happening.LATE) else Tier.ORANGE)


def test_message_has_all_that_routes_and_texts_ask() -> None:
    told = from_alarm(AlarmEvent(7, T0, T0 + 1, Change.RAISED, Tier.NONE, alarm(1), effects=(Effect.ANNOUNCE,)), SITE)
    assert (told.stream, told.seq, told.subject, told.noted) == ("alarm", 7, "a1", T0 + 1)
    assert (told.kind, told.enterprise, told.source) == ("process", "plant", "tank area, 1")
    assert (told.sector, told.district) == ("tank_farm", "滨海区")
    assert told.place == Text("示范厂 一号罐区", "Plant, Tank area 1")
    assert (told.mark.zh, told.link, told.simulated) == ("橙色报警", "#alarm=a1", True)


def test_alarm_as_it_stands_says_whether_it_is_acknowledged_or_suppressed() -> None:
    plain = present(alarm(1), SITE)
    assert (plain.acknowledged, plain.shelved, plain.state) == (False, False, "unacknowledged")
    assert present(alarm(1, state=AlarmState.LATCHED_ACKNOWLEDGED), SITE).acknowledged
    shelf = Suppression(SuppressionKind.SHELVED, T0, Text("检修", "work"))
    assert present(alarm(1, suppressions=(shelf,)), SITE).shelved


def test_withdrawn_source_leaves_a_message_without_names() -> None:
    event = AlarmEvent(7, T0, T0, Change.RAISED, Tier.NONE, alarm(1), effects=(Effect.ANNOUNCE,))
    told = from_alarm(event, Catalogue({}, {}, ()))
    assert (told.place.zh, told.sector, told.district) == ("", "", "")
