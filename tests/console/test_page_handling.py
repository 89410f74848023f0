"""Cases, warnings and risk colours on the page, with the real ones in a real ledger."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from console.api import create_app
from console.server import Server
from ganzhi.handling import Reason, Scope
from ganzhi.records import Text, Tier
from storage.ledger import Ledger
from tests.alerting.office import DISTRICT, alarm, risk, says, told
from tests.console.office import Staffed
from tests.console.plant import Plant
from tests.console.test_page import show
from tests.console.test_page_alarm import CHINESE
from tests.console.test_page_lost import bare_page
from tests.servers import wait_until

__all__ = ["bare_page"]

CASE = "C20260501-000001"


@pytest.fixture
def staffed(plant: Plant, tmp_path: Path) -> Iterator[Staffed]:
    with Ledger(f"sqlite:///{tmp_path}/ledger.sqlite") as ledger:
        yield Staffed(plant, ledger)


@pytest.fixture
def server(staffed: Staffed, plant: Plant) -> Iterator[Server]:
    app = create_app(staffed.backend(), plant.feed, clock=staffed.office.clock, values_s=0.1)
    with Server(app, "127.0.0.1", 0) as running:
        yield running


def act(page: Page, button: str, person: str, words: str = "") -> Locator:
    """Choose an action, say who does it and what, and send it."""
    page.get_by_role("button", name=button, exact=True).click()
    dialog = page.locator("dialog")
    dialog.get_by_label("经办人").select_option(person)
    if words:
        dialog.locator("textarea[name=comment]").fill(words)
    dialog.locator("[type=submit]").click()
    return dialog


def test_two_people_carry_a_case_from_dispatch_to_close(staffed: Staffed, server: Server, bare_page: Page) -> None:
    page = bare_page
    show(page, server, "#/cases")
    expect(page.locator("#cases .list .empty")).to_contain_text("没有未关闭的工单")
    staffed.office.cases.follow([told(1, alarm())])
    expect(page.locator("#header .tab[data-role=cases] .count")).to_have_text("1")
    row = page.locator(".matter")
    for words in ("橙", "一号罐区 LT-101 液位高", "已派发", "现由 当班班长 负责", "接单期限 08:10:00", "剩 "):
        expect(row).to_contain_text(words)
    row.click()
    here = page.locator(".steps .here")
    act(page, "接单", "shift_leader")
    expect(here).to_have_text("已接单")
    act(page, "开始处置", "shift_leader")
    expect(here).to_have_text("处置中")
    page.get_by_role("button", name="反馈", exact=True).click()
    page.get_by_label("照片地址").fill("https://x/1.jpg\nhttps://x/2.jpg")
    page.get_by_label("处置情况").fill("已停泵")
    page.locator("dialog [type=submit]").click()
    expect(here).to_have_text("已反馈")
    expect(page.locator(".given")).to_contain_text("已停泵")
    expect(page.locator(".given a")).to_have_text(["照片 1 ↗", "照片 2 ↗"])

    dialog = act(page, "核验通过", "shift_leader")
    expect(dialog.locator(".refusal")).to_contain_text("反馈须由他人核验。")
    dialog.get_by_label("经办人").select_option("safety_officer")
    dialog.locator("[type=submit]").click()
    expect(here).to_have_text("已核验")
    act(page, "关闭", "safety_officer")
    expect(here).to_have_text("已关闭")
    expect(page.locator("#cases .list .empty")).to_contain_text("没有未关闭的工单")
    expect(page.locator(".matter-lines b")).to_have_text(
        [
            "开立工单并派发给当班班长",
            "当班班长接单",
            "当班班长开始处置",
            "当班班长处置反馈",
            "企业安全员核验通过",
            "企业安全员关闭工单",
        ]
    )
    page.get_by_role("button", name="已关闭").click()
    expect(page.locator(".matter .state")).to_have_text("已关闭")
    act(page, "重新打开", "safety_officer", "仍有渗漏")
    expect(here).to_have_text("已派发")


def test_an_overdue_case_says_so_and_who_has_it_now(staffed: Staffed, server: Server, page: Page) -> None:
    staffed.office.cases.follow([told(1, alarm())])
    show(page, server, f"#/case/{CASE}")
    expect(page.locator(".chain .here")).to_contain_text("当班班长")
    staffed.plant.now += staffed.office.wait(10)
    expect(page.locator(".matter")).to_contain_text("督办")
    expect(page.locator(".matter")).to_contain_text("逾期 1 次")
    expect(page.locator(".matter-one .now")).to_contain_text("现由 企业安全员 负责")
    expect(page.locator(".chain .past")).to_have_text("当班班长")
    expect(page.locator("#header .tab[data-role=cases] .count.bad")).to_have_text("1")
    page.get_by_role("button", name="逾期 1").click()
    expect(page.locator(".matter")).to_have_count(1)


def test_what_happened_while_the_line_was_lost_is_there_when_it_is_back(
    staffed: Staffed, plant: Plant, server: Server, page: Page
) -> None:
    staffed.office.cases.follow([told(1, alarm())])
    show(page, server, f"#/case/{CASE}")
    expect(page.locator(".steps .here")).to_have_text("已派发")
    plant.feed.disconnect()
    wait_until(lambda: plant.feed.subscribers == 0, "the page's leave")
    staffed.office.cases.act(CASE, "accept", says("shift_leader"))  # type: ignore[arg-type]
    staffed.office.warnings.follow([risk(Tier.ORANGE)])
    expect(page.locator(".steps .here")).to_have_text("已接单")
    expect(page.locator("#header .tab[data-role=warnings] .count")).to_have_text("1")


def test_a_hazard_is_reported_once_by_a_double_click_and_struck_off_in_the_end(server: Server, page: Page) -> None:
    show(page, server, "#/cases")
    page.get_by_role("button", name="上报隐患").click()
    dialog = page.get_by_role("dialog", name="上报隐患")
    dialog.get_by_label("隐患名称").fill("3 号罐护栏缺失")
    dialog.get_by_label("详细情况").fill("平台东侧约两米")
    dialog.get_by_text("黄", exact=True).click()
    dialog.get_by_label("危险源").select_option("tank-area-1")
    dialog.get_by_label("整改期限").fill("2026-05-03T18:00")
    dialog.get_by_label("经办人").select_option("town_office")
    dialog.get_by_role("button", name="上报").dblclick()
    expect(page.locator(".matter-one h2")).to_have_text("3 号罐护栏缺失")
    expect(page.locator(".matter-one .matter-facts")).to_contain_text("整改期限05-03 18:00:00")
    expect(page.locator(".steps li").last).to_have_text("已销号")
    expect(page.locator(".matter")).to_have_count(1)
    page.get_by_role("button", name="隐患 1").click()
    expect(page.locator(".matter")).to_contain_text("3 号罐护栏缺失")


def test_a_warning_is_released_by_whoever_may_with_his_pin_and_lifted(
    staffed: Staffed, server: Server, bare_page: Page
) -> None:
    page = bare_page
    show(page, server, "#/warnings")
    expect(page.locator("#warnings .list .empty")).to_contain_text("没有待决定的预警建议")
    staffed.office.warnings.follow([risk(Tier.ORANGE)])
    card = page.locator(".warning")
    for words in (
        "橙",
        "一号罐区",
        "建议签发橙色预警",
        "待 指挥部值班负责人 决定",
        "决定期限 08:15:00",
        "政府值班负责人",
    ):
        expect(card).to_contain_text(words)
    dialog = act(page, "签发橙色", "duty_officer")
    expect(dialog.locator(".refusal")).to_have_text(
        "部门值班负责人无权签发橙色预警;应由指挥部值班负责人、政府值班负责人办理。"
    )
    dialog.get_by_label("经办人").select_option("command_post")
    dialog.get_by_label("口令").fill("1111")
    dialog.locator("[type=submit]").click()
    expect(dialog.locator(".refusal")).to_have_text("口令错误。")
    dialog.get_by_label("口令").fill("2468")
    dialog.locator("[type=submit]").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="生效中 1").click()
    expect(card).to_contain_text("橙色预警生效中")
    card.get_by_role("button", name="调整", exact=True).click()
    page.locator("dialog").get_by_text("黄", exact=True).click()
    page.get_by_label("经办人").select_option("government")
    page.locator("dialog [type=submit]").click()
    expect(card).to_contain_text("黄色预警生效中")
    act(page, "解除", "government")
    expect(page.locator("#warnings .list .empty")).to_contain_text("没有生效的预警")
    page.get_by_role("button", name="已结束").click()
    expect(card).to_contain_text("已解除")
    card.get_by_role("button", name="查看经过").click()
    expect(card.locator(".matter-lines b")).to_have_text(
        [
            "建议橙色预警,待指挥部值班负责人决定",
            "指挥部值班负责人签发橙色预警",
            "政府值班负责人将预警由橙色降为黄色",
            "政府值班负责人解除黄色预警",
        ]
    )


def test_a_warning_is_proposed_by_hand_and_declined(staffed: Staffed, server: Server, page: Page) -> None:
    staffed.risks = [risk(Tier.NONE), risk(Tier.NONE, scope=Scope.DISTRICT, subject=DISTRICT)]
    show(page, server, "#/warnings")
    page.get_by_role("button", name="人工建议预警").click()
    dialog = page.get_by_role("dialog", name="人工建议预警")
    dialog.get_by_label("对象").select_option(f"district {DISTRICT}")
    dialog.get_by_label("理由").fill("台风")
    dialog.get_by_label("经办人").select_option("duty_officer")
    dialog.get_by_role("button", name="提出建议").click()
    expect(page.locator(".warning.chosen")).to_contain_text("建议签发黄色预警")
    expect(page.locator(".warning.chosen q")).to_have_text("台风")
    act(page, "不予签发", "duty_officer", "台风转向")
    expect(page.locator(".warning")).to_have_count(0)
    page.get_by_role("button", name="已结束").click()
    expect(page.locator(".warning")).to_contain_text("不予签发")


def test_risk_colours_say_why_since_when_and_who_handles_it(
    staffed: Staffed, plant: Plant, server: Server, page: Page
) -> None:
    raised = plant.raise_alarm(0, Tier.ORANGE, Text("液位高", "Level high"), Text("超限", "above"), id=alarm().id)
    staffed.office.cases.follow([told(1, alarm())])
    reason = Reason(Text("LT-101 液位高为橙色", "LT-101 level high is orange"), (raised.id,))
    red = replace(risk(Tier.ORANGE), reasons=(reason,))
    whole = replace(
        risk(Tier.ORANGE, scope=Scope.ENTERPRISE, subject="haihe-storage"),
        name=Text("海河石化仓储", "Haihe"),
        district=DISTRICT,
    )
    district = replace(risk(Tier.ORANGE, scope=Scope.DISTRICT, subject=DISTRICT), name=Text(DISTRICT, "Binhai"))
    calm = replace(risk(Tier.NONE, subject="tank-area-2"), name=Text("二号罐区", "Tank area 2"))
    staffed.risks = [red, whole, district, calm]
    show(page, server, "#/warnings")
    source = page.locator(".risk-source")
    for words in ("橙", "一号罐区", "08:00:00 起", "LT-101 液位高为橙色", "当班班长 · 已派发", "剩 "):
        expect(source).to_contain_text(words)
    expect(page.locator(".risk-enterprise")).to_contain_text("其余 1 个危险源正常")
    source.get_by_role("link", name="当班班长 · 已派发").click()
    expect(page.locator(".matter-one h2")).to_have_text("一号罐区 LT-101 液位高")
    page.locator(".matter-facts").get_by_role("link", name="液位高 LT-101").click()
    expect(page.get_by_role("dialog", name=re.compile("详情与经过"))).to_contain_text("超限")


def test_links_that_lead_nowhere_say_so(server: Server, bare_page: Page) -> None:
    page = bare_page
    show(page, server, "#/case/C1")
    expect(page.locator("#case")).to_contain_text("没有工单 C1。")
    page.goto(f"{server.url}/#/warning/W1")
    expect(page.locator("#toasts .bad")).to_have_text("没有预警 W1。")
    page.goto(f"{server.url}/#alarm=a1")
    expect(page.locator("#toasts .bad").last).to_contain_text("没有这条报警：a1")


def test_every_view_is_english_on_demand_and_fits_a_phone(staffed: Staffed, server: Server, page: Page) -> None:
    staffed.office.cases.follow([told(1, alarm())])
    staffed.office.warnings.follow([risk(Tier.ORANGE)])
    page.set_viewport_size({"width": 390, "height": 844})
    show(page, server)
    for language in ("English", "中文"):
        page.get_by_role("button", name=language).click()
        for address in ("#/cases", f"#/case/{CASE}", "#/warnings", "#/works"):
            page.goto(f"{server.url}/{address}")
            expect(page.locator("main:not([hidden]) .panel:visible").first).to_be_visible()
            expect(page.locator("#header .tab[data-role=cases] .count")).to_have_text("1")
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
            if language == "English":
                names = set(page.evaluate(CHINESE) or [])
                assert names <= {"滨海区", "当班班长"}, address
