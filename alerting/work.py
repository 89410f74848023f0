"""Maintenance windows and permits: entered and ended by people, kept in the ledger, looked up by where an alarm is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from alerting.occurrence import ABOUT
from ganzhi.clock import NS_PER_S, Clock
from ganzhi.errors import Refused
from ganzhi.records import Alarm, Catalogue, Tier, Work, WorkKind

LONGEST_NS = 31 * 86_400 * NS_PER_S
"""A window of more than a month is a change of the rules, not maintenance (engineering default)."""
SCOPES = ("enterprise", "source", "point")
MOST_WORKS = 10_000


class Keeps(Protocol):
    """What is asked of the ledger; each raises Unavailable."""

    def add_work(self, new: Work) -> Work: ...
    def end_work(self, number: int, at: int, person: str) -> Work | None: ...
    def works(self, since: int, limit: int) -> list[Work]: ...


class Works:
    """Every work that is on or to come. Methods may be called from any thread.

    announce  told of each that is new or ended, once it is kept
    """

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        ledger: Keeps,
        clock: Clock,
        announce: Callable[[Work], None] = lambda work: None,
    ) -> None:
        self._catalogue = catalogue
        self._ledger = ledger
        self._clock = clock
        self._announce = announce
        self._lock = threading.Lock()
        self._works = {work.id: work for work in ledger.works(clock(), MOST_WORKS) if work.ended_at is None}

    def add(
        self,
        kind: WorkKind,
        scope: str,
        subject: str,
        *,
        start: int | None,
        end: int,
        reason: str,
        person: str,
        most: Tier,
    ) -> Work:
        """Enter one; `start` None: now. Raises Refused, Unavailable."""
        now = self._clock()
        start = now if start is None else start
        self._check(scope, subject)
        if not person.strip() or not reason.strip():
            raise Refused("请填写姓名和作业内容。", "Give a name and say what is done.")
        if not start < end or end <= now:
            raise Refused("结束时间必须晚于开始时间和现在。", "It must end after it starts, and after now.")
        if end - start > LONGEST_NS:
            raise Refused("一次作业最长 31 天。", "A work lasts 31 days at most.")
        new = Work(0, kind, scope, subject, start, end, reason.strip(), person.strip(), now, most)
        with self._lock:
            kept = self._ledger.add_work(new)
            going_on = {key: work for key, work in self._works.items() if work.end > now}
            self._works = {**going_on, kept.id: kept}
        self._announce(kept)
        return kept

    def end(self, number: int, person: str) -> Work:
        """End one now. Raises Refused, Unavailable."""
        if not person.strip():
            raise Refused("请填写姓名。", "Please give a name.")
        with self._lock:
            if number not in self._works or self._works[number].end <= self._clock():
                raise Refused(f"没有进行中的作业 {number}。", f"There is no work {number} to end.", missing=True)
            ended = self._ledger.end_work(number, self._clock(), person.strip())
            self._works = {key: work for key, work in self._works.items() if key != number}
        if ended is None:
            raise Refused(f"没有作业 {number}。", f"There is no work {number}.", missing=True)
        self._announce(ended)
        return ended

    def open(self) -> list[Work]:
        """Those that are on or to come, the first to start first."""
        now = self._clock()
        found = [work for work in self._works.values() if work.end > now]
        return sorted(found, key=lambda work: (work.start, work.id))

    def around(self, alarm: Alarm, now: int) -> list[Work]:
        """Those that are on at that moment where an alarm is."""
        if not self._works:
            return []
        places = (
            ("enterprise", alarm.enterprise),
            ("source", alarm.source),
            ("point", alarm.subject.partition(ABOUT)[0]),
        )
        return [
            work
            for work in self._works.values()
            if work.start <= now < work.end and (work.scope, work.subject) in places
        ]

    def _check(self, scope: str, subject: str) -> None:
        catalogue = self._catalogue
        known: Sequence[object] = (catalogue.enterprises, catalogue.sources, catalogue.index)
        if scope not in SCOPES:
            raise Refused("范围应为企业、危险源或测点。", "The scope is an enterprise, a source or a point.")
        if subject not in dict(zip(SCOPES, known, strict=True))[scope]:  # type: ignore[operator]
            raise Refused(f"没有 {subject}。", f"There is no {scope} {subject}.", missing=True)


def maintenance(works: Sequence[Work], tier: Tier) -> Work | None:
    """The one that suppresses an alarm of that colour by design, if any: the one that ends last."""
    found = [work for work in works if work.kind == WorkKind.MAINTENANCE and tier <= work.most]
    return max(found, key=lambda work: (work.end, work.id), default=None)
