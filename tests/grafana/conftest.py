"""A filled InfluxDB, and a real Grafana where the environment names one."""

from __future__ import annotations

import os
from collections.abc import Callable
from zoneinfo import ZoneInfo

import httpx
import pytest

from grafana import GrafanaServer, InfluxSource
from grafana.build import dashboards
from tests.grafana.city import CATALOGUE, NOW, RULES, rows
from tests.servers import Server

DATABASE = "city"
LINES_A_WRITE = 5000
ZONE = ZoneInfo("Asia/Shanghai")

Series = list[dict[str, object]]
Ask = Callable[[str], Series]


@pytest.fixture(scope="session")
def city_source(influxdb1_server: Server) -> InfluxSource:
    """The InfluxDB that holds the city's story up to NOW."""
    written = rows(NOW)
    with httpx.Client(base_url=influxdb1_server.url, timeout=30) as client:
        client.post("/query", params={"q": f'CREATE DATABASE "{DATABASE}"'}).raise_for_status()
        for start in range(0, len(written), LINES_A_WRITE):
            body = "\n".join(written[start : start + LINES_A_WRITE]).encode()
            client.post("/write", params={"db": DATABASE, "precision": "ns"}, content=body).raise_for_status()
    return InfluxSource(influxdb1_server.url, DATABASE)


@pytest.fixture(scope="session")
def ask(city_source: InfluxSource) -> Ask:
    """Executes one InfluxQL statement there and returns its series; an error of the server fails the test."""

    def asked(query: str) -> Series:
        parameters = {"db": DATABASE, "q": query, "epoch": "ms"}
        (result,) = httpx.get(f"{city_source.url}/query", params=parameters, timeout=30).json()["results"]
        assert "error" not in result, f"{query}: {result['error']}"
        series: Series = result.get("series", [])
        return series

    return asked


@pytest.fixture(scope="session")
def boards() -> dict[str, dict[str, object]]:
    """The JSON of every dashboard of the city, by uid."""
    drawn = dashboards(catalogue=CATALOGUE, rules=RULES, zone=ZONE)
    return {str(board["uid"]): board for board in drawn}


@pytest.fixture(scope="session")
def grafana_server() -> GrafanaServer:
    """A real Grafana that may be written to: its data source, folder and dashboards of these uids are replaced."""
    url = os.environ.get("GANZHI_TEST_GRAFANA_URL", "")
    credential = os.environ.get("GANZHI_TEST_GRAFANA_TOKEN", "")
    if not url or not credential:
        pytest.skip("no Grafana: set GANZHI_TEST_GRAFANA_URL and GANZHI_TEST_GRAFANA_TOKEN (a token, or user:password)")
    return GrafanaServer(url, credential, timeout_s=30)
