"""The engine: ReadingBlocks in, Transitions out, whatever way the stream is cut into blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from detectors import GROUPS
from detectors.adoption import Snapshot, carry, fits, members, sources, terms
from detectors.group import GroupWatch, in_order, read_by
from detectors.listening import Listening
from detectors.room import room
from detectors.rows import Rows, Scope, Slots, State, in_rounds
from detectors.watch import Watch
from ganzhi.records import QUALITY_MASK, Floats, Int32s, Int64s, Quality, ReadingBlock, Rule, Tier, Transition

NOT_YET = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class _Arrived:
    """A block sorted out, in rounds; `slot` is the point's index in the catalogue.

    heard   every row, on the listening clock
    live    good rows that are newer than all before of their point, on the sensor's clock
    late    good rows that are older than their point's newest, on the sensor's clock; None: there are none
    in_turn the live rows in the order of their arrival, as one round; None: no rule reads them so
    """

    heard: Rows
    live: Rows
    late: Rows | None
    in_turn: Rows | None


@dataclass(frozen=True, slots=True)
class _Group:
    """The rules that watch the same points, by what they read of a block."""

    scope: Scope
    hearing: list[Watch] = field(default_factory=list)
    reading: list[Watch] = field(default_factory=list)
    joining: list[Watch] = field(default_factory=list)
    reviewing: list[Watch] = field(default_factory=list)


class Engine:
    """All rules over all points; `period_s` and `resolution` are float64 (n_points,), from the catalogue.

    Raises ValueError for a rule that cannot be built. Only one thread may use it.
    """

    def __init__(self, rules: Sequence[Rule], *, period_s: Floats, resolution: Floats) -> None:
        n_points = len(period_s)
        if period_s.shape != (n_points,) or resolution.shape != (n_points,):
            raise ValueError("period_s and resolution must have one number for each point")
        if not (np.isfinite(resolution) & (resolution >= 0) & np.isfinite(period_s) & (period_s > 0)).all():
            raise ValueError("sampling periods must be above 0 and resolutions not below")
        if len({rule.id for rule in rules}) != len(rules):
            raise ValueError("two rules have one id")
        self._newest = room(n_points, dtype=np.int64, filled=NOT_YET)
        self._scratch = room(n_points, dtype=np.int32)
        self._listening = Listening()
        self._watches: dict[str, Watch | GroupWatch] = {}
        self._gathering: list[GroupWatch] = []
        self._groups: dict[bytes, _Group] = {}
        for rule in rules:
            if rule.kind in GROUPS:
                continue
            group = self._groups.get(rule.points.tobytes())
            if group is None:
                group = self._groups[rule.points.tobytes()] = _Group(Scope(rule, n_points))
            watch = Watch(rule, group.scope, period_s=period_s[rule.points], resolution=resolution[rule.points])
            kept = group.joining if watch.spec.in_turn else group.hearing if watch.spec.arrivals else group.reading
            kept.append(watch)
            if watch.spec.stateless:
                group.reviewing.append(watch)
            self._watches[rule.id] = watch
        for rule in in_order(rules):
            gathering = GroupWatch(rule, [self._watches[id_] for id_ in read_by(rule)])
            self._gathering.append(gathering)
            self._watches[rule.id] = gathering
        self._terms = {rule.id: terms(rule, period_s, resolution) for rule in rules}
        self._order = {rule.id: order for order, rule in enumerate(rules)}
        self._joins = any(group.joining for group in self._groups.values())

    def update(self, block: ReadingBlock) -> list[Transition]:
        """Take in a block; what changed, sorted by time, order of the rules, point."""
        arrived = self._sort_out(block)
        found: list[Transition] = []
        told: dict[str, list[tuple[int, Transition]]] = {}

        def tell(watch: Watch, transitions: list[Transition]) -> list[Transition]:
            if self._gathering and transitions:
                told[watch.rule.id] = list(zip(watch.heard, transitions, strict=True))
            return transitions

        for group in self._groups.values():
            if group.hearing:
                heard = group.scope.choose(arrived.heard)
                for watch in group.hearing:
                    found += self._on_our_clock(tell(watch, watch.update(heard)))
            if group.reading and len(live := group.scope.choose(arrived.live)):
                for watch in group.reading:
                    found += tell(watch, watch.update(live))
            if arrived.in_turn is not None and group.joining and len(live := group.scope.choose(arrived.in_turn)):
                for watch in group.joining:
                    found += tell(watch, watch.update(live))
            if group.reviewing and arrived.late is not None and len(late := group.scope.choose(arrived.late)):
                for watch in group.reviewing:
                    found += watch.review(late)
        for gathering in self._gathering:
            transitions = gathering.update(told, arrived.heard.since, arrived.heard.until)
            told[gathering.rule.id] = list(zip(gathering.heard, transitions, strict=True))
            found += self._on_our_clock(transitions)
        if len(found) > 1:
            found.sort(key=lambda t: (t.time, self._order[t.rule], t.point))
        return found

    def seed(self, tiers: Mapping[tuple[str, int], Tier]) -> list[tuple[str, int]]:
        """Hold these tiers, of alarms still open, by rule and point; those that no rule here watches are returned."""
        unknown = self._seed(tiers)
        self._gather_anew()
        return unknown

    def _seed(self, tiers: Mapping[tuple[str, int], Tier]) -> list[tuple[str, int]]:
        unknown = []
        for key, tier in tiers.items():
            slot = self._slot(key)
            if slot is None:
                unknown.append(key)
            else:
                self._watches[key[0]].seed(slot, tier)
        return unknown

    def _gather_anew(self) -> None:
        for gathering in self._gathering:
            gathering.settle()
            gathering.begin(np.arange(len(gathering.rule.units)), self._listening.moment)

    def snapshot(self) -> dict[str, NDArray[np.generic]]:
        """A copy of all state, for numpy.savez and `restore`."""
        return {name: array.copy() for name, array in (self._shape() | self._state()).items()}

    def adopt(self, snapshot: Snapshot, came_from: Int32s, held: Mapping[tuple[str, int], Tier]) -> list[str]:
        """Go on from a snapshot of an engine of other rules or points, as far as they are the same; the rules that
        begin anew, for some of their points at least.

        came_from  the index that each point had in the snapshot, -1 for none: int32 (n_points,)
        held       as for `seed`: what begins anew holds these tiers
        """
        newest, known = np.asarray(snapshot["newest"], np.int64), came_from >= 0
        self._newest[known] = newest[came_from[known]]
        for name, array in self._listening.state.items():
            array[...] = snapshot[name]
        anew: dict[str, set[int]] = {}
        for rule, watch in self._watches.items():
            slot = sources(watch.rule, self._terms[rule], snapshot, came_from)
            if not watch.rule.units and not fits(watch.state, rule, snapshot):
                slot = np.full_like(slot, -1)
            before = len(snapshot.get(f"{rule}.points", ()))
            if not carry(watch.state, rule, snapshot, slot, before):
                watch.begin(np.flatnonzero(slot < 0), self._listening.moment)
                anew[rule] = set(np.flatnonzero(slot < 0).tolist())
            watch.settle()
        self._seed({key: tier for key, tier in held.items() if self._slot(key) in anew.get(key[0], ())})
        if anew:
            self._gather_anew()
        return sorted(rule for rule, slots in anew.items() if slots)

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot of an engine with the same rules on the same points; ValueError for any other."""
        state, shape = self._state(), self._shape()
        if differing := state.keys() ^ snapshot.keys() ^ shape.keys():
            raise ValueError(f"the snapshot is of other rules: {', '.join(sorted(differing)[:3])}")
        for name, array in shape.items():
            if not np.array_equal(array, snapshot[name], equal_nan=array.dtype.kind == "f"):
                raise ValueError(f"the snapshot is of other rules: {name}")
        saved = {name: snapshot[name] for name in state}
        for name, array in state.items():
            if array.shape != saved[name].shape or array.dtype != saved[name].dtype:
                raise ValueError(f"the snapshot does not fit: {name}")
        for name, array in state.items():
            array[...] = saved[name]
        for watch in self._watches.values():
            watch.settle()

    def _slot(self, key: tuple[str, int]) -> int | None:
        watch = self._watches.get(key[0])
        return None if watch is None else watch.slot(key[1])

    def _on_our_clock(self, transitions: list[Transition]) -> list[Transition]:
        return [replace(t, time=self._listening.wall(t.time)) for t in transitions]

    def _state(self) -> State:
        state: State = {"newest": self._newest, **self._listening.state}
        for rule, watch in self._watches.items():
            state |= {f"{rule}.{name}": array for name, array in watch.state.items()}
        return state

    def _shape(self) -> State:
        shape: State = {}
        for rule, watch in self._watches.items():
            kind, told = self._terms[rule]
            shape[f"{rule}.kind"] = np.array(kind)
            shape[f"{rule}.terms"] = told
            shape[f"{rule}.points"] = watch.rule.subjects
            if watch.rule.units:
                shape[f"{rule}.members"] = members(watch.rule)
        return shape

    def _sort_out(self, block: ReadingBlock) -> _Arrived:
        heard, since, until = self._listening.hear(block.received, block.now)
        point = block.point.astype(np.intp)
        order, starts = in_rounds(point, self._scratch)
        if order is not None:
            block, point, heard = block.rows(order), point.take(order), heard.take(order)
        rows = Rows(point, heard, block.value, block.quality, starts, since, until)
        newer, older = self._by_age(rows, block.time)
        good = (block.quality & QUALITY_MASK) <= Quality.UNCERTAIN
        by_sensor = replace(rows, time=block.time, heard=heard if self._gathering else None)
        live = good & newer
        late = good & older
        return _Arrived(
            rows,
            by_sensor if live.all() else by_sensor.pick(np.flatnonzero(live)),
            by_sensor.pick(np.flatnonzero(late)) if late.any() else None,
            _in_turn(by_sensor, np.flatnonzero(live), order) if self._joins else None,
        )

    def _by_age(self, rows: Rows, time: Int64s) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        newer = np.empty(len(rows), np.bool_)
        older = np.empty(len(rows), np.bool_)
        for part in rows.wide():
            point, at = rows.slot[part], time[part]
            newest = self._newest.take(point)
            newer[part] = at > newest
            older[part] = at < newest
            self._newest[point] = np.maximum(at, newest)
        for one, index in rows.points():
            at = time[index]
            newest = np.maximum.accumulate(np.append(self._newest[one], at))
            newer[index] = at > newest[:-1]
            older[index] = at < newest[:-1]
            self._newest[one] = newest[-1]
        return newer, older


def _in_turn(rows: Rows, chosen: Slots, order: Slots | None) -> Rows:
    # The chosen of rows that were put into rounds by `order`, as they arrived.
    index = chosen if order is None else chosen.take(np.argsort(order.take(chosen)))
    return rows.one_round(index)


def refused(rules: Sequence[Rule], *, period_s: Floats, resolution: Floats) -> list[tuple[str, str]]:
    """The rules that cannot be built, by id, each with what is wrong; group rules as far as they stand alone."""
    found = []
    for rule in rules:
        try:
            if rule.kind in GROUPS:
                GROUPS[rule.kind].grade(rule)
            else:
                Engine([rule], period_s=period_s, resolution=resolution)
        except ValueError as error:
            found.append((rule.id, str(error).removeprefix(f"{rule.id}: ")))
    return found
