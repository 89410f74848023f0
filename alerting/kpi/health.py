"""Alarm-system health by operator position, counted as ISA-18.2 and EEMUA 191 define it.

Only what was announced counts: lines of the journal with Effect.ANNOUNCE. Acknowledgements, shelving, folded and
withheld alarms, late data and the platform's own diagnostics are not alarms; one that is announced again because it
became worse, or because its shelf ended, is one more, since the operator hears it once more.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from alerting.kpi.period import DAY_NS, Period
from ganzhi.clock import NS_PER_S
from ganzhi.records import COLOURS, Alarm, AlarmEvent, AlarmState, Change, Effect, Int64s, Text, Tier

FLOOD_FROM, FLOOD_UNTIL = 10, 5
"""Alarms in a window with which a flood begins, and below which it ends (EEMUA 191)."""

CYCLES, CYCLE_NS = 3, 60 * NS_PER_S
"""An alarm that is raised so often within a minute chatters."""

TOP = 10
OWN = "_platform"
"""The enterprise of what the platform says about itself."""

Position = Callable[[Alarm], str]
"""Which operator has an alarm on the screen."""

Key = tuple[str, str]
"""Condition and subject: what is "the same alarm" however often it comes."""


@dataclass(frozen=True, slots=True)
class Frequent:
    """One of the alarms that were announced most often."""

    name: Text
    subject: str
    source: str
    count: int


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds from the announcement of a colour until it was acknowledged, and from raising until all was over.

    acknowledge, close  float64, unsorted; `unacknowledged` were announced and not acknowledged within the period
    """

    acknowledge: Sequence[float]
    close: Sequence[float]
    unacknowledged: int


@dataclass(slots=True)
class Health:
    """One operator position over a period.

    windows     alarms announced in each window of ten minutes, int64 (windows,)
    by_tier     announced by colour, in the order of COLOURS
    flood       windows in flood; `flood_share` of all
    chattering  alarms that chattered at least once
    stale       by day, alarms active for more than 24 hours at its end, or when they ended on it
    shelved     times that an alarm was shelved; `shelved_now` still are at the end
    simulated   of those announced, how many were made up
    """

    position: str
    windows: Int64s
    by_tier: tuple[int, int, int, int] = (0, 0, 0, 0)
    flood: int = 0
    chattering: int = 0
    stale: tuple[int, ...] = ()
    shelved: int = 0
    shelved_now: int = 0
    withheld: int = 0
    folded: int = 0
    simulated: int = 0
    frequent: tuple[Frequent, ...] = ()
    delays: dict[Tier, Delays] = field(default_factory=dict)

    @property
    def announced(self) -> int:
        """All alarms announced."""
        return int(self.windows.sum())

    @property
    def per_window(self) -> float:
        """Alarms announced in ten minutes, on average."""
        return float(self.windows.mean())

    @property
    def peak(self) -> int:
        """The most in one window."""
        return int(self.windows.max())

    @property
    def flood_share(self) -> float:
        """Share of the time in flood."""
        return self.flood / len(self.windows)

    @property
    def top_share(self) -> float:
        """Share of the ten most frequent in all; 0 where there were none."""
        return sum(each.count for each in self.frequent) / self.announced if self.announced else 0.0


def measure(
    lines: Iterable[AlarmEvent],
    before: Iterable[Alarm],
    period: Period,
    position: Position,
    positions: Sequence[str] = (),
) -> list[Health]:
    """What the journal says of each position, those named in `positions` and any other that had an alarm.

    lines   of the period, in the order of `seq`
    before  alarms as they stood when it began, those that were open then
    """
    books: dict[str, _Book] = {name: _Book() for name in positions}
    for alarm in before:
        if _counts(alarm):
            books.setdefault(position(alarm), _Book()).stand(alarm)
    for line in lines:
        if _counts(line.alarm):
            books.setdefault(position(line.alarm), _Book()).note(line)
    return [_health(name, book, period) for name, book in books.items()]


def in_flood(windows: Int64s) -> int:
    """How many windows are in flood: from one with 10 alarms on until one with fewer than 5."""
    flood, count = False, 0
    for alarms in windows.tolist():
        flood = alarms >= FLOOD_FROM or (flood and alarms >= FLOOD_UNTIL)
        count += flood
    return count


def chatters(raised: Sequence[int]) -> bool:
    """Whether an alarm, raised at these rising times (ns), came three times within a minute."""
    return any(last - first <= CYCLE_NS for first, last in zip(raised, raised[CYCLES - 1 :], strict=False))


