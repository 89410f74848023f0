"""A plant and its console on a free port, and Debian's Chromium with a fresh page for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from console.api import create_app
from console.server import Server
from tests.console.plant import Plant

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture
def plant(request: pytest.FixtureRequest) -> Plant:
    """The small site, or the one that a test's indirect parameter makes."""
    make: Callable[[], Plant] = getattr(request, "param", Plant)
    return make()


@pytest.fixture
def server(plant: Plant) -> Iterator[Server]:
    app = create_app(plant.backend(), plant.feed, clock=lambda: plant.now, values_s=0.1)
    with Server(app, "127.0.0.1", 0) as running:
        yield running


@pytest.fixture
def http(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=5, trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of 1920x1080 without any memory; the test fails if its console shows an error."""
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
    context.set_default_timeout(8000)
    fresh = context.new_page()
    errors: list[str] = []
    fresh.on("pageerror", lambda error: errors.append(str(error)))
    fresh.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield fresh
    context.close()
    assert errors == []
