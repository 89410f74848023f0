"""The platform itself: what arrives, what waits, and how long a reading takes to be judged."""

from __future__ import annotations

from collections.abc import Iterator

from grafana_foundation_sdk.builders.common import VizLegendOptions, VizTooltipOptions
from grafana_foundation_sdk.builders.timeseries import Panel as TimeSeries
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement, SortOrder, TooltipDisplayMode
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue

from ganzhi.records import Text
from grafana.datasource import INFLUX
from grafana.influxql import RATES, Influxql, gauges, rates
from grafana.view import View

COUNTER_TEXT = {
    "received": Text("接收", "received"),
    "accepted": Text("接受", "accepted"),
    "late": Text("迟到", "late"),
    "duplicate": Text("重复", "duplicate"),
    "rejected": Text("拒绝", "rejected"),
    "unknown": Text("未登记", "unknown"),
}
COUNTER_PAINT = {
    "received": "#8AB8FF",
    "accepted": "#73BF69",
    "late": "#F2CC0C",
    "duplicate": "#B877D9",
    "rejected": "#E02F44",
    "unknown": "#FF780A",
}
INTERVAL = "10s"
GAP_MS = 180_000
"""A curve breaks where the platform wrote nothing for three minutes."""
SPAN = 8
HEIGHT = 8


def chart(title: str, unit: str) -> TimeSeries:
    """One of the three small charts."""
    return (
        TimeSeries()
        .title(title)
        .datasource(INFLUX)
        .height(HEIGHT)
        .span(SPAN)
        .interval(INTERVAL)
        .unit(unit)
        .min(0)
        .line_width(1)
        .fill_opacity(8)
        .insert_nulls(GAP_MS)
        .legend(
            VizLegendOptions()
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .calcs(["lastNotNull"])
            .show_legend(True)
        )
        .tooltip(VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
    )


def pipeline(view: View) -> Iterator[TimeSeries]:
    """What came in, what waits, and the delay."""
    say = view.say
    shown = [(counter, view.pick(COUNTER_TEXT[counter])) for counter in RATES]
    arrivals = chart(say("接收速率（读数/秒）", "Arrivals (readings/s)"), "short")
    arrivals.description(
        say(
            "接收 = 接受 + 迟到 + 重复 + 拒绝 + 未登记",
            "received = accepted + late + duplicate + rejected + unknown",
        )
    ).with_target(Influxql(rates(shown), alias="$col"))
    for counter, name in shown:
        colour = DynamicConfigValue("color", {"mode": "fixed", "fixedColor": COUNTER_PAINT[counter]})
        arrivals.override_by_name(name, [colour])
    yield arrivals

    waiting = say("待入库", "backlog")
    backlog = chart(say("待入库读数", "Backlog (readings)"), "short")
    yield backlog.decimals(0).with_target(Influxql(gauges("max", [("backlog", waiting)]), alias="$col"))

    delays = [("delay_p50_ms", say("中位数", "median")), ("delay_p99_ms", "p99")]
    delay = chart(say("处理延迟（接收到判定）", "Delay from receipt to judgement"), "ms")
    yield delay.with_target(Influxql(gauges("max", delays), alias="$col"))
