"""What a person does to alarms on the page, against real alarms in a real ledger behind the real server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from ganzhi.records import Tier
from tests.console.control_room import GAS, LEVEL, PRESSURE, TEMPERATURE, Room, control_room
from tests.console.test_page import remember

B, Y, O, R, NONE = Tier.BLUE, Tier.YELLOW, Tier.ORANGE, Tier.RED, Tier.NONE  # noqa: E741
CHINESE = "document.querySelector('main:not([hidden])').innerText.match(/[\\u4e00-\\u9fff]+/g)"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with control_room(tmp_path, alarms={"comment_from": "red"}) as opened:
        yield opened


def enter(page: Page, room: Room, address: str = "") -> None:
    """Open the page as 李明 and wait until it listens."""
    remember(page, "operator", "李明")
    page.goto(f"{room.http.base_url}/{address}")
    expect(page.locator("#header .chip.good").first).to_have_text("实时")


def cards(page: Page) -> Locator:
    return page.locator("#alarms .alarm")


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=re.compile(name)).click()


def choose(card: Locator, action: str) -> None:
    """An action from the menu of a card."""
    card.get_by_role("button", name="更多操作").click()
    card.page.get_by_role("menuitem", name=action).click()


def test_a_red_alarm_is_acknowledged_with_a_note_where_the_site_wants_one(room: Room, page: Page) -> None:
    room.move("high", R)
    enter(page, room)
    expect(page.locator(".alarm-section")).to_have_text(["未确认 1"])
    cards(page).get_by_role("button", name="确认").click()
    dialog = page.get_by_role("dialog", name="确认报警")
    dialog.get_by_role("button", name="确认").click()
    expect(dialog).to_be_visible()  # a note is needed
    dialog.get_by_label("说明（必填）").fill("已派人")
    dialog.get_by_role("button", name="确认").click()
    expect(cards(page)).to_contain_text("李明 于 08:00:0")
    expect(cards(page)).to_contain_text("已派人")
    expect(page.locator(".alarm-section")).to_have_text(["已确认 1"])


def test_what_changed_since_it_was_on_the_screen_is_refused_and_the_others_are_acknowledged(
    room: Room, page: Page
) -> None:
    for point in (LEVEL, PRESSURE, TEMPERATURE):
        room.move("high", Y, point=point)
    enter(page, room)
    page.get_by_role("button", name="确认屏上 3 条").click()
    dialog = page.get_by_role("dialog", name="确认屏幕上的 3 条报警")
    expect(dialog.locator("li")).to_have_count(3)
    room.move("high", O, point=PRESSURE)
    expect(cards(page).first).to_contain_text("橙")
    dialog.get_by_role("button", name="确认").click()
    told = page.get_by_role("dialog", name="2 条已确认，1 条未确认")
    expect(told.locator("li")).to_have_count(1)
    expect(told.locator("li")).to_contain_text("PT-101")
    expect(told.locator("em")).to_have_text("该报警在您看到之后又有变化,请查看后再确认。")
    told.get_by_role("button", name="关闭").click()
    expect(page.locator(".alarm-section")).to_have_text(["未确认 1", "已确认 2"])


def test_only_what_is_on_the_screen_is_acknowledged(room: Room, page: Page) -> None:
    for number in range(8):
        room.move("high", Y, point=GAS, about=str(number))
    page.set_viewport_size({"width": 1440, "height": 800})
    enter(page, room)
    expect(cards(page)).to_have_count(8)
    page.locator("[data-role=bulk]").click()
    dialog = page.locator("dialog")
    listed = dialog.locator("li").count()
    assert 2 <= listed < 8
    dialog.get_by_role("button", name="确认").click()
    expect(page.locator(".alarm-section")).to_have_text([f"未确认 {8 - listed}", f"已确认 {listed}"])


def test_a_shelved_alarm_stands_apart_and_comes_back_announced(room: Room, page: Page) -> None:
    room.move("high", Y)
    enter(page, room)
    choose(cards(page), "搁置")
    dialog = page.get_by_role("dialog", name="搁置")
    dialog.get_by_text("15 分钟").click()
    dialog.get_by_label("原因（必填）").fill("校验液位计")
    dialog.get_by_role("button", name="搁置").click()
    expect(page.locator("#toasts")).to_contain_text("已搁置：high")
    expect(page.locator("#alarms .empty")).to_contain_text("当前没有报警")
    expect(page.locator(".counter.t2 .counter-count")).to_have_text("0")
    tab(page, "已抑制")
    for words in ("搁置", "至 08:15:0", "剩 1", "校验液位计", "李明"):
        expect(cards(page).locator(".suppressions")).to_contain_text(words)
    expect(page.locator("#announce")).to_have_text("")
    room.desk.publish(room.pass_time(15 * 60 + 1))
    expect(page.locator("#alarms .empty")).to_contain_text("没有被抑制的报警")
    tab(page, "当前")
    expect(cards(page).locator(".state")).to_have_text("未确认")
    expect(page.locator("#announce")).to_contain_text("新报警，黄色")


def test_an_alarm_is_unshelved_and_taken_out_of_service_and_put_back(room: Room, page: Page) -> None:
    (raised,) = room.move("high", Y)
    room.post(f"/api/alarms/{raised.alarm.id}/shelve", person="甲", reason="校表", once=True)
    enter(page, room)
    tab(page, "已抑制")
    expect(cards(page).locator(".suppressions")).to_contain_text("到恢复为止")
    cards(page).get_by_role("button", name="取消搁置").click()
    page.locator("dialog").get_by_role("button", name="取消搁置").click()
    expect(page.locator("#alarms .empty")).to_be_visible()
    tab(page, "当前")
    choose(cards(page), "停用")
    page.get_by_label("原因（必填）").fill("仪表损坏")
    page.locator("dialog").get_by_role("button", name="停用").click()
    expect(page.locator("#alarms .empty")).to_be_visible()
    tab(page, "已抑制")
    expect(cards(page).locator(".suppressions")).to_contain_text("直到有人恢复使用")
    cards(page).get_by_role("button", name="恢复使用").click()
    page.locator("dialog").get_by_role("button", name="恢复使用").click()
    expect(page.locator("#alarms .empty")).to_be_visible()
    expect(page.locator("#journal .event").first).to_contain_text("恢复使用")


def test_a_latched_alarm_is_reset(room: Room, page: Page) -> None:
    room.move("latching", Y, point=GAS)
    room.move("latching", NONE, point=GAS)
    enter(page, room)
    expect(cards(page).locator(".state")).to_have_text("锁存·未确认")
    cards(page).get_by_role("button", name="确认").click()
    cards(page).get_by_role("button", name="复位").click()
    page.locator("dialog").get_by_role("button", name="复位").click()
    expect(page.locator("#alarms .empty")).to_contain_text("当前没有报警")


def test_an_external_event_shows_its_picture_as_a_link_and_is_closed_with_a_note(room: Room, page: Page) -> None:
    event = {"key": "cam-3/17", "kind": "flame", "source": "tank-area-1", "text": "T-102 东侧可见明火", "by": "cam-3"}
    picture = "http://nvr.example/cam-3/17.jpg"
    answer = room.post("/api/events/haihe-storage", **event, picture=picture, tier="orange")
    assert answer.status_code == 201
    enter(page, room)
    card = cards(page)
    for words in ("外部事件", "T-102 东侧可见明火", "cam-3"):
        expect(card).to_contain_text(words)
    link = card.get_by_role("link", name="查看图片")
    assert (link.get_attribute("href"), link.get_attribute("rel")) == (picture, "noopener noreferrer")
    card.get_by_role("button", name="确认").click()
    card.get_by_role("button", name="关闭事件").click()
    page.get_by_label("说明（必填）").fill("已扑灭")
    page.locator("dialog").get_by_role("button", name="关闭事件").click()
    expect(page.locator("#alarms .empty")).to_contain_text("当前没有报警")
    expect(page.locator("#journal .event").first).to_contain_text("已扑灭")


def flood(room: Room) -> None:
    """Ten of the gas area, then four of the tank area: the first, one folded, one red, one folded."""
    for number in range(10):
        room.move("high", Y, point=GAS, about=str(number))
    room.move("high", Y)
    room.move("high", Y, point=TEMPERATURE)
    room.move("high", R, point=PRESSURE)
    room.move("silent", B)


def test_a_flood_folds_an_incident_and_never_what_is_red(room: Room, page: Page) -> None:
    flood(room)
    enter(page, room)
    expect(page.locator(".floods")).to_contain_text("报警泛滥 全站")
    head = page.locator(".incident").first
    expect(head).to_contain_text("事件 一号罐区")
    expect(head).to_contain_text("LT-101")
    names = page.locator("#alarms .alarm.inside .place")
    expect(names).to_have_text([re.compile("LT-101"), re.compile("PT-101")])
    fold = head.get_by_role("button", name=re.compile("展开折叠的 2 条"))
    fold.focus()
    page.keyboard.press("Enter")
    expect(names).to_have_count(4)
    again = head.get_by_role("button", name=re.compile("收起 2 条"))
    expect(again).to_be_focused()
    expect(again).to_have_attribute("aria-expanded", "true")


def test_late_data_is_listed_apart_and_neither_counted_nor_announced(room: Room, page: Page) -> None:
    enter(page, room)
    expect(page.locator("#alarms .empty")).to_contain_text("当前没有报警")
    room.move("high", R, retrospective=True)
    expect(page.locator("#journal .event")).to_contain_text("补传")
    tab(page, "补传")
    expect(cards(page)).to_have_count(1)
    expect(cards(page)).to_contain_text("红")
    expect(cards(page).get_by_role("button")).to_have_count(0)
    expect(page.locator(".counter.t4 .counter-count")).to_have_text("0")
    expect(page.locator("#announce")).to_have_text("")


def test_a_link_to_an_alarm_shows_all_about_it_also_when_it_has_ended(room: Room, page: Page) -> None:
    (raised,) = room.move("high", Y)
    room.post(f"/api/alarms/{raised.alarm.id}/acknowledge", person="甲", comment="看过")
    room.move("high", NONE)
    enter(page, room, f"#alarm={raised.alarm.id}")
    dialog = page.get_by_role("dialog", name=re.compile("详情与经过"))
    expect(dialog.locator(".hint")).to_have_text("该报警已结束。")
    expect(dialog.locator(".lines b")).to_have_text(["发生", "已确认", "恢复"])
    expect(dialog.locator(".lines q")).to_have_text("看过")
    dialog.get_by_role("button", name="关闭").click()
    assert page.url.endswith("#/")


def test_the_menu_is_walked_with_the_arrow_keys_and_closed_by_escape(room: Room, page: Page) -> None:
    room.move("high", Y)
    enter(page, room)
    more = cards(page).get_by_role("button", name="更多操作")
    more.focus()
    page.keyboard.press("Enter")
    expect(more).to_have_attribute("aria-expanded", "true")
    items = page.get_by_role("menuitem")
    expect(items).to_have_text(["附言并确认…", "搁置…", "停用…", "详情与经过"])
    expect(items.first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(items.last).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#menu")).to_be_hidden()
    expect(more).to_be_focused()


def test_maintenance_is_entered_suppresses_by_design_and_is_ended(room: Room, page: Page) -> None:
    room.move("high", Y)
    enter(page, room, "#/works")
    expect(page.locator("#works .empty")).to_contain_text("没有进行中或将要开始的作业")
    page.get_by_role("button", name="登记作业").click()
    dialog = page.get_by_role("dialog", name="登记作业")
    dialog.get_by_label("危险源").select_option("tank-area-1")
    dialog.get_by_label("测点").select_option("haihe-storage.LT-101")
    dialog.get_by_label("内容").fill("更换液位计")
    dialog.get_by_role("button", name="登记", exact=True).click()
    row = page.locator("#works tbody tr")
    for words in ("检修作业", "haihe-storage.LT-101", "进行中", "更换液位计", "至橙色"):
        expect(row).to_contain_text(words)
    room.desk.publish(room.pass_time(1))
    page.get_by_role("link", name="实时监控").click()
    tab(page, "已抑制")
    expect(cards(page).locator(".suppressions")).to_contain_text("设计抑制")
    expect(cards(page).locator(".context")).to_contain_text("更换液位计（李明）")
    page.get_by_role("link", name="作业", exact=True).click()
    page.get_by_role("button", name="结束").click()
    page.locator("dialog").get_by_role("button", name="结束").click()
    expect(page.locator("#works .empty")).to_be_visible()
    page.get_by_label("含已结束").check()
    expect(row).to_contain_text("李明 于 08:00:0")


def test_nothing_chinese_is_left_in_english(room: Room, page: Page) -> None:
    flood(room)
    room.post(
        "/api/works",
        kind="permit",
        scope="source",
        subject="tank-area-1",
        end=room.clock[0] // 1_000_000 + 9,
        reason="x",
        person="y",
    )
    enter(page, room)
    page.get_by_role("button", name="English").click()
    expect(page.locator(".floods")).to_contain_text("Alarm flood: whole site")
    assert page.evaluate(CHINESE) is None
    page.get_by_role("link", name="Works").click()
    expect(page.locator("#works tbody")).to_contain_text("Permit")
    assert page.evaluate(CHINESE) is None