class _Book:
    """What one position's lines add up to."""

    def __init__(self) -> None:
        self.announced: list[tuple[int, Alarm]] = []
        self.raised: dict[Key, list[int]] = defaultdict(list)
        self.damped: set[Key] = set()
        self.active: dict[str, int] = {}
        self.lasted: list[tuple[int, int]] = []
        self.waiting: dict[str, tuple[int, Tier]] = {}
        self.acknowledged: dict[Tier, list[float]] = defaultdict(list)
        self.begun: dict[str, int] = {}
        self.closed: dict[Tier, list[float]] = defaultdict(list)
        self.shelved = self.withheld = self.folded = 0
        self.on_shelf: set[str] = set()

    def stand(self, alarm: Alarm) -> None:
        """An alarm that was open when the period began."""
        self.begun[alarm.id] = alarm.raised_at
        if alarm.tier:
            self.active[alarm.id] = alarm.raised_at

    def note(self, line: AlarmEvent) -> None:
        """The next line."""
        self._tell(line)
        self._follow(line)
        self._shelve(line)

    def _tell(self, line: AlarmEvent) -> None:
        alarm, key = line.alarm, (line.alarm.condition, line.alarm.subject)
        self.withheld += Effect.WITHHOLD in line.effects
        self.folded += Effect.FOLD in line.effects
        if Effect.ANNOUNCE in line.effects:
            self.announced.append((line.noted, alarm))
            self.waiting[alarm.id] = line.noted, alarm.tier
        if line.change == Change.RAISED:
            self.raised[key].append(line.at)
        if alarm.chatter.level:
            self.damped.add(key)
        if alarm.acknowledged_at is not None and (waited := self.waiting.pop(alarm.id, None)):
            self.acknowledged[waited[1]].append((line.noted - waited[0]) / NS_PER_S)

    def _follow(self, line: AlarmEvent) -> None:
        alarm = line.alarm
        if alarm.tier and alarm.id not in self.active:
            self.active[alarm.id] = line.at
            self.begun.setdefault(alarm.id, line.at)
        elif not alarm.tier and (since := self.active.pop(alarm.id, None)) is not None:
            self.lasted.append((since, line.at))
        if alarm.state == AlarmState.NORMAL and (began := self.begun.pop(alarm.id, None)) is not None:
            self.closed[alarm.worst].append(max(0, line.noted - began) / NS_PER_S)

    def _shelve(self, line: AlarmEvent) -> None:
        if line.change == Change.SHELVED:
            self.shelved += 1
            self.on_shelf.add(line.alarm.id)
        elif line.change == Change.UNSHELVED:
            self.on_shelf.discard(line.alarm.id)


def _counts(alarm: Alarm) -> bool:
    return not alarm.retrospective and alarm.enterprise != OWN


def _health(position: str, book: _Book, period: Period) -> Health:
    told = [(at, alarm) for at, alarm in book.announced if at in period]
    windows = np.bincount([period.window(at) for at, _ in told], minlength=period.windows).astype(np.int64)
    tiers = Counter(alarm.tier for _, alarm in told)
    blue, yellow, orange, red = (tiers[tier] for tier in COLOURS)
    unacknowledged = Counter(tier for _, tier in book.waiting.values())
    return Health(
        position=position,
        windows=windows,
        by_tier=(blue, yellow, orange, red),
        flood=in_flood(windows),
        chattering=len(book.damped | {key for key, raised in book.raised.items() if chatters(raised)}),
        stale=_stale([*book.lasted, *((since, period.end) for since in book.active.values())], period),
        shelved=book.shelved,
        shelved_now=len(book.on_shelf),
        withheld=book.withheld,
        folded=book.folded,
        simulated=sum(alarm.simulated for _, alarm in told),
        frequent=_frequent([alarm for _, alarm in told]),
        delays={
            tier: Delays(book.acknowledged[tier], book.closed[tier], unacknowledged[tier]) for tier in reversed(COLOURS)
        },
    )


def _stale(active: Iterable[tuple[int, int]], period: Period) -> tuple[int, ...]:
    days = [0] * period.days
    for since, until in active:
        first = max(since + DAY_NS, period.start)
        for day in range((first - period.start) // DAY_NS, period.days):
            begins = period.start + day * DAY_NS
            if max(first, begins) < until and first < begins + DAY_NS:
                days[day] += 1
    return tuple(days)


def _frequent(alarms: Sequence[Alarm]) -> tuple[Frequent, ...]:
    counts = Counter((alarm.condition, alarm.subject) for alarm in alarms)
    last = {(alarm.condition, alarm.subject): alarm for alarm in alarms}
    return tuple(Frequent(last[key].name, key[1], last[key].source, count) for key, count in counts.most_common(TOP))
