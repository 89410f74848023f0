"""Blocks, rules and engines for the tests, and ways to cut one stream into other blocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from detectors.engine import Engine
from ganzhi.records import ReadingBlock, Rule, Text, Tier, Transition, Unit

S = 1_000_000_000
START = 1_760_000_000 * S
NAN = float("nan")


def rule(
    kind: str,
    limits: ArrayLike,
    *,
    points: Sequence[int] = (0,),
    units: Sequence[Sequence[int]] = (),
    name: str = "",
    side: str = "high",
    deadband: float = 0.0,
    on_delay_s: float = 0.0,
    off_delay_s: float = 0.0,
    options: Mapping[str, object] | None = None,
) -> Rule:
    """A rule over a few points, or over units of them, each with the same limits; its arrays cannot be written."""
    joined = tuple(unit(members) for members in units)
    m = len(joined) or len(points)
    if joined:
        points = sorted({member for members in units for member in members})
    made = Rule(
        id=name or kind,
        name=Text(kind, kind),
        kind=kind,
        points=np.array(points, np.int32),
        limits=np.broadcast_to(np.asarray(limits, np.float64), (m, 4)).copy(),
        side=side,
        deadband=np.full(m, deadband),
        unit="",
        on_delay_s=on_delay_s,
        off_delay_s=off_delay_s,
        options=options or {},
        units=joined,
    )
    for array in (made.points, made.limits, made.deadband):
        array.flags.writeable = False
    return made


def unit(members: Sequence[int]) -> Unit:
    """A unit of these points, for which the first of them stands."""
    title = f"unit-{members[0]}"
    return Unit(title, Text(title, title), members[0], np.array(members, np.int32))


def forecast(limits: ArrayLike, *, points: Sequence[int] = (0,), deadband: float = 0.0, **options: object) -> Rule:
    """A forecast of a rise to `target`, a number for all points or what the option really takes."""
    target = options.get("target")
    filled = np.full(len(points), target) if isinstance(target, float) else target
    options = {"direction": "high", **options, "target": filled}
    return rule("forecast", limits, points=points, side="low", deadband=deadband, options=options)


def group(
    kind: str,
    rules: Sequence[str],
    units: Sequence[Sequence[int]],
    *,
    limits: ArrayLike = (1, 2, 3, 4),
    middles: Sequence[int] = (),
    name: str = "",
    on_delay_s: float = 0.0,
    off_delay_s: float = 0.0,
    **options: object,
) -> Rule:
    """A group rule over units of points; `middles` are the points that stand for them, the first of each otherwise."""
    stand = middles or [members[0] for members in units]
    made = rule(kind, limits, points=tuple(stand), name=name, on_delay_s=on_delay_s, off_delay_s=off_delay_s)
    return replace(
        made,
        points=np.array(sorted({point for members in units for point in members}), np.int32),
        units=tuple(
            Unit(f"u{point}", Text("", ""), point, np.array(members, np.int32))
            for point, members in zip(stand, units, strict=True)
        ),
        options={"rules": tuple(rules), **options},
    )


def engine(*rules: Rule, n_points: int = 1, period_s: float = 1.0, resolution: float = 0.001) -> Engine:
    """An engine for points that are all alike."""
    return Engine(rules, period_s=np.full(n_points, period_s), resolution=np.full(n_points, resolution))


def block(
    seconds: ArrayLike,
    value: ArrayLike,
    *,
    point: ArrayLike = 0,
    received: ArrayLike | None = None,
    quality: ArrayLike = 0,
    now: float | None = None,
) -> ReadingBlock:
    """Rows at so many seconds after START, received at once unless said otherwise; its arrays cannot be written."""
    sensor = np.atleast_1d(np.asarray(seconds, np.float64))
    n = len(sensor)
    arrived = sensor if received is None else np.broadcast_to(np.asarray(received, np.float64), n)
    closed = float(arrived[-1]) if now is None else now
    made = ReadingBlock(
        np.broadcast_to(np.asarray(point, np.int32), n).copy(),
        at(sensor),
        np.broadcast_to(np.asarray(value, np.float64), n).copy(),
        np.broadcast_to(np.asarray(quality, np.uint8), n).copy(),
        at(np.maximum.accumulate(arrived)),
        START + round(closed * S),
    )
    for array in (made.point, made.time, made.value, made.quality, made.received):
        array.flags.writeable = False
    return made


def at(seconds: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Seconds after START as times."""
    return START + np.round(seconds * S).astype(np.int64)


