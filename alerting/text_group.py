"""The sentences of rules that judge several points as one by their colours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from alerting.hold import Hold
from ganzhi.records import COLOURS, Rule, Text, Tier

TIERS: Mapping[Tier, Text] = {
    Tier.NONE: Text("无报警", "without alarm"),
    Tier.BLUE: Text("蓝色", "blue"),
    Tier.YELLOW: Text("黄色", "yellow"),
    Tier.ORANGE: Text("橙色", "orange"),
    Tier.RED: Text("红色", "red"),
}
NAMED = 3
"""Members that a sentence names; the engine tells no more of them."""


def _at_least(rule: Rule, names: Sequence[Text], hold: Hold) -> Text:
    tier, counts = TIERS[Tier[str(rule.options.get("tier", "blue")).upper()]], _counts(hold)
    worst = _worst(names, hold)
    return Text(
        f"{_points(hold)} 个测点中有 {hold.score:.0f} 个达到{tier.zh}或更重{counts.zh}{worst.zh}",
        f"has {hold.score:.0f} of {_points(hold)} points in {tier.en} or worse{counts.en}{worst.en}",
    )


def _together(rule: Rule, names: Sequence[Text], hold: Hold) -> Text:
    tier, counts, worst = TIERS[hold.tier], _counts(hold), _worst(names, hold)
    return Text(
        f"综合判定为{tier.zh},共 {_points(hold)} 项{counts.zh}{worst.zh}",
        f"is {tier.en} as a whole, of {_points(hold)} items{counts.en}{worst.en}",
    )


def _raised(rule: Rule, names: Sequence[Text], hold: Hold) -> Text:
    tier, own = TIERS[hold.tier], TIERS[Tier(int(hold.figures.get("own", 0.0)))]
    counts, worst = _counts(hold), _worst(names, hold)
    return Text(
        f"相邻测点同时报警,由{own.zh}升级为{tier.zh},共 {_points(hold)} 个测点{counts.zh}{worst.zh}",
        f"is raised from {own.en} to {tier.en} by its neighbours, of {_points(hold)} points{counts.en}{worst.en}",
    )


def _over(rule: Rule, names: Sequence[Text], hold: Hold) -> Text:
    counts = _counts(hold)
    return Text(f"已不再构成综合报警{counts.zh}", f"is no longer in alarm as a whole{counts.en}")


def _raised_over(rule: Rule, names: Sequence[Text], hold: Hold) -> Text:
    counts = _counts(hold)
    return Text(f"相邻测点已不再同时报警{counts.zh}", f"is no longer raised by its neighbours{counts.en}")


def _points(hold: Hold) -> str:
    return f"{hold.figures.get('points', 0.0):.0f}"


def _counts(hold: Hold) -> Text:
    found = [(TIERS[tier], hold.figures.get(tier.name.lower(), 0.0)) for tier in reversed(COLOURS)]
    told = [(tier, f"{count:.0f}") for tier, count in found if count]
    if not told:
        return Text("", "")
    zh = "、".join(f"{tier.zh} {count}" for tier, count in told)
    en = ", ".join(f"{count} {tier.en}" for tier, count in told)
    return Text(f"({zh})", f" ({en})")


def _worst(names: Sequence[Text], hold: Hold) -> Text:
    places = [hold.figures.get(f"worst_{place}", -1.0) for place in range(1, NAMED + 1)]
    found = [names[int(place)] for place in places if 0 <= place < len(names)]
    if not found:
        return Text("", "")
    return Text(f":{'、'.join(name.zh for name in found)}", f": {', '.join(name.en for name in found)}")


UnitPhrase = Callable[[Rule, Sequence[Text], Hold], Text]

GROUP_FINDINGS: Mapping[str, UnitPhrase] = {
    "worst": _together,
    "at_least": _at_least,
    "raised": _raised,
    "counting": _together,
}
"""What a group rule of each kind found: `names` are those of the members of its unit."""

GROUP_ENDINGS: Mapping[str, UnitPhrase] = dict.fromkeys(GROUP_FINDINGS, _over) | {"raised": _raised_over}
"""That it is over."""
