"""The sentences of fence rules: where somebody is who should not be there."""

from __future__ import annotations

from collections.abc import Sequence

from alerting.hold import Hold
from ganzhi.records import Rule, Text

METRES_PER_KM = 1000.0

CLOSED = Text("禁入区", "the closed area")
BORDER = Text("围栏边界", "the fence")


def fence(rule: Rule, names: Sequence[Text], hold: Hold) -> Text:
    """How far beyond the fence, or before it where a limit warns early."""
    away, place, border = _distance(hold), _position(hold), _border(rule)
    if hold.score < 0:
        return Text(f"距{border.zh}仅 {away}{place.zh}", f"is only {away} from {border.en}{place.en}")
    if border is CLOSED:
        return Text(f"进入禁入区 {away}{place.zh}", f"is {away} inside the closed area{place.en}")
    return Text(f"越出围栏 {away}{place.zh}", f"is {away} outside the fence{place.en}")


def fence_over(rule: Rule, names: Sequence[Text], hold: Hold) -> Text:
    """That it is over."""
    away, place, border = _distance(hold), _position(hold), _border(rule)
    return Text(
        f"已回到许可范围,距{border.zh} {away}{place.zh}", f"is back where it may be, {away} from {border.en}{place.en}"
    )


def _border(rule: Rule) -> Text:
    return CLOSED if rule.options.get("stay") == "outside" else BORDER


def _distance(hold: Hold) -> str:
    metres = abs(hold.score)
    return f"{metres / METRES_PER_KM:.1f} km" if metres >= METRES_PER_KM else f"{metres:.0f} m"


def _position(hold: Hold) -> Text:
    lon, lat = hold.figures.get("lon"), hold.figures.get("lat")
    if lon is None or lat is None:
        return Text("", "")
    return Text(f",位置 {lon:.5f}, {lat:.5f}", f", at {lon:.5f}, {lat:.5f}")
