"""The sentences of joint rules: how far the channels of a unit, taken together, are from their normal running."""

from __future__ import annotations

from collections.abc import Sequence

from alerting.hold import Hold
from ganzhi.records import Rule, Text

WHOLE_FROM = 10.0
TOLD_SHARE = 0.05
"""A channel that explains less is not named."""


def joint(rule: Rule, names: Sequence[Text], hold: Hold) -> Text:
    """What it found, and the channels that explain most of it."""
    apart = hold.figures.get("spe", 0.0) > hold.figures.get("t2", 0.0)
    how = Text(",通道之间的关系改变", ", as the channels part") if apart else Text("", "")
    limit = "" if hold.limit == 1 else f"(限值 {hold.limit:g})"
    limit_en = "" if hold.limit == 1 else f" (limit {hold.limit:g})"
    blamed, times = _blamed(names, hold), _times(hold.score)
    return Text(
        f"整体偏离正常工况,为控制限的 {times} 倍{limit}{how.zh}{blamed.zh}",
        f"is away from its normal running as a whole, {times} times the control limit{limit_en}{how.en}{blamed.en}",
    )


def joint_over(rule: Rule, names: Sequence[Text], hold: Hold) -> Text:
    """That it is over."""
    return Text(
        f"已恢复正常工况(控制限的 {_times(hold.score)} 倍)",
        f"is back at its normal running ({_times(hold.score)} times the control limit)",
    )


def _times(score: float) -> str:
    return f"{score:.1f}" if score < WHOLE_FROM else f"{score:.0f}"


def _blamed(names: Sequence[Text], hold: Hold) -> Text:
    shares = [(hold.figures.get(f"share_{place}", 0.0), name) for place, name in enumerate(names)]
    told = sorted((one for one in shares if one[0] >= TOLD_SHARE), key=lambda one: -one[0])
    if not told:
        return Text("", "")
    zh = "、".join(f"{name.zh} {share:.0%}" for share, name in told)
    en = ", ".join(f"{name.en} {share:.0%}" for share, name in told)
    return Text(f",主要相关:{zh}", f", explained by {en}")
