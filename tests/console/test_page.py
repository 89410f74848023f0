"""The page in Chromium: what a person on duty sees and does. Any error on its console fails the test."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from console.health import Words
from console.server import Server
from ganzhi.records import Catalogue, Change, Enterprise, Point, Quality, Reconciled, Source, Text, Tier
from tests.console.plant import GAS, LEVEL, NOW, PRESSURE, TEMPERATURE, Plant, S

HIGH = Text("液位高", "Level high")
TEXT = Text("LT-101 液位 14.50 m，超过 14.4 m", "LT-101 reads 14.50 m, above 14.4 m")
HOSTILE = "<script>window.hurt = 1</script><img src=x onerror='window.hurt = 1'>"
HOSTILE_NAME = "<script>window.hurt = 2</script>"
HOSTILE_TEXT = Text(HOSTILE, HOSTILE)


def show(page: Page, server: Server, address: str = "") -> None:
    """Open the page and wait until it listens to the platform."""
    page.goto(f"{server.url}/{address}")
    expect(page.locator("#header .chip.good").first).to_have_text("实时")


def remember(page: Page, name: str, value: str) -> None:
    context: BrowserContext = page.context
    context.add_init_script(f"localStorage.setItem({json.dumps('ganzhi.' + name)}, {json.dumps(value)})")


def test_an_alarm_appears_without_reload_and_is_counted(plant: Plant, server: Server, page: Page) -> None:
    plant.read(LEVEL, 14.5, simulated=True)
    show(page, server)
    expect(page.locator("#alarms .empty")).to_contain_text("当前没有报警")
    expect(page.locator(".counter.t4 .counter-count")).to_have_text("0")

    plant.raise_alarm(LEVEL, Tier.RED, HIGH, TEXT, simulated=True)

    card = page.locator("#alarms .alarm")
    expect(card).to_have_count(1)
    for words in ("红", "液位高", "LT-101 液位 14.50 m，超过 14.4 m", "未确认", "模拟", "08:00:00 发生"):
        expect(card).to_contain_text(words)
    for words in ("处置建议立即停止进料", "依据design limits of the tank"):
        expect(card).to_contain_text(words)
    expect(page.locator(".counter.t4 .counter-count")).to_have_text("1")
    expect(page.locator(".source.t4 .source-name")).to_have_text("一号罐区")
    expect(page.locator("#journal .event")).to_contain_text("发生")
    expect(page.locator("#announce")).to_have_text("新报警，红色：LT-101 液位 14.50 m，超过 14.4 m")
    expect(page).to_have_title("(1) 示范市滨海区 · 感知中枢")

    plant.clear("alarm-1")
    expect(card).to_contain_text("已恢复·未确认")
    expect(page.locator(".counter.t4 .counter-count")).to_have_text("0")


def test_alarms_stand_worst_first_and_a_counter_narrows_them(plant: Plant, server: Server, page: Page) -> None:
    for tier in (Tier.BLUE, Tier.RED, Tier.YELLOW, Tier.ORANGE):
        plant.raise_alarm(LEVEL, tier, HIGH, Text(f"等级 {int(tier)}", ""))
    show(page, server)
    badges = page.locator("#alarms .alarm-head .badge")
    expect(badges).to_have_text(["红", "橙", "黄", "蓝"])
    page.locator(".counter.t2").click()
    expect(badges).to_have_text(["黄"])
    expect(page.locator(".counter.t2")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="显示全部").click()
    expect(badges).to_have_count(4)


def test_acknowledging_asks_for_the_name_once_and_tells_the_platform(plant: Plant, server: Server, page: Page) -> None:
    first = plant.raise_alarm(LEVEL, Tier.RED, HIGH, TEXT)
    second = plant.raise_alarm(PRESSURE, Tier.ORANGE, Text("压力高", "Pressure high"), TEXT)
    show(page, server)
    card = page.locator(f"#alarms .alarm[data-key={first.id}]")
    card.get_by_role("button", name="确认").click()
    dialog = page.get_by_role("dialog", name="确认报警")
    dialog.get_by_label("姓名").fill("李明")
    dialog.get_by_label("附言").fill("已停泵")
    dialog.get_by_role("button", name="确认").click()
    expect(card).to_contain_text("李明 于 08:00:00 确认")
    expect(card).to_contain_text("已停泵")
    expect(card.locator(".state")).to_have_text("已确认")
    expect(page.locator("#header .operator")).to_have_text("值班员 李明")
    expect(page.locator("#toasts")).to_contain_text("已确认：液位高")

    other = page.locator(f"#alarms .alarm[data-key={second.id}]")
    other.get_by_role("button", name="确认").dblclick()
    expect(other.locator(".state")).to_have_text("已确认")
    assert plant.acknowledged == [(first.id, "李明", "已停泵"), (second.id, "李明", "")]

    plant.clear(first.id)
    expect(page.locator("#alarms .alarm")).to_have_count(1)


def test_an_acknowledgement_from_another_desk_shows_here(plant: Plant, server: Server, page: Page) -> None:
    alarm = plant.raise_alarm(LEVEL, Tier.RED, HIGH, TEXT)
    show(page, server)
    expect(page.locator("#alarms .alarm .state")).to_have_text("未确认")
    plant.acknowledge(alarm.id, "王芳", "")
    expect(page.locator("#alarms .alarm")).to_contain_text("王芳 于 08:00:00 确认")


def test_an_alarm_shows_its_trend_and_its_forecast(plant: Plant, server: Server, page: Page) -> None:
    figures = {
        "score": 14.0,
        "minutes_expected": 12.4,
        "tier": 2.0,
        "minutes_early": 10.9,
        "minutes_late": 14.1,
        "target": 14.4,
    }
    evidence = {f"{name}:level.overfill": figure for name, figure in figures.items()}
    alarm = plant.raise_alarm(LEVEL, Tier.YELLOW, HIGH, TEXT, evidence=evidence, value=13.7, limit=13.6)
    show(page, server)
    card = page.locator("#alarms .alarm")
    expect(card.locator(".forecast")).to_have_text("预计 12 分钟后到达14.4 m（11～14 分钟）")
    expect(card.locator(".spark")).to_have_text("↑2 m/分")
    page.get_by_role("button", name="English").click()
    expect(card.locator(".forecast")).to_have_text("Reaches 14.4 m in about 12 min (11 to 14)")
    over = replace(alarm, value=14.5, limit=14.4, text=Text("满了", "full"))
    plant.note(over, Change.WORSENED, Tier.YELLOW)
    expect(card.locator(".alarm-text")).to_have_text("full")
    expect(card.locator(".forecast")).to_have_count(0)  # it is reached


def test_only_what_the_platform_announces_is_read_out(plant: Plant, server: Server, page: Page) -> None:
    show(page, server)
    expect(page.locator("#alarms .empty")).to_contain_text("当前没有报警")
    alarm = plant.raise_alarm(LEVEL, Tier.YELLOW, HIGH, TEXT)
    expect(page.locator("#announce")).to_contain_text("黄色")
    plant.note(replace(alarm, tier=Tier.ORANGE, text=Text("降了", "down")), Change.EASED, Tier.RED)
    expect(page.locator("#alarms .alarm-text")).to_have_text("降了")
    expect(page.locator("#announce")).to_contain_text("黄色")


def test_the_language_switch_changes_every_text_and_is_remembered(plant: Plant, server: Server, page: Page) -> None:
    plant.read(LEVEL, 14.5)
    plant.raise_alarm(LEVEL, Tier.RED, HIGH, TEXT)
    show(page, server)
    page.get_by_role("button", name="English").click()
    expect(page.locator("h1")).to_have_text("Binhai District")
    expect(page.locator("#alarms .alarm-text")).to_have_text("LT-101 reads 14.50 m, above 14.4 m")
    expect(page.locator("#alarms .alarm-head .badge")).to_have_text("Red")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    left = page.evaluate("document.body.innerText.match(/[\\u4e00-\\u9fff]+/g)")
    assert left == ["中文"]
    page.reload()
    expect(page.locator("h1")).to_have_text("Binhai District")
    page.get_by_role("button", name="中文").click()
    expect(page.locator("h1")).to_have_text("示范市滨海区")


def test_live_values_quality_and_silence_show_in_the_table(plant: Plant, server: Server, page: Page) -> None:
    plant.read(LEVEL, 7.5, simulated=True)
    plant.read(TEMPERATURE, 25.0, Quality.IN_CALIBRATION)
    show(page, server, "#/source/tank-area-1")
    rows = page.locator("#points tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("7.50m")
    expect(rows.nth(0).locator(".sim")).to_have_text("模拟")
    expect(rows.nth(0).locator(".zone")).to_have_count(2)
    expect(rows.nth(1)).to_contain_text("校准中")
    expect(rows.nth(1).locator(".sim")).to_have_count(0)
    expect(rows.nth(2)).to_contain_text("从未上报")

    plant.now = NOW + 20 * S
    plant.read(LEVEL, 8.25, simulated=True)
    expect(rows.nth(0)).to_contain_text("8.25m")
    expect(rows.nth(1)).to_have_class(re.compile("stale"))
    expect(rows.nth(0)).not_to_have_class(re.compile("stale"))
    expect(rows.nth(1)).to_contain_text("20秒前")


def test_choosing_a_source_and_a_point_shows_its_curve(plant: Plant, server: Server, page: Page) -> None:
    for second in range(60):
        plant.now = NOW + second * S
        plant.read(GAS, 20.0 + second / 10)
        plant.read(LEVEL, 8.0)
    show(page, server)
    page.locator(".source", has_text="丙烷装置区").click()
    expect(page.locator("#detail-head h2")).to_have_text("丙烷装置区")
    expect(page.locator("#curve h3")).to_have_text("GD/01 可燃气体%LEL")
    expect(page.locator(".chart-message")).to_be_hidden()
    box = page.locator(".u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2)
    expect(page.locator(".readout")).to_have_text(re.compile(r"^08:00:\d\d  25\.\d0 %LEL$"))
    with page.expect_request(re.compile(r"/api/points/binhai-chem.GD%2F01/curve\?minutes=120")):
        page.get_by_role("button", name="2 小时").click()
    page.reload()
    expect(page.locator("#curve h3")).to_have_text("GD/01 可燃气体%LEL")
    expect(page.get_by_role("button", name="2 小时")).to_have_attribute("aria-pressed", "true")


def test_an_old_curve_and_an_empty_one_say_so(plant: Plant, server: Server, page: Page) -> None:
    plant.read(LEVEL, 8.0)
    plant.now = NOW + 7200 * S
    show(page, server, "#/source/tank-area-1/haihe-storage.LT-101")
    expect(page.locator(".chart-old")).to_have_text("最近一次读数在 08:00:00，曲线停在该时刻")
    page.locator("#points .tag", has_text="PT-101").click()
    expect(page.locator(".chart-message")).to_have_text("该时段没有读数")


def hostile_plant() -> Plant:
    """A plant on which every text that comes from outside is a script."""
    owner = Enterprise("e", HOSTILE_TEXT)
    source = Source("s", "e", HOSTILE_TEXT, HOSTILE)
    point = Point("e.p", "e", "s", HOSTILE, HOSTILE, HOSTILE, 0.0, 1.0, 0.1, 1.0, name=HOSTILE)
    plant = Plant(catalogue=Catalogue({"e": owner}, {"s": source}, (point,)), rules=[], site_name=HOSTILE_TEXT)
    ms = NOW // 1_000_000
    plant.health["rejected_by_reason"] = {HOSTILE: {"count": 1, "sample": HOSTILE, "topic": HOSTILE, "at": ms}}
    plant.health["unknown_points"] = [{"enterprise": HOSTILE, "gateway": HOSTILE, "tag": HOSTILE, "count": 1, "at": ms}]
    plant.health["mqtt"] = {"connected": True, "url": HOSTILE, "since": ms, "outstanding": 0, "error": HOSTILE}
    words: Words = {"zh": HOSTILE, "en": HOSTILE}
    plant.health["conditions"] = [{"id": HOSTILE, "tier": 4, "text": words, "since": ms}]
    plant.health["consumers"] = [
        {"name": HOSTILE, "backlog_rows": 1, "backlog_s": 1.0, "backlog_bytes": 1, "error": HOSTILE}
    ]
    plant.health["conflicts"] = [
        {"enterprise": HOSTILE, "point": HOSTILE, "time": ms, "kept": 1.0, "refused": 2.0, "at": ms}
    ]
    plant.health["store_refused"] = {"count": 1, "sample": HOSTILE}
    plant.health["snapshot"] = {"at": None, "seq": 0, "bytes": 0, "error": HOSTILE}
    plant.reconciled = [Reconciled(NOW, "e", received=1), Reconciled(NOW, HOSTILE, received=1)]
    plant.read(0, 0.5)
    plant.raise_alarm(0, Tier.RED, HOSTILE_TEXT, HOSTILE_TEXT, advice=HOSTILE_TEXT, basis=HOSTILE)
    return plant


@pytest.mark.parametrize("plant", [hostile_plant], indirect=True)
def test_hostile_texts_stay_texts(plant: Plant, server: Server, page: Page) -> None:
    remember(page, "operator", HOSTILE_NAME)
    show(page, server)
    expect(page.locator("#alarms .alarm-name")).to_have_text(HOSTILE)
    expect(page.locator("#alarms .alarm-text")).to_have_text(HOSTILE)
    expect(page.locator("#points .tag")).to_have_text(HOSTILE)
    page.locator("#alarms").get_by_role("button", name="确认").click()
    expect(page.locator("#alarms .done")).to_contain_text(HOSTILE_NAME)
    assert plant.acknowledged == [("alarm-1", HOSTILE_NAME, "")]
    page.get_by_role("button", name="值班员").click()
    page.get_by_role("button", name="取消").click()
    page.get_by_role("link", name="运行状况").click()
    expect(page.locator(".rejected .sample")).to_have_text(HOSTILE)
    expect(page.locator("#conditions .condition-text")).to_have_text(HOSTILE)
    expect(page.locator(".refused-sample")).to_have_text(HOSTILE)
    page.get_by_role("link", name="对账", exact=True).click()
    expect(page.locator("#reconciliation tbody .wide")).to_have_text([HOSTILE, HOSTILE])
    assert page.evaluate("window.hurt") is None
    assert page.locator("main script, main img").count() == 0


def empty_plant() -> Plant:
    return Plant(catalogue=Catalogue({}, {}, ()), rules=[])


@pytest.mark.parametrize("plant", [empty_plant], indirect=True)
def test_an_empty_site_says_what_to_do(server: Server, page: Page) -> None:
    show(page, server)
    expect(page.locator("#points .empty")).to_contain_text("尚无危险源")
    expect(page.locator("#points .empty")).to_contain_text("ganzhi check")
    expect(page.locator("#points .empty")).to_contain_text("尚无网关接入")


def test_a_site_without_gateways_shows_what_to_publish(plant: Plant, server: Server, page: Page) -> None:
    show(page, server)
    expect(page.locator("#points .empty")).to_contain_text("尚无网关接入")
    expect(page.locator("#points .empty pre")).to_contain_text("ganzhi/v1/haihe-storage/gateway-1/data")
    expect(page.locator("#points .empty pre")).to_contain_text('"values":{"LT-101":8}')
    plant.read(LEVEL, 8.0)
    ms = NOW // 1_000_000
    gateway = {"enterprise": "haihe-storage", "gateway": "gw-tank", "last": ms, "readings": 1, "skew_s": 0.0}
    plant.health["gateways"] = [gateway]  # type: ignore[list-item]
    expect(page.locator("#points .empty")).to_be_hidden()


def test_the_health_view_balances_the_counters(plant: Plant, server: Server, page: Page) -> None:
    counts = {"received": 15, "accepted": 8, "late": 2, "duplicate": 1, "rejected": 3, "unknown": 1}
    plant.health["counters"].update({**counts, "stored": 6, "backlog": 1})  # type: ignore[typeddict-item]
    ms = NOW // 1_000_000
    plant.health["unknown_points"] = [{"enterprise": "e", "gateway": "g", "tag": "X-9", "count": 4, "at": ms}]
    plant.health["consumers"] = [
        {"name": "telemetry", "backlog_rows": 1, "backlog_s": 0.5, "backlog_bytes": 90, "error": "refused"}
    ]
    show(page, server, "#/health")
    expect(page.locator(".sum .badge")).to_have_text(["✓ 平", "✗ 差 3"])
    expect(page.locator(".unknown tbody tr")).to_contain_text("X-9")
    expect(page.locator(".consumers tbody tr")).to_contain_text("refused")
    expect(page.locator(".gateways")).to_contain_text("尚无网关接入")
    plant.health["counters"]["stored"] = 9
    expect(page.locator(".sum .badge")).to_have_text(["✓ 平", "✓ 平"])


def test_a_lost_broker_shows_a_banner(plant: Plant, server: Server, page: Page) -> None:
    plant.health["mqtt"].update({"connected": False, "error": "connection refused"})
    show(page, server)
    expect(page.locator("#banner")).to_contain_text("与 MQTT 服务器的连接已断开")
    expect(page.locator("#banner")).to_contain_text("connection refused")


def test_keys_alone_reach_a_point_and_the_acknowledge_button(plant: Plant, server: Server, page: Page) -> None:
    remember(page, "operator", "李明")
    alarm = plant.raise_alarm(GAS, Tier.RED, HIGH, TEXT)
    plant.read(GAS, 1.0)
    show(page, server)
    page.locator(".source", has_text="丙烷装置区").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#detail-head h2")).to_have_text("丙烷装置区")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.role") == "acknowledge":
            break
    page.keyboard.press("Enter")
    expect(page.locator("#alarms .alarm .state")).to_have_text("已确认")
    assert plant.acknowledged == [(alarm.id, "李明", "")]


def test_sound_is_off_until_switched_on(server: Server, page: Page) -> None:
    show(page, server)
    button = page.locator("[data-role=sound]")
    expect(button).to_have_text("声音 关")
    button.click()
    expect(button).to_have_text("声音 开")
    expect(button).to_be_focused()
    page.reload()
    expect(button).to_have_attribute("aria-pressed", "true")


def test_a_phone_needs_no_sideways_scrolling(plant: Plant, server: Server, page: Page) -> None:
    plant.read(LEVEL, 14.5, Quality.UNCERTAIN, simulated=True)
    for tier in (Tier.BLUE, Tier.YELLOW, Tier.ORANGE, Tier.RED):
        plant.raise_alarm(LEVEL, tier, HIGH, TEXT)
    page.set_viewport_size({"width": 400, "height": 850})
    show(page, server)
    for language in ("English", "中文"):
        page.get_by_role("button", name=language).click()
        expect(page.locator("#alarms .alarm")).to_have_count(4)
        for address in ("#/", "#/telling", "#/health", "#/reconciliation"):
            page.goto(f"{server.url}/{address}")
            expect(page.locator("#header .chip.good").first).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth") <= 400
