"""Carries out a list of faults, one after another and over one another, and starts again what fell."""

from __future__ import annotations

import heapq
import itertools
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

from bench.fault.schedule import LINES, Fault, Kind, Target
from bench.fault.stage import Stage

BEAT_S = 0.05
AGAIN_S = 0.5
"""A fault that finds its process away, or its own kind still at work, tries again after so long."""
RESTART_S = 1.0
"""A process that ended by itself is started again after so long, as a service manager does."""
MOST_TRIES = 60

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Done:
    """A fault as it happened: from when to when, in seconds since the first reading."""

    fault: Fault
    began_s: float
    ended_s: float


@dataclass(slots=True)
class Drill:
    """Faults over a stage. `began` is the monotonic moment from which their times count."""

    stage: Stage
    began: float
    say: Say
    done: list[Done] = field(default_factory=list)
    kills: Counter[Target] = field(default_factory=Counter)
    _due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _order: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def now_s(self) -> float:
        return time.monotonic() - self.began

    @property
    def over(self) -> bool:
        """Whether every fault has ended and every process runs."""
        return not self._due and all(child.alive for child in self.stage.children.values())

    def add(self, faults: list[Fault]) -> None:
        """Have these faults happen at their moments."""
        for fault in faults:
            self._at(fault.at_s, lambda fault=fault: self._begin(fault, 0))  # type: ignore[misc]

    def turn(self) -> None:
        """What is due now, and a look at every process; waits for a moment."""
        while self._due and self._due[0][0] <= self.now_s:
            heapq.heappop(self._due)[2]()
        for child in self.stage.children.values():
            code = child.fallen()
            if code is not None:
                self.say(f"{self.now_s:7.1f} s  {child.name} ended by itself with {code}, and is started again")
                self._at(self.now_s + RESTART_S, child.start)
        time.sleep(BEAT_S)

    def _at(self, at_s: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._due, (at_s, next(self._order), action))

    def _begin(self, fault: Fault, tries: int) -> None:
        with ExitStack() as undo:
            if not self._can(fault):
                if tries < MOST_TRIES:
                    self._at(self.now_s + AGAIN_S, lambda: self._begin(fault, tries + 1))
                else:
                    self.say(f"{self.now_s:7.1f} s  given up: {fault}")
                return
            began_s = self.now_s
            note = self._apply(fault, undo)
            self.say(f"{began_s:7.1f} s  {fault}{note}")
            undo.callback(lambda: self.done.append(Done(fault, began_s, self.now_s)))
            ending = undo.pop_all()
        self._at(began_s + fault.lasts_s, ending.close)

    def _can(self, fault: Fault) -> bool:
        if fault.kind in (Kind.KILL, Kind.STOP):
            return self.stage.children[fault.target].alive
        return fault.target is not Target.DISK or not self.stage.disk.full

    def _apply(self, fault: Fault, undo: ExitStack) -> str:
        if fault.target in LINES:
            self._spoil(fault, undo)
        elif fault.kind is Kind.FILL:
            undo.callback(self.stage.disk.free)
            self._fill()
            return f" ({self.stage.disk.kind})"
        else:
            child = self.stage.children[fault.target]
            undo.callback(child.start)
            if fault.kind is Kind.KILL:
                child.kill()
                self.kills[fault.target] += 1
            elif not child.stop():
                self.say(f"{self.now_s:7.1f} s  {child.name} did not stop, and was killed")
        return ""

    def _fill(self) -> None:
        """Fill the disk, and again and again what is freed on it."""
        self.stage.disk.fill()

        def again() -> None:
            if self.stage.disk.full:
                self._fill()

        self._at(self.now_s + AGAIN_S / 5, again)

    def _spoil(self, fault: Fault, undo: ExitStack) -> None:
        line = self.stage.lines[fault.target]
        if fault.kind is Kind.CUT:
            line.cut()
        elif fault.kind is Kind.REFUSE:
            undo.enter_context(line.refused())
        elif fault.kind is Kind.STALL:
            undo.enter_context(line.stalled())
        else:
            undo.enter_context(line.delayed(fault.by_s))
