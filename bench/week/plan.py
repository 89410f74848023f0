"""What happens in the week, drawn from the seed: accidents, ordinary work, troubles of instruments and lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from bench.week import site

HOUR_S, DAY_S, WEEK_S = 3600.0, 86_400.0, 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class Accident:
    """Something of a simulator from `start_s` until people have it under control at `end_s`."""

    enterprise: int
    source: str
    kind: str
    subject: str
    start_s: float
    end_s: float

    def __str__(self) -> str:
        return f"{self.kind} of {self.subject} in {self.source}"


@dataclass(frozen=True, slots=True)
class Trouble:
    """A trouble of one point from `start_s` to `end_s`; `kind` is a key of bench.week.trouble.KINDS."""

    point: int
    kind: str
    start_s: float
    end_s: float
    size: float = 0.0


@dataclass(frozen=True, slots=True)
class Cut:
    """A gateway without a line: what it has is lost, or kept and sent afterwards."""

    source: str
    start_s: float
    end_s: float
    kept: bool


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Work announced beforehand at one source: alarms there are suppressed by design, but for red."""

    source: str
    start_s: float
    end_s: float


@dataclass(slots=True)
class Plan:
    """All of it, over `seconds`."""

    seconds: float
    accidents: list[Accident] = field(default_factory=list)
    work: list[Accident] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    cuts: list[Cut] = field(default_factory=list)
    upkeep: list[Upkeep] = field(default_factory=list)


# How much of it a week has.
ACCIDENTS = ("overfill", "leak", "overrun", "slow_leak", "overfill", "leak")
LASTS_S = {"overfill": 2.0 * HOUR_S, "overrun": 14.0 * HOUR_S, "leak": 1.0 * HOUR_S, "slow_leak": 3.0 * HOUR_S}
BLOWN_DOWN_S, APART_S = 3.0 * HOUR_S, 0.1 * HOUR_S
"""After a leak has ended, and between vents, before there is another hole."""
TRANSFERS_PER_TANK_DAY = 0.4
VENTS_PER_AREA_DAY = 0.25
FROZEN, SILENT, SPIKES, NOISY, CALIBRATED, RANGED, FAULTY = 12, 16, 60, 6, 60, 4, 6
"""Troubles in a week: transmitters frozen, silent, with spikes, noisy, under calibration, out of range, faulty."""
CUT_OFF, BUFFERED, UPKEEP = 1, 3, 4


def plan(seed: int, *, days: float, tank_points: Sequence[int], gas_points: Sequence[int]) -> Plan:
    """A week, or `days` of one with as much a day; all six accidents are in it whatever its length.

    tank_points, gas_points  catalogue indices of level and pressure points, and of detectors
    """
    rng = np.random.default_rng([seed, 0x6A1])
    made = Plan(days * DAY_S)
    made.accidents = list(_accidents(rng, made.seconds))
    busy = {(a.enterprise, a.subject): a for a in made.accidents}
    made.work = sorted(_work(rng, days, busy, made.accidents), key=lambda work: work.start_s)
    made.troubles = list(_troubles(rng, days, tank_points, gas_points))
    made.cuts = list(_cuts(rng, made))
    made.upkeep = list(_upkeep(rng, made))
    return made


def _accidents(rng: np.random.Generator, seconds: float) -> Iterator[Accident]:
    share = seconds / (len(ACCIDENTS) + 1)
    tanks = rng.permutation(site.TANK_ENTERPRISES * site.AREAS)
    areas = rng.permutation(site.GAS_ENTERPRISES * site.AREAS)
    for i, kind in enumerate(ACCIDENTS):
        start = share * (i + 0.6 + 0.3 * rng.random())
        place = int(tanks[i] if kind.startswith("over") else areas[i])
        number, area = divmod(place, site.AREAS)
        number += 0 if kind.startswith("over") else site.TANK_ENTERPRISES
        unit = int(rng.integers(site.TANKS if kind.startswith("over") else site.DETECTORS)) + 1
        subject = f"{area + 1}{unit:02d}"
        subject = subject if kind.startswith("over") else f"GD-{subject}"
        end = min(start + LASTS_S[kind], seconds - 600)
        yield Accident(number, site.source_id(number, area), kind, subject, start, end)


