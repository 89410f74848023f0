"""Warnings: proposed by rules, decided by those who have the authority, and followed up when nobody decides."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerting.warning_state import WarningAction
from config.responsibility import Person
from ganzhi.errors import Refused
from ganzhi.handling import Act, PublicWarning, Scope, WarningState
from ganzhi.records import Tier
from tests.alerting.office import DISTRICT, MINUTE, Office, people, risk, says
from tests.alerting.site import START

TOPIC = "source:tank-area-1"


def warning_of(office: Office) -> PublicWarning:
    line = office.journal.find(TOPIC)
    assert line is not None
    assert isinstance(line.matter, PublicWarning)
    return line.matter


def acts(office: Office) -> list[Act]:
    return [line.act for line in office.told]


def do(
    office: Office, action: WarningAction, person: str, comment: str = "", tier: Tier | None = None
) -> PublicWarning:
    line = office.warnings.act(warning_of(office).id, action, says(person, comment), tier)
    assert isinstance(line.matter, PublicWarning)
    return line.matter


def released(tier: Tier = Tier.ORANGE) -> Office:
    office = Office()
    office.warnings.follow([risk(tier)])
    do(office, WarningAction.RELEASE, "command_post")
    return office


def test_a_warning_is_proposed_once_when_a_colour_reaches_the_tier() -> None:
    office = Office()
    office.warnings.follow([risk(Tier.YELLOW)])
    assert office.told == []
    for _ in range(3):
        office.warnings.follow([risk(Tier.ORANGE, simulated=True)])
    warning = warning_of(office)
    assert acts(office) == [Act.PROPOSED]
    assert (warning.id, warning.state, warning.tier, warning.proposed) == (
        "W20260501-080000000", WarningState.PROPOSED, Tier.NONE, Tier.ORANGE,
    )  # fmt: skip
    assert (warning.chain, warning.due_at) == (("command_post", "government"), START + 15 * MINUTE)
    assert (warning.by_machine, warning.simulated, warning.district) == (True, True, DISTRICT)


@pytest.mark.parametrize(
    ("settings", "given", "proposed"),
    [
        ({}, risk(Tier.RED, scope=Scope.ENTERPRISE, subject="haihe-storage"), None),
        ({}, risk(Tier.ORANGE, scope=Scope.DISTRICT, subject=DISTRICT), None),
        ({}, risk(Tier.RED, scope=Scope.DISTRICT, subject=DISTRICT), Tier.RED),
        ({"alarm_at": Tier.YELLOW}, risk(Tier.YELLOW, worst_alarm=Tier.YELLOW), Tier.YELLOW),
        ({"alarm_at": Tier.RED}, risk(Tier.YELLOW, worst_alarm=Tier.YELLOW), None),
        ({"propose_at": {}}, risk(Tier.RED, worst_alarm=Tier.RED), None),
    ],
)
def test_rules_propose_as_the_settings_say(settings: dict[str, object], given: object, proposed: Tier | None) -> None:
    office = Office()
    office.warning_policy = replace(office.warning_policy, **settings)  # type: ignore[arg-type]
    office.restart()
    office.warnings.follow([given])  # type: ignore[list-item]
    found = [line.matter.proposed for line in office.told if isinstance(line.matter, PublicWarning)]
    assert found == ([] if proposed is None else [proposed])


@pytest.mark.parametrize("person", ["duty_officer", "shift_leader", "city_bureau", "nobody"])
@pytest.mark.parametrize("action", [WarningAction.RELEASE, WarningAction.DECLINE])
def test_orange_is_decided_by_nobody_without_the_authority(action: WarningAction, person: str) -> None:
    office = Office()
    office.warnings.follow([risk(Tier.ORANGE)])
    with pytest.raises(Refused) as refused:
        do(office, action, person, "不属实")
    assert refused.value.forbidden
    assert acts(office) == [Act.PROPOSED]


def test_the_refusal_names_those_who_may() -> None:
    office = Office()
    office.warnings.follow([risk(Tier.RED)])
    with pytest.raises(Refused) as refused:
        do(office, WarningAction.RELEASE, "duty_officer")
    assert refused.value.zh == "部门值班负责人无权签发红色预警;应由指挥部值班负责人、政府值班负责人办理。"


def test_no_milder_colour_is_released_past_a_worse_proposal() -> None:
    office = Office()
    office.warnings.follow([risk(Tier.RED)])
    with pytest.raises(Refused) as refused:
        do(office, WarningAction.RELEASE, "duty_officer", tier=Tier.YELLOW)
    assert refused.value.forbidden
    with pytest.raises(Refused):
        do(office, WarningAction.PROPOSE, "duty_officer", "不至于", Tier.YELLOW)
    assert do(office, WarningAction.RELEASE, "command_post", tier=Tier.YELLOW).tier == Tier.YELLOW


def test_the_proposed_colour_is_in_force_when_the_command_post_releases_it() -> None:
    office = Office()
    office.warnings.follow([risk(Tier.ORANGE)])
    office.now += MINUTE
    warning = do(office, WarningAction.RELEASE, "command_post")
    assert (warning.state, warning.tier, warning.proposed) == (WarningState.RELEASED, Tier.ORANGE, None)
    assert (warning.released_at, warning.released_by) == (office.now, "指挥部值班负责人")
    assert (warning.due_at, office.wait(10_000)) == (None, 0)
    assert (office.told[-1].actor, office.told[-1].role) == ("command_post", "command_post")


def test_a_warning_is_raised_lowered_and_lifted_the_way_it_was_released() -> None:
    office = released()
    office.warnings.follow([risk(Tier.RED)])
    assert warning_of(office).state == WarningState.CHANGE_PROPOSED
    do(office, WarningAction.RELEASE, "government")
    with pytest.raises(Refused):
        do(office, WarningAction.RELEASE, "duty_officer", tier=Tier.BLUE)
    do(office, WarningAction.RELEASE, "government", tier=Tier.BLUE)
    do(office, WarningAction.RELEASE, "duty_officer", tier=Tier.YELLOW)
    ended = do(office, WarningAction.LIFT, "duty_officer")
    assert (ended.state, ended.tier, ended.ended_by) == (WarningState.LIFTED, Tier.NONE, "部门值班负责人")
    assert acts(office) == [
        Act.PROPOSED, Act.RELEASED, Act.PROPOSED, Act.RAISED, Act.LOWERED, Act.RAISED, Act.LIFTED,
    ]  # fmt: skip
    assert [(line.before, line.matter.tier) for line in office.told[3:]] == [
        (Tier.ORANGE, Tier.RED), (Tier.RED, Tier.BLUE), (Tier.BLUE, Tier.YELLOW), (Tier.YELLOW, Tier.NONE),
    ]  # fmt: skip


def test_lowering_is_proposed_only_after_a_calm_time_and_to_the_worst_within_it() -> None:
    office = released(Tier.RED)
    for minutes, colour in ((0, Tier.NONE), (10, Tier.ORANGE), (19, Tier.NONE)):
        office.now += minutes * MINUTE
        office.warnings.follow([risk(colour)])
    assert acts(office) == [Act.PROPOSED, Act.RELEASED]
    office.now += MINUTE
    office.warnings.follow([risk(Tier.NONE)])
    assert warning_of(office).proposed == Tier.ORANGE
    assert do(office, WarningAction.RELEASE, "command_post").tier == Tier.ORANGE


def test_the_calm_time_begins_anew_when_the_colour_comes_back() -> None:
    office = released()
    for colour in (Tier.NONE, Tier.ORANGE, Tier.NONE):
        office.warnings.follow([risk(colour)])
        office.now += 20 * MINUTE
    office.warnings.follow([risk(Tier.NONE)])
    assert warning_of(office).proposed is None
    office.now += 10 * MINUTE
    office.warnings.follow([risk(Tier.NONE)])
    assert warning_of(office).proposed == Tier.NONE
    lifted = do(office, WarningAction.RELEASE, "command_post")
    assert (lifted.state, acts(office)[-1]) == (WarningState.LIFTED, Act.LIFTED)


def test_a_lowering_is_withdrawn_when_the_danger_is_back() -> None:
    office = released()
    for _ in range(2):
        office.warnings.follow([risk(Tier.NONE)])
        office.now += 30 * MINUTE
    assert warning_of(office).proposed == Tier.NONE
    office.warnings.follow([risk(Tier.ORANGE)])
    warning = warning_of(office)
    assert (warning.state, warning.tier, acts(office)[-1]) == (WarningState.RELEASED, Tier.ORANGE, Act.WITHDRAWN)


def test_a_declined_proposal_is_not_made_again_for_an_hour_unless_it_is_worse() -> None:
    office = Office()
    office.warnings.follow([risk(Tier.ORANGE)])
    declined = do(office, WarningAction.DECLINE, "command_post", "误报")
    assert (declined.state, declined.ended_by, declined.due_at) == (WarningState.DECLINED, "指挥部值班负责人", None)
    office.restart()
    office.now += 59 * MINUTE
    office.warnings.follow([risk(Tier.ORANGE)])
    assert acts(office) == [Act.PROPOSED, Act.DECLINED]
    office.warnings.follow([risk(Tier.RED)])
    assert (warning_of(office).proposed, warning_of(office).id == declined.id) == (Tier.RED, False)


def test_a_declined_proposal_is_made_again_when_the_hour_is_over() -> None:
    office = Office()
    office.warnings.follow([risk(Tier.ORANGE)])
    do(office, WarningAction.DECLINE, "command_post", "误报")
    office.now += 60 * MINUTE
    office.warnings.follow([risk(Tier.ORANGE)])
    assert warning_of(office).state == WarningState.PROPOSED


def test_a_declined_raise_leaves_what_is_in_force_and_may_be_lowered_later() -> None:
    office = released()
    office.warnings.follow([risk(Tier.RED)])
    kept = do(office, WarningAction.DECLINE, "government", "已受控")
    assert (kept.state, kept.tier, kept.declined) == (WarningState.RELEASED, Tier.ORANGE, Tier.RED)
    office.warnings.follow([risk(Tier.RED)])
    assert acts(office)[-1] == Act.DECLINED
    for _ in range(2):
        office.warnings.follow([risk(Tier.NONE)])
        office.now += 30 * MINUTE
    assert warning_of(office).proposed == Tier.NONE


def test_a_decline_needs_a_reason() -> None:
    office = Office()
    office.warnings.follow([risk(Tier.ORANGE)])
    with pytest.raises(Refused, match="comment is empty"):
        do(office, WarningAction.DECLINE, "command_post")


def test_a_proposal_that_nobody_decides_goes_up_and_under_supervision() -> None:
    office = Office()
    office.warnings.follow([risk(Tier.ORANGE)])
    assert [office.wait(15), office.wait(15), office.wait(15)] == [1, 1, 0]
    warning = warning_of(office)
    assert (warning.chain[warning.step], warning.overdue, warning.wake_at) == ("government", 2, None)
    assert warning.supervised_at == START + 15 * MINUTE
    assert warning.state == WarningState.PROPOSED


def test_a_worse_colour_makes_the_proposal_worse_and_its_decision_sooner() -> None:
    office = Office()
    office.warnings.follow([risk(Tier.ORANGE)])
    office.now += MINUTE
    office.warnings.follow([risk(Tier.RED)])
    warning = warning_of(office)
    assert (warning.proposed, warning.needs, warning.due_at) == (Tier.RED, Tier.RED, START + 11 * MINUTE)
    office.warnings.follow([risk(Tier.ORANGE)])
    assert warning_of(office).proposed == Tier.RED


def test_a_person_proposes_and_the_rules_do_not_take_it_back() -> None:
    office = Office()
    line = office.warnings.propose(Scope.DISTRICT, DISTRICT, Tier.BLUE, says("duty_officer", "台风"))
    assert office.warnings.propose(Scope.DISTRICT, DISTRICT, Tier.BLUE, says("duty_officer", "台风")) == line
    warning = line.matter
    assert isinstance(warning, PublicWarning)
    assert (warning.by_machine, warning.proposed_by, warning.reason.zh) == (False, "部门值班负责人", "台风")
    with pytest.raises(Refused, match="already"):
        office.warnings.propose(Scope.DISTRICT, DISTRICT, Tier.YELLOW, says("duty_officer", "台风"))
    office.warnings.act(warning.id, WarningAction.RELEASE, says("duty_officer"))
    calm = risk(Tier.NONE, scope=Scope.DISTRICT, subject=DISTRICT)
    for _ in range(3):
        office.warnings.follow([calm])
        office.now += 60 * MINUTE
    assert acts(office) == [Act.PROPOSED, Act.RELEASED]


def test_a_place_that_is_not_there_gets_no_warning() -> None:
    office = Office()
    for scope in Scope:
        with pytest.raises(Refused) as refused:
            office.warnings.propose(scope, "", Tier.BLUE, says("duty_officer", "台风"))
        assert refused.value.missing


def test_people_of_another_district_release_nothing_here() -> None:
    here = Person(id="a", name="甲", roles=("command_post",), district=DISTRICT)
    there = Person(id="b", name="乙", roles=("command_post",), district="别处")
    office = Office(people=people(here, there))
    office.warnings.follow([risk(Tier.RED)])
    with pytest.raises(Refused, match="it is not his to see to"):
        do(office, WarningAction.RELEASE, "b")
    assert do(office, WarningAction.RELEASE, "a").released_by == "甲"


def test_a_second_click_is_answered_with_the_line_of_the_first() -> None:
    office = Office()
    office.warnings.follow([risk(Tier.ORANGE)])
    id = warning_of(office).id
    for action, words in ((WarningAction.RELEASE, ""), (WarningAction.LIFT, "")):
        first = office.warnings.act(id, action, says("command_post", words))
        assert office.warnings.act(id, action, says("command_post", words)) == first
    assert acts(office) == [Act.PROPOSED, Act.RELEASED, Act.LIFTED]


def test_releasing_what_is_in_force_already_is_refused() -> None:
    office = released()
    with pytest.raises(Refused, match="is in force"):
        do(office, WarningAction.RELEASE, "government", tier=Tier.ORANGE)
    with pytest.raises(Refused, match="Say which colour"):
        do(office, WarningAction.RELEASE, "government")
