"""Addresses, credentials, and what they become."""

from __future__ import annotations

import pytest

from grafana import GrafanaServer, InfluxSource


@pytest.mark.parametrize("url", ["", "grafana:3000", "ftp://grafana", "http://"])
def test_server_when_the_address_is_none_refuses_it(url: str) -> None:
    with pytest.raises(ValueError, match="http://host:port"):
        GrafanaServer(url, "token")


def test_server_when_there_is_no_credential_refuses() -> None:
    with pytest.raises(ValueError, match="user:password"):
        GrafanaServer("http://grafana:3000", "")


def test_server_when_shown_keeps_its_secrets() -> None:
    assert "glsa_1" not in repr(GrafanaServer("http://grafana:3000", "glsa_1"))
    shown = repr(InfluxSource("http://influx:8086", "ganzhi", password="hidden1", authorization="Token hidden2"))
    assert "hidden" not in shown


def test_server_when_behind_a_prefix_keeps_it() -> None:
    server = GrafanaServer("https://city.example/grafana/", "admin:a:b")
    assert server.basic == ("admin", "a:b")
    assert server.face().api.url == "https://city.example/grafana/api"
    with server.client() as client:
        assert str(client.build_request("GET", "/api/health").url) == "https://city.example/grafana/api/health"


def test_server_when_given_a_token_sends_it_as_bearer() -> None:
    server = GrafanaServer("http://grafana:3000", "glsa_1")
    assert server.basic is None
    with server.client() as client:
        assert client.headers["Authorization"] == "Bearer glsa_1"
