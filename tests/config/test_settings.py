from __future__ import annotations

from pathlib import Path

import pytest

from config.settings import PACKS, Route, load_settings
from ganzhi.errors import ConfigError
from tests.config.site import sentences


def faults_of(folder: Path, text: str) -> list[str]:
    path = folder / "ganzhi.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    return sentences(caught.value)


def test_every_default_holds_when_the_file_is_empty(tmp_path: Path) -> None:
    (tmp_path / "ganzhi.toml").write_text("", encoding="utf-8")
    settings = load_settings(tmp_path / "ganzhi.toml")
    assert settings.site.model_dump() == {
        "name_zh": "感知中枢",
        "name_en": "Ganzhi",
        "time_zone": "Asia/Shanghai",
        "language": "zh",
        "catalogue": tmp_path,
        "packs": (),
    }
    mqtt = settings.mqtt
    assert (mqtt.url, mqtt.version, mqtt.client_id) == ("mqtt://127.0.0.1:1883", "5", "ganzhi")
    assert (mqtt.receive_maximum, mqtt.keep_alive, mqtt.session_expiry) == (8192, 30.0, 86400.0)
    assert mqtt.routes == (Route(topic="ganzhi/v1/{enterprise}/{gateway}/data", codec="json"),)
    assert (mqtt.username, mqtt.password_file, mqtt.ca_file, mqtt.certificate_file, mqtt.key_file) == (
        "",
        "",
        *[None] * 3,
    )
    assert (settings.ingest.clock_ahead, settings.ingest.max_payload) == (300.0, 1048576)
    assert (settings.log.path, settings.log.retention) == (tmp_path / "data/log.sqlite", 86400.0)
    assert (settings.store.kind, settings.store.path) == ("duckdb", tmp_path / "data/readings.duckdb")
    assert settings.store.retention is None
    assert settings.ledger.url == f"sqlite:///{tmp_path}/data/ledger.sqlite"
    assert (settings.console.host, settings.console.port) == ("127.0.0.1", 8600)
    assert settings.grafana.url == ""


def test_all_keys_are_read_when_they_are_given(tmp_path: Path) -> None:
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    (tmp_path / "ganzhi.toml").write_text(
        """
        [site]
        name_zh = "某区"
        name_en = "District"
        time_zone = "UTC"
        language = "en"
        catalogue = "site"
        packs = ["tank_farm", "own/rules.toml", "/etc/rules.toml"]
        [mqtt]
        url = "mqtts://broker:8883"
        version = "3.1.1"
        client_id = "one"
        username = "ganzhi"
        password_file = "secrets/mqtt"
        ca_file = "ca.pem"
        certificate_file = "cert.pem"
        key_file = "key.pem"
        receive_maximum = 100
        keep_alive = "1min"
        session_expiry = "7d"
        routes = [{ topic = "{enterprise}/x/{gateway}", codec = "senml" }]
        [ingest]
        clock_ahead = "1500ms"
        max_payload = 4096
        [log]
        path = "/var/lib/log.sqlite"
        retention = "3h"
        [store]
        kind = "influxdb2"
        url = "https://influx:8086/"
        org = "o"
        bucket = "b"
        token_file = "env:TOKEN"
        retention = "30d"
        [ledger]
        url = "postgresql+psycopg://ganzhi@db/ledger"
        [console]
        host = "0.0.0.0"
        port = 80
        [grafana]
        url = "http://grafana:3000"
        username = "admin"
        password_file = "secrets/grafana"
        """,
        encoding="utf-8",
    )
    settings = load_settings(tmp_path / "ganzhi.toml")
    assert settings.site.packs == (PACKS / "tank_farm.toml", tmp_path / "own/rules.toml", Path("/etc/rules.toml"))
    assert settings.site.catalogue == tmp_path / "site"
    assert settings.mqtt.model_dump() == {
        "url": "mqtts://broker:8883",
        "version": "3.1.1",
        "client_id": "one",
        "username": "ganzhi",
        "password_file": str(tmp_path / "secrets/mqtt"),
        "ca_file": tmp_path / "ca.pem",
        "certificate_file": tmp_path / "cert.pem",
        "key_file": tmp_path / "key.pem",
        "receive_maximum": 100,
        "keep_alive": 60.0,
        "session_expiry": 604800.0,
        "routes": ({"topic": "{enterprise}/x/{gateway}", "codec": "senml"},),
    }
    assert settings.ingest.model_dump() == {"clock_ahead": 1.5, "max_payload": 4096}
    assert settings.log.path == Path("/var/lib/log.sqlite")
    assert (settings.store.url, settings.store.token_file) == ("https://influx:8086", "env:TOKEN")
    assert settings.store.retention == 30 * 86400.0
    assert settings.ledger.url == "postgresql+psycopg://ganzhi@db/ledger"
    assert settings.grafana.password_file == str(tmp_path / "secrets/grafana")


