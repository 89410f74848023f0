"""The files that a Grafana reads from disk."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from grafana import KINDS, InfluxSource
from grafana.build import build
from tests.grafana.city import CATALOGUE, RULES
from tests.grafana.conftest import ZONE

INFLUX = InfluxSource("http://influx:8086", "ganzhi", user="grafana", password="p$w", authorization="Token s3cret")

DATA_SOURCE = """\
apiVersion: 1
datasources:
  - uid: "ganzhi-influxdb"
    name: "Ganzhi InfluxDB"
    type: "influxdb"
    access: "proxy"
    url: "http://influx:8086"
    user: "grafana"
    database: "ganzhi"
    jsonData:
      version: "InfluxQL"
      dbName: "ganzhi"
      httpMode: "GET"
      timeInterval: "1s"
      httpHeaderName1: "Authorization"
    editable: false
    secureJsonData:
      password: "${GANZHI_INFLUX_PASSWORD}"
      httpHeaderValue1: "${GANZHI_INFLUX_AUTHORIZATION}"
"""

PROVIDER = """\
apiVersion: 1
providers:
  - name: "ganzhi"
    orgId: 1
    folder: "一网统管"
    folderUid: "ganzhi"
    type: "file"
    disableDeletion: true
    allowUiUpdates: false
    updateIntervalSeconds: 30
    options:
      path: "/srv/dashboards"
"""


def written(folder: Path) -> dict[str, str]:
    paths = build(folder, catalogue=CATALOGUE, rules=RULES, zone=ZONE, influx=INFLUX, served_from="/srv/dashboards")
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in paths}


def test_build_when_run_twice_gives_equal_bytes(tmp_path: Path) -> None:
    first, second = written(tmp_path / "a"), written(tmp_path / "b")
    assert list(first) == [
        "dashboards/ganzhi-overview-en.json",
        "dashboards/ganzhi-overview.json",
        "provisioning/dashboards/ganzhi.yaml",
        "provisioning/datasources/ganzhi.yaml",
    ]
    assert first == second


def test_build_when_one_language_is_asked_for_links_to_no_other(tmp_path: Path) -> None:
    paths = build(tmp_path, catalogue=CATALOGUE, rules=RULES, zone=ZONE, influx=INFLUX, languages=["zh"])
    assert [path.name for path in paths if path.suffix == ".json"] == ["ganzhi-overview.json"]
    assert json.loads(paths[0].read_text(encoding="utf-8")).get("links", []) == []


def test_provisioning_when_there_are_secrets_names_variables_and_no_secret(tmp_path: Path) -> None:
    files = written(tmp_path)
    assert files["provisioning/datasources/ganzhi.yaml"] == DATA_SOURCE
    assert files["provisioning/dashboards/ganzhi.yaml"] == PROVIDER
    assert not [name for name, text in files.items() if "s3cret" in text or "p$w" in text]


def test_provisioning_when_a_name_has_a_dollar_sign_keeps_it_from_grafana(tmp_path: Path) -> None:
    influx = replace(INFLUX, database="a$b", password="", authorization="")
    build(tmp_path, catalogue=CATALOGUE, rules=RULES, zone=ZONE, influx=influx)
    text = (tmp_path / "provisioning/datasources/ganzhi.yaml").read_text(encoding="utf-8")
    assert 'database: "a$$b"' in text
    assert "secureJsonData" not in text


def test_dashboard_when_built_holds_the_facts(boards: dict[str, dict[str, object]]) -> None:
    assert list(boards) == ["ganzhi-overview", "ganzhi-overview-en"]
    board = boards["ganzhi-overview"]
    facts = {key: board[key] for key in ("title", "timezone", "schemaVersion", "refresh", "tags", "editable")}
    assert facts == {
        "title": "一网统管总览",
        "timezone": "Asia/Shanghai",
        "schemaVersion": 36,
        "refresh": "10s",
        "tags": ["ganzhi", "一网统管"],
        "editable": True,
    }
    panels = board["panels"]
    assert isinstance(panels, list)
    assert [(panel["id"], panel["type"], panel["title"]) for panel in panels] == [
        (1, "stat", "红色报警（I 级）"),
        (2, "stat", "橙色报警（II 级）"),
        (3, "stat", "黄色报警（III 级）"),
        (4, "stat", "蓝色报警（IV 级）"),
        (5, "stat", "数据时刻"),
        (6, "stat", "待入库"),
        (7, "table", "当前报警"),
        (8, "state-timeline", "危险源风险颜色"),
        (9, "table", "实时播报"),
        (10, "row", "测点趋势"),
        (11, "timeseries", "测点趋势：$source · $point"),
        (12, "row", "数据链路"),
        (13, "timeseries", "接收速率（读数/秒）"),
        (14, "timeseries", "待入库读数"),
        (15, "timeseries", "处理延迟（接收到判定）"),
    ]


def test_dashboard_when_built_has_no_panels_on_top_of_each_other(boards: dict[str, dict[str, object]]) -> None:
    panels = boards["ganzhi-overview"]["panels"]
    assert isinstance(panels, list)
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) == 23


@pytest.mark.parametrize("uid", ["ganzhi-overview", "ganzhi-overview-en"])
def test_dashboard_when_shown_needs_no_other_host(boards: dict[str, dict[str, object]], uid: str) -> None:
    assert "://" not in json.dumps(boards[uid])


def test_dashboard_in_english_when_built_has_no_chinese_but_names_that_have_no_other(
    boards: dict[str, dict[str, object]],
) -> None:
    text = json.dumps(boards["ganzhi-overview-en"], ensure_ascii=False)
    chinese = {character for character in text if "\u4e00" <= character <= "\u9fff"}
    assert chinese == set("一网统管中文")


def test_variables_when_built_have_ids_of_their_own(boards: dict[str, dict[str, object]]) -> None:
    templating = boards["ganzhi-overview"]["templating"]
    assert isinstance(templating, dict)
    assert [(item["id"], item["name"], item["type"]) for item in templating["list"]] == [
        ("enterprise", "enterprise", "query"),
        ("source", "source", "query"),
        ("point", "point", "query"),
    ]


def test_annotations_when_built_ask_for_one_colour_each(boards: dict[str, dict[str, object]]) -> None:
    listed = boards["ganzhi-overview"]["annotations"]
    assert isinstance(listed, dict)
    assert [(item["name"], item["iconColor"], item["target"]["tags"]) for item in listed["list"]] == [
        ("红色报警", "#E02F44", ["ganzhi", "red", "source:$source"]),
        ("橙色报警", "#FF780A", ["ganzhi", "orange", "source:$source"]),
        ("黄色报警", "#F2CC0C", ["ganzhi", "yellow", "source:$source"]),
        ("蓝色报警", "#3274D9", ["ganzhi", "blue", "source:$source"]),
    ]
    assert [item["filter"] for item in listed["list"]] == [{"exclude": True, "ids": [13, 14, 15]}] * 4


def test_kinds_when_listed_each_have_a_section_in_the_readme() -> None:
    readme = Path(__file__).parents[2].joinpath("grafana", "README.md").read_text(encoding="utf-8")
    assert [name for name in KINDS if f"## `{name}`" not in readme] == []
