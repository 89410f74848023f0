"""Fixtures shared by all tests: real servers, skipped by name where their program is not installed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import Server, influxdb1, mosquitto, program, running

CHROMIUM = program("chromium")


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
