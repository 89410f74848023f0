"""The views on the platform itself in Chromium: conditions, health, reconciliation, a change of configuration."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from console.server import Server
from ganzhi.records import Catalogue, Enterprise, Reconciled, Text
from tests.console.busy import BEHIND, DISK_FULL, HOUR, busy_plant
from tests.console.plant import NOW, Plant
from tests.console.test_page import show

BUSY = pytest.mark.parametrize("plant", [busy_plant], indirect=True)
CHINESE = "document.querySelector('main:not([hidden])').innerText.match(/[\\u4e00-\\u9fff]+/g)"


@BUSY
def test_conditions_stand_on_every_view_worst_first_and_go_when_they_end(
    plant: Plant, server: Server, page: Page
) -> None:
    show(page, server)
    lines = page.locator("#conditions .condition-text")
    for view in ("", "#/health", "#/reconciliation"):
        page.goto(f"{server.url}/{view}")
        expect(lines).to_have_text([DISK_FULL["zh"], BEHIND["zh"]])
    expect(page.locator("#conditions .badge")).to_have_text(["红", "黄"])
    expect(page.locator("#conditions .t4 time")).to_have_text("07:58:00 起")
    page.get_by_role("button", name="English").click()
    expect(lines).to_have_text([DISK_FULL["en"], BEHIND["en"]])
    plant.health["conditions"] = []
    expect(page.locator("#conditions")).to_be_hidden()


def test_many_conditions_leave_room_for_the_alarms(plant: Plant, server: Server, page: Page) -> None:
    plant.health["conditions"] = [
        {"id": f"part.{n}", "tier": 2, "text": BEHIND, "since": NOW // 1_000_000} for n in range(5)
    ]
    show(page, server)
    expect(page.locator("#conditions li")).to_have_count(4)
    page.get_by_role("link", name="另有 2 项平台异常").click()
    expect(page.locator("#conditions .condition-text")).to_have_count(5)


def test_a_condition_of_the_mqtt_line_takes_the_place_of_our_own_sentence(
    plant: Plant, server: Server, page: Page
) -> None:
    plant.health["mqtt"]["connected"] = False
    show(page, server)
    expect(page.locator("#banner")).to_contain_text("与 MQTT 服务器的连接已断开")
    plant.health["conditions"] = [{"id": "mqtt.down", "tier": 3, "text": {"zh": "断线", "en": "down"}, "since": 0}]
    expect(page.locator("#conditions .condition-text")).to_have_text("断线")
    expect(page.locator("#banner")).to_be_hidden()


@BUSY
def test_health_shows_backlog_log_snapshot_and_conflicts(plant: Plant, server: Server, page: Page) -> None:
    show(page, server, "#/health")
    store = page.locator(".consumers tbody tr").nth(1)
    for words in ("store", "35,235", "12分", "3.5 MB", "InfluxDB: connection refused"):
        expect(store).to_contain_text(words)
    facts = page.locator(".storage dd")
    expect(facts).to_have_text(["5.0 GB", "700 MB", "1.3 ms / 21 ms", "410", "45秒前 · 793 KB", "2"])
    expect(facts.nth(1).locator(".bad-text")).to_have_count(1)
    expect(page.locator(".refused-sample")).to_have_text("haihe-storage.LT-101 7.62: field type conflict")
    first = page.locator(".conflicts tbody tr").first
    expect(first.locator("td")).to_have_text(
        ["海河石化仓储", "haihe-storage.LT-101", "07:58:59", "7.62", "8.6200001", "07:59:00"]
    )
    page.get_by_role("button", name="English").click()
    expect(facts.nth(4)).to_have_text("45 s ago · 793 KB")
    left = set(page.evaluate(CHINESE))
    assert left == {"坏数值"}


def test_health_of_a_platform_that_has_just_started(server: Server, page: Page) -> None:
    show(page, server, "#/health")
    expect(page.locator(".storage dd")).to_have_text(["0 B", "0 B", "— / —", "0", "尚无", "0"])
    expect(page.locator(".conflicts")).to_contain_text("没有数值冲突")


@BUSY
def test_a_panel_that_does_not_change_is_left_alone(plant: Plant, server: Server, page: Page) -> None:
    show(page, server, "#/health")
    page.locator(".conflicts .scroll").evaluate("node => { node.mark = 1; }")
    page.locator("[data-role=reload]").focus()
    plant.health["rates"] = {"readings_per_s": 7.0, "messages_per_s": 1.0}
    expect(page.locator(".flow dd").first).to_have_text("7.0")
    assert page.locator(".conflicts .scroll").evaluate("node => node.mark") == 1
    expect(page.locator("[data-role=reload]")).to_be_focused()


@BUSY
def test_reconciliation_lists_hours_and_marks_what_does_not_close(plant: Plant, server: Server, page: Page) -> None:
    show(page, server)
    page.get_by_role("link", name="对账", exact=True).click()
    rows = page.locator("#reconciliation tbody tr")
    expect(rows).to_have_count(48)
    cells = rows.first.locator("td")
    expect(cells).to_have_count(13)
    for i, words in enumerate(("05-01 08:00–09:00进行中", "滨海精细化工", "✓ 平", "3,620", "3,600", "10", "6", "2")):
        expect(cells.nth(i)).to_have_text(words)
    verdict = page.locator("#reconciliation .panel-head .badge")
    expect(verdict).to_have_text("✓ 全部平")
    expect(page.locator(".totals .sum .badge")).to_have_text(["✓ 平", "✓ 平"])
    expect(page.locator("#reconciliation tfoot td").first).to_have_text("173,760")
    rows.first.evaluate("node => { node.mark = 1; }")

    lost = Reconciled(NOW - HOUR, "", received=12, accepted=7, rejected=3, stored=5, refused=1)
    plant.reconciled.append(lost)
    expect(verdict).to_have_text("✗ 1 行不平", timeout=12_000)
    off = page.locator("#reconciliation tr.off")
    expect(off).to_have_count(2)
    expect(off.first).to_contain_text("未知企业")
    expect(off.nth(1).locator("p")).to_have_text(
        ["接收 12 ≠ 各去向之和 10，差 2", "接受＋迟到 7 ≠ 已入库＋库拒收＋待入库 6，差 1"]
    )
    expect(page.locator(".totals .sum .badge")).to_have_text(["✗ 差 2", "✗ 差 1"])
    assert rows.first.evaluate("node => node.mark") == 1

    page.get_by_label("只看不平").check()
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="English").click()
    expect(off.nth(1).locator("p").first).to_have_text("Received 12 ≠ sum of the ends 10: off by 2")
    assert page.evaluate(CHINESE) is None


def many_plant() -> Plant:
    """200 enterprises over 24 hours, one of which was idle for an hour and one of which lost a row long ago."""
    owners = [f"works-{n:03}" for n in range(200)]
    rows = [
        Reconciled(NOW - hour * HOUR, owner, received=100, accepted=100, stored=100)
        for hour in range(24)
        for owner in owners
    ]
    rows[0] = Reconciled(NOW, "works-000")
    rows[-1] = Reconciled(NOW - 23 * HOUR, "works-199", received=100, accepted=100, stored=99)
    names = {owner: Enterprise(owner, Text(f"{owner} 厂", f"{owner} works")) for owner in owners}
    return Plant(catalogue=Catalogue(names, {}, ()), rules=[], reconciled=rows)


@pytest.mark.parametrize("plant", [many_plant], indirect=True)
def test_a_city_of_enterprises_stays_usable(server: Server, page: Page) -> None:
    show(page, server, "#/reconciliation")
    rows = page.locator("#reconciliation tbody tr:not(.reason)")
    expect(rows).to_have_count(500)
    expect(page.locator("#reconciliation .more")).to_have_text("还有 4,299 项，请用筛选缩小范围")
    expect(rows.first).to_contain_text("works-001 厂")
    expect(rows.last).to_contain_text("works-199 厂")
    expect(rows.last).to_have_class("off")
    page.get_by_label("按企业筛选").fill("WORKS-000")
    expect(rows).to_have_count(23)
    expect(page.locator(".totals h3")).to_have_text("合计：近 24 小时，1 家企业")
    page.get_by_label("只看有数据").uncheck()
    expect(rows).to_have_count(24)
    page.get_by_label("按企业筛选").fill("nobody")
    expect(page.locator("#reconciliation .empty")).to_have_text("没有符合筛选的项目")


def test_reconciliation_without_readings_says_what_will_come(server: Server, page: Page) -> None:
    show(page, server, "#/reconciliation")
    expect(page.locator("#reconciliation .empty")).to_contain_text("这段时间没有收到读数")
    expect(page.locator("#reconciliation table")).to_be_hidden()


@BUSY
def test_another_span_is_asked_for_and_the_table_downloaded(
    plant: Plant, server: Server, page: Page, tmp_path: Path
) -> None:
    show(page, server, "#/reconciliation")
    with page.expect_request(re.compile(r"/api/reconciliation\?hours=72$")):
        page.get_by_role("button", name="近 3 天").click()
    expect(page.get_by_role("button", name="近 3 天")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#reconciliation tbody tr")).to_have_count(48)
    with page.expect_download() as download:
        page.get_by_role("link", name="下载 CSV").click()
    assert download.value.suggested_filename == "reconciliation-20260501-0800.csv"
    file = tmp_path / "table.csv"
    download.value.save_as(file)
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.reader(lines))
    assert (len(rows), rows[1][2]) == (49, "滨海精细化工")


@BUSY
def test_a_good_configuration_is_accepted_after_asking(plant: Plant, server: Server, page: Page) -> None:
    show(page, server, "#/health")
    page.locator("[data-role=reload]").click()
    dialog = page.get_by_role("dialog", name="重新加载配置")
    dialog.get_by_role("button", name="取消").click()
    expect(dialog).to_be_hidden()
    assert plant.reloaded == 0
    page.locator("[data-role=reload]").click()
    dialog.get_by_role("button", name="重新加载配置").click()
    expect(page.locator("#toasts .good")).to_contain_text("新配置已接受")
    expect(dialog).to_be_hidden()
    assert plant.reloaded == 1
