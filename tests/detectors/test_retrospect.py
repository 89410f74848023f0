"""Late rows, by runs."""

from __future__ import annotations

from ganzhi.records import ReadingBlock, Tier
from tests.detectors.stream import NAN, START, S, block, cut, engine, rule, run

HIGH = rule("value", [10, 20, NAN, NAN], deadband=5)


def runs(*blocks: ReadingBlock) -> list[tuple[int, Tier]]:
    detect = engine(HIGH)
    detect.update(block([10_000], [5]))
    found = run(detect, blocks)
    assert all(t.retrospective and t.old == Tier.NONE for t in found)
    return [((t.time - START) // S, t.new) for t in found]


def test_a_run_is_told_once_and_again_when_it_gets_worse() -> None:
    late = block(range(10), [5, 15, 15, 25, 15, 25, 9, 15, 5, 25], received=10_000)
    expected = [(1, Tier.BLUE), (3, Tier.YELLOW), (7, Tier.BLUE), (9, Tier.YELLOW)]
    assert runs(late) == expected
    assert runs(*cut(late, [2, 4, 5])) == expected


def test_a_gap_ends_a_run() -> None:
    assert runs(block([0, 600, 1201], [15, 15, 15], received=10_000)) == [(0, Tier.BLUE), (1201, Tier.BLUE)]


def test_a_run_may_come_newest_first() -> None:
    assert runs(block([30, 20, 10], [15, 15, 15], received=10_000)) == [(30, Tier.BLUE)]
