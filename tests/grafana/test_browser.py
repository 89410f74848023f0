"""The dashboards in a real browser, over a real Grafana and a real InfluxDB."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from ganzhi.clock import NS_PER_MS
from ganzhi.records import Text, Tier
from grafana import GrafanaOutlet, GrafanaServer, InfluxSource
from grafana.push import push
from tests.grafana.city import CATALOGUE, NOW, RULES, SPAN_MIN, alarm, raised
from tests.grafana.conftest import ZONE

PATIENCE_MS = 30_000
RANGE = f"from={NOW // NS_PER_MS - SPAN_MIN * 60_000}&to={NOW // NS_PER_MS}"
LISTEN = """(channel) => {
  const socket = new WebSocket(location.origin.replace(/^http/, "ws") + "/api/live/ws");
  window.heard = new Promise((resolve) => { window.hear = resolve; });
  return new Promise((ready, failed) => {
    socket.onopen = () => socket.send(JSON.stringify({id: 1, connect: {name: "test"}}));
    socket.onclose = (event) => failed(new Error("closed " + event.code));
    socket.onmessage = (message) => {
      for (const text of message.data.split("\\n")) {
        const reply = JSON.parse(text);
        if (reply.id === 1) socket.send(JSON.stringify({id: 2, subscribe: {channel}}));
        else if (reply.id === 2) ready(true);
        else if (reply.push && reply.push.pub) window.hear(JSON.stringify(reply.push.pub.data));
      }
    };
  });
}"""


@pytest.fixture(scope="module")
def signed_in(browser: Browser, grafana_server: GrafanaServer) -> Iterator[BrowserContext]:
    """A browser that Grafana knows."""
    basic = grafana_server.basic
    context = browser.new_context(viewport={"width": 1920, "height": 1700}, locale="zh-CN")
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    if basic:
        answer = context.request.post(f"{grafana_server.base}/login", data={"user": basic[0], "password": basic[1]})
        assert answer.ok, answer.text()
    else:
        context.set_extra_http_headers({"Authorization": f"Bearer {grafana_server.credential}"})
    yield context
    expect.set_options(timeout=None)
    context.close()


@pytest.fixture
def page(signed_in: BrowserContext) -> Iterator[Page]:
    opened = signed_in.new_page()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def pushed(grafana_server: GrafanaServer, city_source: InfluxSource) -> None:
    push(grafana_server, catalogue=CATALOGUE, rules=RULES, zone=ZONE, influx=city_source)


SHOWN = {
    "ganzhi-overview": (
        ("红色报警（I 级）", "橙色报警（II 级）", "黄色报警（III 级）", "蓝色报警（IV 级）"),
        ("红", "橙", "黄", "黄", "蓝"),
        ("丙烷装置区", "2026-05-01 15:51:00", "可燃气体浓度高，达到一级", "未确认", "工艺"),
    ),
    "ganzhi-overview-en": (
        ("Red alarms (level I)", "Orange alarms (level II)", "Yellow alarms (level III)", "Blue alarms (level IV)"),
        ("Red", "Orange", "Yellow", "Yellow", "Blue"),
        ("Propane unit", "2026-05-01 15:51:00", "Combustible gas high, level 1", "Unacknowledged", "Process"),
    ),
}


@pytest.mark.usefixtures("pushed")
@pytest.mark.parametrize("uid", SHOWN)
def test_dashboard_when_opened_shows_the_city_without_an_error(
    page: Page, grafana_server: GrafanaServer, uid: str
) -> None:
    titles, colours, worst = SHOWN[uid]
    failures: list[str] = []
    page.on("response", lambda response: failures.append(response.url) if response.status >= 400 else None)
    page.on("pageerror", lambda error: failures.append(str(error)))
    abroad: list[str] = []
    home = (grafana_server.base, "data:", "blob:")
    page.on("request", lambda request: None if request.url.startswith(home) else abroad.append(request.url))
    page.goto(f"{grafana_server.base}/d/{uid}?{RANGE}&var-source=tank-area-1&var-point=haihe-storage.LT-101&kiosk")
    for title, count in zip(titles, "1121", strict=True):
        expect(panel(page, title)).to_contain_text(re.compile(f"{re.escape(title)}\\s*{count}$"))
    rows = page.get_by_role("row").filter(has=page.get_by_role("link"))
    expect(rows).to_have_count(5)
    assert [row.get_by_role("cell").nth(1).inner_text() for row in rows.all()] == list(colours)
    for text in worst:
        expect(rows.first).to_contain_text(text)
    expect(page.get_by_text("tank-area-1 · haihe-storage.LT-101").first).to_be_visible()
    assert page.locator(".panel-info-corner--error, [data-testid='data-testid Panel status error']").count() == 0
    assert failures == []
    assert abroad == []


def panel(page: Page, title: str) -> Locator:
    return page.locator(".react-grid-item").filter(has=page.get_by_text(title, exact=True)).first


@pytest.mark.usefixtures("pushed")
def test_table_when_a_point_is_clicked_shows_its_trend(page: Page, grafana_server: GrafanaServer) -> None:
    page.goto(f"{grafana_server.base}/d/ganzhi-overview?{RANGE}&kiosk")
    with page.expect_popup() as opened:
        page.get_by_role("row").filter(has_text="haihe-storage.PT-201").get_by_role("link").first.click()
    trend = opened.value
    expect(trend.get_by_text("测点趋势：tank-area-2 · haihe-storage.PT-201").first).to_be_visible()
    assert "var-source=tank-area-2&var-point=haihe-storage.PT-201" in trend.url
    trend.close()


@pytest.mark.usefixtures("pushed")
def test_live_when_an_alarm_is_told_reaches_a_websocket(page: Page, grafana_server: GrafanaServer) -> None:
    page.goto(f"{grafana_server.base}/robots.txt")
    page.evaluate(LISTEN, "1/stream/ganzhi/alarm")
    number = f"live-{uuid.uuid4()}"
    event = raised(replace(alarm(0, "binhai-chem.GD-03", "gas.high", Tier.YELLOW, NOW), id=number))
    with GrafanaOutlet(server=grafana_server) as outlet:
        outlet.tell([event])
    heard = page.evaluate("() => window.heard")
    assert number in heard
    assert "可燃气体浓度高，达到三级" in heard


@pytest.mark.usefixtures("pushed")
def test_live_panel_when_an_alarm_is_told_shows_it_without_a_refresh(page: Page, grafana_server: GrafanaServer) -> None:
    page.goto(f"{grafana_server.base}/d/ganzhi-overview?{RANGE}&refresh=&kiosk")
    expect(panel(page, "红色报警（I 级）")).to_contain_text("1")
    sentence = f"实时消息 {uuid.uuid4()}"
    told = replace(alarm(0, "binhai-chem.GD-03", "gas.high", Tier.RED, NOW), id=sentence, text=Text(sentence, sentence))
    with GrafanaOutlet(server=grafana_server) as outlet:
        outlet.tell([raised(told)])
    row = panel(page, "实时播报").get_by_role("row").filter(has_text=sentence)
    expect(row).to_contain_text("红")
    expect(row).to_contain_text("发生")
