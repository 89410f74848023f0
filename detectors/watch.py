"""One rule at work: score, judge, hold."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from detectors import KINDS
from detectors.hold import Hold
from detectors.judge import Judge
from detectors.retrospect import Retrospect
from detectors.room import room
from detectors.rows import Rows, Scope, Slots, State, common, of
from detectors.stale import Stale
from ganzhi.records import SIMULATED, Bytes, Floats, Rule, Tier, Transition


class Watch:
    """A rule, its score and what it holds: the judged and the announced tier of each point.

    Most rows change nothing, so only points with a row at their mildest limit or beyond are judged and held, and points
    that are busy: judged to be in a tier, or announced.

    simulated  bool (m,), whether a simulated row was behind what is announced
    heard      the listening time of each transition of the last update
    """

    def __init__(self, rule: Rule, scope: Scope, *, period_s: Floats, resolution: Floats) -> None:
        spec = KINDS.get(rule.kind)
        if spec is None:
            raise ValueError(f"{rule.id}: kind must be one of {', '.join(KINDS)}, not {rule.kind!r}")
        if unknown := sorted(set(rule.options) - spec.options):
            raise ValueError(f"{rule.id}: {rule.kind} has no option {', '.join(unknown)}")
        self.rule = rule
        self.spec = spec
        self.scope = scope
        self._judge = Judge(rule)
        self._hold = Hold(rule)
        self._score = spec.score(rule, period_s=period_s, resolution=resolution)
        self._retrospect = Retrospect(self._judge)
        self._subjects = rule.subjects
        m = len(self._subjects)
        self._judged = room(m, dtype=np.uint8)
        self._announced = room(m, dtype=np.uint8)
        self.simulated = room(m, dtype=np.bool_)
        self._mildest = common(self._judge.mildest)
        self._busy = room(m, dtype=np.bool_)
        self._marked = room(m, dtype=np.bool_)
        self.heard: list[int] = []

    @property
    def announced(self) -> Bytes:
        """The announced tiers, uint8 (m,)."""
        return self._announced

    @property
    def state(self) -> State:
        """Every array that outlives a block."""
        own: State = {"judged": self._judged, "announced": self._announced, "simulated": self.simulated}
        late = self._retrospect.state if self.spec.stateless else {}
        return own | self._hold.state | late | {f"score.{name}": array for name, array in self._score.state.items()}

    def slot(self, point: int) -> int | None:
        """Where the rule keeps what it judges under this point, or None."""
        if not self.rule.units:
            return self.scope.slot(point)
        found = np.flatnonzero(self._subjects == point)
        return int(found[0]) if len(found) else None

    def settle(self) -> None:
        """Derive what is not saved, after the state was changed from outside."""
        self._settle(np.arange(len(self._judged)))

    def begin(self, slots: Slots, moment: int) -> None:
        """These slots were never heard of before `moment` of listening time, while others are in the middle of it."""
        if isinstance(self._score, Stale):
            self._score.begin(slots, moment)

    def seed(self, slot: int, tier: Tier) -> None:
        """Hold a tier from now on."""
        self._judged[slot] = self._announced[slot] = tier
        self._settle(np.array([slot]))

    def update(self, rows: Rows) -> list[Transition]:
        """What the rows change."""
        self.heard = []
        rows, score = self._score.update(rows)
        beyond = self._judge.beyond(score, of(self._mildest, rows.slot))
        busy = self._busy.take(rows.slot)
        if busy.any():
            beyond |= busy & ~np.isnan(score)
        if not beyond.any():
            return []
        index = np.flatnonzero(beyond)
        if len(rows.starts) > 2:
            index = self._all_of_same_points(rows, score, index)
        return self._walk(rows, score, index)

    def review(self, rows: Rows) -> list[Transition]:
        """What late rows would have been; they change no tier."""
        rows, score = self._score.update(rows)
        return [
            self._transition(rows, score, row, Tier.NONE, Tier(tier), retrospective=True)
            for row, tier in self._retrospect.update(rows, score)
        ]

    def _all_of_same_points(self, rows: Rows, score: Floats, index: Slots) -> Slots:
        points = rows.slot.take(index)
        self._marked[points] = True
        index = np.flatnonzero(self._marked.take(rows.slot) & ~np.isnan(score))
        self._marked[points] = False
        return index

    def _walk(self, rows: Rows, score: Floats, index: Slots) -> list[Transition]:
        found = []
        chosen = rows.pick(index)
        for part in chosen.wide():
            slot = chosen.slot[part]
            before, announced = self._judged.take(slot), self._announced.take(slot)
            judged = self._judge.tier(score.take(index[part]), slot, before)
            after = self._hold.update(slot, chosen.time[part], before, judged, announced)
            self._judged[slot] = judged
            self._announced[slot] = after
            for k in np.flatnonzero(after != announced).tolist():
                row = int(index[part][k])
                found.append(self._transition(rows, score, row, Tier(announced[k]), Tier(after[k])))
        if chosen.narrow < len(chosen):
            found += self._follow(rows, score, index, chosen)
        self._settle(chosen.slot)
        return found

    def _follow(self, rows: Rows, score: Floats, index: Slots, chosen: Rows) -> list[Transition]:
        # As above for a few points with many rows: only where something changes is a row looked at.
        found = []
        tail = chosen.tail
        index = index[tail.order]
        codes = self._judge.codes(score.take(index), chosen.slot[tail.order])
        other = np.append(True, codes[1:] != codes[:-1])
        other[tail.bounds[:-1]] = True
        turns = np.flatnonzero(other)
        edges = np.searchsorted(turns, tail.bounds)
        at = (turns - np.repeat(tail.bounds[:-1], np.diff(edges))).tolist()
        turned = list(zip(at, codes.take(turns).tolist(), strict=True))
        time = chosen.time[tail.order].tolist()
        spans = zip(tail.slots.tolist(), tail.runs(), pairwise(edges.tolist()), strict=True)
        for slot, (first, end), (begin, until) in spans:
            before, announced = int(self._judged[slot]), int(self._announced[slot])
            changes = self._judge.follow(turned[begin:until], before)
            for k, after in self._hold.follow(slot, time[first:end], before, changes, announced):
                found.append(self._transition(rows, score, int(index[first + k]), Tier(announced), Tier(after)))
                announced = after
            self._judged[slot] = changes[-1][1] if changes else before
            self._announced[slot] = announced
        return found

    def _settle(self, slot: Slots) -> None:
        self._busy[slot] = (self._judged.take(slot) | self._announced.take(slot)) > 0

    def _listened(self, rows: Rows, row: int) -> int:
        # A score whose rows are its own may not know when it heard what they rest on: then it was in this block.
        if rows.heard is not None:
            return int(rows.heard[row])
        return int(rows.time[row]) if self.spec.arrivals else rows.until

    def _transition(
        self, rows: Rows, score: Floats, row: int, old: Tier, new: Tier, *, retrospective: bool = False
    ) -> Transition:
        slot = int(rows.slot[row])
        simulated = bool(rows.quality[row] & SIMULATED)
        if not retrospective:
            self.simulated[slot] = simulated
            self.heard.append(self._listened(rows, row))
        return Transition(
            rule=self.rule.id,
            point=int(self._subjects[slot]),
            time=int(rows.time[row]),
            old=old,
            new=new,
            score=float(score[row]),
            limit=float(self.rule.limits[slot, (new or old) - 1]),
            value=float(rows.value[row]),
            evidence=self._score.evidence(row),
            simulated=simulated,
            retrospective=retrospective,
        )
