"""What the console asks of the platform: a record of callables that `ganzhi.app` supplies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

import numpy as np

from console.alarm_backend import NO_ALARMS, AlarmBackend
from console.desk import Desk
from console.health import Health
from ganzhi.records import (
    Alarm,
    AlarmEvent,
    Bytes,
    Catalogue,
    Delivery,
    Floats,
    Int32s,
    Int64s,
    Reconciled,
    RiskColour,
    Rule,
    Text,
)

if TYPE_CHECKING:
    from console.alarm_shape import AlarmShape

NEVER = int(np.iinfo(np.int64).min)
"""The time of a point that has never reported."""

Columns = tuple[Int64s, Floats, Bytes]
"""time (UTC ns), value (in the point's unit) and quality (with the SIMULATED bit), all of shape (n,)."""


def _no_deliveries(most: int, asked: Mapping[str, str]) -> Sequence[Delivery]:
    return ()


@dataclass(frozen=True, slots=True)
class Backend:
    """The platform as the console sees it. Callables are called from worker threads, several at once.

    alarms          active alarms, worst first
    history         the newest `limit` lines of the journal, newest first
    alarm           the same alarms with all that people can see of them and do to them
    shape           makes their JSON, as the feed has it; None: of the catalogue and rules here
    latest          points int32 (n,) -> Columns (n,); time NEVER for a point that has not reported
    curve           (point, start ns, end ns, most rows) -> Columns in order of time; may raise Unavailable
    colours         the risk colour of every source that has one
    reconciliation  (since, UTC ns) -> what came of the readings by hour and enterprise, newest hour first
    reload          reads settings, points and rules anew -> the faults as sentences, and the old ones stay in force;
                    none: accepted, the parts start again with the new ones within seconds
    desk            cases, warnings and risk colours; None: the console has no routes on them
    deliveries      (most, {"subject", "receiver", "outcome"} as far as asked for) -> what was told to whom or why
                    not, newest first; may raise Unavailable
    """

    catalogue: Catalogue
    rules: Sequence[Rule]
    zone: ZoneInfo
    language: Literal["zh", "en"]
    site_name: Text
    alarms: Callable[[], list[Alarm]]
    history: Callable[[int], list[AlarmEvent]]
    latest: Callable[[Int32s], Columns]
    curve: Callable[[int, int, int, int], Columns]
    colours: Callable[[], list[RiskColour]]
    health: Callable[[], Health]
    reconciliation: Callable[[int], Sequence[Reconciled]]
    reload: Callable[[], Sequence[str]]
    alarm: AlarmBackend = NO_ALARMS
    shape: AlarmShape | None = None
    desk: Desk | None = None
    deliveries: Callable[[int, Mapping[str, str]], Sequence[Delivery]] = _no_deliveries
