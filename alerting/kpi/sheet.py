"""The report's figures as CSV, one figure a row, for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

import numpy as np

from alerting.kpi.handling import Handled
from alerting.kpi.health import Health
from alerting.kpi.period import WINDOW_NS, Period
from ganzhi.clock import local_text
from ganzhi.records import COLOURS

HEADER = ("section", "position", "figure", "value", "unit")
BOM = "\ufeff"
"""Without it a spreadsheet reads Chinese names in the wrong code page."""

Row = tuple[str, str, str, float | int | str, str]


def sheet(period: Period, healths: Sequence[Health], cases: Sequence[Handled]) -> str:
    """Text of the file, with a byte-order mark; an unknown figure is empty."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADER)
    for health in healths:
        writer.writerows(_rows(health, period))
    writer.writerows(_case_rows(cases))
    return BOM + text.getvalue()


def _rows(health: Health, period: Period) -> Iterator[Row]:
    plain: list[tuple[str, float | int, str]] = [
        ("announced", health.announced, ""),
        ("alarms_per_10min", health.per_window, "1/10min"),
        ("peak_10min", health.peak, "1/10min"),
        ("flood_share", health.flood_share, ""),
        ("chattering", health.chattering, ""),
        ("stale_worst_day", max(health.stale, default=0), ""),
        ("top_ten_share", health.top_share, ""),
        ("shelved", health.shelved, ""),
        ("shelved_at_end", health.shelved_now, ""),
        ("withheld", health.withheld, ""),
        ("folded", health.folded, ""),
        ("simulated", health.simulated, ""),
    ]
    for name, value, unit in plain:
        yield "summary", health.position, name, value, unit
    for tier, count in zip(COLOURS, health.by_tier, strict=True):
        yield "colour", health.position, tier.name.lower(), count, ""
    for tier, delays in health.delays.items():
        colour = tier.name.lower()
        yield "acknowledge", health.position, f"{colour}_median", _median(delays.acknowledge), "s"
        yield "acknowledge", health.position, f"{colour}_missing", delays.unacknowledged, ""
        yield "over", health.position, f"{colour}_median", _median(delays.close), "s"
    for each in health.frequent:
        yield "frequent", health.position, f"{each.name.zh} {each.subject}", each.count, ""
    for window in np.flatnonzero(health.windows).tolist():
        at = local_text(period.start + window * WINDOW_NS, period.zone)
        yield "window", health.position, at, int(health.windows[window]), "1/10min"


def _case_rows(cases: Sequence[Handled]) -> Iterator[Row]:
    for row in cases:
        colour = row.tier.name.lower()
        for name, value in (
            ("open", row.cases),
            ("opened", row.opened),
            ("closed", row.closed),
            ("overdue", row.overdue),
            ("supervised", row.supervised),
        ):
            yield "case", "", f"{colour}_{name}", value, ""
        yield "case", "", f"{colour}_accept_median", _median(row.accept), "s"
        yield "case", "", f"{colour}_close_median", _median(row.close), "s"


def _median(seconds: Sequence[float]) -> float | str:
    return float(np.median(np.asarray(seconds))) if seconds else ""
