"""The report as one HTML file that needs nothing beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

import numpy as np

from alerting.kpi import chart
from alerting.kpi.handling import Handled
from alerting.kpi.health import FLOOD_FROM, Health
from alerting.kpi.period import Period
from alerting.text import COLOURS as COLOUR_NAMES
from ganzhi.clock import local_text
from ganzhi.records import COLOURS, Text, Tier

MOST_PER_WINDOW, MOST_FLOOD_SHARE, MOST_STALE, MOST_TOP_SHARE = 1.0, 0.01, 5, 0.05
"""EEMUA 191 and ISA-18.2: what an operator can bear, time in flood, stale alarms on any day, the ten most frequent."""

STYLE = """
:root{color-scheme:light}
body{font:15px/1.5 system-ui,"Noto Sans CJK SC","Microsoft YaHei",sans-serif;color:#182233;background:#fff;
  max-width:1000px;margin:24px auto;padding:0 16px}
h1{font-size:24px;margin:0 0 4px}
h2{font-size:18px;margin:32px 0 8px;border-bottom:2px solid #1f3a63;padding-bottom:4px}
h3{font-size:15px;margin:18px 0 6px}
p.soft,small{color:#5b6880}
table{border-collapse:collapse;width:100%;margin:6px 0 12px}
th,td{padding:5px 10px;text-align:right;border-bottom:1px solid #e3e8f0}
th{background:#f3f6fb;font-weight:600}
th:first-child,td:first-child,td.t,th.t{text-align:left}
svg{width:100%;height:auto;font:11px system-ui,sans-serif}
svg text{fill:#5b6880}
.good{color:#107a4b;font-weight:600}
.bad{color:#c1272d;font-weight:600}
.dot{display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:6px}
@media print{body{margin:0;max-width:none}h2{break-after:avoid}table,svg{break-inside:avoid}}
"""


def page(site: Text, period: Period, healths: Sequence[Health], cases: Sequence[Handled], written: int) -> str:
    """HTML for people, Chinese first; `written` is the moment of writing, UTC ns."""
    span = f"{local_text(period.start, period.zone)} ~ {local_text(period.end, period.zone)}"
    blocks = [_position(health, period) for health in healths] or [_nothing()]
    return "".join(
        [
            '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width,initial-scale=1">',
            f"<title>{escape(site.zh)} 报警报告</title><style>{STYLE}</style></head><body>",
            f"<h1>{escape(site.zh)} 报警系统运行报告</h1>",
            f'<p class="soft">{escape(site.en)}: alarm system report · {span} ({period.zone.key}) · ',
            f"编制 written {local_text(written, period.zone)}</p>",
            *blocks,
            _cases(cases),
            _method(),
            "</body></html>\n",
        ]
    )


def _nothing() -> str:
    return (
        "<h2>本时段没有报警 No alarms in this period</h2><p>没有任何岗位收到报警。No position was given an alarm.</p>"
    )


def _position(health: Health, period: Period) -> str:
    name = escape(health.position) or "值班岗位 Operator position"
    title = "每 10 分钟报警数 Alarms in 10 minutes"
    mix = "各级占比 By colour"
    simulated = ""
    if health.simulated:
        simulated = (
            f'<p class="soft">其中 {health.simulated} 次来自模拟数据。{health.simulated} of them were simulated.</p>'
        )
    return "".join(
        [
            f"<h2>{name}</h2>",
            _kpis(health),
            simulated,
            f"<h3>{title}</h3>",
            chart.timeline(health.windows, period, title),
            f'<p class="soft">虚线:报警泛滥({FLOOD_FROM} 次)。The dashed line is a flood.</p>',
            f"<h3>{mix}</h3>",
            chart.shares(health.by_tier, COLOURS, mix),
            _mix(health),
            _delays(health),
            _frequent(health),
        ]
    )


def _kpis(health: Health) -> str:
    stale = max(health.stale, default=0)
    rows = [
        ("报警总数 Alarms announced", f"{health.announced}", "", None),
        ("每 10 分钟平均 Average in 10 min", f"{health.per_window:.2f}", "≤ 1", health.per_window <= MOST_PER_WINDOW),
        ("最多 10 分钟 Peak in 10 min", f"{health.peak}", "≤ 10", health.peak <= FLOOD_FROM),
        (
            "泛滥时间占比 Time in flood",
            f"{health.flood_share:.2%}",
            "< 1 %",
            health.flood_share < MOST_FLOOD_SHARE,
        ),
        ("抖动报警 Chattering alarms", f"{health.chattering}", "0", health.chattering == 0),
        ("单日最多长期报警(>24 h) Stale alarms, worst day", f"{stale}", "< 5", stale < MOST_STALE),
        ("前十报警占比 Top ten of all", f"{health.top_share:.1%}", "≤ 5 %", health.top_share <= MOST_TOP_SHARE),
        ("搁置次数 Shelved", f"{health.shelved}", "", None),
        ("期末仍搁置 Still shelved at the end", f"{health.shelved_now}", "", None),
        ("抑制而未通知 Withheld by suppression", f"{health.withheld}", "", None),
        ("并入事件 Folded into incidents", f"{health.folded}", "", None),
    ]
    body = "".join(
        f"<tr><td>{name}</td><td>{_judged(value, good)}</td><td>{escape(aim)}</td></tr>"
        for name, value, aim, good in rows
    )
    return f"<table><tr><th>指标 Figure</th><th>数值 Value</th><th>目标 Aim</th></tr>{body}</table>"


def _judged(value: str, good: bool | None) -> str:
    return value if good is None else f'<span class="{"good" if good else "bad"}">{value}</span>'


def _mix(health: Health) -> str:
    cells = [
        (f"{_colour(tier)}", f"{count}", f"{count / health.announced:.1%}" if health.announced else "–")
        for tier, count in zip(COLOURS, health.by_tier, strict=True)
    ]
    body = "".join(f"<tr><td>{name}</td><td>{count}</td><td>{share}</td></tr>" for name, count, share in cells)
    aim = "目标:低 / 中 / 高约 80 / 15 / 5 %(蓝为低,黄为中,橙红为高)。Low, medium, high near 80 / 15 / 5 %."
    head = "<tr><th>颜色 Colour</th><th>次数 Count</th><th>占比 Share</th></tr>"
    return f'<table>{head}{body}</table><p class="soft">{aim}</p>'


def _delays(health: Health) -> str:
    rows = []
    for tier, delays in health.delays.items():
        seen = len(delays.acknowledge) + delays.unacknowledged
        rows.append(
            f"<tr><td>{_colour(tier)}</td><td>{len(delays.acknowledge)} / {seen}</td>"
            f"<td>{_quantile(delays.acknowledge, 0.5)}</td><td>{_quantile(delays.acknowledge, 0.9)}</td>"
            f"<td>{_quantile(delays.close, 0.5)}</td><td>{_quantile(delays.close, 0.9)}</td></tr>"
        )
    head = (
        "<tr><th>颜色 Colour</th><th>已确认 Acknowledged</th><th>确认用时中位 Median</th><th>90 %</th>"
        "<th>结束用时中位 Until over, median</th><th>90 %</th></tr>"
    )
    return f"<h3>确认与结束用时 Time to acknowledge and until over</h3><table>{head}{''.join(rows)}</table>"


def _frequent(health: Health) -> str:
    if not health.frequent:
        return ""
    rows = "".join(
        f'<tr><td>{escape(each.name.zh)} <small>{escape(each.name.en)}</small></td><td class="t">{escape(each.subject)}'
        f"</td><td>{each.count}</td><td>{each.count / health.announced:.1%}</td></tr>"
        for each in health.frequent
    )
    head = '<tr><th>报警 Alarm</th><th class="t">对象 Subject</th><th>次数 Count</th><th>占比 Share</th></tr>'
    return f"<h3>最频繁的十个报警 The ten most frequent</h3><table>{head}{rows}</table>"


def _cases(cases: Sequence[Handled]) -> str:
    title = "<h2>处置工单 Cases</h2>"
    if not any(row.cases for row in cases):
        return f"{title}<p>本时段没有工单。No cases in this period.</p>"
    rows = "".join(
        f"<tr><td>{_colour(row.tier)}</td><td>{row.cases}</td><td>{row.opened}</td><td>{row.closed}</td>"
        f"<td>{row.overdue} ({row.overdue_share:.0%})</td><td>{row.supervised}</td>"
        f"<td>{_quantile(row.accept, 0.5)}</td><td>{_quantile(row.close, 0.5)}</td>"
        f"<td>{_quantile(row.close, 0.9)}</td></tr>"
        for row in cases
    )
    head = (
        "<tr><th>颜色 Colour</th><th>在办 Open at some time</th><th>新开 Opened</th><th>关闭 Closed</th>"
        "<th>逾期 Overdue</th><th>督办 Supervised</th><th>接单中位 Accepted, median</th>"
        "<th>关闭中位 Closed, median</th><th>90 %</th></tr>"
    )
    return f"{title}<table>{head}{rows}</table>"


def _method() -> str:
    return (
        "<h2>怎样计数 How it is counted</h2><p>只计已通知操作员的报警:变重后再次通知算一次;确认、搁置、并入事件、"
        "被抑制、补传数据和平台自身的诊断不计。目标取自 ISA-18.2 与 EEMUA 191。</p>"
        '<p class="soft">Only announced alarms count; one announced again because it became worse is one more. '
        "Acknowledgements, shelving, folded and withheld alarms, late data and the platform's own diagnostics do not. "
        "Aims are those of ISA-18.2 and EEMUA 191.</p>"
    )


def _colour(tier: Tier) -> str:
    name = COLOUR_NAMES[tier]
    return f'<span class="dot" style="background:{chart.PAINT[tier]}"></span>{name.zh} {name.en}'


def _quantile(seconds: Sequence[float], share: float) -> str:
    if not seconds:
        return "–"
    return span(float(np.quantile(np.asarray(seconds), share)))


def span(seconds: float) -> str:
    """A duration for people, to the minute from an hour on."""
    if not math.isfinite(seconds):
        return "–"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours < 48 else f"{hours / 24:.1f} d"
