"""What became of cases in a period: how long they took, and how many were not handled in time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from alerting.kpi.period import Period
from ganzhi.clock import NS_PER_S
from ganzhi.handling import Case
from ganzhi.records import COLOURS, Tier


@dataclass(frozen=True, slots=True)
class Handled:
    """The cases of one colour that were open at some time of a period.

    opened, closed  within the period; `overdue` missed a deadline within their life; `supervised` came under 督办
    accept, close   seconds from opening to acceptance and to the end, of those where it fell into the period
    """

    tier: Tier
    cases: int
    opened: int
    closed: int
    overdue: int
    supervised: int
    accept: tuple[float, ...]
    close: tuple[float, ...]

    @property
    def overdue_share(self) -> float:
        """Share that missed a deadline; 0 where there were no cases."""
        return self.overdue / self.cases if self.cases else 0.0


def handled(cases: Iterable[Case], period: Period) -> list[Handled]:
    """The cases as they stood at the end of the period, worst colour first; a row for every colour."""
    mine: dict[Tier, list[Case]] = {tier: [] for tier in reversed(COLOURS)}
    for case in cases:
        over = case.closed_at is not None and case.closed_at < period.start
        if case.opened_at < period.end and not over:
            mine[case.tier].append(case)
    return [_row(tier, found, period) for tier, found in mine.items()]


def _row(tier: Tier, cases: list[Case], period: Period) -> Handled:
    return Handled(
        tier=tier,
        cases=len(cases),
        opened=sum(case.opened_at in period for case in cases),
        closed=sum(case.closed_at is not None and case.closed_at in period for case in cases),
        overdue=sum(case.overdue > 0 for case in cases),
        supervised=sum(case.supervised_at is not None for case in cases),
        accept=_took(((case.opened_at, case.accepted_at) for case in cases), period),
        close=_took(((case.opened_at, case.closed_at) for case in cases), period),
    )


def _took(spans: Iterable[tuple[int, int | None]], period: Period) -> tuple[float, ...]:
    return tuple((end - start) / NS_PER_S for start, end in spans if end is not None and end in period)
