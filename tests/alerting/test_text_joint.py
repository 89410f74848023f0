"""What is said of channels that, taken together, are away from their normal running."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from alerting.hold import Hold
from alerting.text import sentence
from ganzhi.records import Text, Tier
from tests.alerting.site import LEVEL, START, TANK, ZONE, rule

JOINT = rule("j", "joint", "ratio", name=Text("工况", "state"))
UNIT = Text("一号装置", "Unit 1")
MEMBERS = (Text("流量", "FI-1"), Text("压力", "PI-1"), Text("LI-1", "LI-1"), Text("温度", "TI-1"))


AWAY = "is away from its normal running as a whole"


def said(hold: Hold, zone: ZoneInfo = ZONE) -> Text:
    return sentence(JOINT, LEVEL, TANK, hold, zone, unit=UNIT, members=MEMBERS)


def hold(tier: Tier, score: float, limit: float, **figures: float) -> Hold:
    return Hold(tier, START, score=score, limit=limit, figures=figures)


@pytest.mark.parametrize(
    ("held", "zh", "en"),
    [
        (
            hold(Tier.YELLOW, 2.345, 2.0, t2=1.1, spe=2.345, share_1=0.9, share_0=0.62, share_3=0.01),
            "整体偏离正常工况,为控制限的 2.3 倍(限值 2),通道之间的关系改变,主要相关:压力 90%、流量 62%",
            f"{AWAY}, 2.3 times the control limit (limit 2), as the channels part, explained by PI-1 90%, FI-1 62%",
        ),
        (
            hold(Tier.BLUE, 1.5, 1.0, t2=1.5, spe=0.5, share_2=1.0),
            "整体偏离正常工况,为控制限的 1.5 倍,主要相关:LI-1 100%",
            f"{AWAY}, 1.5 times the control limit, explained by LI-1 100%",
        ),
        (
            hold(Tier.BLUE, 1234.5, 1.0),
            "整体偏离正常工况,为控制限的 1234 倍",
            f"{AWAY}, 1234 times the control limit",
        ),
        (
            hold(Tier.NONE, 0.7, 1.0, t2=0.7, spe=0.5, share_2=1.0),
            "已恢复正常工况(控制限的 0.7 倍)",
            "is back at its normal running (0.7 times the control limit)",
        ),
    ],
)
def test_sentence_is_word_for_word_when_told(held: Hold, zh: str, en: str) -> None:
    when = "(2026-05-01 08:00:00)"
    assert said(held) == Text(f"一号装置 {zh}{when}", f"Unit 1 {en} {when}")
