"""The sentences of alarms, word for word."""

from __future__ import annotations

import math
from collections.abc import Mapping
from zoneinfo import ZoneInfo

import pytest

from alerting.hold import Hold
from alerting.text import COLOURS, ENDINGS, FINDINGS, measure, sentence
from ganzhi.clock import NS_PER_S
from ganzhi.records import Point, Rule, Text, Tier
from tests.alerting.site import GAS, GAS_1, LEVEL, OVERFILL, RATE, SILENT, START, TANK, ZONE, point, rule

WHEN = "(2026-05-01 08:00:00)"
NAME = Text("一", "one")
VALUE = rule("v", "value", "m", name=NAME)
VALUE_LOW = rule("v", "value", "m", side="low", name=NAME)
VALUE_GAS = rule("v", "value", "%LEL", name=NAME)
OTHER = rule("o", "spread", "sigma", name=NAME)
INTERVAL = {"target": 14.4, "minutes_early": 9.2, "minutes_late": 15.7, "slope_per_min": 0.1}
PRESSURE = point("PT-101", "pressure", "kPa", 20.0, 0.1, low=-5.0, name="101 罐压力")

Case = tuple[Rule, Point, Hold, str, str]


def hold(
    tier: Tier,
    score: float,
    limit: float,
    value: float = math.nan,
    figures: Mapping[str, float] | None = None,
) -> Hold:
    return Hold(tier, START, value, score, limit, figures=figures or {})


