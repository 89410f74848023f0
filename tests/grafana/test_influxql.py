"""Every query of the dashboard, executed by a real InfluxDB with the variables put in as Grafana does it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

import pytest

from ganzhi.clock import NS_PER_MS
from grafana.influxql import ENTERPRISES, POINTS, RATES, SOURCES
from grafana.influxql import active_alarms as active_alarms_query
from tests.grafana.city import MINUTE, NOW, SPAN_MIN
from tests.grafana.conftest import Ask

NOW_MS = NOW // NS_PER_MS
START_MS = NOW_MS - SPAN_MIN * 60_000
MINUTE_MS = 60_000
COUNTS = ("红色报警（I 级）", "橙色报警（II 级）", "黄色报警（III 级）", "蓝色报警（IV 级）")
EVERY = {"enterprise": ".*", "source": "tank-area-1", "point": "haihe-storage.LT-101"}


def put_in_variables(query: str, **chosen: str) -> str:
    """A query with the variables that the browser puts in; the value of "all" goes in as it is, any other escaped."""
    for name, value in (EVERY | chosen).items():
        escaped = value if value == ".*" else re.sub(r"[\\^$*+?.()|\[\]{}/]", r"\\\g<0>", value)
        query = query.replace(f"${{{name}:regex}}", escaped)
    return query.replace("${__to}", str(NOW_MS))


def put_in(query: str, *, interval: str = "1m", start_ms: int = START_MS, **chosen: str) -> str:
    """A query as InfluxDB gets it."""
    query = put_in_variables(query, **chosen)
    query = query.replace("$timeFilter", f"time >= {start_ms}ms and time <= {NOW_MS}ms")
    return query.replace("$__interval", interval)


def panels(board: dict[str, object]) -> Iterator[dict[str, object]]:
    listed = board["panels"]
    assert isinstance(listed, list)
    yield from listed


def query_of(board: dict[str, object], title: str) -> str:
    """The query of the panel with that title."""
    (panel,) = [panel for panel in panels(board) if panel.get("title") == title]
    targets = panel["targets"]
    assert isinstance(targets, list)
    return str(targets[0]["query"])


@pytest.fixture(scope="module")
def overview(boards: dict[str, dict[str, object]]) -> dict[str, object]:
    return boards["ganzhi-overview"]


def test_every_query_when_executed_returns_rows(boards: dict[str, dict[str, object]], ask: Ask) -> None:
    executed = 0
    for board in boards.values():
        for panel in panels(board):
            targets = panel.get("targets", [])
            assert isinstance(targets, list)
            for target in targets:
                if target["datasource"]["type"] == "influxdb":
                    query = put_in(target["query"])
                    assert "${" not in query
                    assert ask(query), panel["title"]
                    executed += 1
    assert executed == 2 * 12


@pytest.mark.parametrize(
    ("title", "count"),
    [("红色报警（I 级）", 1), ("橙色报警（II 级）", 1), ("黄色报警（III 级）", 2), ("蓝色报警（IV 级）", 1)],
)
def test_count_when_alarms_are_active_adds_up_the_sources(
    overview: dict[str, object], ask: Ask, title: str, count: int
) -> None:
    ((series),) = ask(put_in(query_of(overview, title)))
    assert series["values"] == [[0, count]]


def test_count_when_an_enterprise_is_chosen_leaves_the_others_out(overview: dict[str, object], ask: Ask) -> None:
    counts = []
    for title in COUNTS:
        (series,) = ask(put_in(query_of(overview, title), enterprise="haihe-storage"))
        counts.append(series["values"])
    assert counts == [[[0, 0]], [[0, 1]], [[0, 1]], [[0, 1]]]


def test_count_when_nothing_was_written_is_no_row_and_so_not_zero(overview: dict[str, object], ask: Ask) -> None:
    assert ask(put_in(query_of(overview, "红色报警（I 级）"), enterprise="nobody")) == []


def test_freshness_when_the_platform_runs_is_the_last_minute(overview: dict[str, object], ask: Ask) -> None:
    (series,) = ask(put_in(query_of(overview, "数据时刻")))
    values = series["values"]
    assert isinstance(values, list)
    assert [row[0] for row in values] == [NOW_MS]


def test_active_alarms_when_asked_are_the_last_rows_above_none(overview: dict[str, object], ask: Ask) -> None:
    (series,) = ask(put_in(query_of(overview, "当前报警")))
    columns, values = series["columns"], series["values"]
    assert columns == [
        *("time", "tier", "enterprise", "source", "point", "name", "text", "value", "unit"),
        *("state", "alarm_class", "simulated", "source_id"),
    ]
    tank, gas = "haihe-storage", "binhai-chem"
    assert values == [
        [
            *(NOW_MS - 5 * MINUTE_MS, 1, tank, "tank-area-1", f"{tank}.TT-102", "数据中断"),
            *(f"{tank}.TT-102 数据中断，达到四级", None, "°C", "unacknowledged", "device", True, "tank-area-1"),
        ],
        [
            *(NOW_MS - 9 * MINUTE_MS, 4, gas, "gas-area-1", f"{gas}.GD-03", "可燃气体浓度高"),
            *(f"{gas}.GD-03 可燃气体浓度高，达到一级", 27.5, "%LEL", "unacknowledged", "process", True, "gas-area-1"),
        ],
        [
            *(NOW_MS - 12 * MINUTE_MS, 2, gas, "gas-area-1", f"{gas}.GD-04", "可燃气体浓度高"),
            *(f"{gas}.GD-04 可燃气体浓度高，达到三级", 27.5, "%LEL", "unacknowledged", "process", True, "gas-area-1"),
        ],
        [
            *(NOW_MS - 18 * MINUTE_MS, 3, tank, "tank-area-1", f"{tank}.LT-101", "液位高"),
            *(f"{tank}.LT-101 液位高，达到二级", 13.72, "m", "acknowledged", "process", True, "tank-area-1"),
        ],
        [
            *(NOW_MS - 9 * 60 * MINUTE_MS, 2, tank, "tank-area-2", f"{tank}.PT-201", "罐压高"),
            *(f"{tank}.PT-201 罐压高，达到三级", None, "kPa", "unacknowledged", "process", True, "tank-area-2"),
        ],
    ]


def test_active_alarms_when_the_range_ends_earlier_are_those_of_then(ask: Ask) -> None:
    then = (NOW - 16 * MINUTE) // NS_PER_MS
    query = active_alarms_query("name_zh", "text_zh").replace("${__to}", str(then))
    (series,) = ask(put_in(query))
    values = series["values"]
    assert isinstance(values, list)
    assert [(row[1], row[4]) for row in values] == [(3, "haihe-storage.LT-101"), (2, "haihe-storage.PT-201")]


def test_risk_colours_when_drawn_change_at_the_minutes_of_the_story(overview: dict[str, object], ask: Ask) -> None:
    found = {}
    for series in ask(put_in(query_of(overview, "危险源风险颜色"))):
        tags, values = series["tags"], series["values"]
        assert isinstance(tags, dict)
        assert isinstance(values, list)
        assert values[0][0] == START_MS
        found[tags["source"]] = [(tier, len(list(same))) for tier, same in groupby(row[1] for row in values)]
    assert found == {
        "gas-area-1": [(0, 345), (2, 6), (4, 10)],
        "gas-area-2": [(0, 160), (2, 30), (0, 171)],
        "tank-area-1": [(0, 310), (1, 8), (2, 22), (3, 21)],
        "tank-area-2": [(2, 361)],
    }


def test_risk_colours_when_nothing_was_written_leave_a_gap(overview: dict[str, object], ask: Ask) -> None:
    early = START_MS - 2 * MINUTE_MS
    series = ask(put_in(query_of(overview, "危险源风险颜色"), start_ms=early, enterprise="binhai-chem"))
    values = series[0]["values"]
    assert isinstance(values, list)
    assert values[:3] == [[early, None], [early + MINUTE_MS, None], [START_MS, 0]]


def test_trend_when_a_point_is_chosen_keeps_the_extremes(overview: dict[str, object], ask: Ask) -> None:
    query = query_of(overview, "测点趋势：$source · $point")
    (series,) = ask(put_in(query, interval="10m", start_ms=NOW_MS - 20 * MINUTE_MS))
    assert series["tags"] == {"point": "haihe-storage.LT-101", "quantity": "level"}
    assert series["columns"] == ["time", "平均", "最高", "最低"]
    values = series["values"]
    assert isinstance(values, list)
    assert [row[0] for row in values] == [NOW_MS - ago * MINUTE_MS for ago in (20, 10, 0)]
    for _, mean, highest, lowest in values:
        assert lowest <= mean <= highest
    assert values[-1][1] == pytest.approx(13.72, abs=0.02)
    assert values[0][3] == pytest.approx(9.0 + 4.72 * 40 / 60, abs=0.03)


def test_trend_when_a_point_has_a_dot_is_not_a_pattern(overview: dict[str, object], ask: Ask) -> None:
    query = query_of(overview, "测点趋势：$source · $point")
    assert ask(put_in(query, point="haihe-storageXLT-101")) == []


def test_variables_when_chained_offer_what_the_one_before_leaves(ask: Ask) -> None:
    def values(query: str, enterprise: str = ".*", source: str = "tank-area-1") -> list[object]:
        (series,) = ask(put_in(query, enterprise=enterprise, source=source))
        rows = series["values"]
        assert isinstance(rows, list)
        return [row[1] for row in rows]

    assert values(ENTERPRISES) == ["binhai-chem", "haihe-storage"]
    assert values(SOURCES) == ["gas-area-1", "gas-area-2", "tank-area-1", "tank-area-2"]
    assert values(SOURCES, enterprise="haihe-storage") == ["tank-area-1", "tank-area-2"]
    assert values(POINTS, enterprise="binhai-chem", source="gas-area-2") == ["binhai-chem.AD-01", "binhai-chem.OD-01"]


def test_arrivals_when_totals_rise_evenly_are_the_rates_up_to_the_edge(overview: dict[str, object], ask: Ask) -> None:
    query = query_of(overview, "接收速率（读数/秒）")
    (series,) = ask(put_in(query, start_ms=NOW_MS - 3 * MINUTE_MS))
    assert series["columns"] == ["time", "接收", "接受", "迟到", "重复", "拒绝", "未登记"]
    values = series["values"]
    assert isinstance(values, list)
    assert len(RATES) == len(values[0]) - 1
    assert [row[1:] for row in values] == [pytest.approx([424.3, 420.0, 3.0, 1.0, 0.2, 0.1])] * 4
