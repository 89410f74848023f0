"""The platform's eye on itself: figures in, alarms about ourselves out, even while the journal cannot be written."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ganzhi.clock import NS_PER_MS, NS_PER_S, Clock
from ganzhi.own import CONDITIONS, Condition, rule_id, tier
from ganzhi.records import AlarmEvent, Tier, Transition

Held = tuple[Tier, float, int]
"""Tier, figure and since when, UTC ns."""

MOST_WAITING = 1000
"""Changes kept while the journal cannot be written; the oldest are let go."""


class Watch:
    """Judges every condition once a turn. What the journal cannot take yet is told to it later, with its own times.

    figures  by id of the condition; one that is left out is as it was
    apply    transitions -> journalled events; raises Unavailable
    points   the index of each condition's point, by the id of its rule
    held     the tiers that the journal holds at the start, by rule and point
    """

    def __init__(
        self,
        *,
        figures: Callable[[], Mapping[str, float]],
        apply: Callable[[Sequence[Transition]], list[AlarmEvent]],
        announce: Callable[[Sequence[AlarmEvent]], None],
        points: Mapping[str, int],
        held: Mapping[tuple[str, int], Tier],
        clock: Clock,
    ) -> None:
        self._figures = figures
        self._apply = apply
        self._announce = announce
        self._points = points
        self._clock = clock
        start = clock()
        self._now: dict[str, Held] = {
            c.id: (held.get((rule_id(c), points[rule_id(c)]), Tier.NONE), 0.0, start) for c in CONDITIONS
        }
        self._waiting: list[Transition] = []

    def __call__(self) -> int:
        """One turn; how many alarms changed. Raises Unavailable while the journal is, and tells it later."""
        now, figures = self._clock(), self._figures()
        for condition in CONDITIONS:
            if condition.id not in figures:
                continue
            figure = figures[condition.id]
            before, _, since = self._now[condition.id]
            found = tier(condition, figure, before)
            self._now[condition.id] = found, figure, since if before and found else now
            if found != before:
                self._waiting.append(self._transition(condition, before, found, now))
        del self._waiting[:-MOST_WAITING]
        if not self._waiting:
            return 0
        events = self._apply(self._waiting)
        self._waiting.clear()
        self._announce(events)
        return len(events)

    def conditions(self) -> list[dict[str, Any]]:
        """What is wrong now, worst first, for the health page; see console.backend."""
        found = [(c, *self._now[c.id]) for c in CONDITIONS if self._now[c.id][0]]
        return [
            {
                "id": condition.id,
                "tier": int(held),
                "text": {
                    "zh": f"{condition.name.zh}：{_figure(condition, figure)}。{condition.advice.zh}",
                    "en": f"{condition.name.en}: {_figure(condition, figure)}. {condition.advice.en}",
                },
                "since": since // NS_PER_MS,
            }
            for condition, held, figure, since in sorted(found, key=lambda row: -row[1])
        ]

    def _transition(self, condition: Condition, old: Tier, new: Tier, now: int) -> Transition:
        figure = self._now[condition.id][1]
        return Transition(
            rule=rule_id(condition),
            point=self._points[rule_id(condition)],
            time=now,
            old=old,
            new=new,
            score=figure,
            limit=condition.limits.get(new or old, float("nan")),
            value=figure,
        )


def _figure(condition: Condition, figure: float) -> str:
    return f"{figure:.4g} {condition.unit}".strip()


class Age:
    """How long something has been so, s: for figures that count from the moment a fault was first seen."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since: int | None = None

    def __call__(self, faulty: bool) -> float:
        if not faulty:
            self._since = None
            return 0.0
        now = self._clock()
        self._since = now if self._since is None else self._since
        return (now - self._since) / NS_PER_S


class Lasting:
    """The least of the last so many figures, 0 before there are as many: what only flashes up, as after a restart, is
    no alarm."""

    def __init__(self, turns: int) -> None:
        self._last: deque[float] = deque([0.0] * turns, maxlen=turns)

    def __call__(self, figure: float) -> float:
        self._last.append(figure)
        return min(self._last)


class Risen:
    """By how much a counter rose within the last `window_s`."""

    def __init__(self, clock: Clock, window_s: float) -> None:
        self._clock = clock
        self._window_ns = int(window_s * NS_PER_S)
        self._seen: list[tuple[int, int]] = []

    def __call__(self, count: int) -> float:
        now = self._clock()
        if not self._seen or count != self._seen[-1][1]:
            self._seen.append((now, count))
        while len(self._seen) > 1 and self._seen[1][0] <= now - self._window_ns:
            del self._seen[0]
        return float(count - self._seen[0][1])
