"""The plants of the week: the simulators of every enterprise, stepped together, with the plan's accidents and work."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace

import numpy as np

import simulators
from bench.week import site
from bench.week.plan import Accident, Plan
from ganzhi.records import Catalogue, Floats, Point


@dataclass(frozen=True, slots=True, order=True)
class _Act:
    at_s: float
    number: int
    ends: bool
    what: Accident = None  # type: ignore[assignment]


class Plants:
    """One model a sector for all enterprises, which is quicker than one for each; `read` steps both and gives the
    readings of every point, float64 (n_points,). Tags get their enterprise's number, so that no two are alike."""

    def __init__(self, catalogue: Catalogue, plan: Plan, *, seed: int) -> None:
        numbers = {enterprise: number for number, enterprise in enumerate(catalogue.enterprises)}
        by_sector: dict[str, list[tuple[int, Point]]] = {}
        for index, point in enumerate(catalogue.points):
            named = replace(point, tag=_numbered(numbers[point.enterprise], point.tag))
            by_sector.setdefault(catalogue.sources[point.source].sector, []).append((index, named))
        self._value = np.empty(len(catalogue.points))
        self._models: dict[str, simulators.Model] = {}
        self._index: dict[str, dict[str, int]] = {}
        for number, (sector, found) in enumerate(by_sector.items()):
            rng = np.random.default_rng([seed, number])
            self._models[sector] = simulators.KINDS[sector](points=[point for _, point in found], rng=rng)
            self._index[sector] = {point.tag: index for index, point in found}
        acts = [*plan.accidents, *plan.work]
        self._acts = [_Act(what.start_s, i, False, what) for i, what in enumerate(acts)]
        self._acts += [_Act(what.end_s, i, True, what) for i, what in enumerate(acts) if np.isfinite(what.end_s)]
        heapq.heapify(self._acts)
        self.at_s = 0.0

    def read(self, dt_s: float) -> Floats:
        """Advance by `dt_s` and read every instrument."""
        while self._acts and self._acts[0].at_s <= self.at_s:
            act = heapq.heappop(self._acts)
            what = act.what
            model = self._models["tank_farm" if what.enterprise < site.TANK_ENTERPRISES else "gas_detection"]
            (model.end if act.ends else model.start)(what.kind, _numbered(what.enterprise, what.subject))
        self.at_s += dt_s
        for sector, model in self._models.items():
            readings = model.step(dt_s)
            rows = [self._index[sector][tag] for tag in readings]
            self._value[rows] = list(readings.values())
        return self._value.copy()


def _numbered(enterprise: int, name: str) -> str:
    """`LT-102` of the third enterprise is `LT-3102`; a tank `102` is `3102`."""
    prefix, dash, rest = name.rpartition("-")
    return f"{prefix}{dash}{enterprise + 1}{rest}"
