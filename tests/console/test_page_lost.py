"""The page when the platform, its store or its answers fail: here the browser's console may complain."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from console.api import create_app
from console.feed import Feed
from console.server import Server
from ganzhi.records import Catalogue, Reconciled, Text, Tier
from tests.console.plant import GAS, LEVEL, NOW, Plant, S
from tests.servers import wait_until

HIGH = Text("液位高", "Level high")
COUNT_TONES = """
window.tones = 0;
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...when) { window.tones += 1; return start.apply(this, when); };
localStorage.setItem('ganzhi.sound', 'on');
"""
TONES_OF_RED = 3


@pytest.fixture
def bare_page(browser: Browser) -> Iterator[Page]:
    """A page whose scripts may not fail, but whose requests may."""
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
    context.set_default_timeout(10_000)
    context.add_init_script("localStorage.setItem('ganzhi.operator', '李明')")
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def test_a_lost_connection_shows_a_banner_and_heals_with_what_was_missed(plant: Plant, bare_page: Page) -> None:
    page = bare_page
    plant.read(LEVEL, 8.0)
    app = create_app(plant.backend(), plant.feed, clock=lambda: plant.now, values_s=0.1)
    server = Server(app, "127.0.0.1", 0)
    with server:
        page.goto(server.url)
        expect(page.locator("#points tbody tr").first).to_contain_text("8.00m")
    banner = page.locator("#banner")
    expect(banner).to_contain_text("与平台的连接已中断，页面数据停留在 08:00:00")
    expect(page.locator("body")).to_have_class("lost")
    expect(page.locator("#header .chip.bad")).to_have_text("已断开")
    plant.raise_alarm(LEVEL, Tier.RED, HIGH, HIGH)
    plant.now = NOW + S
    plant.read(LEVEL, 9.0)
    with server:
        expect(page.locator("#alarms .alarm")).to_have_count(1)
        expect(page.locator("#points tbody tr").first).to_contain_text("9.00m")
        expect(banner).to_be_hidden()
        expect(page.locator("body")).not_to_have_class("lost")


def test_a_platform_that_comes_back_with_another_catalogue_is_shown_anew(plant: Plant, bare_page: Page) -> None:
    page = bare_page
    with Server(create_app(plant.backend(), plant.feed), "127.0.0.1", 0) as server:
        page.goto(f"{server.url}/#/source/gas-area-1")
        expect(page.locator("#detail-head h2")).to_have_text("丙烷装置区")
    whole = plant.catalogue
    fewer = Catalogue(whole.enterprises, {"tank-area-1": whole.sources["tank-area-1"]}, whole.points[:GAS])
    smaller = Plant(catalogue=fewer)
    with Server(create_app(smaller.backend(), smaller.feed), "127.0.0.1", server.port):
        expect(page.locator("#detail-head h2")).to_have_text("一号罐区", timeout=10_000)
        expect(page.locator(".source")).to_have_count(1)


def test_a_curve_without_its_store_says_so_and_comes_back(plant: Plant, server: Server, bare_page: Page) -> None:
    page = bare_page
    plant.read(LEVEL, 8.0)
    plant.store_is_down = True
    page.goto(server.url)
    expect(page.locator(".chart-message")).to_contain_text("历史曲线暂不可用")
    plant.store_is_down = False
    expect(page.locator(".chart-message")).to_be_hidden(timeout=10_000)


def test_a_refused_acknowledgement_shows_the_platforms_sentence(plant: Plant, server: Server, bare_page: Page) -> None:
    page = bare_page
    alarm = plant.raise_alarm(LEVEL, Tier.RED, HIGH, HIGH)

    def ended_meanwhile(route: Route) -> None:
        plant.active.pop(alarm.id, None)
        route.continue_()

    page.route("**/acknowledge", ended_meanwhile)
    page.goto(server.url)
    expect(page.locator("#alarms .alarm")).to_have_count(1)
    page.get_by_role("button", name="确认", exact=True).click()
    expect(page.locator("#toasts .bad")).to_have_text(f"没有这条报警：{alarm.id}")
    expect(page.locator("#alarms .alarm")).to_have_count(0)


def test_a_service_that_starts_anew_repeats_no_sound_and_announces_what_was_missed(
    plant: Plant, bare_page: Page
) -> None:
    page = bare_page
    page.add_init_script(COUNT_TONES)
    old = plant.raise_alarm(LEVEL, Tier.RED, HIGH, Text("旧报警", "old"))
    with Server(create_app(plant.backend(), plant.feed, values_s=0.1), "127.0.0.1", 0) as server:
        page.goto(server.url)
        expect(page.locator("#alarms .alarm")).to_have_count(1)
        expect(page.locator("#header .chip.good").first).to_have_text("实时")
    expect(page.locator("#header .chip.bad")).to_have_text("已断开")
    assert page.evaluate("window.tones") == 0  # it was there before the page was

    plant.feed = Feed()  # a new process: it knows nothing of the events that this page has heard
    with Server(create_app(plant.backend(), plant.feed, values_s=0.1), "127.0.0.1", server.port):
        expect(page.locator("#header .chip.good").first).to_have_text("实时", timeout=10_000)
        wait_until(lambda: plant.feed.subscribers == 1, "the page's return")
        plant.raise_alarm(GAS, Tier.RED, HIGH, Text("新报警一", "new"))
        expect(page.locator("#alarms .alarm")).to_have_count(2)
        expect(page.locator("#announce")).to_have_text("新报警，红色：新报警一")
        assert page.evaluate("window.tones") == TONES_OF_RED
    expect(page.locator("#header .chip.bad")).to_have_text("已断开")

    hidden, plant.active = plant.active, {}  # the alarms are not back yet when the page returns
    plant.feed = Feed()
    with Server(create_app(plant.backend(), plant.feed, values_s=0.1), "127.0.0.1", server.port):
        expect(page.locator("#alarms .alarm")).to_have_count(0, timeout=10_000)
    expect(page.locator("#header .chip.bad")).to_have_text("已断开")
    plant.active = hidden
    plant.raise_alarm(LEVEL, Tier.ORANGE, HIGH, Text("断线时的报警", "missed"))
    plant.feed = Feed()
    with Server(create_app(plant.backend(), plant.feed, values_s=0.1), "127.0.0.1", server.port):
        expect(page.locator("#alarms .alarm")).to_have_count(3, timeout=10_000)
        expect(page.locator("#announce")).to_have_text("新报警，橙色：断线时的报警")
        assert page.evaluate("window.tones") == TONES_OF_RED + TONES_OF_RED - 1
        assert old.id in plant.active


def test_limits_that_a_new_configuration_brings_are_drawn_when_the_line_is_back(plant: Plant, bare_page: Page) -> None:
    page = bare_page
    plant.read(LEVEL, 8.0)
    zones = page.locator("#points tbody tr").first.locator(".zone")
    with Server(create_app(plant.backend(), plant.feed), "127.0.0.1", 0) as server:
        page.goto(server.url)
        expect(zones).to_have_count(2)
    fewer = Plant(rules=[])
    fewer.read(LEVEL, 8.0)
    with Server(create_app(fewer.backend(), fewer.feed), "127.0.0.1", server.port):
        expect(zones).to_have_count(0, timeout=10_000)


def test_a_faulty_configuration_shows_every_fault(plant: Plant, server: Server, bare_page: Page) -> None:
    page = bare_page
    fault = "points.csv, line 3: <img src=x onerror='window.hurt = 1'> is no unit"
    plant.faults = [fault, "rules.toml: limits fall"]
    page.goto(f"{server.url}/#/health")
    page.locator("[data-role=reload]").click()
    page.locator("dialog .primary").click()
    dialog = page.get_by_role("dialog", name="新配置有 2 处错误，没有生效；原配置继续运行。")
    expect(dialog.locator("li")).to_have_text(plant.faults)
    dialog.get_by_role("button", name="关闭").click()
    expect(dialog).to_be_hidden()
    assert page.evaluate("window.hurt") is None


def test_a_reload_that_is_accepted_heals_by_itself(plant: Plant, bare_page: Page) -> None:
    page = bare_page
    server = Server(create_app(plant.backend(), plant.feed), "127.0.0.1", 0)
    with server:
        page.goto(f"{server.url}/#/health")
        page.locator("[data-role=reload]").click()
        page.locator("dialog .primary").click()
        expect(page.locator("#toasts .good")).to_contain_text("新配置已接受")
    expect(page.locator("#banner")).to_contain_text("正在自动重连")
    plant.feed = Feed()
    plant.health["rates"] = {"readings_per_s": 7.0, "messages_per_s": 1.0}
    with Server(create_app(plant.backend(), plant.feed), "127.0.0.1", server.port):
        expect(page.locator("#banner")).to_be_hidden(timeout=10_000)
        expect(page.locator(".flow dd").first).to_have_text("7.0", timeout=10_000)


def test_a_reload_without_an_answer_says_so(plant: Plant, bare_page: Page) -> None:
    page = bare_page
    with Server(create_app(plant.backend(), plant.feed), "127.0.0.1", 0) as server:
        page.goto(f"{server.url}/#/health")
        page.locator("[data-role=reload]").click()
    page.locator("dialog .primary").click()
    expect(page.locator("#toasts .bad")).to_contain_text("没有收到应答")
    assert plant.reloaded == 0


def test_reconciliation_that_cannot_be_read_keeps_what_it_has(plant: Plant, server: Server, bare_page: Page) -> None:
    page = bare_page
    plant.reconciled = [Reconciled(NOW, "haihe-storage", received=1, accepted=1, stored=1)]
    page.goto(f"{server.url}/#/reconciliation")
    rows = page.locator("#reconciliation tbody tr")
    expect(rows).to_have_count(1)
    plant.store_is_down = True
    expect(page.locator("#reconciliation .subtitle")).to_have_text("对账数据读取失败，正在重试", timeout=12_000)
    expect(rows).to_have_count(1)
    plant.store_is_down = False
    expect(page.locator("#reconciliation .subtitle")).to_have_text("更新于 08:00:00", timeout=12_000)
