"""What was found beside what was expected: pure comparisons, the same for every receiver."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bench.fault.oracle import Told
from ganzhi.records import Floats, Int64s


class Line(NamedTuple):
    """A change of an alarm as somebody was told it, and the key it came under."""

    seq: int
    told: Told


@dataclass(frozen=True, slots=True)
class AlarmVerdict:
    """Changes that were to be told beside those that were; each list in the order of time.

    missed      expected, and not told
    repeated    told again, each time but the first: under another key, or under the same
    unexpected  told, and never expected
    disordered  told after a later change of the same alarm
    """

    missed: list[Told]
    repeated: list[Line]
    unexpected: list[Line]
    disordered: list[Line]


def judge_alarms(expected: Sequence[Told], lines: Sequence[Line]) -> AlarmVerdict:
    """Compare lines, in the order in which they were told, with what was expected."""
    known = set(expected)
    seen: set[Told] = set()
    repeated, unexpected, disordered = [], [], []
    newest: dict[tuple[str, str], int] = {}
    for line in lines:
        alarm = line.told.rule, line.told.point
        if line.told in seen:
            repeated.append(line)
        elif line.told not in known:
            unexpected.append(line)
        elif line.told.at_ms < newest.get(alarm, 0):
            disordered.append(line)
        seen.add(line.told)
        newest[alarm] = max(line.told.at_ms, newest.get(alarm, 0))
    missed = sorted((told for told in expected if told not in seen), key=lambda told: told.at_ms)
    return AlarmVerdict(missed, repeated, unexpected, disordered)


def repeats(lines: Iterable[Line]) -> list[Line]:
    """Notices that say nothing new: a key that came before, or a change that came before under another key."""
    keys: Counter[int] = Counter()
    changes: Counter[Told] = Counter()
    found = []
    for line in lines:
        keys[line.seq] += 1
        changes[line.told] += 1
        if keys[line.seq] > 1 or changes[line.told] > 1:
            found.append(line)
    return found


class Readings(NamedTuple):
    """Times int64 (n,), UTC ns, and values float64 (n,) of one point."""

    time: Int64s
    value: Floats


@dataclass(frozen=True, slots=True)
class ReadingVerdict:
    """Readings of one point that are not as published; positions int64 among the published or the stored ones.

    missing     published, and not stored
    altered     stored with another value
    duplicated  stored rows beyond the first of their time
    unexpected  stored, and never published
    """

    missing: Int64s
    altered: Int64s
    duplicated: Int64s
    unexpected: Int64s


def judge_readings(published: Readings, stored: Readings) -> ReadingVerdict:
    """Compare the stored rows of a point, in any order, with what was published, in rising time."""
    order = np.argsort(stored.time, kind="stable")
    time, value = stored.time[order], stored.value[order]
    again = np.zeros(len(time), np.bool_)
    again[1:] = time[1:] == time[:-1]
    place = np.searchsorted(published.time, time)
    within = np.minimum(place, len(published.time) - 1)
    known = published.time[within] == time
    same = published.value[within] == value
    found = np.zeros(len(published.time), np.bool_)
    found[within[known]] = True
    return ReadingVerdict(
        missing=np.flatnonzero(~found),
        altered=order[known & ~same],
        duplicated=order[again],
        unexpected=order[~known],
    )
