"""Risk colours of sources, enterprises and districts."""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.risk import ALIKE, Map, colours, risks, rolled
from ganzhi.handling import Scope
from ganzhi.records import Alarm, AlarmClass, Catalogue, RiskColour, Tier
from tests.alerting.office import DISTRICT, site
from tests.alerting.site import HIGH, LEAK, RATE, SILENT, START, TANK, MemoryJournal, alarms, catalogue, moved

SITE = catalogue()
DISTRICTS = site()
(ONE,) = (event.alarm for event in alarms(MemoryJournal()).apply([moved(HIGH, 1, Tier.RED)]))

ALARMS = st.lists(
    st.builds(
        lambda source, tier, alarm_class, subject: replace(
            ONE, source=source, tier=tier, alarm_class=alarm_class, subject=subject
        ),
        st.sampled_from(["tank-area-1", "gas-area-1", "elsewhere"]),
        st.sampled_from(Tier),
        st.sampled_from(AlarmClass),
        st.sampled_from("abc"),
    ),
    max_size=8,
)


def test_every_source_has_its_colour_when_alarms_are_active() -> None:
    found = alarms(MemoryJournal())
    found.apply(
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
    assert colours(found.active(), SITE, START) == [
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
def test_colours_and_risks_agree_when_taken_at_one_moment(found: list[Alarm]) -> None:
    tiers = {risk.subject: risk.tier for risk in risks(found, DISTRICTS, 0) if risk.scope == Scope.SOURCE}
    assert {colour.source: colour.tier for colour in colours(found, DISTRICTS, 0)} == tiers
    for colour in colours(found, SITE, 0):
        here = [alarm for alarm in found if alarm.source == colour.source]
        assert sum(colour.counts) == sum(alarm.tier > Tier.NONE for alarm in here)


TIERS = st.lists(st.sampled_from(Tier), max_size=8)


@pytest.mark.parametrize(
    ("tiers", "alike", "expected"),
    [
        ([], 2, Tier.NONE),
        ([Tier.NONE] * 9, 2, Tier.NONE),
        ([Tier.BLUE], 2, Tier.BLUE),
        ([Tier.BLUE, Tier.BLUE], 2, Tier.YELLOW),
        ([Tier.BLUE, Tier.ORANGE], 2, Tier.ORANGE),
        ([Tier.YELLOW, Tier.ORANGE], 2, Tier.ORANGE),
        ([Tier.ORANGE, Tier.RED, Tier.ORANGE], 3, Tier.RED),
        ([Tier.ORANGE, Tier.ORANGE], 3, Tier.ORANGE),
        ([Tier.RED] * 5, 2, Tier.RED),
    ],
)
def test_a_whole_is_as_bad_as_its_worst_part_and_worse_when_many_are_alike(
    tiers: list[Tier], alike: int, expected: Tier
) -> None:
    assert rolled(tiers, alike) == expected


@given(TIERS, TIERS, st.sampled_from(sorted(ALIKE.values())))
def test_no_whole_gets_better_when_parts_are_added_or_worsen(tiers: list[Tier], more: list[Tier], alike: int) -> None:
    assert max(tiers, default=Tier.NONE) <= rolled(tiers, alike) <= rolled(tiers + more, alike)
    worse = [max(pair) for pair in zip_longest(tiers, more, fillvalue=Tier.NONE)]
    assert rolled(tiers, alike) <= rolled(worse, alike)
    if alike > 2:
        assert rolled(tiers, alike) <= rolled(tiers, alike - 1)


def test_a_higher_inherent_level_needs_fewer_points() -> None:
    assert ALIKE[1] < ALIKE[2] < ALIKE[3] < ALIKE[4] == ALIKE[0]


@given(ALARMS, ALARMS, st.data())
def test_no_place_gets_better_when_alarms_are_added_or_worsen(
    first: list[Alarm], more: list[Alarm], data: st.DataObject
) -> None:
    before = {(risk.scope, risk.subject): risk for risk in risks(first, DISTRICTS, 0)}
    worse = list(first)
    if first:
        n = data.draw(st.integers(0, len(first) - 1))
        tier = data.draw(st.sampled_from([tier for tier in Tier if tier >= first[n].tier]))
        worse[n] = replace(first[n], tier=tier)
    for risk in [*risks(first + more, DISTRICTS, 0), *risks(worse, DISTRICTS, 0)]:
        assert risk.tier >= before[risk.scope, risk.subject].tier
        assert risk.alarm >= before[risk.scope, risk.subject].alarm
        assert bool(risk.reasons) == (risk.tier > Tier.NONE)


def test_a_source_says_why_when_alarms_colour_it() -> None:
    both = [replace(ONE, tier=Tier.YELLOW, subject=f"haihe-storage.LT-10{n}", id=f"a{n}") for n in (1, 2)]
    source, _, enterprise, _, district = risks(both, DISTRICTS, START)
    assert (source.scope, source.subject, source.tier, source.alarm) == (
        Scope.SOURCE, "tank-area-1", Tier.ORANGE, Tier.YELLOW,
    )  # fmt: skip
    assert [(reason.text.zh, reason.alarms) for reason in source.reasons] == [
        ("一级重大危险源有 2 个测点达到黄色,升为橙色", ("a1", "a2")),
        (ONE.text.zh, ("a1",)),
        (ONE.text.zh, ("a2",)),
    ]
    assert source.reasons[0].text.en == "major hazard of level 1: 2 points are yellow or worse, hence orange"
    assert (enterprise.tier, enterprise.reasons[0].text.zh) == (Tier.ORANGE, "一号罐区为橙色")
    assert (district.subject, district.tier, district.reasons[0].alarms) == (DISTRICT, Tier.ORANGE, ("a1", "a2"))


def test_one_point_counts_once_when_it_has_several_alarms() -> None:
    both = [replace(ONE, tier=Tier.YELLOW, id=f"a{n}") for n in (1, 2)]
    assert risks(both, DISTRICTS, START)[0].tier == Tier.YELLOW


def test_a_device_alarm_colours_nothing() -> None:
    device = replace(ONE, alarm_class=AlarmClass.DEVICE)
    assert {risk.tier for risk in risks([device], DISTRICTS, START)} == {Tier.NONE}


def test_a_colour_is_simulated_only_when_every_alarm_behind_it_is() -> None:
    made_up = replace(ONE, simulated=True, id="a1")
    assert [risk.simulated for risk in risks([made_up], DISTRICTS, START)] == [True, False, True, False, True]
    assert {risk.simulated for risk in risks([made_up, replace(ONE, id="a2")], DISTRICTS, START)} == {False}


def test_an_enterprise_is_one_worse_when_three_of_its_sources_are_alike() -> None:
    sources = {name: replace(TANK, id=name, level=0) for name in ("a", "b", "c")}
    site = Catalogue(DISTRICTS.enterprises, sources, ())
    three = [replace(ONE, source=name, subject=name, tier=Tier.ORANGE) for name in sources]
    found = {(risk.scope, risk.subject): risk for risk in risks(three, site, START)}
    haihe = found[Scope.ENTERPRISE, "haihe-storage"]
    assert haihe.tier == Tier.RED
    assert haihe.reasons[0].text.zh == "海河石化仓储有 3 个危险源达到橙色,升为红色"
    assert found[Scope.DISTRICT, DISTRICT].tier == Tier.RED


def test_a_district_that_nobody_named_is_no_place() -> None:
    assert {risk.scope for risk in risks([], SITE, START)} == {Scope.SOURCE, Scope.ENTERPRISE}


def test_a_map_works_anew_only_when_an_alarm_has_changed() -> None:
    told, worse = [ONE, replace(ONE, id="a2")], replace(ONE, tier=Tier.YELLOW)
    site_map = Map(DISTRICTS)
    first = site_map(told, 1)
    assert site_map(list(told), 2) is first
    assert first == risks(told, DISTRICTS, 1)
    for changed in ([worse, told[1]], told[:1], []):
        assert site_map(changed, 3) == risks(changed, DISTRICTS, 3)
