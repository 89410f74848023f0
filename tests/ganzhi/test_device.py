"""Instruments and gateways: faults that readings report, sources and enterprises that fall silent, last wills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ganzhi.device import BACK_NS, FAULT_RULE, OFFLINE_RULE, Devices, Wills, extended
from ganzhi.latest import Latest
from ganzhi.records import (
    Catalogue,
    Enterprise,
    Point,
    Quality,
    ReadingBlock,
    Source,
    Text,
    Tier,
    Transition,
    enterprise_as_such,
    source_as_such,
    tick,
)

S = 1_000_000_000
T0 = 1_760_000_000 * S
GOOD, RANGE, FAULT = Quality.GOOD, Quality.OUT_OF_RANGE, Quality.DEVICE_FAULT
NONE, BLUE, YELLOW, ORANGE = Tier.NONE, Tier.BLUE, Tier.YELLOW, Tier.ORANGE


def site() -> Catalogue:
    """Two sources of one enterprise, a single one of another; periods 1, 5, 2 and 1 s."""

    def point(enterprise: str, source: str, tag: str, period_s: float) -> Point:
        return Point(f"{enterprise}.{tag}", enterprise, source, tag, "level", "m", 0, 16, 0.01, period_s)

    return extended(
        Catalogue(
            {name: Enterprise(name, Text(name, name)) for name in ("a", "b")},
            {
                key: Source(key, owner, Text(key, key), "tank_farm")
                for key, owner in (("a1", "a"), ("a2", "a"), ("b1", "b"))
            },
            (
                point("a", "a1", "L1", 1.0),
                point("a", "a1", "L2", 5.0),
                point("a", "a2", "L3", 2.0),
                point("b", "b1", "L4", 1.0),
            ),
        )
    )


SITE = site()
N = 4


def block(now_s: float, rows: Sequence[tuple[int, float, Quality]] = ()) -> ReadingBlock:
    """Rows (point, second, quality), received when they were measured."""
    point, second, quality = zip(*rows, strict=True) if rows else ((), (), ())
    time = T0 + (np.array(second) * S).astype(np.int64)
    return ReadingBlock(
        np.array(point, np.int32),
        time,
        np.full(len(time), 5.0),
        np.array(quality, np.uint8),
        time,
        T0 + round(now_s * S),
    )


@dataclass
class Watching:
    """Devices with the newest readings kept as the service keeps them."""

    devices: Devices
    latest: Latest

    def see(self, seen: ReadingBlock) -> list[Transition]:
        found = self.devices(seen)
        self.latest.update(seen)
        return found


def watching(held: Mapping[tuple[str, int], Tier] | None = None) -> Watching:
    latest = Latest(N)
    return Watching(Devices(SITE, N, held=held or {}, latest=latest), latest)


def course(found: Sequence[Transition]) -> list[tuple[str, float, Tier, Tier]]:
    """(point, second, before, after)."""
    return [(SITE.points[t.point].id, (t.time - T0) / S, t.old, t.new) for t in found]


def test_the_catalogue_has_every_source_and_enterprise_as_such_at_its_end() -> None:
    assert [point.id for point in SITE.points[N:]] == [
        *map(source_as_such, ("a1", "a2", "b1")),
        *map(enterprise_as_such, ("a", "b")),
    ]


def test_a_fault_is_told_when_it_begins_changes_and_ends() -> None:
    watch = watching()
    assert watch.see(block(0, [(0, 0, GOOD)])) == []
    found = watch.see(block(1, [(0, 1, RANGE)]))
    assert course(found) == [("a.L1", 1, NONE, BLUE)]
    assert (found[0].rule, found[0].score, found[0].value) == (FAULT_RULE, 1.0, 5.0)
    assert watch.see(block(2, [(0, 2, RANGE)])) == []
    assert course(watch.see(block(3, [(0, 3, FAULT)]))) == [("a.L1", 3, BLUE, YELLOW)]
    in_hand = watch.see(block(4, [(0, 4, Quality.IN_MAINTENANCE)]))
    assert [t for t in in_hand if t.rule == FAULT_RULE] == []
    found = watch.see(block(5, [(0, 5, GOOD)]))
    assert course([t for t in found if t.rule == FAULT_RULE]) == [("a.L1", 5, YELLOW, NONE)]


def test_a_fault_within_one_block_and_a_late_row_are_judged_by_their_times() -> None:
    watch = watching()
    watch.see(block(10, [(0, 10, GOOD)]))
    assert watch.see(block(11, [(0, 5, FAULT)])) == []
    found = watch.see(block(14, [(0, 12, FAULT), (0, 13, GOOD), (0, 14, RANGE), (3, 14, FAULT)]))
    assert course(found) == [
        ("a.L1", 12, NONE, YELLOW),
        ("a.L1", 13, YELLOW, NONE),
        ("a.L1", 14, NONE, BLUE),
        ("b.L4", 14, NONE, YELLOW),
    ]


def test_what_the_journal_holds_is_not_told_again_after_a_restart() -> None:
    watch = watching({(FAULT_RULE, 0): YELLOW})
    assert watch.see(block(1, [(0, 1, FAULT)])) == []
    assert course(watch.see(block(2, [(0, 2, GOOD)]))) == [("a.L1", 2, YELLOW, NONE)]


def alive(second: float, points: Sequence[int]) -> ReadingBlock:
    return block(second, [(point, second, GOOD) for point in points])


def test_a_silent_source_is_told_after_three_of_its_shortest_periods_and_ends_when_data_are_back() -> None:
    watch = watching()
    told: list[Transition] = []
    for second in range(40):
        told += watch.see(alive(second, [0, 1, 2] if second < 10 or second > 20 else [2, 3]))
        told += watch.see(tick(T0 + second * S + S // 2 + 1))
    assert course([t for t in told if t.point == SITE.index[source_as_such("a1")]]) == [("a1/source", 12, NONE, YELLOW)]
    assert told[0].rule == OFFLINE_RULE
    for second in range(40, 60):
        told = watch.see(alive(second, [0, 1, 2, 3]))
        if told:
            break
    assert course(told) == [("a1/source", 21 + BACK_NS / S, YELLOW, NONE)]


def test_an_enterprise_whose_sources_are_all_silent_is_one_alarm_before_theirs() -> None:
    watch = watching()
    watch.see(alive(0, [0, 1, 2, 3]))
    told: list[Transition] = []
    for second in range(1, 10):
        told += watch.see(alive(second, [3]))
    assert course(told) == [
        ("a1/source", 3, NONE, YELLOW),
        ("a/enterprise", 7, NONE, ORANGE),
        ("a2/source", 6, NONE, YELLOW),
    ]


def test_an_outage_of_ours_counts_for_nothing() -> None:
    watch = watching()
    watch.see(alive(0, [0, 1, 2, 3]))
    assert watch.see(tick(T0 + 3600 * S)) == []
    assert course(watch.see(tick(T0 + 3604 * S)))[0] == ("a1/source", 3603, NONE, YELLOW)


def test_a_held_silence_stays_after_a_restart_until_data_have_been_back() -> None:
    index = SITE.index[source_as_such("b1")]
    watch = watching({(OFFLINE_RULE, index): YELLOW})
    for second in range(60):
        assert [t for t in watch.see(tick(T0 + second * S)) if t.point == index] == []
    told: list[Transition] = []
    for second in range(60, 100):
        told += watch.see(alive(second, [0, 1, 2, 3]))
    assert ("b1/source", 90, YELLOW, NONE) in course(told)


@dataclass(frozen=True)
class Will:
    enterprise: str
    gateway: str
    online: bool | None


def test_a_gateway_that_left_is_offline_until_it_says_that_it_is_back() -> None:
    wills = Wills(SITE)
    assert wills([Will("a", "gw", None), Will("nobody", "gw", False)], T0) == []
    (left,) = wills([Will("a", "gw", False), Will("a", "other", None)], T0 + S)
    assert (SITE.points[left.point].id, left.about, left.new, left.details) == (
        "a/enterprise",
        "gw",
        YELLOW,
        {"gateway": "gw"},
    )
    assert wills([Will("a", "gw", False)], T0 + 2 * S) == []
    (back,) = wills([Will("a", "gw", True)], T0 + 3 * S)
    assert (back.old, back.new) == (YELLOW, NONE)


def test_a_long_block_is_no_outage_but_a_gap_within_it_is() -> None:
    watch = watching()
    watch.see(block(0, [(0, 0, GOOD), (2, 0, GOOD), (3, 0, GOOD)]))
    caught_up = [(3, float(second), GOOD) for second in range(1, 61)]
    found = course(watch.see(block(60, caught_up)))
    assert [(subject, new) for subject, _, _, new in found] == [
        (enterprise_as_such("a"), ORANGE),
        (source_as_such("a1"), YELLOW),
        (source_as_such("a2"), YELLOW),
    ]
    watch = watching()
    watch.see(block(0, [(0, 0, GOOD), (2, 0, GOOD), (3, 0, GOOD)]))
    assert watch.see(block(61, [(3, 1, GOOD), (3, 60, GOOD), (3, 61, GOOD)])) == []
