"""The plants of the week: the simulators of every enterprise, stepped together, with the plan's accidents and work."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

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
    """One model an enterprise; `read` steps them all and gives the readings of every point, float64 (n_points,)."""

    def __init__(self, catalogue: Catalogue, plan: Plan, *, seed: int) -> None:
        by_enterprise: dict[str, list[Point]] = {}
        for point in catalogue.points:
            by_enterprise.setdefault(point.enterprise, []).append(point)
        self._index = catalogue.index
        self._value = np.empty(len(catalogue.points))
        self._models: dict[str, simulators.Model] = {}
        self._rows: dict[str, tuple[tuple[str, ...], list[int]]] = {}
        for number, (enterprise, points) in enumerate(by_enterprise.items()):
            sector = catalogue.sources[points[0].source].sector
            rng = np.random.default_rng([seed, number])
            self._models[enterprise] = simulators.KINDS[sector](points=points, rng=rng)
            self._rows[enterprise] = (), []
        acts = [*plan.accidents, *plan.work]
        self._acts = [_Act(what.start_s, i, False, what) for i, what in enumerate(acts)]
        self._acts += [_Act(what.end_s, i, True, what) for i, what in enumerate(acts) if np.isfinite(what.end_s)]
        heapq.heapify(self._acts)
        self.at_s = 0.0

    def read(self, dt_s: float) -> Floats:
        """Advance by `dt_s` and read every instrument."""
        while self._acts and self._acts[0].at_s <= self.at_s:
            act = heapq.heappop(self._acts)
            model = self._models[site.enterprise_id(act.what.enterprise)]
            (model.end if act.ends else model.start)(act.what.kind, act.what.subject)
        self.at_s += dt_s
        for enterprise, model in self._models.items():
            readings = model.step(dt_s)
            tags, rows = self._rows[enterprise]
            if not rows:
                tags = tuple(readings)
                rows = [self._index[f"{enterprise}.{tag}"] for tag in tags]
                self._rows[enterprise] = tags, rows
            self._value[rows] = list(readings.values())
        return self._value.copy()
