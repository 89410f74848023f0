"""A small plant for the storage tests: its catalogue, blocks of readings, alarms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ganzhi.clock import NS_PER_S
from ganzhi.records import (
    Alarm,
    AlarmClass,
    AlarmEvent,
    AlarmState,
    Catalogue,
    Change,
    Enterprise,
    Point,
    ReadingBlock,
    RiskColour,
    Source,
    Text,
    Tier,
)

T0 = 1_767_225_600 * NS_PER_S
"""2026-01-01 00:00:00 UTC."""

Row = tuple[int, int, float, int, int]
"""point, time, value, quality, received."""


def catalogue(*tags: str) -> Catalogue:
    """One enterprise with one source and a level point for each tag."""
    points = tuple(Point(f"plant.{tag}", "plant", "tank area, 1", tag, "level", "m", 0, 16, 0.01, 1.0) for tag in tags)
    return Catalogue(
        {"plant": Enterprise("plant", Text("示范厂", "Plant"))},
        {"tank area, 1": Source("tank area, 1", "plant", Text("一号罐区", "Tank area 1"), "tank_farm")},
        points,
    )


def block(rows: Sequence[Row], now: int) -> ReadingBlock:
    """A block of these rows."""
    point, time, value, quality, received = zip(*rows, strict=True) if rows else ((), (), (), (), ())
    return ReadingBlock(
        np.array(point, np.int32),
        np.array(time, np.int64),
        np.array(value, np.float64),
        np.array(quality, np.uint8),
        np.array(received, np.int64),
        now,
    )


def numbered(n: int, first: int = 0, *, points: int = 3) -> ReadingBlock:
    """Rows numbered on from `first`: the number is the value, a second each, points in turn."""
    number = np.arange(first, first + n, dtype=np.int64)
    now = T0 + (first + n) * NS_PER_S
    return ReadingBlock(
        (number % points).astype(np.int32),
        T0 + number * NS_PER_S,
        number.astype(np.float64),
        np.zeros(n, np.uint8),
        np.full(n, now),
        now,
    )


def rows(found: ReadingBlock) -> list[Row]:
    """The rows of a block, exactly."""
    columns = (found.point, found.time, found.value, found.quality, found.received)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def alarm(number: int = 1, **changes: object) -> Alarm:
    """An alarm whose every field is filled."""
    filled: dict[str, object] = {
        "id": f"a{number}",
        "condition": "level.high",
        "rule": "level, high",
        "point": 2,
        "subject": "plant.LT 1",
        "enterprise": "plant",
        "source": "tank area, 1",
        "alarm_class": AlarmClass.PROCESS,
        "state": AlarmState.UNACKNOWLEDGED,
        "tier": Tier.ORANGE,
        "worst": Tier.RED,
        "raised_at": T0 + number,
        "changed_at": T0 + number + 1,
        "value": 13.7,
        "score": float("nan"),
        "limit": 13.6,
        "unit": "m",
        "score_unit": "min",
        "name": Text("液位高", 'Level "high"'),
        "text": Text("液位 13.7 米，\n超过限值", "Level 13.7 m\\above the limit"),
        "advice": Text("停止进料", "Stop the inflow"),
        "basis": "engineering default",
        "simulated": True,
        "retrospective": False,
        "cleared_at": None,
        "acknowledged_at": T0 + 5,
        "acknowledged_by": "张工",
        "comment": "看到了",
        "evidence": {"low": 3.5, "high": float("inf"), "none": float("nan")},
    }
    return Alarm(**{**filled, **changes})  # type: ignore[arg-type]


def event(seq: int, raised: Alarm, change: Change = Change.RAISED) -> AlarmEvent:
    """A line of the journal about this alarm."""
    return AlarmEvent(seq, T0 + seq * NS_PER_S, T0 + seq * NS_PER_S + 7, change, Tier.BLUE, raised, "李工", "备注")


def colour(at: int, tier: Tier = Tier.YELLOW) -> RiskColour:
    """The colour of the one source."""
    return RiskColour("tank area, 1", "plant", at, tier, (1, 2, 0, 0))
