"""The upper half of the overview: how many alarms of each colour, which, and what is being told this moment."""

from __future__ import annotations

from collections.abc import Iterator

from grafana_foundation_sdk.builders.common import ReduceDataOptions, TableSortByFieldState
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.builders.stat import Panel as Stat
from grafana_foundation_sdk.builders.table import Panel as Table
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import BigValueColorMode, BigValueGraphMode, BigValueTextMode, TableCellHeight
from grafana_foundation_sdk.models.dashboard import (
    DataTransformerConfig,
    DynamicConfigValue,
    Threshold,
    ThresholdsMode,
)

from ganzhi.records import Tier
from grafana.datasource import BUILT_IN, INFLUX
from grafana.influxql import Influxql, active_alarms, active_count, gauges, last_seen
from grafana.line import CHANNEL
from grafana.mapping import (
    CHANGE_TEXT,
    CLASS_TEXT,
    SIMULATED_TEXT,
    STATE_TEXT,
    enterprise_names,
    source_names,
    tiers,
    words,
)
from grafana.view import COLOUR_TEXT, PAINT, WORST_FIRST, View, overview_uid

QUIET = "#3A4048"
"""A count of zero: dark, so that the eye goes to what is not zero."""
BACKLOG_WARNING = 100_000
BACKLOG_ALARM = 1_000_000
"""Readings that wait for the store (engineering default: a quarter of a second and two seconds of full load)."""
STAT_HEIGHT = 4
STAT_SPAN = 4
LEVEL_NUMERAL = {Tier.RED: "I", Tier.ORANGE: "II", Tier.YELLOW: "III", Tier.BLUE: "IV"}

LATIN_WIDER = 1.2
"""How much more room the same words take in English."""
CLOCK = "time:HH:mm:ss"
MOMENT = "time:YYYY-MM-DD HH:mm:ss"


class LiveQuery(Dataquery):
    """What is published on a channel of Grafana Live, from the moment the panel opens."""

    def to_json(self) -> dict[str, object]:
        return {"refId": "A", "datasource": BUILT_IN, "queryType": "measurements", "channel": CHANNEL}


class Live(Builder[LiveQuery]):
    """Builds the query of the alarm channel."""

    def build(self) -> LiveQuery:
        return LiveQuery()


def stat(title: str, query: str, colours: list[Threshold], mode: BigValueColorMode) -> Stat:
    """A tile with one big figure; the colour of the first threshold holds below the others."""
    return (
        Stat()
        .title(title)
        .datasource(INFLUX)
        .height(STAT_HEIGHT)
        .span(STAT_SPAN)
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False))
        .text_mode(BigValueTextMode.VALUE)
        .graph_mode(BigValueGraphMode.NONE)
        .color_mode(mode)
        .decimals(0)
        .thresholds(ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(colours))
        .with_target(Influxql(query))
    )


def counts(view: View) -> Iterator[Stat]:
    """Active alarms by colour, worst first. Without any row it says so: unknown is not zero."""
    for tier in WORST_FIRST:
        name = view.pick(COLOUR_TEXT[tier])
        title = view.say(f"{name}色报警（{LEVEL_NUMERAL[tier]} 级）", f"{name} alarms (level {LEVEL_NUMERAL[tier]})")
        colours = [Threshold(None, QUIET), Threshold(1, PAINT[tier])]
        panel = stat(title, active_count(tier.name.lower()), colours, BigValueColorMode.BACKGROUND)
        yield panel.no_value(view.say("无数据", "No data"))


def freshness(view: View) -> Stat:
    """When the colours were last written, so that an old picture is seen to be old."""
    title = view.say("数据时刻", "Data as of")
    panel = stat(title, "", [Threshold(None, "text")], BigValueColorMode.VALUE)
    return (
        panel.targets([Influxql(last_seen(), form="table")])
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]).fields("/^[Tt]ime$/").values(False))
        .unit(CLOCK)
        .no_value(view.say("无数据", "No data"))
        .description(
            view.say(
                "平台最近一次写入风险颜色的时刻；平台每分钟至少写一次",
                "when the platform last wrote a risk colour; it does so every minute",
            )
        )
    )


def backlog(view: View) -> Stat:
    """Readings that are in the log but not yet in the store."""
    title = view.say("待入库", "Backlog")
    colours = [
        Threshold(None, "text"),
        Threshold(BACKLOG_WARNING, PAINT[Tier.YELLOW]),
        Threshold(BACKLOG_ALARM, PAINT[Tier.RED]),
    ]
    panel = stat(title, gauges("last", [("backlog", title)]), colours, BigValueColorMode.VALUE)
    return panel.unit("short").no_value(view.say("无数据", "No data"))


def column(view: View, title: str, width: int = 0, *more: DynamicConfigValue) -> list[DynamicConfigValue]:
    """The properties of a table's column; `width` fits Chinese, and 0 takes what is left."""
    pixels = width if view.language == "zh" else round(width * LATIN_WIDER)
    width_given = [DynamicConfigValue("custom.width", pixels)] if width else []
    return [DynamicConfigValue("displayName", title), *width_given, *more]


