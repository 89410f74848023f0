"""The page when the platform, its store or its answers fail: here the browser's console may complain."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from console.api import create_app
from console.server import Server
from ganzhi.records import Catalogue, Text, Tier
from tests.console.plant import GAS, LEVEL, NOW, Plant, S

HIGH = Text("液位高", "Level high")


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
    page.goto(server.url)
    expect(page.locator("#alarms .alarm")).to_have_count(1)
    del plant.active[alarm.id]
    page.get_by_role("button", name="确认", exact=True).click()
    expect(page.locator("#toasts .bad")).to_have_text(f"没有这条报警：{alarm.id}")
    expect(page.locator("#alarms .alarm")).to_have_count(0)
