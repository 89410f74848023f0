"""The InfluxQL of the panels, over the measurements that storage writes; nothing else here knows their names.

Template variables are written `${name:regex}`, so that Grafana escapes them in panels and in variables alike.
`$timeFilter` is the dashboard's range; `${__to}` its end, in milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery

from grafana.datasource import INFLUX

Format = Literal["time_series", "table"]

OF_ENTERPRISE = '"enterprise" =~ /^${enterprise:regex}$/'
OF_SOURCE = '"source" =~ /^${source:regex}$/'
OF_POINT = '"point" =~ /^${point:regex}$/'
RATES = ("received", "accepted", "late", "duplicate", "rejected", "unknown")

ENTERPRISES = 'SHOW TAG VALUES FROM "reading" WITH KEY = "enterprise"'
SOURCES = f'SHOW TAG VALUES FROM "reading" WITH KEY = "source" WHERE {OF_ENTERPRISE}'
POINTS = f'SHOW TAG VALUES FROM "reading" WITH KEY = "point" WHERE {OF_ENTERPRISE} AND {OF_SOURCE}'


class InfluxqlQuery(Dataquery):
    """One query of a panel; the SDK has types for InfluxQL from no version of Grafana."""

    def __init__(self, text: str, form: Format, alias: str) -> None:
        self.text = text
        self.form = form
        self.alias = alias

    def to_json(self) -> dict[str, object]:
        payload: dict[str, object] = {
            "refId": "A",
            "datasource": INFLUX,
            "query": self.text,
            "rawQuery": True,
            "resultFormat": self.form,
        }
        if self.alias:
            payload["alias"] = self.alias
        return payload


class Influxql(Builder[InfluxqlQuery]):
    """Builds the query that reads `text`."""

    def __init__(self, text: str, *, form: Format = "time_series", alias: str = "") -> None:
        self.query = InfluxqlQuery(text, form, alias)

    def build(self) -> InfluxqlQuery:
        return self.query


def active_count(colour: str) -> str:
    """How many alarms of a colour are active: the last count of each source, added up. No row: nothing is known."""
    return (
        f'SELECT sum("count") AS "{colour}" FROM (SELECT last("{colour}") AS "count" FROM "risk" '
        f'WHERE {OF_ENTERPRISE} AND $timeFilter GROUP BY "enterprise", "source")'
    )


def last_seen() -> str:
    """When a colour was last written, as the time of the row."""
    return f'SELECT last("tier") AS "tier" FROM "risk" WHERE {OF_ENTERPRISE} AND $timeFilter'


def active_alarms(name: str, text: str) -> str:
    """The last row of every condition of a point that is still above NONE, newest first.

    It reads from the first row kept, not from the start of the range: an alarm raised last week and still active is
    active. Retrospective rows are history, never a present state.
    """
    last = (
        f'SELECT last("tier") AS "tier", "{name}" AS "name", "{text}" AS "text", "state" AS "state", '
        f'"value" AS "value", "unit" AS "unit", "simulated" AS "simulated" FROM "alarm" '
        f'WHERE "retrospective" = false AND {OF_ENTERPRISE} AND time <= ${{__to}}ms '
        'GROUP BY "enterprise", "source", "point", "condition", "alarm_class"'
    )
    columns = (
        "tier",
        "enterprise",
        "source",
        "point",
        "name",
        "text",
        "value",
        "unit",
        "state",
        "alarm_class",
        "simulated",
    )
    shown = ", ".join(f'"{column}"' for column in columns)
    return f'SELECT {shown}, "source" AS "source_id" FROM ({last}) WHERE "tier" > 0 ORDER BY time DESC'


def risk_colours() -> str:
    """The worst colour of each source in each interval; an interval without a row is a gap."""
    return (
        f'SELECT max("tier") FROM "risk" WHERE {OF_ENTERPRISE} AND $timeFilter '
        'GROUP BY time($__interval), "enterprise", "source" fill(null)'
    )


def trend(mean: str, highest: str, lowest: str) -> str:
    """The chosen point: mean and extremes of each interval, so that a short excursion is not averaged away."""
    return (
        f'SELECT mean("value") AS "{mean}", max("value") AS "{highest}", min("value") AS "{lowest}" FROM "reading" '
        f"WHERE {OF_ENTERPRISE} AND {OF_SOURCE} AND {OF_POINT} AND $timeFilter "
        'GROUP BY time($__interval), "quantity", "point" fill(null)'
    )


def rates(names: Sequence[tuple[str, str]]) -> str:
    """Readings a second of each counter, from totals that start at 0 with the service; (counter, shown name).

    The rate is taken between rows, by their own times, and then averaged: a difference between intervals would fall
    at the right edge, where the last interval has only begun.
    """
    inner = ", ".join(f'non_negative_derivative("{counter}", 1s) AS "{counter}"' for counter, _ in names)
    outer = ", ".join(f'mean("{counter}") AS "{shown}"' for counter, shown in names)
    return (
        f'SELECT {outer} FROM (SELECT {inner} FROM "pipeline" WHERE $timeFilter) '
        "WHERE $timeFilter GROUP BY time($__interval) fill(none)"
    )


def gauges(function: str, names: Sequence[tuple[str, str]]) -> str:
    """`function` of each field of the pipeline in each interval; (field, shown name)."""
    columns = ", ".join(f'{function}("{field}") AS "{shown}"' for field, shown in names)
    return f'SELECT {columns} FROM "pipeline" WHERE $timeFilter GROUP BY time($__interval) fill(none)'
