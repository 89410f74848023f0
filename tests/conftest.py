"""Fixtures shared by all tests: real servers, skipped by name where their program is not installed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, Page, sync_playwright

from tests.servers import Server, influxdb1, mosquitto, program, running

settings.register_profile("ganzhi", deadline=None)
settings.load_profile("ganzhi")
"""No example is timed: a busy machine is no failure."""

CHROMIUM = program("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def mosquitto_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One Mosquitto for the session; use a topic prefix and client id of your own."""
    if program("mosquitto") is None:
        pytest.skip("mosquitto is not installed (apt-get install mosquitto)")
    with running(mosquitto(tmp_path_factory.mktemp("mosquitto"))) as server:
        yield server


@pytest.fixture(scope="session")
def influxdb1_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One InfluxDB 1.x for the session; create a database of your own."""
    if program("influxd") is None:
        pytest.skip("influxd is not installed (apt-get install influxdb)")
    with running(influxdb1(tmp_path_factory.mktemp("influxdb"))) as server:
        yield server


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of Debian's Chromium."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed (apt-get install chromium fonts-noto-cjk)")
    return CHROMIUM


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
