from __future__ import annotations

import csv
import io
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from alerting.kpi import Period, handled, measure, page, sheet
from alerting.kpi.page import span
from ganzhi.handling import Case, CaseKind, CaseState
from ganzhi.records import Change, Text, Tier
from tests.alerting.kpi.journal import MINUTE, ZONE, Journal, hours
from tests.alerting.site import START

SITE = Text("示范市<一>", "Demo & city")


def case(tier: Tier, opened: float, **more: object) -> Case:
    """A case, opened so many minutes after START."""
    blank = Text("", "")
    made = Case(
        id=f"C{opened:g}",
        kind=CaseKind.ALARM,
        state=CaseState.DISPATCHED,
        tier=tier,
        title=blank,
        text=blank,
        advice=blank,
        enterprise="haihe-storage",
        source="tank-area-1",
        district="",
        chain=("shift_leader",),
        opened_at=START + round(opened * MINUTE),
        changed_at=START,
        due_at=None,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def test_the_page_is_well_formed_and_needs_no_network() -> None:
    journal = Journal()
    for minute in range(30):
        journal.clear(minute + 0.5, journal.raise_(minute, "LT-101", Tier(minute % 4 + 1)))
    period = hours(6)
    healths = measure(journal.lines, (), period, lambda _: "中控室")
    html = page(SITE, period, healths, handled([case(Tier.RED, 5, overdue=1)], period), period.end)
    body = html.removeprefix("<!doctype html>").replace('<meta charset="utf-8">', "")
    body = body.replace('<meta name="viewport" content="width=device-width,initial-scale=1">', "")
    ElementTree.fromstring(body)
    assert "示范市&lt;一&gt;" in html
    assert "2026-05-01 08:00:00" in html
    for word in ("http:", "https:", "<script", "@import", "url("):
        assert word not in html


def test_the_page_says_so_when_nothing_happened() -> None:
    html = page(SITE, hours(1), [], handled([], hours(1)), START)
    assert "本时段没有报警" in html
    assert "本时段没有工单" in html


def test_the_sheet_holds_every_figure_and_opens_in_a_spreadsheet() -> None:
    journal = Journal()
    journal.acknowledge(3, journal.raise_(1, "LT-101", Tier.RED))
    journal.add(4, journal.raise_(2, "LT-102"), Change.SHELVED)
    period = hours(24)
    text = sheet(period, measure(journal.lines, (), period, lambda _: "中控室"), handled([], period))
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text[1:])))
    figures = {(row["section"], row["figure"]): row["value"] for row in rows}
    assert figures["summary", "announced"] == "2"
    assert figures["summary", "shelved_at_end"] == "1"
    assert figures["acknowledge", "red_median"] == "120.0"
    assert figures["window", "2026-05-01 08:00:00"] == "2"


def test_cases_count_by_colour_when_they_were_open_in_the_period() -> None:
    period = hours(2)
    end = START + 60 * MINUTE
    found = handled(
        [
            case(Tier.RED, -600, closed_at=START - 1),
            case(Tier.RED, -600, accepted_at=START - MINUTE, closed_at=end, overdue=2, supervised_at=START),
            case(Tier.RED, 30, accepted_at=START + 35 * MINUTE),
            case(Tier.BLUE, 121),
        ],
        period,
    )
    red = found[0]
    assert [row.tier for row in found] == [Tier.RED, Tier.ORANGE, Tier.YELLOW, Tier.BLUE]
    assert (red.cases, red.opened, red.closed, red.overdue, red.supervised) == (2, 1, 1, 1, 1)
    assert red.overdue_share == 0.5
    assert red.accept == (300.0,)
    assert red.close == (660 * 60.0,)
    assert found[3].cases == 0


def test_a_period_that_does_not_last_is_refused() -> None:
    with pytest.raises(ValueError, match="ends after"):
        Period(START, START, ZONE)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.4, "59 s"), (61, "1 min 01 s"), (3600, "1 h 00 min"), (180_000, "2.1 d"), (float("nan"), "–")],
)
def test_durations_read_well(seconds: float, text: str) -> None:
    assert span(seconds) == text