def test_paths_hold_from_anywhere_when_the_file_is_named_relatively(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ganzhi.toml").write_text("", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert load_settings(Path("ganzhi.toml")).log.path == tmp_path / "data/log.sqlite"


@pytest.mark.parametrize(
    ("store", "expected"),
    [
        (
            'kind = "influxdb1"',
            ["store.url: kind 'influxdb1' needs url", "store.database: kind 'influxdb1' needs database"],
        ),
        (
            'kind = "influxdb2"\nurl = "http://h:8086"\ndatabase = "d"',
            [
                "store.org: kind 'influxdb2' needs org",
                "store.bucket: kind 'influxdb2' needs bucket",
                "store.token_file: kind 'influxdb2' needs token_file",
                "store.database: kind 'influxdb2' has no use for database",
            ],
        ),
        ('url = "http://h:8086"', ["store.url: kind 'duckdb' has no use for url"]),
        (
            'kind = "influxdb1"\nurl = "http://h"\ndatabase = "d"\npassword_file = "p"',
            ["store.username: password_file has no username"],
        ),
        (
            'retention = "30d"\nrollup_retention = "7d"',
            ["store.rollup_retention: the minutes and hours would be gone before the readings"],
        ),
        (
            'rollup_retention = "7d"',
            ["store.rollup_retention: the minutes and hours would be gone before the readings"],
        ),
    ],
)
def test_store_says_what_it_needs_when_keys_do_not_fit_its_kind(
    tmp_path: Path, store: str, expected: list[str]
) -> None:
    found = [fault.partition(" (")[0] for fault in faults_of(tmp_path, f"[store]\n{store}\n")]
    assert found == [f"ganzhi.toml: {sentence}" for sentence in expected]


@pytest.mark.parametrize(
    ("section", "url"),
    [
        ("mqtt", "mqtt://user:hunter2@host"),
        ("mqtt", "user:hunter2@host"),
        ("grafana", "http://user:hunter2@host"),
        ("ledger", "postgresql://user:hunter2@host/db"),
    ],
)
def test_password_is_refused_and_not_shown_when_it_stands_in_an_address(tmp_path: Path, section: str, url: str) -> None:
    faults = faults_of(tmp_path, f'[{section}]\nurl = "{url}"\n')
    assert faults
    assert "hunter2" not in "\n".join(faults)


@pytest.mark.parametrize("port", [0, 65536, -1])
def test_port_is_refused_when_it_is_none(tmp_path: Path, port: int) -> None:
    (fault,) = faults_of(tmp_path, f"[console]\nport = {port}\n")
    assert fault.startswith(f"ganzhi.toml: console.port: {port} is out of bounds")


@pytest.mark.parametrize(
    ("topic", "problem"),
    [
        ("a/{gateway}", "the route names {enterprise} 0 times"),
        ("{enterprise}/{gateway}/{gateway}", "the route names {gateway} 2 times"),
        ("{enterprise}/{gateway}/#", "a route has a wildcard of MQTT's own"),
    ],
)
def test_route_is_refused_when_its_pattern_names_no_gateway(tmp_path: Path, topic: str, problem: str) -> None:
    (fault,) = faults_of(tmp_path, f'[[mqtt.routes]]\ntopic = "{topic}"\n')
    assert fault.startswith(f"ganzhi.toml: mqtt.routes[1].topic: {problem} (")


def test_routes_are_refused_when_there_are_none(tmp_path: Path) -> None:
    assert faults_of(tmp_path, "[mqtt]\nroutes = []\n") == [
        "ganzhi.toml: mqtt.routes: there is no route (leave mqtt.routes out for the default one)"
    ]


def test_section_is_refused_when_it_is_no_table(tmp_path: Path) -> None:
    assert faults_of(tmp_path, "site = 3\n") == ["ganzhi.toml: site: 3 is not a table"]


def test_file_is_named_when_it_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.toml"
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    (fault,) = caught.value.faults
    assert (fault.place, fault.problem) == ("nowhere.toml", f"there is no such file: {path}")
    assert fault.remedy == "name the settings file, or copy one of the folders in config/examples"
