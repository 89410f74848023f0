"""The risk colour of sources, enterprises and districts, rolled up from the alarms that are active there.

The formula is `rolled` with the numbers of ALIKE and ALIKE_PARTS, and stands nowhere else; `markdown` prints it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from operator import is_not

from alerting.text import COLOURS as NAMES
from ganzhi.handling import Reason, Risk, Scope
from ganzhi.records import COLOURS, Alarm, AlarmClass, Catalogue, RiskColour, Text, Tier

ALIKE: Mapping[int, int] = {1: 2, 2: 3, 3: 4, 4: 5, 0: 5}
"""By inherent level (GB 18218; 0 not graded): so many points of one colour or worse make the source one colour worse
(engineering default)."""
ALIKE_PARTS = 3
"""So many sources make their enterprise, and enterprises their district, one colour worse (engineering default)."""
MOST_NAMED = 3
"""Parts that the reasons name; the worst of them."""
NOTHING = (0, 0, 0, 0)

LEVELS: Mapping[int, Text] = {
    1: Text("一级重大危险源", "major hazard of level 1"),
    2: Text("二级重大危险源", "major hazard of level 2"),
    3: Text("三级重大危险源", "major hazard of level 3"),
    4: Text("四级重大危险源", "major hazard of level 4"),
    0: Text("未分级危险源", "source without a level"),
}


def rolled(tiers: Iterable[Tier], alike: int) -> Tier:
    """The colour of a whole: the worst that a part has, or one worse than what `alike` parts have or exceed."""
    found = [tier for tier in tiers if tier]
    if not found:
        return Tier.NONE
    worst = Tier.NONE
    for colour in COLOURS:
        count = sum(tier >= colour for tier in found)
        if count:
            worst = max(worst, colour)
        if count >= alike:
            worst = max(worst, Tier(min(colour + 1, Tier.RED)))
    return worst


def colours(alarms: Iterable[Alarm], catalogue: Catalogue, at: int) -> list[RiskColour]:
    """One colour a source, in the order of the catalogue; an alarm of any class counts under its present colour.

    An alarm that has returned has none, and so neither colours nor counts.
    """
    here = _by_source(alarms)
    return [
        RiskColour(key, source.enterprise, at, _tier(here[key], source.level), _counts(here[key]))
        if key in here
        else RiskColour(key, source.enterprise, at, Tier.NONE, NOTHING)
        for key, source in catalogue.sources.items()
    ]


def risks(alarms: Iterable[Alarm], catalogue: Catalogue, at: int) -> list[Risk]:
    """The colour of every source, enterprise and district, in the order of the catalogue, each with its reasons."""
    here = _by_source(alarms)
    sources = [_source(catalogue, key, here.get(key, []), at) for key in catalogue.sources]
    enterprises = [
        _whole(_calm(Scope.ENTERPRISE, key, enterprise.name, at, enterprise=key, district=enterprise.district), parts)
        for (key, enterprise), parts in zip(
            catalogue.enterprises.items(), _parts(sources, "enterprise", catalogue.enterprises), strict=True
        )
    ]
    names = list(dict.fromkeys(risk.district for risk in enterprises if risk.district))
    districts = [
        _whole(_calm(Scope.DISTRICT, name, Text(name, name), at, enterprise="", district=name), parts)
        for name, parts in zip(names, _parts(enterprises, "district", names), strict=True)
    ]
    return [*sources, *enterprises, *districts]


class Map:
    """The risks of one site, worked out anew only when an alarm has changed; `at` is when that was."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._made: tuple[list[Alarm], list[Risk]] | None = None

    def __call__(self, alarms: Sequence[Alarm], at: int) -> list[Risk]:
        """See `risks`. The alarms are records that never change, so those told before are known by what they are."""
        made = self._made
        if made is None or len(made[0]) != len(alarms) or any(map(is_not, made[0], alarms)):
            self._made = made = list(alarms), risks(alarms, self._catalogue, at)
        return made[1]


def markdown() -> str:
    """The formula for people to read."""
    lines = ["| whole | its parts | one colour worse than so many of them have or exceed |", "|---|---|---|"]
    for level in (1, 2, 3, 4, 0):
        name = LEVELS[level]
        lines.append(f"| {name.en} {name.zh} | points with a process alarm | {ALIKE[level]} |")
    lines.append(f"| enterprise 企业 | its sources | {ALIKE_PARTS} |")
    lines.append(f"| district 区域 | its enterprises | {ALIKE_PARTS} |")
    return "\n".join(lines)


def _by_source(alarms: Iterable[Alarm]) -> dict[str, list[Alarm]]:
    here: dict[str, list[Alarm]] = {}
    for alarm in alarms:
        if alarm.tier != Tier.NONE:
            here.setdefault(alarm.source, []).append(alarm)
    return here


