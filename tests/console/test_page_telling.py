"""The view on what people were told, in Chromium."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

from console.server import Server
from ganzhi.records import Outcome, Tier, Unsent
from tests.console.plant import NOW, Plant
from tests.console.test_page import HOSTILE, show
from tests.storage.test_outbox import delivery

S = 1_000_000_000


def told(plant: Plant) -> None:
    """One that arrived, one that waits for a receiver that is down, one that nobody wanted."""
    text = {"zh": "一号罐区 LT-101 为 14.41 m", "en": "Tank area 1 LT-101 is 14.41 m"}
    line = json.dumps({"text": text, "title": text, "simulated": True})
    noted = {"noted": NOW, "due": NOW, "tier": Tier.RED, "message": line}
    plant.deliveries += [
        delivery(1, **noted, id=1, receiver="值班群", outcome=Outcome.SENT, attempts=1, sent_at=NOW + S),
        delivery(
            2, **noted, id=2, receiver="邮件", reason=Unsent.RECEIVER_DOWN, attempts=3, tried_at=NOW + S, error=HOSTILE
        ),
        delivery(3, **noted, id=3, receiver="", outcome=Outcome.NOT_SENT, reason=Unsent.NO_ROUTE, happening="worsened"),
    ]


def test_what_was_told_stands_newest_first_with_why_not(plant: Plant, server: Server, page: Page) -> None:
    told(plant)
    show(page, server)
    page.get_by_role("link", name="通知", exact=True).click()
    rows = page.locator("#telling tbody tr")
    expect(rows).to_have_count(3)
    for words in ("无人", "红", "升级", "模拟", "一号罐区 LT-101 为 14.41 m", "未发送", "没有路由匹配"):
        expect(rows.nth(0)).to_contain_text(words)
    for words in ("邮件", "等待", "接收方没有应答", "已尝试 3 次", HOSTILE):
        expect(rows.nth(1)).to_contain_text(words)
    for words in ("值班群", "已发送", "08:00:01 送达"):
        expect(rows.nth(2)).to_contain_text(words)
    page.get_by_role("button", name="等待").click()
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="全部").click()
    page.get_by_role("searchbox").fill("值班")
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="English").click()
    expect(rows.first).to_contain_text("Tank area 1 LT-101 is 14.41 m")


def test_view_says_what_to_do_where_nobody_is_to_be_told(server: Server, page: Page) -> None:
    show(page, server, "#/telling")
    expect(page.locator("#telling .empty")).to_contain_text("[[notify.receiver]]")
