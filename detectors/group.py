"""One group rule at work: the tiers that other rules announce in, its own out.

It works on the listening clock (detectors/listening.py), the only one that its members have in common. What is
announced at one moment counts together, and is judged when that moment is over: so neither the cut of the stream nor
the order in which points come within a moment can matter, and delays are met when nothing more is announced, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from detectors import GROUPS
from detectors.hold import NEVER, Hold
from detectors.judge import TIERS, Judge
from detectors.member import Cells, Member, Told
from detectors.rows import Slots, State
from ganzhi.records import COLOURS, Bytes, Int64s, Rule, Tier, Transition

NAMED = 3
"""Of the worst members, so many are named in the evidence."""


class GroupWatch:
    """A group rule and what it holds: the judged and the announced tier of each unit.

    The tiers of its members are not saved with it: they are what its members hold, and are read from them.
    """

    def __init__(self, rule: Rule, members: Sequence[Member]) -> None:
        if not rule.units:
            raise ValueError(f"{rule.id}: {rule.kind} judges several points as one: it needs units")
        self.rule = rule
        self._members = members
        self._grade = GROUPS[rule.kind].grade(rule)
        self._judge = Judge(rule)
        self._hold = Hold(rule)
        self._cells = Cells(rule, members)
        # How many things there are to count: those that would be red if every member were.
        every = self._cells.judged * np.uint8(Tier.RED)
        self._count = np.count_nonzero(self._grade.counted(every), axis=1)
        m = len(rule.units)
        self.announced = np.zeros(m, np.uint8)
        self.simulated = np.zeros(m, np.bool_)
        self._judged = np.zeros(m, np.uint8)
        self._pending = np.zeros(m, np.bool_)  # something was announced at the last moment, which is not over yet
        self._due = np.full(m, NEVER)
        self.heard: list[int] = []

    @property
    def state(self) -> State:
        """Every array that outlives a block and is not held by the members."""
        own: State = {
            "announced": self.announced,
            "judged": self._judged,
            "pending": self._pending,
            "simulated": self.simulated,
        }
        return own | self._hold.state

    def slot(self, point: int) -> int | None:
        """Where the rule keeps the unit for which this point stands, or None."""
        found = np.flatnonzero(self.rule.subjects == point)
        return int(found[0]) if len(found) else None

    def settle(self) -> None:
        """Read anew what the members hold, after the state was changed from outside."""
        self._cells.read(self._members)
        every = np.arange(len(self._due))
        self._due[:] = self._hold.due(every, self._judged, self.announced)

    def begin(self, slots: Slots, moment: int) -> None:
        """These units begin anew: they are judged at the next moment, by what their members hold."""
        self._pending[slots] = True

    def seed(self, slot: int, tier: Tier) -> None:
        """Hold a tier from now on."""
        self._judged[slot] = self.announced[slot] = tier

    def update(self, told: Mapping[str, Told], since: int, until: int) -> list[Transition]:
        """What the members' transitions and the time change; their times are listening time.

        since, until  when the block before this one, and this one, were closed; what is told at `until` waits
        """
        self.heard = []
        news = self._cells.news(told)
        if not len(news) and not self._pending.any() and self._due.min(initial=NEVER) >= until:
            return []
        found: list[Transition] = []
        due = np.where(self._pending, since, np.maximum(self._due, since))
        while True:
            at = np.minimum(due, news.next_at())
            unit = np.flatnonzero(at < until)
            if not len(unit):
                break
            self._cells.write(news.take(unit, at[unit]))
            found += self._walk(unit, at[unit])
            due[unit] = self._due[unit]
            self._pending[unit] = False
        self._pending[self._cells.write(news.rest())] = True
        found.sort(key=lambda t: t.time)
        self.heard = [t.time for t in found]
        return found

    def _walk(self, unit: Slots, time: Int64s) -> list[Transition]:
        tiers, simulated = self._cells.of(unit)
        own = tiers[np.arange(len(unit)), self._cells.middle[unit]].max(axis=1)
        counted = self._grade.counted(tiers)
        score = self._grade(counted, own)
        before, announced = self._judged[unit], self.announced[unit]
        judged = self._judge.tier(score, unit, before)
        after = self._hold.update(unit, time, before, judged, announced)
        self._judged[unit] = judged
        self.announced[unit] = after
        self._due[unit] = self._hold.due(unit, judged, after)
        told = (after != announced) & counted.any(axis=1)
        self.simulated[unit[told]] = simulated[told]
        return [
            self._transition(
                int(unit[k]),
                int(time[k]),
                (Tier(announced[k]), Tier(after[k])),
                score=float(score[k]),
                evidence=_evidence(counted[k], int(self._count[unit[k]]), int(own[k])),
            )
            for k in np.flatnonzero(after != announced).tolist()
        ]

    def _transition(
        self, unit: int, time: int, tiers: tuple[Tier, Tier], *, score: float, evidence: Mapping[str, float]
    ) -> Transition:
        old, new = tiers
        return Transition(
            rule=self.rule.id,
            point=self.rule.units[unit].point,
            time=time,
            old=old,
            new=new,
            score=score,
            limit=float(self.rule.limits[unit, (new or old) - 1]),
            value=float("nan"),
            evidence=evidence,
            simulated=bool(self.simulated[unit]),
        )


def _evidence(tiers: Bytes, points: int, own: int) -> dict[str, float]:
    by_colour = (tiers[:, np.newaxis] == TIERS).sum(axis=0).tolist()
    worst = np.flatnonzero(tiers == tiers.max(initial=1))[:NAMED].tolist()
    return {
        **{tier.name.lower(): float(count) for tier, count in zip(COLOURS, by_colour, strict=True)},
        **{f"worst_{place}": float(member) for place, member in enumerate(worst, 1)},
        "points": float(points),
        "own": float(own),
    }


def in_order(rules: Sequence[Rule]) -> list[Rule]:
    """The group rules, each after those that it reads. ValueError where one reads what is not there, or itself."""
    known = {rule.id: rule for rule in rules}
    ordered: dict[str, Rule] = {}

    def visit(rule: Rule, path: tuple[str, ...]) -> None:
        if rule.id in path:
            circle = " -> ".join((*path[path.index(rule.id) :], rule.id))
            raise ValueError(f"{rule.id}: group rules go round in a circle: {circle}")
        for id_ in read_by(rule):
            if id_ not in known:
                raise ValueError(f"{rule.id}: there is no rule {id_!r}")
            if known[id_].kind in GROUPS and id_ not in ordered:
                visit(known[id_], (*path, rule.id))
        ordered.setdefault(rule.id, rule)

    for rule in rules:
        if rule.kind in GROUPS:
            visit(rule, ())
    return list(ordered.values())


def read_by(rule: Rule) -> tuple[str, ...]:
    """The ids of the rules whose tiers a group rule reads."""
    if unknown := sorted(set(rule.options) - GROUPS[rule.kind].options):
        raise ValueError(f"{rule.id}: {rule.kind} has no option {', '.join(unknown)}")
    ids = rule.options.get("rules")
    if not isinstance(ids, tuple) or not ids or not all(isinstance(id_, str) for id_ in ids):
        raise ValueError(f"{rule.id}: rules must be the ids of one rule or more, not {ids!r}")
    return ids
