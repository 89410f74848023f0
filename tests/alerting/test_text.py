"""The sentences of alarms, word for word."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
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
OTHER = rule("o", "other", "sigma", name=NAME)
SPIKE = rule("spike", "spike", "sigma", name=NAME)
SPREAD = rule("spread", "spread", "ratio", name=NAME)
SHIFT = rule("shift", "shift", "sigma", name=NAME)
STUCK = rule("stuck", "stuck", "pauses", name=NAME)
NOVELTY = rule("novelty", "novelty", "decades", name=NAME)
STORM = rule("s", "accumulate", "steps", name=NAME)
USUAL = rule("u", "profile", "sigma", name=NAME)
CREEP = rule("c", "creep", "°", name=NAME)
FENCE = rule("f", "fence", "m", name=NAME)
CLOSED = replace(FENCE, options={"stay": "outside"})
PLACE = {"lon": 117.8012, "lat": 38.95}
GAUGE = point("RG-1", "rainfall", "mm", 100.0, 0.1)
METER = point("PM-1", "power", "kW", 1000.0, 1.0)
GNSS = point("GN-1", "displacement", "mm", 5000.0, 0.1)
SUM = {"amount": 52.4, "window_s": 10_800.0, "threshold": 50.0}
HOUR = {"usual": 110.2, "usual_sigma": 5.6}
SPEEDS = {"rate_per_day": 71.3, "steady_per_day": 12.0}
FAILURE = {"minutes_failure": 1460.0, "minutes_early": 1230.0, "minutes_late": 3000.0}
FAILS = Text(
    ",按速度倒数法预计 24.3 小时后失稳(20.5 小时~2.08 天)",
    ", failure expected in 24.3 h by inverse velocity (20.5 h to 2.08 days)",
)
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
    "forecast, expected before it is so probable": (
        OVERFILL,
        LEVEL,
        hold(Tier.YELLOW, 30.0, 30.0, 13.2, {"target": 14.4, "minutes_expected": 24.6}),
        "预计 25 分钟后达到 90%/14.40 m,当前 13.20 m",
        "is expected to reach 90%/14.40 m in 25 min, now 13.20 m",
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
    "accumulate": (
        STORM,
        GAUGE,
        hold(Tier.ORANGE, 3.524, 3.0, 0.5, SUM),
        "3 小时内累计 52.4 mm(阈值 50.0 mm)",
        "has summed up to 52.4 mm in 3 h (threshold 50.0 mm)",
    ),
    "accumulate over": (
        STORM,
        GAUGE,
        hold(Tier.NONE, 0.898, 1.0, 0.0, {"amount": 44.9, "window_s": 43_200.0, "threshold": 50.0}),
        "12 小时内累计已降至 44.9 mm(阈值 50.0 mm)",
        "is back at 44.9 mm in 12 h (threshold 50.0 mm)",
    ),
    "accumulate, no figures": (
        STORM,
        GAUGE,
        hold(Tier.ORANGE, 3.524, 3.0),
        "评分为 3.52 steps,高于橙色限值 3.00 steps",
        "scores 3.52 steps, above the orange limit 3.00 steps",
    ),
    "profile": (
        USUAL,
        METER,
        hold(Tier.YELLOW, 44.6, 8.0, 360.0, HOUR),
        "高于往常同时段,当前 360 kW,往常 110 ± 6 kW",
        "is above what is usual at this hour, now 360 kW, usually 110 ± 6 kW",
    ),
    "profile, less": (
        USUAL,
        METER,
        hold(Tier.YELLOW, -9.1, -8.0, 59.0),
        "低于往常同时段,当前 59 kW",
        "is below what is usual at this hour, now 59 kW",
    ),
    "profile over": (
        USUAL,
        METER,
        hold(Tier.NONE, 0.5, 8.0, 113.0, HOUR),
        "已恢复到往常同时段水平,当前 113 kW,往常 110 ± 6 kW",
        "is back at what is usual at this hour, now 113 kW, usually 110 ± 6 kW",
    ),
    "creep": (
        CREEP,
        GNSS,
        hold(Tier.ORANGE, 80.46, 80.0, 412.0, SPEEDS | FAILURE),
        "切线角为 80.5°,高于橙色限值 80.0°,速率 71.3 mm/d(匀速阶段 12.0 mm/d)" + FAILS.zh,
        "has a tangent angle of 80.5°, above the orange limit 80.0°, moving at 71.3 mm/d (steady 12.0 mm/d)" + FAILS.en,
    ),
    "creep, no failure in sight": (
        CREEP,
        GNSS,
        hold(Tier.BLUE, 52.0, 50.0, 412.0),
        "切线角为 52.0°,高于蓝色限值 50.0°",
        "has a tangent angle of 52.0°, above the blue limit 50.0°",
    ),
    "creep over": (
        CREEP,
        GNSS,
        hold(Tier.NONE, 45.0, 50.0, 412.0, {"rate_per_day": 12.0, "steady_per_day": 12.0}),
        "切线角已恢复为 45.0°(限值 50.0°),速率 12.0 mm/d(匀速阶段 12.0 mm/d)",
        "is back at a tangent angle of 45.0° (limit 50.0°), moving at 12.0 mm/d (steady 12.0 mm/d)",
    ),
    "spike": (
        SPIKE,
        LEVEL,
        hold(Tier.BLUE, 32.11, 6.0, 5.0, {"height": 0.3, "readings": 2.0}),
        "出现尖峰,幅度 0.30 m,持续 2 个读数(32.1 sigma),高于蓝色限值 6.00 sigma,当前 5.00 m",
        "showed a spike of 0.30 m for 2 readings (32.1 sigma), above the blue limit 6.00 sigma, now 5.00 m",
    ),
    "spike, downwards": (
        SPIKE,
        LEVEL,
        hold(Tier.BLUE, 6.0, 6.0, figures={"height": -0.3, "readings": 1.0}),
        "出现下跌尖峰,幅度 0.30 m,持续 1 个读数(6.00 sigma),达到蓝色限值",
        "showed a dip of 0.30 m for 1 reading (6.00 sigma), at the blue limit",
    ),
    "spike, no figures": (
        SPIKE,
        LEVEL,
        hold(Tier.BLUE, 7.0, 6.0),
        "评分为 7.00 sigma,高于蓝色限值 6.00 sigma",
        "scores 7.00 sigma, above the blue limit 6.00 sigma",
    ),
    "spike over": (
        SPIKE,
        LEVEL,
        hold(Tier.NONE, 0.0, 6.0, 5.0),
        "未再出现尖峰,当前 5.00 m",
        "shows no further spike, now 5.00 m",
    ),
    "spread": (
        SPREAD,
        LEVEL,
        hold(Tier.BLUE, 1.783, 1.75, 5.0, {"now": 0.0178, "usual": 0.01}),
        "波动为平时的 1.78 倍(标准差 0.0178 m,平时 0.0100 m),高于蓝色限值 1.75,当前 5.00 m",
        (
            "scatters 1.78 times as much as usual (standard deviation 0.0178 m, usually 0.0100 m), "
            "above the blue limit 1.75, now 5.00 m"
        ),
    ),
    "spread, no figures": (
        SPREAD,
        LEVEL,
        hold(Tier.BLUE, 2.0, 1.75),
        "波动为平时的 2.00 倍,高于蓝色限值 1.75",
        "scatters 2.00 times as much as usual, above the blue limit 1.75",
    ),
    "spread over": (
        SPREAD,
        LEVEL,
        hold(Tier.NONE, 1.2, 1.75),
        "波动已恢复为平时的 1.20 倍(限值 1.75)",
        "is back to scattering 1.20 times as much as usual (limit 1.75)",
    ),
    "shift": (
        SHIFT,
        LEVEL,
        hold(Tier.BLUE, 13.14, 12.0, 5.02, {"reference": 5.0, "shift": 0.0213}),
        "较基准 5.00 m 上移约 0.0213 m(13.1 sigma),高于蓝色限值 12.0 sigma,当前 5.02 m",
        "has shifted up by about 0.0213 m from 5.00 m (13.1 sigma), above the blue limit 12.0 sigma, now 5.02 m",
    ),
    "shift, down": (
        SHIFT,
        LEVEL,
        hold(Tier.BLUE, 13.14, math.nan, figures={"reference": 5.0, "shift": -1.0}),
        "较基准 5.00 m 下移约 1.00 m(13.1 sigma)",
        "has shifted down by about 1.00 m from 5.00 m (13.1 sigma)",
    ),
    "shift, no figures": (SHIFT, LEVEL, hold(Tier.BLUE, 13.0, math.nan), "评分为 13.0 sigma", "scores 13.0 sigma"),
    "shift over": (
        SHIFT,
        LEVEL,
        hold(Tier.NONE, 0.1, 12.0, 5.02),
        "已回到基准,或已稳定在新水平,当前 5.02 m",
        "is back, or steady at its new level, now 5.02 m",
    ),
    "stuck": (
        STUCK,
        LEVEL,
        hold(Tier.BLUE, 4.0, 4.0, 5.02, {"still_s": 1200.0, "usual_s": 300.0}),
        "已 20 分钟没有变化(平时最长 5 分钟,为其 4 倍),当前 5.02 m",
        "has not changed for 20 min (4 times its usual longest pause of 5 min), now 5.02 m",
    ),
    "stuck, no figures": (
        STUCK,
        LEVEL,
        hold(Tier.BLUE, 4.0, 4.0),
        "评分为 4.00 pauses,达到蓝色限值",
        "scores 4.00 pauses, at the blue limit",
    ),
    "stuck over": (
        STUCK,
        LEVEL,
        hold(Tier.NONE, 0.0, 4.0, 5.03),
        "已恢复变化,当前 5.03 m",
        "changes again, now 5.03 m",
    ),
    "fence": (
        FENCE,
        LEVEL,
        hold(Tier.YELLOW, 512.4, 0.0, figures=PLACE),
        "越出围栏 512 m,位置 117.80120, 38.95000",
        "is 512 m outside the fence, at 117.80120, 38.95000",
    ),
    "fence, before it": (
        FENCE,
        LEVEL,
        hold(Tier.BLUE, -180.0, -200.0),
        "距围栏边界仅 180 m",
        "is only 180 m from the fence",
    ),
    "fence over": (
        FENCE,
        LEVEL,
        hold(Tier.NONE, -2340.0, 0.0),
        "已回到许可范围,距围栏边界 2.3 km",
        "is back where it may be, 2.3 km from the fence",
    ),
    "closed area": (
        CLOSED,
        LEVEL,
        hold(Tier.RED, 20.0, 0.0),
        "进入禁入区 20 m",
        "is 20 m inside the closed area",
    ),
    "closed area, before it": (
        CLOSED,
        LEVEL,
        hold(Tier.BLUE, -50.0, -100.0),
        "距禁入区仅 50 m",
        "is only 50 m from the closed area",
    ),
    "closed area over": (
        CLOSED,
        LEVEL,
        hold(Tier.NONE, -150.0, -100.0),
        "已回到许可范围,距禁入区 150 m",
        "is back where it may be, 150 m from the closed area",
    ),
    "novelty": (
        NOVELTY,
        LEVEL,
        hold(Tier.BLUE, 4.2, 3.5, 5.02, {"jump": 0.1, "level": 4.1, "course": 2.0, "scatter": 1.0}),
        "表现为历史罕见,主要是水平(4.20 decades),高于蓝色限值 3.50 decades,当前 5.02 m",
        (
            "does what it rarely or never did before, above all its level (4.20 decades), "
            "above the blue limit 3.50 decades, now 5.02 m"
        ),
    ),
    "novelty, no figures": (
        NOVELTY,
        LEVEL,
        hold(Tier.BLUE, 4.0, 4.0),
        "评分为 4.00 decades,达到蓝色限值",
        "scores 4.00 decades, at the blue limit",
    ),
    "novelty over": (
        NOVELTY,
        LEVEL,
        hold(Tier.NONE, 1.0, 4.0, 5.03),
        "已不再罕见,当前 5.03 m",
        "is nothing rare any more, now 5.03 m",
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