def figure() -> list[DynamicConfigValue]:
    """The properties of a number that some rows do not have."""
    return [DynamicConfigValue("decimals", 2), DynamicConfigValue("noValue", "–")]


def painted(view: View) -> list[DynamicConfigValue]:
    """The properties that show a tier as a cell of its colour."""
    return [
        DynamicConfigValue("mappings", [tiers(view)]),
        DynamicConfigValue("custom.displayMode", "color-background-solid"),
        DynamicConfigValue("custom.align", "center"),
    ]


def to_trend(view: View) -> DynamicConfigValue:
    """The link of a point's cell to its trend on this dashboard.

    It opens a new page: changing source and point together on an open one is a race in Grafana 9, which may end on
    another point of the source.
    """
    url = (
        f"/d/{overview_uid(view.language)}?"
        "${enterprise:queryparam}&var-source=${__data.fields.source_id:percentencode}"
        "&var-point=${__value.raw:percentencode}&${__url_time_range}"
    )
    return DynamicConfigValue(
        "links", [{"title": view.say("查看趋势", "Show the trend"), "url": url, "targetBlank": True}]
    )


def alarms(view: View) -> Table:
    """The active alarms, the worst first and of those the newest first."""
    say = view.say
    colour, changed = say("颜色", "Colour"), say("最近变化", "Last change")
    panel = (
        Table()
        .title(say("当前报警", "Active alarms"))
        .description(
            say(
                "每个测点每种条件的最近一条记录，等级尚未归零",
                "the last row of each condition of a point, still above none",
            )
        )
        .datasource(INFLUX)
        .height(9)
        .span(24)
        .cell_height(TableCellHeight.SM)
        .no_value(say("没有未消除的报警记录", "No active alarm on record"))
        .sort_by([TableSortByFieldState().display_name(name).desc(True) for name in (colour, changed)])
        .with_target(Influxql(active_alarms(say("name_zh", "name_en"), say("text_zh", "text_en")), form="table"))
    )
    panel.override_by_regexp("/^[Tt]ime$/", column(view, changed, 155, DynamicConfigValue("unit", MOMENT)))
    panel.override_by_name("tier", column(view, colour, 70, *painted(view)))
    for name, properties in described(view).items():
        panel.override_by_name(name, properties)
    return panel


def described(view: View) -> dict[str, list[DynamicConfigValue]]:
    """The columns that say where and what, by the names that the query gives them."""
    say = view.say
    return {
        "enterprise": column(view, say("企业", "Enterprise"), 185, enterprise_names(view)),
        "source": column(view, say("危险源", "Source"), 130, source_names(view)),
        "point": column(view, say("测点", "Point"), 190, to_trend(view)),
        "name": column(view, say("报警", "Alarm"), 150),
        "text": column(view, say("说明", "Text")),
        "value": column(view, say("数值", "Value"), 80, *figure()),
        "unit": column(view, say("单位", "Unit"), 65),
        "state": column(view, say("状态", "State"), 110, words(view, STATE_TEXT)),
        "alarm_class": column(view, say("类别", "Class"), 65, words(view, CLASS_TEXT)),
        "simulated": column(view, say("模拟", "Simulated"), 75, words(view, SIMULATED_TEXT)),
        "source_id": [DynamicConfigValue("custom.hidden", True)],
    }


def broadcast(view: View) -> Table:
    """What Grafana Live carries: every change of an alarm, at the moment it happens."""
    say = view.say
    text = say("text_zh", "text_en")
    moment = say("时刻", "Time")
    panel = (
        Table()
        .title(say("实时播报", "Live feed"))
        .description(
            say("经 Grafana Live 推送，无须刷新；打开页面后开始累积", "pushed by Grafana Live, without a refresh")
        )
        .datasource(BUILT_IN)
        .cell_height(TableCellHeight.SM)
        .max_data_points(200)
        .with_target(Live())
        .with_transformation(
            DataTransformerConfig(
                id_val="filterFieldsByName", options={"include": {"names": ["time", "tier", "change", text]}}
            )
        )
        .with_transformation(
            DataTransformerConfig(
                id_val="organize", options={"indexByName": {"time": 0, "tier": 1, "change": 2, text: 3}}
            )
        )
        .sort_by([TableSortByFieldState().display_name(moment).desc(True)])
    )
    panel.override_by_name("time", column(view, moment, 90, DynamicConfigValue("unit", CLOCK)))
    panel.override_by_name("tier", column(view, say("颜色", "Colour"), 60, *painted(view)))
    panel.override_by_name("change", column(view, say("变化", "Change"), 105, words(view, CHANGE_TEXT)))
    panel.override_by_name(text, column(view, say("说明", "Text")))
    return panel
