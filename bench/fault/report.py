"""What a chaos run found: the figures of its table, and for each that is not 0 which reading or alarm it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.fault.drill import Done
from bench.fault.oracle import Told
from bench.fault.plan import Plan
from bench.fault.verdict import AlarmVerdict, Line
from ganzhi.figure import Figure, at_least, at_most

MOST_SHOWN = 12
NEAR_S = 4.0
"""A fault that was at work so long before a reading or an alarm is named beside it."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A reading that is not as published. `what`: missing, altered, duplicated or unexpected."""

    what: str
    point: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything a run found.

    counters     the platform's own, at the end
    crashes      errors of the platform that nobody foresaw; exits: times each process ended by itself
    own          lines of the journal about the platform itself
    repeated_to  by receiver, what it was told again
    untold       lines of the journal that the database was not told
    """

    kills: int
    published: int
    stored: int
    readings: Sequence[Lost]
    counters: Mapping[str, int]
    expected: Sequence[Told]
    alarms: AlarmVerdict
    raised: int
    own: Sequence[Told]
    repeated_to: Mapping[str, Sequence[Line]]
    untold: Sequence[Line]
    crashes: int
    exits: Mapping[str, int]
    quiet_s: float | None
    done: Sequence[Done]

    def of(self, what: str) -> list[Lost]:
        return [lost for lost in self.readings if lost.what == what]

    @property
    def counted(self) -> int:
        """Readings that the platform says it let in."""
        return self.counters.get("accepted", 0) + self.counters.get("late", 0)

    @property
    def judged_again(self) -> int:
        """Readings that it let in more than once."""
        return max(0, self.counted - self.published)


def figures(found: Findings, wanted_kills: int) -> list[Figure]:
    """The table."""
    zeros = {
        "missing": len(found.of("missing")),
        "duplicated": len(found.of("duplicated")) + found.judged_again,
        "altered": len(found.of("altered")),
        "never_published": len(found.of("unexpected")),
        "uncounted": max(0, found.published - found.counted),
        "late": found.counters.get("late", 0),
        "conflicts": found.counters.get("conflict", 0),
        "alarms_missed": len(found.alarms.missed),
        "alarms_repeated": len(found.alarms.repeated),
        "alarms_unexpected": len(found.alarms.unexpected),
        "alarms_disordered": len(found.alarms.disordered),
        "notifications_repeated": sum(map(len, found.repeated_to.values())),
        "notifications_missed": len(found.untold),
        "platform_crashes": found.crashes,
    }
    table = [
        at_least("kills", float(found.kills), "", float(wanted_kills)),
        Figure("published", float(found.published), ""),
        Figure("stored", float(found.stored), ""),
        Figure("alarms_expected", float(len(found.expected)), ""),
        Figure("alarms_raised", float(found.raised), ""),
        *(at_most(name, float(value), "", 0) for name, value in zeros.items()),
        Figure("duplicates_refused", float(found.counters.get("duplicate", 0)), ""),
        Figure("own_alarms", float(len(found.own)), ""),
        Figure("quiet_s", found.quiet_s, "s", "quiet at the end", found.quiet_s is not None),
    ]
    return table + [Figure(f"{name}_exits", float(count), "") for name, count in found.exits.items()]


def evidence(found: Findings, plan: Plan) -> Iterator[str]:
    """Lines of text: what is wrong, where, and which faults were at work then."""

    def when(at_ms: int) -> str:
        at_s = (at_ms - plan.start_ms) / 1000
        near = [str(done.fault) for done in found.done if done.began_s - 1 <= at_s <= done.ended_s + NEAR_S]
        return f"{at_s:8.3f} s; faults then: {', '.join(near) or 'none'}"

    for what in ("missing", "altered", "duplicated", "unexpected"):
        lost = sorted(found.of(what), key=lambda each: each.at_ms)
        moments = sorted({each.at_ms for each in lost})
        for first, last in _stretches(moments, 2 * plan.period_ms)[:MOST_SHOWN]:
            points = {each.point for each in lost if first <= each.at_ms <= last}
            count = sum(first <= each.at_ms <= last for each in lost)
            yield f"{what}: {count} readings of {len(points)} points within {last - first} ms from {when(first)}"
    if found.judged_again:
        yield f"duplicated: the platform let in {found.counted:,} readings of {found.published:,} published"
    for told in found.alarms.missed[:MOST_SHOWN]:
        yield f"missed: {_words(told)} at {when(told.at_ms)}"
    parts = {
        "repeated": found.alarms.repeated,
        "unexpected": found.alarms.unexpected,
        "disordered": found.alarms.disordered,
        "not told to the database": found.untold,
        **{f"told again to the {name}": lines for name, lines in found.repeated_to.items()},
    }
    for name, lines in parts.items():
        for line in lines[:MOST_SHOWN]:
            yield f"{name}: line {line.seq}, {_words(line.told)} at {when(line.told.at_ms)}"


def _words(told: Told) -> str:
    return f"{told.rule} {told.change} to tier {told.tier} of {told.point}"


def _stretches(moments: Sequence[int], gap: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for moment in moments:
        if found and moment - found[-1][1] <= gap:
            found[-1] = found[-1][0], moment
        else:
            found.append((moment, moment))
    return found
