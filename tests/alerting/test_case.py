"""Cases: opened by alarms and people, carried along the chain, late, raised, closed and reopened."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerting.case_state import CaseAction
from config.responsibility import ORANGE_CHAIN, RED_CHAIN, YELLOW_CHAIN, Person
from ganzhi.errors import Refused, Unavailable
from ganzhi.handling import Act, Case, CaseKind, CaseState, Deed, Hazard
from ganzhi.records import AlarmClass, Change, Tier
from tests.alerting.office import DISTRICT, MINUTE, MemoryHandling, Office, alarm, people, says, told
from tests.alerting.site import START

ID = "C20260501-000001"


def case_of(office: Office, id: str = ID) -> Case:
    line = office.journal.find(id)
    assert line is not None
    assert isinstance(line.matter, Case)
    return line.matter


def acts(office: Office) -> list[Act]:
    return [line.act for line in office.told]


def do(office: Office, action: CaseAction, person: str = "shift_leader", comment: str = "", key: str = "") -> Case:
    line = office.cases.act(ID, action, says(person, comment, key=key))
    assert isinstance(line.matter, Case)
    return line.matter


def to_feedback(office: Office) -> Case:
    do(office, CaseAction.ACCEPT)
    do(office, CaseAction.START)
    return do(office, CaseAction.FEEDBACK, comment="已停泵")


def test_an_alarm_opens_one_case_at_the_foot_of_its_chain() -> None:
    office = Office()
    office.cases.follow([told(7, alarm(simulated=True))])
    case = case_of(office)
    assert (case.kind, case.state, case.tier, case.alarms) == (
        CaseKind.ALARM, CaseState.DISPATCHED, Tier.ORANGE, ("20260501-000001",),
    )  # fmt: skip
    assert (case.chain, case.step, case.due_at) == (ORANGE_CHAIN, 0, START + 10 * MINUTE)
    assert (case.enterprise, case.source, case.district) == ("haihe-storage", "tank-area-1", DISTRICT)
    assert (case.title.zh, case.title.en) == ("一号罐区 LT-101 液位高", "Tank area 1 LT-101 Level high")
    assert (case.advice.zh, case.simulated, case.opened_by) == ("停止进料", True, "")


def test_a_case_has_a_title_when_its_point_is_not_on_the_list() -> None:
    office = Office()
    office.cases.follow([told(1, alarm(source="gone", subject="gone.X#1"))])
    case = case_of(office)
    assert (case.title.zh, case.district, case.enterprise) == ("gone 液位高", "", "gone")


@pytest.mark.parametrize(
    "event",
    [
        told(1, alarm(tier=Tier.BLUE)),
        told(1, alarm(alarm_class=AlarmClass.DEVICE)),
        told(1, alarm(retrospective=True), Change.RETROSPECTIVE),
        told(1, alarm(), Change.UPDATED),
        told(1, alarm(), Change.EASED),
        told(1, alarm(), Change.ACKNOWLEDGED),
        told(1, alarm(tier=Tier.NONE), Change.CLEARED),
    ],
)
def test_no_case_is_opened_when_the_alarm_does_not_ask_for_one(event: object) -> None:
    office = Office()
    office.cases.follow([event])  # type: ignore[list-item]
    assert office.told == []


def test_no_alarm_opens_a_case_when_the_settings_say_none() -> None:
    office = Office()
    office.case_policy = replace(office.case_policy, open_at=Tier.NONE)
    office.restart()
    office.cases.follow([told(1, alarm(tier=Tier.RED))])
    assert office.told == []


def test_an_alarm_told_again_changes_nothing_when_the_reader_restarts() -> None:
    office = Office()
    events = [told(1, alarm()), told(2, alarm(tier=Tier.RED), Change.WORSENED)]
    office.cases.follow(events)
    office.restart()
    office.cases.follow(events)
    assert acts(office) == [Act.OPENED, Act.RAISED]


def test_a_worse_alarm_raises_the_case_and_shortens_its_deadline() -> None:
    office = Office()
    office.cases.follow([told(1, alarm(tier=Tier.YELLOW))])
    assert case_of(office).due_at == START + 15 * MINUTE
    office.now += MINUTE
    office.cases.follow([told(2, alarm(tier=Tier.RED), Change.WORSENED)])
    case = case_of(office)
    assert (case.tier, case.chain, case.due_at) == (Tier.RED, RED_CHAIN, START + 6 * MINUTE)
    assert [(line.before, line.matter.tier) for line in office.told] == [
        (Tier.NONE, Tier.YELLOW), (Tier.YELLOW, Tier.RED),
    ]  # fmt: skip


def test_a_worse_alarm_never_gives_more_time() -> None:
    office = Office()
    office.cases.follow([told(1, alarm(tier=Tier.YELLOW))])
    office.now += 12 * MINUTE
    office.cases.follow([told(2, alarm(tier=Tier.RED), Change.WORSENED)])
    assert case_of(office).due_at == START + 15 * MINUTE


def test_an_eased_and_again_worsened_alarm_leaves_the_case_as_bad_as_it_was() -> None:
    office = Office()
    office.cases.follow(
        [
            told(1, alarm(tier=Tier.RED)),
            told(2, alarm(tier=Tier.YELLOW), Change.EASED),
            told(3, alarm(tier=Tier.ORANGE), Change.WORSENED),
            told(4, alarm(tier=Tier.NONE), Change.CLEARED),
        ]
    )
    assert acts(office) == [Act.OPENED]
    assert (case_of(office).tier, case_of(office).state) == (Tier.RED, CaseState.DISPATCHED)


def test_a_case_goes_from_dispatch_to_close_through_the_right_hands() -> None:
    office = Office()
    office.cases.follow([told(1, alarm())])
    office.now += MINUTE
    accepted = do(office, CaseAction.ACCEPT)
    assert (accepted.accepted_by, accepted.due_at) == ("当班班长", office.now + 120 * MINUTE)
    office.now += MINUTE
    started = do(office, CaseAction.START)
    assert started.due_at == accepted.due_at
    line = office.cases.act(ID, CaseAction.FEEDBACK, Deed("shift_leader", comment="已停泵", photos=("http://x/1.jpg",)))
    assert isinstance(line.matter, Case)
    assert (line.matter.feedback, line.matter.photos, line.photos) == (
        "已停泵",
        ("http://x/1.jpg",),
        ("http://x/1.jpg",),
    )
    assert line.matter.due_at == office.now + 120 * MINUTE
    verified = do(office, CaseAction.VERIFY, "safety_officer")
    assert (verified.verified_by, verified.due_at) == ("企业安全员", line.matter.due_at)
    closed = do(office, CaseAction.CLOSE, "safety_officer")
    assert (closed.state, closed.due_at, closed.closed_by) == (CaseState.CLOSED, None, "企业安全员")
    assert office.wait(10_000) == 0
    assert [(line.actor, line.role) for line in office.told] == [
        ("", ""), *[("shift_leader", "shift_leader")] * 3, *[("safety_officer", "safety_officer")] * 2,
    ]  # fmt: skip


def test_alarms_of_one_point_share_its_open_case() -> None:
    office = Office()
    office.cases.follow([told(1, alarm(tier=Tier.YELLOW)), told(2, alarm(2, Tier.YELLOW)), told(3, alarm(3, Tier.RED))])
    case = case_of(office)
    assert acts(office) == [Act.OPENED, Act.JOINED, Act.RAISED]
    assert (case.alarms, case.tier) == (tuple(f"20260501-00000{n}" for n in (1, 2, 3)), Tier.RED)
    office.cases.follow([told(4, alarm(4, subject="haihe-storage.LT-102"))])
    assert office.told[-1].matter.id == "C20260501-000004"


def test_a_new_alarm_of_a_point_opens_a_new_case_when_the_old_one_is_closed() -> None:
    office = Office()
    closed(office)
    office.now += MINUTE
    office.cases.follow([told(2, alarm(2), noted=office.now)])
    assert (acts(office)[-1], office.told[-1].matter.id) == (Act.OPENED, "C20260501-000002")
    office.cases.follow([told(3, alarm(1, Tier.RED), Change.WORSENED, noted=office.now)])
    assert (acts(office)[-1], office.told[-1].matter.id) == (Act.REOPENED, ID)


def test_clearing_the_alarm_closes_no_case() -> None:
    office = Office()
    office.cases.follow([told(1, alarm()), told(2, alarm(tier=Tier.NONE), Change.CLEARED)])
    assert case_of(office).state == CaseState.DISPATCHED


def test_feedback_is_verified_by_somebody_else() -> None:
    office = Office()
    office.cases.follow([told(1, alarm())])
    to_feedback(office)
    with pytest.raises(Refused) as refused:
        do(office, CaseAction.VERIFY)
    assert (refused.value.zh, refused.value.forbidden) == ("反馈须由他人核验。", True)
    office.case_policy = replace(office.case_policy, second_person=False)
    office.restart()
    assert do(office, CaseAction.VERIFY).state == CaseState.VERIFIED


@pytest.mark.parametrize("action", [CaseAction.FEEDBACK, CaseAction.RETURN, CaseAction.SUPERVISE, CaseAction.REOPEN])
def test_some_actions_are_refused_when_nothing_is_said(action: CaseAction) -> None:
    office = Office()
    office.cases.follow([told(1, alarm())])
    person = "city_bureau" if action == CaseAction.SUPERVISE else "town_office"
    if action != CaseAction.SUPERVISE:
        to_feedback(office)
    if action == CaseAction.REOPEN:
        do(office, CaseAction.VERIFY, "town_office")
        do(office, CaseAction.CLOSE, "town_office")
    with pytest.raises(Refused, match="comment is empty"):
        do(office, action, person)


def test_returned_feedback_gives_time_for_more_work() -> None:
    office = Office()
    office.cases.follow([told(1, alarm())])
    to_feedback(office)
    office.now += 100 * MINUTE
    back = do(office, CaseAction.RETURN, "safety_officer", "照片不清")
    assert (back.state, back.due_at, back.feedback) == (CaseState.IN_PROGRESS, office.now + 120 * MINUTE, "已停泵")


def test_a_deadline_that_passes_goes_one_step_up_the_chain_and_under_supervision() -> None:
    office = Office()
    office.cases.follow([told(1, alarm(tier=Tier.YELLOW))])
    assert office.wait(14.99) == 0
    assert office.wait(0.01) == 1
    case = case_of(office)
    assert (case.step, case.overdue, case.supervised_at) == (1, 1, office.now)
    assert (case.due_at, case.missed_at) == (office.now + 15 * MINUTE, office.now)
    assert case.state == CaseState.DISPATCHED
    assert office.clockwork() == 0


def test_the_clock_stops_at_the_end_of_the_chain_and_never_rings_twice() -> None:
    office = Office()
    office.cases.follow([told(1, alarm(tier=Tier.YELLOW))])
    steps = []
    for _ in range(10):
        office.wait(15)
        office.restart()
        office.clockwork()
        steps.append(case_of(office).step)
    assert steps == [1, 2, 3, 3, 3, 3, 3, 3, 3, 3]
    assert acts(office).count(Act.ESCALATED) == len(YELLOW_CHAIN)
    assert len({line.key for line in office.told}) == len(office.told)
    assert do(office, CaseAction.ACCEPT).wake_at == office.now + 480 * MINUTE


def test_the_clock_goes_on_when_an_exhausted_case_becomes_worse() -> None:
    office = Office()
    office.cases.follow([told(1, alarm(tier=Tier.YELLOW))])
    for _ in range(5):
        office.wait(15)
    assert case_of(office).wake_at is None
    office.cases.follow([told(2, alarm(tier=Tier.RED), Change.WORSENED)])
    assert (case_of(office).step, case_of(office).wake_at) == (3, office.now + 5 * MINUTE)
    office.wait(5)
    assert RED_CHAIN[case_of(office).step] == "district_bureau"


def test_a_service_that_was_down_for_long_escalates_once_and_counts_anew() -> None:
    office = Office()
    office.cases.follow([told(1, alarm())])
    office.now += 10_000 * MINUTE
    office.restart()
    assert office.clockwork() == 1
    assert office.clockwork() == 0
    assert (case_of(office).step, case_of(office).due_at) == (1, office.now + 10 * MINUTE)


def test_a_worse_alarm_sends_reported_work_back() -> None:
    office = Office()
    office.cases.follow([told(1, alarm())])
    to_feedback(office)
    office.cases.follow([told(2, alarm(tier=Tier.RED), Change.WORSENED)])
    assert (case_of(office).state, case_of(office).due_at) == (CaseState.IN_PROGRESS, office.now + 30 * MINUTE)


def closed(office: Office) -> None:
    office.cases.follow([told(1, alarm())])
    to_feedback(office)
    do(office, CaseAction.VERIFY, "safety_officer")
    do(office, CaseAction.CLOSE, "safety_officer")


def test_a_case_is_reopened_and_not_a_second_opened_when_its_alarm_comes_back() -> None:
    office = Office()
    closed(office)
    office.now += MINUTE
    office.cases.follow([told(2, alarm(tier=Tier.YELLOW), noted=office.now)])
    case = case_of(office)
    assert (case.state, case.tier, case.step, case.closed_at, case.feedback) == (
        CaseState.DISPATCHED, Tier.YELLOW, 0, None, "",
    )  # fmt: skip
    assert acts(office)[-1] == Act.REOPENED
    assert {line.matter.id for line in office.told} == {ID}


def test_a_closed_case_stays_closed_when_an_alarm_from_before_is_read_late() -> None:
    office = Office()
    closed(office)
    office.cases.follow([told(2, alarm(tier=Tier.RED), Change.WORSENED, noted=office.now)])
    assert case_of(office).state == CaseState.CLOSED


def test_a_person_reopens_a_case_with_a_reason() -> None:
    office = Office()
    closed(office)
    again = do(office, CaseAction.REOPEN, "town_office", "复查不合格")
    assert (again.state, again.step, again.due_at) == (CaseState.DISPATCHED, 0, office.now + 10 * MINUTE)


def test_a_second_click_is_answered_with_the_line_of_the_first() -> None:
    office = Office()
    office.cases.follow([told(1, alarm())])
    first = office.cases.act(ID, CaseAction.ACCEPT, says("shift_leader"))
    assert office.cases.act(ID, CaseAction.ACCEPT, says("shift_leader")) == first
    with pytest.raises(Refused, match="accepted already"):
        office.cases.act(ID, CaseAction.ACCEPT, says("safety_officer"))
    assert acts(office) == [Act.OPENED, Act.ACCEPTED]


def test_a_form_with_a_key_makes_one_line_when_it_is_sent_again_later() -> None:
    office = Office()
    office.cases.follow([told(1, alarm())])
    do(office, CaseAction.ACCEPT)
    do(office, CaseAction.START)
    do(office, CaseAction.FEEDBACK, comment="一", key="form-1")
    do(office, CaseAction.FEEDBACK, comment="二")
    assert do(office, CaseAction.FEEDBACK, comment="一", key="form-1").feedback == "二"
    assert acts(office).count(Act.FEEDBACK) == 2


@pytest.mark.parametrize("person", ["duty_officer", "city_bureau", "nobody", ""])
def test_nobody_outside_the_chain_acts_on_a_case(person: str) -> None:
    office = Office()
    office.cases.follow([told(1, alarm())])
    with pytest.raises(Refused) as refused:
        do(office, CaseAction.ACCEPT, person)
    assert refused.value.forbidden
    assert acts(office) == [Act.OPENED]


def test_people_act_on_their_own_enterprise_only() -> None:
    ours = Person(id="a", name="甲", roles=("shift_leader",), enterprise="haihe-storage")
    theirs = Person(id="b", name="乙", roles=("shift_leader",), enterprise="binhai-chem")
    office = Office(people=people(ours, theirs))
    office.cases.follow([told(1, alarm())])
    with pytest.raises(Refused, match="it is not his to see to"):
        do(office, CaseAction.ACCEPT, "b")
    assert do(office, CaseAction.ACCEPT, "a").accepted_by == "甲"


def test_only_a_higher_office_puts_a_case_under_supervision() -> None:
    office = Office()
    office.cases.follow([told(1, alarm())])
    with pytest.raises(Refused, match="may not supervise"):
        do(office, CaseAction.SUPERVISE, "shift_leader", "盯紧")
    assert do(office, CaseAction.SUPERVISE, "command_post", "盯紧").supervised_at == office.now


def test_a_hazard_runs_the_same_loop_until_it_is_struck_off() -> None:
    office = Office()
    limit = START + 3 * 24 * 60 * MINUTE
    hazard = Hazard("护栏缺失", "3 号罐平台护栏缺失", Tier.YELLOW, "haihe-storage", "tank-area-1", limit)
    deed = Deed("town_office", photos=("http://x/2.jpg",), key="form-9")
    line = office.cases.report(hazard, deed)
    assert office.cases.report(hazard, deed) == line
    case = line.matter
    assert isinstance(case, Case)
    assert (case.id, case.kind, case.opened_by, case.due_at) == (
        "H20260501-080000000", CaseKind.HAZARD, "镇街值班负责人", START + 15 * MINUTE,
    )  # fmt: skip
    other = office.cases.report(hazard, says("town_office"))
    assert other.matter.id == "H20260501-080000001"
    accepted = office.cases.act(case.id, CaseAction.ACCEPT, says("shift_leader")).matter
    assert accepted.due_at == limit
    office.now = limit
    assert office.clockwork() == 2
    assert case_of(office, case.id).supervised_at == limit


def test_a_hazard_is_refused_when_its_place_is_unknown() -> None:
    office = Office()
    for enterprise, source in (("nowhere", ""), ("binhai-chem", "tank-area-1"), ("haihe-storage", "x")):
        with pytest.raises(Refused) as refused:
            office.cases.report(Hazard("x", "", Tier.BLUE, enterprise, source), says("town_office"))
        assert refused.value.missing


def test_nothing_is_told_when_the_journal_cannot_be_written() -> None:
    journal = MemoryHandling()
    office = Office(journal=journal)
    office.cases.follow([told(1, alarm())])
    journal.fails = True
    with pytest.raises(Unavailable):
        do(office, CaseAction.ACCEPT)
    office.now += 10 * MINUTE
    with pytest.raises(Unavailable):
        office.clockwork()
    journal.fails = False
    assert acts(office) == [Act.OPENED]
    assert office.clockwork() == 1
