"""Risk colours of sources."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from alerting.risk import colours
from ganzhi.records import Alarm, AlarmClass, RiskColour, Tier
from tests.alerting.site import HIGH, LEAK, RATE, SILENT, START, MemoryJournal, alarms, catalogue, moved

SITE = catalogue()
(ONE,) = (event.alarm for event in alarms(MemoryJournal()).apply([moved(HIGH, 1, Tier.RED)]))

ALARMS = st.lists(
    st.builds(
        lambda source, tier, alarm_class: replace(ONE, source=source, tier=tier, alarm_class=alarm_class),
        st.sampled_from(["tank-area-1", "gas-area-1", "elsewhere"]),
        st.sampled_from(Tier),
        st.sampled_from(AlarmClass),
    ),
    max_size=8,
)


def test_every_source_has_its_colour_when_alarms_are_active() -> None:
    site = alarms(MemoryJournal())
    site.apply(
        [
            moved(HIGH, 1, Tier.ORANGE),
            moved(RATE, 2, Tier.BLUE),
            moved(RATE, 2, Tier.BLUE, point=1),
            moved(SILENT, 3, Tier.RED),
            moved(SILENT, 3, Tier.YELLOW, point=2),
            moved(LEAK, 4, Tier.RED),
            moved(LEAK, 5, Tier.NONE),
            moved(HIGH, 6, Tier.RED, point=1, retrospective=True),
        ]
    )
    assert colours(site.active(), SITE, START) == [
        RiskColour("tank-area-1", "haihe-storage", START, Tier.ORANGE, (2, 0, 1, 1)),
        RiskColour("gas-area-1", "binhai-chem", START, Tier.NONE, (0, 1, 0, 0)),
    ]


def test_every_source_is_calm_when_nothing_is_active() -> None:
    assert [(colour.tier, colour.counts) for colour in colours([], SITE, START)] == [(Tier.NONE, (0, 0, 0, 0))] * 2


@given(ALARMS, ALARMS)
def test_no_source_gets_better_when_alarms_are_added(first: list[Alarm], more: list[Alarm]) -> None:
    for before, after in zip(colours(first, SITE, 0), colours(first + more, SITE, 0), strict=True):
        assert after.tier >= before.tier
        assert all(a >= b for a, b in zip(after.counts, before.counts, strict=True))


@given(ALARMS, st.data())
def test_no_source_gets_better_when_an_alarm_worsens(first: list[Alarm], data: st.DataObject) -> None:
    if not first:
        return
    n = data.draw(st.integers(0, len(first) - 1))
    worse = data.draw(st.sampled_from([tier for tier in Tier if tier >= first[n].tier]))
    after = colours([*first[:n], replace(first[n], tier=worse), *first[n + 1 :]], SITE, 0)
    for old, new in zip(colours(first, SITE, 0), after, strict=True):
        assert new.tier >= old.tier
        assert sum(new.counts) >= sum(old.counts)


@given(ALARMS)
def test_colour_is_the_worst_of_the_process_alarms(found: list[Alarm]) -> None:
    for colour in colours(found, SITE, 0):
        here = [alarm for alarm in found if alarm.source == colour.source]
        process = [alarm.tier for alarm in here if alarm.alarm_class == AlarmClass.PROCESS]
        assert colour.tier == max(process, default=Tier.NONE)
        assert sum(colour.counts) == sum(alarm.tier > Tier.NONE for alarm in here)
