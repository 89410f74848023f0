"""The risk colour of every source, rolled up from the alarms that are active there."""

from __future__ import annotations

from collections.abc import Iterable

from ganzhi.records import COLOURS, Alarm, AlarmClass, Catalogue, RiskColour, Tier


def colours(alarms: Iterable[Alarm], catalogue: Catalogue, at: int) -> list[RiskColour]:
    """One colour a source, in the order of the catalogue.

    The tier is that of the worst process alarm; an alarm of any class counts under its present colour. One that has
    returned has none, and so neither colours nor counts. More or worse alarms never make a source better.
    """
    worst = dict.fromkeys(catalogue.sources, Tier.NONE)
    counts = {source: dict.fromkeys(COLOURS, 0) for source in catalogue.sources}
    for alarm in alarms:
        if alarm.source not in worst or alarm.tier == Tier.NONE:
            continue
        counts[alarm.source][alarm.tier] += 1
        if alarm.alarm_class == AlarmClass.PROCESS:
            worst[alarm.source] = max(worst[alarm.source], alarm.tier)
    return [
        RiskColour(key, source.enterprise, at, worst[key], _in_order(counts[key]))
        for key, source in catalogue.sources.items()
    ]


def _in_order(count: dict[Tier, int]) -> tuple[int, int, int, int]:
    blue, yellow, orange, red = (count[tier] for tier in COLOURS)
    return blue, yellow, orange, red