CASES: dict[str, Case] = {
    "above": (
        VALUE,
        LEVEL,
        hold(Tier.RED, 14.5249, 14.4),
        "为 14.52 m,高于红色限值 14.40 m",
        "is 14.52 m, above the red limit 14.40 m",
    ),
    "below": (
        VALUE_LOW,
        LEVEL,
        hold(Tier.ORANGE, 0.8, 1.6),
        "为 0.80 m,低于橙色限值 1.60 m",
        "is 0.80 m, below the orange limit 1.60 m",
    ),
    "at": (VALUE, LEVEL, hold(Tier.RED, 14.4, 14.4), "为 14.40 m,达到红色限值", "is 14.40 m, at the red limit"),
    "dead-band": (
        VALUE,
        LEVEL,
        hold(Tier.YELLOW, 13.5, 13.6),
        "为 13.50 m,仍在黄色限值 13.60 m 的回差之内",
        "is 13.50 m, still within the dead-band of the yellow limit 13.60 m",
    ),
    "dead-band low": (
        VALUE_LOW,
        LEVEL,
        hold(Tier.YELLOW, 1.7, 1.6),
        "为 1.70 m,仍在黄色限值 1.60 m 的回差之内",
        "is 1.70 m, still within the dead-band of the yellow limit 1.60 m",
    ),
    "no limit": (VALUE, LEVEL, hold(Tier.BLUE, 14.4, math.nan), "为 14.40 m", "is 14.40 m"),
    "finer limit": (
        VALUE_GAS,
        GAS_1,
        hold(Tier.YELLOW, 25.5, 25.25),
        "为 25.5 %LEL,高于黄色限值 25.25 %LEL",
        "is 25.5 %LEL, above the yellow limit 25.25 %LEL",
    ),
    "value over": (
        VALUE,
        LEVEL,
        hold(Tier.NONE, 13.0, 13.6),
        "已恢复为 13.00 m(限值 13.60 m)",
        "is back at 13.00 m (limit 13.60 m)",
    ),
    "value over, no limit": (VALUE, LEVEL, hold(Tier.NONE, -0.001, math.nan), "已恢复为 0.00 m", "is back at 0.00 m"),
    "rate": (
        RATE,
        LEVEL,
        hold(Tier.BLUE, 0.3524, 0.3, 8.2),
        "变化率为 0.352 m/min,高于蓝色限值 0.300 m/min,当前 8.20 m",
        "changes by 0.352 m/min, above the blue limit 0.300 m/min, now 8.20 m",
    ),
    "rate over": (
        RATE,
        LEVEL,
        hold(Tier.NONE, 0.0, 12.0),
        "变化率已恢复为 0 m/min(限值 12.0 m/min)",
        "is back at a change of 0 m/min (limit 12.0 m/min)",
    ),
    "forecast": (
        OVERFILL,
        LEVEL,
        hold(Tier.YELLOW, 12.1, 30.0, 13.2, INTERVAL),
        "预计 12 分钟后(9~16 分钟)达到 90%/14.40 m,当前 13.20 m",
        "is expected to reach 90%/14.40 m in 12 min (9 to 16 min), now 13.20 m",
    ),
    "forecast, soon": (
        OVERFILL,
        LEVEL,
        hold(Tier.YELLOW, 1.26, 30.0, 14.3, {"target": 14.5}),
        "预计 1.3 分钟后达到 14.50 m,当前 14.30 m",
        "is expected to reach 14.50 m in 1.3 min, now 14.30 m",
    ),
    "forecast, reached": (
        OVERFILL,
        LEVEL,
        hold(Tier.YELLOW, 0.0, 30.0, 14.41, {"target": 14.4}),
        "已达到 90%/14.40 m,当前 14.41 m",
        "has reached 90%/14.40 m, now 14.41 m",
    ),
    "forecast, unit is a share": (
        OVERFILL,
        GAS_1,
        hold(Tier.BLUE, 20.0, 30.0, 12.0, {"target": 25.0}),
        "预计 20 分钟后达到 25.0 %LEL,当前 12.0 %LEL",
        "is expected to reach 25.0 %LEL in 20 min, now 12.0 %LEL",
    ),
    "forecast, no target": (
        OVERFILL,
        LEVEL,
        hold(Tier.BLUE, 20.0, 30.0),
        "预计 20 分钟后达到限值",
        "is expected to reach its limit in 20 min",
    ),
    "forecast over": (
        OVERFILL,
        LEVEL,
        hold(Tier.NONE, math.inf, 60.0, 13.2, {"target": 14.4}),
        "预计不再达到 90%/14.40 m,当前 13.20 m",
        "is no longer expected to reach 90%/14.40 m, now 13.20 m",
    ),
    "forecast over, later": (
        OVERFILL,
        LEVEL,
        hold(Tier.NONE, 75.4, 60.0, 13.2, {"target": 14.4}),
        "预计 75 分钟后才会达到 90%/14.40 m,当前 13.20 m",
        "is expected to reach 90%/14.40 m only in 75 min, now 13.20 m",
    ),
    "stale": (
        SILENT,
        GAS_1,
        hold(Tier.BLUE, 3.0, 3.0),
        "已 45 秒没有数据(采样周期 15 秒的 3 倍)",
        "has sent nothing for 45 s (3 times its sampling period of 15 s)",
    ),
    "stale, minutes": (
        SILENT,
        GAS_1,
        hold(Tier.BLUE, 60.0, 60.0),
        "已 15 分钟没有数据(采样周期 15 秒的 60 倍)",
        "has sent nothing for 15 min (60 times its sampling period of 15 s)",
    ),
    "stale, days": (
        SILENT,
        point("TD-1", "displacement", "mm", 100.0, 1.0, period_s=86_400.0, source=GAS),
        hold(Tier.BLUE, 3.0, 3.0),
        "已 3 天没有数据(采样周期 24 小时的 3 倍)",
        "has sent nothing for 3 days (3 times its sampling period of 24 h)",
    ),
    "stale over": (
        SILENT,
        GAS_1,
        hold(Tier.NONE, 0.0, 3.0, 4.5),
        "已恢复数据,当前 4.5 %LEL",
        "reports again, now 4.5 %LEL",
    ),
    "other kind": (
        OTHER,
        LEVEL,
        hold(Tier.ORANGE, 6.25, 5.0, 8.2),
        "评分为 6.25 sigma,高于橙色限值 5.00 sigma,当前 8.20 m",
        "scores 6.25 sigma, above the orange limit 5.00 sigma, now 8.20 m",
    ),
    "other kind over": (
        OTHER,
        LEVEL,
        hold(Tier.NONE, 1234.5, 5.0),
        "评分已恢复为 1234 sigma(限值 5.00 sigma)",
        "is back at a score of 1234 sigma (limit 5.00 sigma)",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_sentence_is_word_for_word_when_told(case: Case) -> None:
    by, at, held, zh, en = case
    source = GAS if at.source == GAS.id else TANK
    assert sentence(by, at, source, held, ZONE) == Text(
        f"{source.name.zh} {at.tag} {zh}{WHEN}", f"{source.name.en} {at.tag} {en} {WHEN}"
    )


def test_point_goes_by_its_name_when_it_has_one() -> None:
    held = hold(Tier.RED, 12.34, 12.0)
    assert sentence(rule("p", "value", "kPa", name=NAME), PRESSURE, TANK, held, ZONE) == Text(
        "一号罐区 101 罐压力(PT-101)为 12.3 kPa,高于红色限值 12.0 kPa(2026-05-01 08:00:00)",
        "Tank area 1 PT-101 is 12.3 kPa, above the red limit 12.0 kPa (2026-05-01 08:00:00)",
    )


def test_share_of_the_range_is_left_out_when_the_range_does_not_start_at_zero() -> None:
    held = hold(Tier.BLUE, 10.0, 30.0, figures={"target": 15.0})
    assert "达到 15.0 kPa(" in sentence(OVERFILL, PRESSURE, TANK, held, ZONE).zh


def test_time_is_that_of_the_site_when_the_site_is_elsewhere() -> None:
    held = Hold(Tier.RED, START + 59 * NS_PER_S, 14.5, 14.5, 14.4)
    assert sentence(VALUE, LEVEL, TANK, held, ZoneInfo("Europe/Berlin")).en.endswith("(2026-05-01 02:00:59)")


def test_marks_come_first_when_data_are_simulated_and_late() -> None:
    text = sentence(
        VALUE, LEVEL, TANK, Hold(Tier.RED, START, 14.5, 14.5, 14.4, simulated=True), ZONE, retrospective=True
    )
    assert text.zh.startswith("〔模拟〕〔补传〕一号罐区 LT-101 为")
    assert text.en.startswith("[simulated] [late data] Tank area 1 LT-101 is")


@pytest.mark.parametrize(
    ("value", "resolution", "shown"),
    [
        (14.5249, 0.01, "14.52 m"),
        (14.5249, 0.05, "14.52 m"),
        (14.5249, 0.25, "14.52 m"),
        (14.5249, 0.5, "14.5 m"),
        (14.5249, 1.0, "15 m"),
        (1234.0, 10.0, "1234 m"),
        (14.5249, 0.0, "14.525 m"),
        (14.5249, math.nan, "14.525 m"),
        (-0.001, 0.01, "0.00 m"),
        (1e-9, 1e-12, "0.000000001 m"),
    ],
)
def test_value_has_the_digits_that_the_instrument_resolves(value: float, resolution: float, shown: str) -> None:
    assert measure(value, "m", resolution) == shown


def test_value_stands_alone_when_it_has_no_unit() -> None:
    assert measure(3.0, "", 1.0) == "3"


def test_every_kind_has_an_ending_when_it_has_a_finding() -> None:
    assert FINDINGS.keys() == ENDINGS.keys()
    assert set(COLOURS) == set(Tier)