def cut(whole: ReadingBlock, places: Iterable[int]) -> list[ReadingBlock]:
    """The block cut before these rows; each piece but the last is closed when its last row was received."""
    bounds = [0, *sorted(set(places) - {0, len(whole)}), len(whole)]
    pieces = [whole.rows(slice(a, b)) for a, b in pairwise(bounds)]
    return [
        ReadingBlock(
            p.point, p.time, p.value, p.quality, p.received, whole.now if p is pieces[-1] else int(p.received[-1])
        )
        for p in pieces
    ]


def run(detect: Engine, blocks: Iterable[ReadingBlock]) -> list[Transition]:
    """All transitions of some blocks."""
    return [transition for piece in blocks for transition in detect.update(piece)]


def told(transitions: Iterable[Transition]) -> list[str]:
    """Transitions in a form that can be compared whole, NaN and all, whatever blocks they came in."""
    return sorted(repr(transition) for transition in transitions)


def course(transitions: Iterable[Transition]) -> list[tuple[float, Tier, Tier]]:
    """Seconds after START, old and new tier."""
    return [((t.time - START) / S, t.old, t.new) for t in transitions]


def weather(seed: int, *, n: int = 160, n_points: int = 4, one_arrival: bool = False) -> ReadingBlock:
    """A stream with everything in it: walks and ramps, spikes, duplicates, late rows, bad quality, silences."""
    random = np.random.default_rng(seed)
    point = random.integers(0, n_points, n)
    step = random.choice([0.0, 0.3, 1.0, 1.0, 1.0, 7.0, -2.0], n) / 2
    seconds = np.zeros(n)
    value = np.zeros(n)
    for p in range(n_points):
        mine = point == p
        seconds[mine] = np.cumsum(step[mine] * n_points / 2)
        slope = random.choice([0.0, 0.5, -0.3])
        value[mine] = 50 + slope * seconds[mine] + random.normal(0, random.choice([0.05, 8.0]), mine.sum())
    value += random.choice([0.0, 40.0, -40.0], n, p=[0.9, 0.05, 0.05])
    gaps = random.choice([0.0, 0.2, 1.0, 4.0, 30.0], n, p=[0.3, 0.5, 0.1, 0.08, 0.02])
    received = np.zeros(n) if one_arrival else np.cumsum(gaps)
    quality = random.choice([0, 1, 2, 5, 0x80, 0x83], n, p=[0.6, 0.1, 0.1, 0.05, 0.1, 0.05])
    after = float(received[-1]) + random.choice([0.0, 5.0])
    return block(seconds, value, point=point, received=received, quality=quality, now=after)


def crowded(one: Rule, n_points: int, times: int) -> Rule:
    """The rule of some of `n_points` points, for so many such sets of points, one after another."""
    points = (np.arange(times, dtype=np.int32)[:, np.newaxis] * n_points + one.points).ravel()
    options = {
        name: np.tile(option, times) if isinstance(option, np.ndarray) else option
        for name, option in one.options.items()
    }
    limits, deadband = np.tile(one.limits, (times, 1)), np.tile(one.deadband, times)
    return replace(one, points=points, limits=limits, deadband=deadband, options=options)


def crowd(whole: ReadingBlock, n_points: int, times: int) -> ReadingBlock:
    """The block with every row for so many sets of points, which so live through the same."""
    rows = whole.rows(np.repeat(np.arange(len(whole)), times))
    sets = np.tile(np.arange(times, dtype=np.int32), len(whole))
    return replace(rows, point=rows.point + n_points * sets)
