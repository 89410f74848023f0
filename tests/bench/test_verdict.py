"""Every kind of wrong is seen, and only that."""

from __future__ import annotations

import numpy as np

from bench.fault.oracle import Told
from bench.fault.verdict import Line, Readings, judge_alarms, judge_readings, repeats

FIRST, SECOND, THIRD = Told("r", "p", 1, "raised", 1), Told("r", "p", 2, "cleared", 0), Told("r", "p", 3, "raised", 1)
EXPECTED = [FIRST, SECOND, THIRD]


def lines(*told: Told) -> list[Line]:
    """The journal with these changes under rising keys."""
    return [Line(seq, each) for seq, each in enumerate(told, 1)]


def test_alarms_are_right_when_told_once_in_order() -> None:
    verdict = judge_alarms(EXPECTED, lines(*EXPECTED))
    assert (verdict.missed, verdict.repeated, verdict.unexpected, verdict.disordered) == ([], [], [], [])


def test_alarm_is_missed_when_nobody_told_it() -> None:
    assert judge_alarms(EXPECTED, lines(FIRST, THIRD)).missed == [SECOND]


def test_alarm_is_repeated_when_told_under_another_key() -> None:
    verdict = judge_alarms(EXPECTED, lines(FIRST, SECOND, FIRST, THIRD))
    assert verdict.repeated == [Line(3, FIRST)]
    assert (verdict.missed, verdict.unexpected, verdict.disordered) == ([], [], [])


def test_alarm_is_missed_and_unexpected_when_its_time_is_another() -> None:
    wrong = FIRST._replace(at_ms=7)
    verdict = judge_alarms([FIRST], lines(wrong))
    assert verdict.missed == [FIRST]
    assert verdict.unexpected == [Line(1, wrong)]


def test_alarm_is_disordered_when_told_after_a_later_one_of_its_point() -> None:
    other = FIRST._replace(point="q")
    verdict = judge_alarms([*EXPECTED, other], lines(SECOND, FIRST, THIRD, other))
    assert verdict.disordered == [Line(2, FIRST)]


def test_notice_is_a_repeat_when_its_key_or_its_change_came_before() -> None:
    told = [Line(1, FIRST), Line(2, SECOND), Line(2, SECOND), Line(3, FIRST), Line(4, THIRD)]
    assert repeats(told) == [Line(2, SECOND), Line(3, FIRST)]
    assert repeats(lines(*EXPECTED)) == []


def readings(*rows: tuple[int, float]) -> Readings:
    return Readings(np.array([row[0] for row in rows], np.int64), np.array([row[1] for row in rows], np.float64))


PUBLISHED = readings((10, 1.0), (20, 2.0), (30, 3.0))


def test_readings_are_right_when_stored_in_any_order() -> None:
    verdict = judge_readings(PUBLISHED, readings((30, 3.0), (10, 1.0), (20, 2.0)))
    assert [len(each) for each in (verdict.missing, verdict.altered, verdict.duplicated, verdict.unexpected)] == [0] * 4


def test_readings_are_told_apart_when_they_are_wrong_each_in_its_way() -> None:
    stored = readings((20, 2.5), (10, 1.0), (10, 1.0), (25, 9.0))
    verdict = judge_readings(PUBLISHED, stored)
    assert verdict.missing.tolist() == [2]
    assert verdict.altered.tolist() == [0]
    assert verdict.duplicated.tolist() == [2]
    assert verdict.unexpected.tolist() == [3]


def test_every_reading_is_missing_when_nothing_is_stored() -> None:
    assert judge_readings(PUBLISHED, readings()).missing.tolist() == [0, 1, 2]
