"""The overview 一网统管总览: every colour on one screen, from the counts down to one point's curve."""

from __future__ import annotations

from collections.abc import Iterator

from grafana_foundation_sdk.builders.dashboard import (
    AnnotationQuery,
    AnnotationTarget,
    Dashboard,
    DashboardLink,
    QueryVariable,
    Row,
)
from grafana_foundation_sdk.models.dashboard import (
    AnnotationPanelFilter,
    DashboardCursorSync,
    DashboardLinkType,
    VariableOption,
    VariableRefresh,
    VariableSort,
)
from grafana_foundation_sdk.models.dashboard import Dashboard as Drawn

from ganzhi.records import Text
from grafana.alarm_panel import alarms, backlog, broadcast, counts, freshness
from grafana.annotation import TAG
from grafana.datasource import ANNOTATIONS, INFLUX
from grafana.influxql import ENTERPRISES, POINTS, SOURCES
from grafana.pipeline_panel import pipeline
from grafana.source_panel import colours, curve, timeline_height
from grafana.view import COLOUR_TEXT, PAINT, WORST_FIRST, Language, View, overview_uid

TITLE = Text("一网统管总览", "Ganzhi overview")
REFRESH = "10s"
MOST_ANNOTATIONS = 200
LANGUAGE_NAME: dict[Language, str] = {"zh": "中文", "en": "English"}


def variable(name: str, label: str, query: str) -> QueryVariable:
    """A choice among the values of a tag."""
    return (
        QueryVariable(name)
        .id(name)  # the SDK gives all the same id, and Grafana 9 then keeps only the last
        .label(label)
        .datasource(INFLUX)
        .query(query)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
    )


def variables(view: View) -> Iterator[QueryVariable]:
    """Enterprise, source and point, each offering what the one before leaves."""
    every = view.say("全部", "All")
    enterprise = variable("enterprise", view.say("企业", "Enterprise"), ENTERPRISES)
    yield enterprise.include_all(True).all_value(".*").current(VariableOption(True, every, "$__all"))
    yield variable("source", view.say("危险源", "Source"), SOURCES)
    yield variable("point", view.say("测点", "Point"), POINTS)


def regions(view: View) -> Iterator[AnnotationQuery]:
    """The alarms of the chosen source as regions, one query a colour because a query has one colour."""
    for tier in WORST_FIRST:
        name = view.pick(COLOUR_TEXT[tier])
        tags = [TAG, tier.name.lower(), "source:$source"]
        yield (
            AnnotationQuery()
            .name(view.say(f"{name}色报警", f"{name} alarms"))
            .datasource(ANNOTATIONS)
            .enable(True)
            .hide(False)
            .icon_color(PAINT[tier])
            .target(AnnotationTarget().type("tags").tags(tags).match_any(False).limit(MOST_ANNOTATIONS))
        )


def overview(view: View) -> Drawn:
    """The whole dashboard in the view's language."""
    say = view.say
    board = (
        Dashboard(view.pick(TITLE))
        .uid(overview_uid(view.language))
        .description(say("危险源红橙黄蓝四色态势", "hazardous sources in four colours"))
        .tags(["ganzhi", "一网统管"])
        .timezone(view.zone.key)
        .time("now-6h", "now")
        .refresh(REFRESH)
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .editable()
    )
    for choice in variables(view):
        board.with_variable(choice)
    for query in regions(view):
        board.annotation(query)
    for language in view.others:
        link = DashboardLink(LANGUAGE_NAME[language]).type(DashboardLinkType.LINK).url(f"/d/{overview_uid(language)}")
        board.link(link.icon("external link").keep_time(True).include_vars(True))
    height = timeline_height(view)
    for tile in (*counts(view), freshness(view), backlog(view)):
        board.with_panel(tile)
    board.with_panel(alarms(view))
    board.with_panel(colours(view).height(height).span(14))
    board.with_panel(broadcast(view).height(height).span(10))
    board.with_row(Row(say("测点趋势", "Trend")))
    board.with_panel(curve(view))
    board.with_row(Row(say("数据链路", "Data pipeline")))
    charts = list(pipeline(view))
    for chart in charts:
        board.with_panel(chart)
    return numbered(board.build(), len(charts))


def numbered(drawn: Drawn, bare: int) -> Drawn:
    """The dashboard with its panels numbered from 1 in their order, and no annotations on the last `bare` of them."""
    panels = drawn.panels or []
    for number, panel in enumerate(panels, 1):
        panel.id_val = number
    last = list(range(len(panels) - bare + 1, len(panels) + 1))
    for query in drawn.annotations.list_val or []:
        query.filter_val = AnnotationPanelFilter(exclude=True, ids=last)
    return drawn