def _points(alarms: Iterable[Alarm]) -> dict[str, Tier]:
    """The worst process alarm of each point."""
    worst: dict[str, Tier] = {}
    for alarm in alarms:
        if alarm.alarm_class == AlarmClass.PROCESS:
            worst[alarm.subject] = max(alarm.tier, worst.get(alarm.subject, Tier.NONE))
    return worst


def _tier(alarms: Iterable[Alarm], level: int) -> Tier:
    return rolled(_points(alarms).values(), ALIKE[level])


def _counts(alarms: Sequence[Alarm]) -> tuple[int, int, int, int]:
    blue, yellow, orange, red = (sum(alarm.tier == colour for alarm in alarms) for colour in COLOURS)
    return blue, yellow, orange, red


def _source(catalogue: Catalogue, key: str, alarms: Sequence[Alarm], at: int) -> Risk:
    source = catalogue.sources[key]
    owner = catalogue.enterprises.get(source.enterprise)
    calm = Risk(
        Scope.SOURCE, key, source.name, at, Tier.NONE, enterprise=source.enterprise,
        district=owner.district if owner else "", level=source.level,
    )  # fmt: skip
    if not alarms:
        return calm
    process = [alarm for alarm in alarms if alarm.alarm_class == AlarmClass.PROCESS]
    process.sort(key=lambda alarm: (-alarm.tier, alarm.raised_at, alarm.id))
    points, tier = _points(process), _tier(process, source.level)
    worst = max(points.values(), default=Tier.NONE)
    reasons = [Reason(alarm.text, (alarm.id,)) for alarm in process[:MOST_NAMED]]
    if tier > worst:
        alike = [alarm.id for alarm in process if alarm.tier >= tier - 1]
        reasons.insert(0, _many(LEVELS[source.level], points.values(), tier, Text("个测点", "points"), alike))
    return replace(
        calm,
        tier=tier,
        alarm=worst,
        reasons=tuple(reasons),
        simulated=bool(process) and all(alarm.simulated for alarm in process),
    )


def _calm(scope: Scope, subject: str, name: Text, at: int, *, enterprise: str, district: str) -> Risk:
    return Risk(scope, subject, name, at, Tier.NONE, enterprise=enterprise, district=district)


def _parts(risks: Iterable[Risk], by: str, wholes: Iterable[str]) -> list[list[Risk]]:
    parts: dict[str, list[Risk]] = {whole: [] for whole in wholes}
    for risk in risks:
        parts.get(getattr(risk, by), []).append(risk)
    return list(parts.values())


def _whole(whole: Risk, parts: Sequence[Risk]) -> Risk:
    coloured = sorted((part for part in parts if part.tier), key=lambda part: -part.tier)
    if not coloured:
        return whole
    tiers = [part.tier for part in coloured]
    tier, worst = rolled(tiers, ALIKE_PARTS), max(tiers)
    reasons = [
        Reason(
            Text(f"{part.name.zh}为{NAMES[part.tier].zh}", f"{part.name.en} is {NAMES[part.tier].en}"), _alarms(part)
        )
        for part in coloured[:MOST_NAMED]
    ]
    if tier > worst:
        what = Text("个企业", "enterprises") if whole.scope == Scope.DISTRICT else Text("个危险源", "sources")
        alike = [alarm for part in coloured if part.tier >= tier - 1 for alarm in _alarms(part)]
        reasons.insert(0, _many(whole.name, tiers, tier, what, alike))
    return replace(
        whole,
        tier=tier,
        alarm=max(part.alarm for part in coloured),
        reasons=tuple(reasons),
        simulated=all(part.simulated for part in coloured),
    )


def _is(part: Risk) -> Reason:
    colour = NAMES[part.tier]
    return Reason(Text(f"{part.name.zh}为{colour.zh}", f"{part.name.en} is {colour.en}"), _alarms(part))


def _many(whole: Text, tiers: Iterable[Tier], tier: Tier, what: Text, alarms: Iterable[str]) -> Reason:
    below = Tier(tier - 1)
    count = sum(found >= below for found in tiers)
    text = Text(
        f"{whole.zh}有 {count} {what.zh}达到{NAMES[below].zh},升为{NAMES[tier].zh}",
        f"{whole.en}: {count} {what.en} are {NAMES[below].en} or worse, hence {NAMES[tier].en}",
    )
    return Reason(text, tuple(dict.fromkeys(alarms)))


def _alarms(risk: Risk) -> tuple[str, ...]:
    return tuple(dict.fromkeys(alarm for reason in risk.reasons for alarm in reason.alarms))
