"""The sources: the colour each has had, and the trend of one point with its limits."""

from __future__ import annotations

from grafana_foundation_sdk.builders.common import GraphThresholdsStyleConfig, VizLegendOptions, VizTooltipOptions
from grafana_foundation_sdk.builders.dashboard import FieldColor
from grafana_foundation_sdk.builders.statetimeline import Panel as StateTimeline
from grafana_foundation_sdk.builders.timeseries import Panel as TimeSeries
from grafana_foundation_sdk.models.common import (
    GraphTresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    TooltipDisplayMode,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DynamicConfigValue,
    FieldColorModeId,
)

from grafana.datasource import INFLUX
from grafana.influxql import Influxql, risk_colours, trend
from grafana.limit import SERIES_ALIAS, overrides
from grafana.mapping import tiers
from grafana.view import View

TIMELINE_INTERVAL = "1m"
"""The platform writes each colour at least once a minute, so that no interval is empty while it works."""
TIMELINE_ALIAS = "$tag_enterprise/$tag_source"
ROWS_LEAST, ROWS_MOST = 8, 20
CURVE = "#73BF69"
EXTREMES = "rgba(115, 191, 105, 0.35)"


def timeline_height(view: View) -> int:
    """Grid rows that the timeline takes: more sources, more height, up to a limit."""
    return min(max(ROWS_LEAST, 3 + len(view.catalogue.sources)), ROWS_MOST)


def colours(view: View) -> StateTimeline:
    """The colour of every source over time; a gap is time in which nothing was written."""
    panel = (
        StateTimeline()
        .title(view.say("危险源风险颜色", "Risk colour of each source"))
        .description(
            view.say(
                "每段取最严重的颜色；空白表示平台没有写入",
                "the worst colour of each interval; a blank means that nothing was written",
            )
        )
        .datasource(INFLUX)
        .interval(TIMELINE_INTERVAL)
        .merge_values(True)
        .show_value(VisibilityMode.NEVER)
        .row_height(0.8)
        .line_width(0)
        .fill_opacity(90)
        .legend(
            VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM).show_legend(True)
        )
        .tooltip(VizTooltipOptions().mode(TooltipDisplayMode.SINGLE).sort(SortOrder.NONE))
        .mappings([tiers(view)])
        .color_scheme(FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC))
        .with_target(Influxql(risk_colours(), alias=TIMELINE_ALIAS))
    )
    for source in view.catalogue.sources.values():
        name = DynamicConfigValue("displayName", view.source_name(source))
        panel.override_by_name(f"{source.enterprise}/{source.id}", [name])
    return panel


def curve(view: View) -> TimeSeries:
    """The chosen point: its mean between its extremes, and its limits as dashed lines of their colours."""
    say = view.say
    mean, highest, lowest = say("平均", "mean"), say("最高", "highest"), say("最低", "lowest")
    panel = (
        TimeSeries()
        .title(say("测点趋势：$source · $point", "Trend: $source · $point"))
        .description(
            say(
                "细线为每段的最高与最低，粗线为平均；虚线为该测点的限值，颜色即等级；底色区段为该危险源的报警",
                "the bold line is the mean of each interval between its extremes; dashed lines are the point's limits "
                "in their colours; shaded regions are alarms of the source",
            )
        )
        .datasource(INFLUX)
        .height(10)
        .span(24)
        .line_width(2)
        .show_points(VisibilityMode.AUTO)
        .thresholds_style(GraphThresholdsStyleConfig().mode(GraphTresholdsStyleMode.DASHED))
        .legend(
            VizLegendOptions()
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .calcs(["lastNotNull", "min", "max"])
            .show_legend(True)
        )
        .tooltip(VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
        .with_target(Influxql(trend(mean, highest, lowest), alias=SERIES_ALIAS))
    )
    for pattern, properties in overrides(view.catalogue, view.rules):
        panel.override_by_regexp(pattern, properties)
    panel.override_by_regexp(f"/ {mean}$/", line(mean, CURVE))
    panel.override_by_regexp(f"/ {highest}$/", [*line(highest, EXTREMES), *thin()])
    panel.override_by_regexp(f"/ {lowest}$/", [*line(lowest, EXTREMES), *thin()])
    return panel


def line(name: str, colour: str) -> list[DynamicConfigValue]:
    """Name and colour of one of the three curves."""
    return [
        DynamicConfigValue("displayName", f"{name} $point"),
        DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour}),
    ]


def thin() -> list[DynamicConfigValue]:
    """The extremes stay behind the mean and out of the legend."""
    return [
        DynamicConfigValue("custom.lineWidth", 1),
        DynamicConfigValue("custom.showPoints", "never"),
        DynamicConfigValue("custom.hideFrom", {"legend": True, "tooltip": False, "viz": False}),
    ]