def _work(
    rng: np.random.Generator, days: float, busy: dict[tuple[int, str], Accident], accidents: Sequence[Accident]
) -> Iterator[Accident]:
    for number in range(site.TANK_ENTERPRISES):
        for area in range(site.AREAS):
            for tank in range(site.TANKS):
                name = f"{area + 1}{tank + 1:02d}"
                if (number, name) in busy:
                    continue
                for start in _times(rng, TRANSFERS_PER_TANK_DAY * days, days * DAY_S):
                    kind = "receipt" if rng.random() < 0.5 else "dispatch"
                    yield Accident(number, site.source_id(number, area), kind, name, start, np.inf)
    free_from = 0.0
    leaks = [accident for accident in accidents if accident.kind.endswith("leak")]
    for start in _times(rng, VENTS_PER_AREA_DAY * site.GAS_ENTERPRISES * site.AREAS * days, days * DAY_S):
        number = site.TANK_ENTERPRISES + int(rng.integers(site.GAS_ENTERPRISES))
        area, unit = int(rng.integers(site.AREAS)), int(rng.integers(site.DETECTORS)) + 1
        end = start + rng.uniform(120.0, 900.0)
        taken = any(start < leak.end_s + BLOWN_DOWN_S and leak.start_s < end + APART_S for leak in leaks)
        if taken or start < free_from:
            continue  # the model has one hole at a time
        free_from = end + APART_S
        yield Accident(number, site.source_id(number, area), "vent", f"GD-{area + 1}{unit:02d}", start, end)


def _times(rng: np.random.Generator, mean: float, seconds: float) -> list[float]:
    return sorted(rng.uniform(0.01 * seconds, 0.99 * seconds, rng.poisson(mean)).tolist())


def _troubles(
    rng: np.random.Generator, days: float, tank_points: Sequence[int], gas_points: Sequence[int]
) -> Iterator[Trouble]:
    everything = [*tank_points, *gas_points]

    def some(
        count: int, points: Sequence[int], kind: str, lasts: tuple[float, float], size: float
    ) -> Iterator[Trouble]:
        for _ in range(max(1, round(count * days / 7))):
            start = rng.uniform(0.05, 0.95) * days * DAY_S
            yield Trouble(int(rng.choice(points)), kind, start, start + rng.uniform(*lasts), size)

    yield from some(FROZEN, everything, "frozen", (2 * HOUR_S, 20 * HOUR_S), 0.0)
    yield from some(SILENT, everything, "silent", (0.2 * HOUR_S, 12 * HOUR_S), 0.0)
    yield from some(SPIKES, everything, "spike", (site.PERIOD_S, 2.5 * site.PERIOD_S), 0.6)
    yield from some(NOISY, tank_points, "noisy", (0.5 * HOUR_S, 2 * HOUR_S), 0.1)
    yield from some(CALIBRATED, gas_points, "calibration", (0.1 * HOUR_S, 0.4 * HOUR_S), 55.0)
    yield from some(RANGED, everything, "out_of_range", (0.2 * HOUR_S, 2 * HOUR_S), 1.0)
    yield from some(FAULTY, everything, "fault", (0.5 * HOUR_S, 6 * HOUR_S), 0.0)


def _cuts(rng: np.random.Generator, made: Plan) -> Iterator[Cut]:
    struck = {accident.source for accident in made.accidents}
    free = [
        site.source_id(number, area)
        for number in range(site.TANK_ENTERPRISES + site.GAS_ENTERPRISES)
        for area in range(site.AREAS)
        if site.source_id(number, area) not in struck
    ]
    chosen = rng.permutation(free)[: CUT_OFF + BUFFERED].tolist()
    for i, source in enumerate(chosen):
        start = rng.uniform(0.1, 0.8) * made.seconds
        lasts = rng.uniform(2, 4) * HOUR_S if i < CUT_OFF else rng.uniform(0.2, 1.0) * HOUR_S
        yield Cut(source, start, min(start + lasts, made.seconds - HOUR_S), kept=i >= CUT_OFF)


def _upkeep(rng: np.random.Generator, made: Plan) -> Iterator[Upkeep]:
    struck = {accident.source for accident in made.accidents}
    for number in rng.permutation(site.TANK_ENTERPRISES * site.AREAS)[:UPKEEP].tolist():
        source = site.source_id(*divmod(number, site.AREAS))
        if source not in struck:
            start = rng.uniform(0.1, 0.8) * made.seconds
            yield Upkeep(source, start, start + 6 * HOUR_S)
