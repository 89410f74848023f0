"""What the platform watches about instruments and their lines: faults that readings report, sources and gateways that
are silent. Their alarms go the way of all alarms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np

from ganzhi.clock import NS_PER_S
from ganzhi.latest import Latest
from ganzhi.records import (
    OFFLINE,
    QUALITY_MASK,
    SIMULATED,
    AlarmClass,
    Catalogue,
    Floats,
    Int32s,
    Int64s,
    Point,
    Quality,
    ReadingBlock,
    Rule,
    Source,
    Text,
    Tier,
    Transition,
    enterprise_as_such,
    source_as_such,
)

FAULT_RULE, OFFLINE_RULE = "_device.fault", "_device.offline"
BASIS = "engineering default"
FAULT_TIERS = {Quality.OUT_OF_RANGE: Tier.BLUE, Quality.DEVICE_FAULT: Tier.YELLOW}
FAULT_SCORES = {Quality.OUT_OF_RANGE: 1.0, Quality.DEVICE_FAULT: 2.0}
SOURCE_TIER, ENTERPRISE_TIER, WILL_TIER = Tier.YELLOW, Tier.ORANGE, Tier.YELLOW
PERIODS = 3.0
"""Of the shortest sampling period of a source, without a reading of any of its points (DESIGN.md)."""
BACK_NS = 30 * NS_PER_S
"""How long data must be back before the alarm clears: the silence of its points, which it suppresses, clears sooner."""
LOOK_NS = NS_PER_S // 2
GRACE_NS = 30 * NS_PER_S
"""Lines come up one after another: silence counts from so long after our start."""
OUTAGE_NS = 10 * NS_PER_S
"""A longer time without a block, not even a tick, is an outage of ours and counts for nothing."""

Held = Mapping[tuple[str, int], Tier]


class Will(Protocol):
    """What a gateway said of itself last: its birth message or its last will."""

    @property
    def enterprise(self) -> str: ...
    @property
    def gateway(self) -> str: ...
    @property
    def online(self) -> bool | None: ...


def extended(catalogue: Catalogue) -> Catalogue:
    """The catalogue with every source and enterprise as such at its end, for alarms that are about no single point."""
    halls = {enterprise_as_such(key): enterprise for key, enterprise in catalogue.enterprises.items()}
    as_sources = {hall: Source(hall, owner.id, owner.name, "enterprise") for hall, owner in halls.items()}
    of_sources = [
        _as_such(source_as_such(key), source.enterprise, key, source) for key, source in catalogue.sources.items()
    ]
    of_enterprises = [_as_such(hall, owner.id, hall, None) for hall, owner in halls.items()]
    return Catalogue(
        catalogue.enterprises,
        {**catalogue.sources, **as_sources},
        (*catalogue.points, *of_sources, *of_enterprises),
    )


def as_such(catalogue: Catalogue) -> Int32s:
    """The indices of those points in the extended catalogue."""
    names = [*map(source_as_such, catalogue.sources), *map(enterprise_as_such, catalogue.enterprises)]
    return np.array([catalogue.index[name] for name in names if name in catalogue.index], np.int32)


def rules(catalogue: Catalogue, n_points: int) -> list[Rule]:
    """The rules on instruments and gateways; `catalogue` is the extended one, whose first `n_points` are measured."""
    return [
        rule(
            FAULT_RULE,
            Text("仪表故障或超量程", "Device fault or out of range"),
            "fault",
            np.arange(n_points, dtype=np.int32),
            Text(
                "到现场核对仪表与接线;故障期间该测点不参与工艺报警。",
                "Check the instrument and its line; while it lasts the point raises no process alarm.",
            ),
        ),
        rule(
            OFFLINE_RULE,
            Text("数据整体中断", "Everything is silent"),
            OFFLINE,
            as_such(catalogue),
            Text(
                "检查网关供电、网络与消息代理账号;中断期间加强人工巡检。",
                "Check the gateway's power, network and account at the broker; go round in person until it is back.",
            ),
        ),
    ]


def rule(
    rule_id: str, name: Text, kind: str, points: Int32s, advice: Text, *, of: AlarmClass = AlarmClass.DEVICE
) -> Rule:
    """A rule whose tiers are decided here, not by limits."""
    return Rule(
        id=rule_id,
        name=name,
        kind=kind,
        points=points,
        limits=np.full((len(points), 4), np.nan),
        side="high",
        deadband=np.zeros(len(points)),
        unit="s" if kind == OFFLINE else "",
        alarm_class=of,
        basis=BASIS,
        advice=advice,
    )


class Devices:
    """Reads every block before detection does; the transitions that it causes. Only one thread may use it.

    catalogue  the extended one; held: the tiers that the journal holds at the start, by rule and point
    latest     the newest readings before the block: a late row says nothing of the instrument now
    """

    def __init__(self, catalogue: Catalogue, n_points: int, *, held: Held, latest: Latest) -> None:
        points = catalogue.points[:n_points]
        self._latest = latest
        self._fault = np.array([held.get((FAULT_RULE, i), Tier.NONE) for i in range(n_points)], np.uint8)
        self._tier_of = np.zeros(QUALITY_MASK + 1, np.uint8)
        for quality, tier in FAULT_TIERS.items():
            self._tier_of[quality] = tier
        self._silence = Silence(catalogue, points, held=held)

    def __call__(self, block: ReadingBlock) -> list[Transition]:
        """What the block changes."""
        return [*self._silence(block), *self._faults(block)]

    def _faults(self, block: ReadingBlock) -> list[Transition]:
        if not len(block):
            return []
        code = block.quality & QUALITY_MASK
        known = (code <= Quality.UNCERTAIN) | (code == Quality.OUT_OF_RANGE) | (code == Quality.DEVICE_FAULT)
        tier = self._tier_of.take(code)
        rows = np.flatnonzero(known & (tier != self._fault.take(block.point)))
        if not len(rows):
            return []
        # A point that changes twice within the block: all its rows are walked through, not only those that differ now.
        rows = np.flatnonzero(known & np.isin(block.point, block.point[rows]))
        newest = {
            point: int(self._latest(np.array([point], np.int32))[0][0]) for point in set(block.point[rows].tolist())
        }
        found = []
        for row in rows[np.argsort(block.time[rows], kind="stable")].tolist():
            point, time = int(block.point[row]), int(block.time[row])
            before, after = Tier(int(self._fault[point])), Tier(int(tier[row]))
            if time > newest[point] and after != before:
                found.append(self._faulty(block, row, before, after))
                self._fault[point] = after
            newest[point] = max(newest[point], time)
        return found

    def _faulty(self, block: ReadingBlock, row: int, before: Tier, after: Tier) -> Transition:
        quality = Quality(int(block.quality[row]) & QUALITY_MASK)
        return Transition(
            rule=FAULT_RULE,
            point=int(block.point[row]),
            time=int(block.time[row]),
            old=before,
            new=after,
            score=FAULT_SCORES.get(quality, 0.0),
            limit=np.nan,
            value=float(block.value[row]),
            simulated=bool(block.quality[row] & SIMULATED),
        )


class Silence:
    """Notices that nothing comes of a whole source, or of all sources of an enterprise, by our clock."""

    def __init__(self, catalogue: Catalogue, points: Sequence[Point], *, held: Held) -> None:
        sources = sorted({point.source for point in points})
        place = {source: i for i, source in enumerate(sources)}
        self._source_of = np.array([place[point.source] for point in points], np.int32)
        shortest: Floats = np.full(len(sources), np.inf)
        np.minimum.at(shortest, self._source_of, [point.period_s for point in points])
        self._threshold = (shortest * PERIODS * NS_PER_S).astype(np.int64)
        self._subject = [catalogue.index[source_as_such(source)] for source in sources]
        self._heard: Int64s = np.zeros(len(sources), np.int64)
        self._back: Int64s = np.zeros(len(sources), np.int64)
        self._held = [held.get((OFFLINE_RULE, subject), Tier.NONE) for subject in self._subject]
        owners: dict[str, list[int]] = {}
        for source, i in place.items():
            owners.setdefault(catalogue.sources[source].enterprise, []).append(i)
        self._owners = {
            catalogue.index[enterprise_as_such(key)]: members for key, members in owners.items() if len(members) > 1
        }
        self._owners_held = {subject: held.get((OFFLINE_RULE, subject), Tier.NONE) for subject in self._owners}
        self._now = 0
        self._looked = 0

    def __call__(self, block: ReadingBlock) -> list[Transition]:
        """What the block changes: the wider silence first."""
        received = self._listen(block)
        if len(block):
            places = self._source_of.take(block.point)
            if len(self._heard):
                before = self._heard.copy()
                self._heard[places] = received
                # Data are back since the first row after a silence that was long enough, or after our start.
                woken = (self._heard - before > self._threshold) | (self._heard < before)
                self._back[woken] = self._heard[woken]
        if block.now - self._looked < LOOK_NS:
            return []
        self._looked = block.now
        return self._look(block.now)

    def _listen(self, block: ReadingBlock) -> Int64s:
        """When each row came, as if our own outages, before it and within the block, had been before the block."""
        if self._now == 0:
            self._now = int(block.received[0]) if len(block) else block.now
            self._heard[:] = self._now + GRACE_NS
            self._back[:] = self._now + GRACE_NS
        moments = np.maximum.accumulate(np.concatenate([[self._now], block.received, [block.now]]))
        gaps = np.diff(moments)
        lost = np.where(gaps > OUTAGE_NS, gaps, 0)
        self._heard += lost.sum()
        self._back += lost.sum()
        self._now = int(moments[-1])
        later: Int64s = lost[::-1].cumsum()[::-1]
        received: Int64s = moments[1:-1] + later[1:]
        return received

    def _look(self, now: int) -> list[Transition]:
        silent = now - self._heard > self._threshold
        steady = ~silent & (self._heard - self._back >= BACK_NS)
        found = []
        for i in np.flatnonzero(silent | steady).tolist():
            new = SOURCE_TIER if silent[i] else Tier.NONE
            if new != self._held[i]:
                time = int(self._heard[i] + self._threshold[i]) if silent[i] else now
                found.append(_offline(self._subject[i], time, self._held[i], new, int(self._threshold[i]) / NS_PER_S))
                self._held[i] = new
        return [*self._look_at_owners(now), *found]

    def _look_at_owners(self, now: int) -> list[Transition]:
        found = []
        for subject, members in self._owners.items():
            new = ENTERPRISE_TIER if all(self._held[i] for i in members) else Tier.NONE
            if new != (old := self._owners_held[subject]):
                silence_s = (now - int(self._heard[members].max())) / NS_PER_S
                found.append(_offline(subject, now, old, new, silence_s))
                self._owners_held[subject] = new
        return found


class Wills:
    """Turns what gateways say of themselves into transitions: one that left by its last will is offline."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._index = catalogue.index
        self._online: dict[tuple[str, str], bool] = {}

    def __call__(self, wills: Iterable[Will], now: int) -> list[Transition]:
        """What has changed since the last call; of a gateway that was not known before, both."""
        found = []
        for will in wills:
            key, point = (will.enterprise, will.gateway), self._index.get(enterprise_as_such(will.enterprise))
            if will.online is None or point is None or self._online.get(key) == will.online:
                continue
            self._online[key] = will.online
            old, new = (WILL_TIER, Tier.NONE) if will.online else (Tier.NONE, WILL_TIER)
            found.append(_offline(point, now, old, new, np.nan, gateway=will.gateway))
        return found


def _offline(point: int, time: int, old: Tier, new: Tier, silence_s: float, *, gateway: str = "") -> Transition:
    return Transition(
        rule=OFFLINE_RULE,
        point=point,
        time=time,
        old=old,
        new=new,
        score=silence_s,
        limit=np.nan,
        value=np.nan,
        about=gateway,
        details={"gateway": gateway} if gateway else {},
    )


def _as_such(point: str, enterprise: str, source: str, at: Source | None) -> Point:
    return Point(
        id=point,
        enterprise=enterprise,
        source=source,
        tag="",
        quantity="place",
        unit="",
        low=0.0,
        high=np.inf,
        resolution=1.0,
        period_s=1.0,
        lon=None if at is None else at.lon,
        lat=None if at is None else at.lat,
    )
