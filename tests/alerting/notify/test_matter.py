"""Lines about cases and warnings as messages: who is in charge, by when, and what goes to the public chain."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerting.notify.matter import from_handling
from alerting.notify.message import Happening
from ganzhi.handling import Act, Case, CaseKind, CaseState, HandlingEvent, PublicWarning, Scope, WarningState
from ganzhi.records import Text, Tier
from tests.alerting.site import START as T0
from tests.alerting.site import ZONE, catalogue

ROLES = {"shift_leader": Text("当班班长", "Shift leader"), "city": Text("市应急局", "City bureau")}
CASE = Case(
    id="C1",
    kind=CaseKind.ALARM,
    state=CaseState.DISPATCHED,
    tier=Tier.ORANGE,
    title=Text("一号罐区 液位高", "Tank area 1: Level high"),
    text=Text("一号罐区 LT-101 为 14.41 m", "Tank area 1 LT-101 is 14.41 m"),
    advice=Text("停止进料", "Stop the inflow"),
    enterprise="haihe-storage",
    source="tank-area-1",
    district="滨海区",
    chain=("shift_leader", "city"),
    opened_at=T0,
    changed_at=T0,
    due_at=T0 + 600_000_000_000,
)
NOTICE = PublicWarning(
    id="W1",
    scope=Scope.DISTRICT,
    subject="滨海区",
    name=Text("滨海区", "Binhai"),
    enterprise="",
    district="滨海区",
    state=WarningState.PROPOSED,
    tier=Tier.NONE,
    proposed=Tier.RED,
    needs=Tier.RED,
    reason=Text("两处红色报警", "two red alarms"),
    chain=("city",),
    opened_at=T0,
    changed_at=T0,
    due_at=None,
    by_machine=True,
)


def line(act: Act, matter: Case | PublicWarning, **more: object) -> HandlingEvent:
    return replace(HandlingEvent(5, T0, act, Tier.RED, matter), **more)  # type: ignore[arg-type]


def test_new_case_says_who_is_in_charge_and_by_when() -> None:
    told = from_handling(line(Act.OPENED, CASE), catalogue(), ZONE, ROLES)
    assert (told.happening, told.kind, told.role, told.tier) == (Happening.RAISED, "case", "shift_leader", Tier.ORANGE)
    assert told.mark.zh == "橙色新工单"
    assert told.text.zh == "一号罐区 LT-101 为 14.41 m;负责:当班班长,期限 2026-05-01 08:10:00"
    assert told.text.en.endswith("; in charge: Shift leader, due 2026-05-01 08:10:00")
    assert (told.sector, told.place.zh) == ("tank_farm", "海河石化仓储 一号罐区")


def test_overdue_case_goes_to_the_next_in_the_chain() -> None:
    told = from_handling(line(Act.ESCALATED, replace(CASE, step=1)), catalogue(), ZONE, ROLES)
    assert (told.happening, told.role, told.mark.zh) == (Happening.RAISED, "city", "橙色工单超期")


@pytest.mark.parametrize("act", [Act.ACCEPTED, Act.STARTED, Act.FEEDBACK, Act.VERIFIED, Act.JOINED])
def test_what_goes_its_way_is_told_to_nobody(act: Act) -> None:
    assert from_handling(line(act, CASE), catalogue(), ZONE, ROLES).happening == Happening.NOTED


def test_end_of_a_hazard_is_its_being_put_right() -> None:
    closed = replace(CASE, kind=CaseKind.HAZARD, state=CaseState.CLOSED)
    told = from_handling(line(Act.CLOSED, closed, name="张工", comment="已整改"), catalogue(), ZONE, ROLES)
    assert (told.happening, told.mark.zh) == (Happening.ENDED, "橙色隐患销号")
    assert told.text.zh.endswith(";张工: 已整改")
    assert "期限" not in told.text.zh


def test_proposal_is_of_another_class_than_what_is_released() -> None:
    proposed = from_handling(line(Act.PROPOSED, NOTICE), catalogue(), ZONE, ROLES)
    assert (proposed.kind, proposed.role, proposed.tier, proposed.mark.zh) == (
        "proposal",
        "city",
        Tier.RED,
        "红色预警待签发",
    )
    inforce = replace(NOTICE, state=WarningState.RELEASED, tier=Tier.RED, proposed=None)
    released = from_handling(line(Act.RELEASED, inforce), catalogue(), ZONE, ROLES)
    assert (released.kind, released.happening, released.mark.zh) == ("warning", Happening.RAISED, "红色预警发布")


def test_declined_change_does_not_end_the_warning_in_force() -> None:
    inforce = replace(NOTICE, state=WarningState.RELEASED, tier=Tier.ORANGE)
    assert from_handling(line(Act.DECLINED, inforce), catalogue(), ZONE, ROLES).happening == Happening.NOTED
    never = replace(NOTICE, state=WarningState.DECLINED)
    assert from_handling(line(Act.DECLINED, never), catalogue(), ZONE, ROLES).happening == Happening.ENDED


def test_lifted_warning_ends_with_the_colour_it_had() -> None:
    lifted = replace(NOTICE, state=WarningState.LIFTED, tier=Tier.NONE)
    told = from_handling(line(Act.LIFTED, lifted), catalogue(), ZONE, ROLES)
    assert (told.happening, told.kind, told.tier, told.mark.zh) == (
        Happening.ENDED,
        "warning",
        Tier.RED,
        "红色预警解除",
    )
