"""The oracle against sequences worked out by hand."""

from __future__ import annotations

import pytest

from bench.fault.oracle import HighRule, told_of

PLAIN = HighRule("r", (80.0, 85.0, 90.0, 95.0), deadband=1.0)
HELD = HighRule("r", (None, 85.0, None, 95.0), deadband=1.0, on_delay_s=1.0, off_delay_s=2.0)
PERIOD_MS = 500


def changes(rule: HighRule, values: list[float]) -> list[tuple[int, str, int]]:
    """(row, change, tier) of one point's readings, half a second apart."""
    times = [10_000 + PERIOD_MS * row for row in range(len(values))]
    told = list(told_of(rule, "p", times, values))
    assert {(each.rule, each.point) for each in told} <= {("r", "p")}
    return [((each.at_ms - 10_000) // PERIOD_MS, each.change, each.tier) for each in told]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([50, 79.9, 50], []),
        ([50, 80, 50], [(1, "raised", 1), (2, "cleared", 0)]),
        (
            [97, 92, 87, 82, 50],
            [(0, "raised", 4), (1, "eased", 3), (2, "eased", 2), (3, "eased", 1), (4, "cleared", 0)],
        ),
        ([82, 96, 82], [(0, "raised", 1), (1, "worsened", 4), (2, "eased", 1)]),
        (
            [84.5, 86, 84.5, 83.9, 79.5, 78.9],
            [(0, "raised", 1), (1, "worsened", 2), (3, "eased", 1), (5, "cleared", 0)],
        ),
    ],
)
def test_tier_follows_limits_and_deadband_when_there_are_no_delays(
    values: list[float], expected: list[tuple[int, str, int]]
) -> None:
    assert changes(PLAIN, values) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([86, 86, 50], []),
        ([86, 86, 86, 50, 50, 50, 50, 50], [(2, "raised", 2), (7, "cleared", 0)]),
        ([86, 50, 86, 86, 86], [(4, "raised", 2)]),
        ([86, 96, 96, 96], [(2, "raised", 2), (3, "worsened", 4)]),
        ([96, 96, 96, 50, 50, 96, 50, 50, 50, 50, 50], [(2, "raised", 4), (10, "cleared", 0)]),
    ],
)
def test_tier_is_told_after_its_delay_when_it_lasted(values: list[float], expected: list[tuple[int, str, int]]) -> None:
    assert changes(HELD, values) == expected
