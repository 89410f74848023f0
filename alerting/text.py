"""The sentence of an alarm, Chinese and English, as it is read on a screen, in a message or over the radio.

One module, long as it is, for the kinds that judge a point: their phrases are made of the same few pieces.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from zoneinfo import ZoneInfo

from alerting.hold import Hold
from alerting.report import event, offline
from alerting.text_fence import fence, fence_over
from alerting.text_group import GROUP_ENDINGS, GROUP_FINDINGS, UnitPhrase
from alerting.text_joint import joint, joint_over
from ganzhi.clock import local_text
from ganzhi.records import EVENT, OFFLINE, Point, Rule, Source, Text, Tier

COLOURS: Mapping[Tier, Text] = {
    Tier.NONE: Text("", ""),
    Tier.BLUE: Text("蓝色", "blue"),
    Tier.YELLOW: Text("黄色", "yellow"),
    Tier.ORANGE: Text("橙色", "orange"),
    Tier.RED: Text("红色", "red"),
}

SIMULATED = Text("〔模拟〕", "[simulated] ")
RETROSPECTIVE = Text("〔补传〕", "[late data] ")

NO_DETAILS: Mapping[str, str] = {}
NO_WORDS = Text("", "")

MOST_DIGITS = 9
SIGNIFICANT_DIGITS = 3
WHOLE_MINUTES_FROM = 5.0
SECONDS_PER_MINUTE = 60.0
FAULT_SCORE = 2.0
"""Score of a device's own fault; 1 is a reading out of range (detectors/fault.py)."""
UNITS_S = ((86_400.0, Text("天", "days")), (3_600.0, Text("小时", "h")), (60.0, Text("分钟", "min")))
"""Larger units of a duration, each used from twice its length on; below them seconds."""


def sentence(
    rule: Rule,
    point: Point,
    source: Source,
    hold: Hold,
    zone: ZoneInfo,
    *,
    unit: Text | None = None,
    members: Sequence[Text] = (),
    retrospective: bool = False,
    details: Mapping[str, str] = NO_DETAILS,
) -> Text:
    """What a rule found at a point, or, for a hold without a tier, that it is over; ends with the local time.

    unit     the name of the unit for which the point stands, and of its members, in their order
    details  the words of what was reported rather than measured
    """
    together = (UNIT_FINDINGS if hold.tier else UNIT_ENDINGS).get(rule.kind)
    told = _told(rule, point, hold, details) if together is None else together(rule, members, hold)
    at = local_text(hold.time, zone)
    marks = [mark for mark, set_ in ((SIMULATED, hold.simulated), (RETROSPECTIVE, retrospective)) if set_]
    label = f"{point.name}({point.tag})" if point.name else f"{point.tag} " if point.tag else ""
    tag = f" {point.tag}" if point.tag else ""
    zh = f"{source.name.zh} {label}" if unit is None else f"{unit.zh} "
    en = f"{source.name.en}{tag}" if unit is None else unit.en
    return Text(
        f"{''.join(mark.zh for mark in marks)}{zh}{told.zh}({at})",
        f"{''.join(mark.en for mark in marks)}{en} {told.en} ({at})",
    )


def _told(rule: Rule, point: Point, hold: Hold, details: Mapping[str, str]) -> Text:
    if rule.kind == EVENT:
        return event(rule, hold, details)
    if rule.kind == OFFLINE:
        return offline(hold, details, _duration(hold.score) if hold.tier else NO_WORDS)
    phrases, otherwise = (FINDINGS, _score) if hold.tier else (ENDINGS, _score_over)
    return phrases.get(rule.kind, otherwise)(rule, point, hold)


def measure(value: float, unit: str, resolution: float) -> str:
    """A value with its unit, to the digits that the instrument resolves."""
    return _with_unit(_fixed(value, _digits(resolution)), unit)


def _limit(value: float, unit: str, resolution: float) -> str:
    digits = _digits(resolution)
    while digits < MOST_DIGITS and not math.isclose(round(value, digits), value, rel_tol=1e-9, abs_tol=1e-12):
        digits += 1
    return _with_unit(_fixed(value, digits), unit)


def _figure(value: float, unit: str) -> str:
    if value == 0 or not math.isfinite(value):
        return _with_unit(f"{value:g}", unit)
    digits = max(0, SIGNIFICANT_DIGITS - 1 - math.floor(math.log10(abs(value))))
    return _with_unit(_fixed(value, digits), unit)


def _digits(resolution: float) -> int:
    if not (math.isfinite(resolution) and resolution > 0):
        return SIGNIFICANT_DIGITS
    for digits in range(MOST_DIGITS):
        steps = resolution * 10.0**digits
        if steps >= 1 and math.isclose(steps, round(steps), rel_tol=1e-6):
            return digits
    return MOST_DIGITS


def _fixed(value: float, digits: int) -> str:
    return f"{round(value, digits) + 0.0:.{digits}f}"


def _with_unit(number: str, unit: str) -> str:
    return f"{number} {unit}" if unit else number


def _duration(seconds: float) -> Text:
    for length_s, unit in UNITS_S:
        if seconds >= 2 * length_s:
            return Text(f"{seconds / length_s:.3g} {unit.zh}", f"{seconds / length_s:.3g} {unit.en}")
    return Text(f"{seconds:.3g} 秒", f"{seconds:.3g} s")


def _beyond(rule: Rule, hold: Hold, reading: str, limit: str) -> Text:
    # Within its dead-band a tier is held while the reading is already back inside the limit.
    if math.isnan(hold.limit):
        return Text("", "")
    colour = COLOURS[hold.tier]
    if reading == limit:
        return Text(f",达到{colour.zh}限值", f", at the {colour.en} limit")
    if (hold.score > hold.limit) == (rule.side == "high"):
        zh, en = ("高于", "above") if rule.side == "high" else ("低于", "below")
        return Text(f",{zh}{colour.zh}限值 {limit}", f", {en} the {colour.en} limit {limit}")
    return Text(
        f",仍在{colour.zh}限值 {limit} 的回差之内", f", still within the dead-band of the {colour.en} limit {limit}"
    )


def _limit_of(hold: Hold, limit: str) -> Text:
    return Text("", "") if math.isnan(hold.limit) else Text(f"(限值 {limit})", f" (limit {limit})")


def _now(point: Point, hold: Hold) -> Text:
    if math.isnan(hold.value):
        return Text("", "")
    value = measure(hold.value, point.unit, point.resolution)
    return Text(f",当前 {value}", f", now {value}")


def _value(rule: Rule, point: Point, hold: Hold) -> Text:
    reading = measure(hold.score, point.unit, point.resolution)
    beyond = _beyond(rule, hold, reading, _limit(hold.limit, point.unit, point.resolution))
    return Text(f"为 {reading}{beyond.zh}", f"is {reading}{beyond.en}")


def _value_over(rule: Rule, point: Point, hold: Hold) -> Text:
    reading = measure(hold.score, point.unit, point.resolution)
    limit = _limit_of(hold, _limit(hold.limit, point.unit, point.resolution))
    return Text(f"已恢复为 {reading}{limit.zh}", f"is back at {reading}{limit.en}")


def _rate(rule: Rule, point: Point, hold: Hold) -> Text:
    speed = _figure(hold.score, rule.unit)
    beyond, now = _beyond(rule, hold, speed, _figure(hold.limit, rule.unit)), _now(point, hold)
    return Text(f"变化率为 {speed}{beyond.zh}{now.zh}", f"changes by {speed}{beyond.en}{now.en}")


def _rate_over(rule: Rule, point: Point, hold: Hold) -> Text:
    speed, now = _figure(hold.score, rule.unit), _now(point, hold)
    limit = _limit_of(hold, _figure(hold.limit, rule.unit))
    return Text(f"变化率已恢复为 {speed}{limit.zh}{now.zh}", f"is back at a change of {speed}{limit.en}{now.en}")


def _score(rule: Rule, point: Point, hold: Hold) -> Text:
    score = _figure(hold.score, rule.unit)
    beyond, now = _beyond(rule, hold, score, _figure(hold.limit, rule.unit)), _now(point, hold)
    return Text(f"评分为 {score}{beyond.zh}{now.zh}", f"scores {score}{beyond.en}{now.en}")


def _score_over(rule: Rule, point: Point, hold: Hold) -> Text:
    score, now = _figure(hold.score, rule.unit), _now(point, hold)
    limit = _limit_of(hold, _figure(hold.limit, rule.unit))
    return Text(f"评分已恢复为 {score}{limit.zh}{now.zh}", f"is back at a score of {score}{limit.en}{now.en}")


def _forecast(rule: Rule, point: Point, hold: Hold) -> Text:
    target, now = _target(point, hold), _now(point, hold)
    if hold.score <= 0:
        return Text(f"已达到{target.zh}{now.zh}", f"has reached {target.en}{now.en}")
    minutes = _minutes(hold.figures.get("minutes_expected", hold.score))
    early, late = hold.figures.get("minutes_early"), hold.figures.get("minutes_late")
    between = Text("", "")
    if early is not None and late is not None:
        first, last = _minutes(early), _minutes(late)
        between = Text(f"({first}~{last} 分钟)", f" ({first} to {last} min)")
    return Text(
        f"预计 {minutes} 分钟后{between.zh}达到{target.zh}{now.zh}",
        f"is expected to reach {target.en} in {minutes} min{between.en}{now.en}",
    )


def _forecast_over(rule: Rule, point: Point, hold: Hold) -> Text:
    target, now = _target(point, hold), _now(point, hold)
    if math.isfinite(hold.score):
        minutes = _minutes(hold.score)
        return Text(
            f"预计 {minutes} 分钟后才会达到{target.zh}{now.zh}",
            f"is expected to reach {target.en} only in {minutes} min{now.en}",
        )
    return Text(f"预计不再达到{target.zh}{now.zh}", f"is no longer expected to reach {target.en}{now.en}")


def _minutes(minutes: float) -> str:
    return f"{minutes:.0f}" if minutes >= WHOLE_MINUTES_FROM else f"{minutes:.1f}"


def _target(point: Point, hold: Hold) -> Text:
    target = hold.figures.get("target", math.nan)
    if math.isnan(target):
        return Text("限值", "its limit")
    text = _limit(target, point.unit, point.resolution)
    share = target / point.high * 100 if point.low == 0 and point.high > 0 and "%" not in point.unit else math.nan
    if math.isclose(share, round(share) if math.isfinite(share) else share, rel_tol=1e-9):
        text = f"{share:.0f}%/{text}"
    return Text(f" {text}", text)


def _stale(rule: Rule, point: Point, hold: Hold) -> Text:
    silence, period = _duration(hold.score * point.period_s), _duration(point.period_s)
    return Text(
        f"已 {silence.zh}没有数据(采样周期 {period.zh}的 {hold.score:.3g} 倍)",
        f"has sent nothing for {silence.en} ({hold.score:.3g} times its sampling period of {period.en})",
    )


def _stale_over(rule: Rule, point: Point, hold: Hold) -> Text:
    now = _now(point, hold)
    return Text(f"已恢复数据{now.zh}", f"reports again{now.en}")


def _accumulate(rule: Rule, point: Point, hold: Hold) -> Text:
    return _summed(rule, point, hold, Text("累计", "has summed up to"), _score)


def _accumulate_over(rule: Rule, point: Point, hold: Hold) -> Text:
    return _summed(rule, point, hold, Text("累计已降至", "is back at"), _score_over)


def _summed(rule: Rule, point: Point, hold: Hold, verb: Text, plain: Phrase) -> Text:
    figures = [hold.figures.get(name) for name in ("amount", "window_s", "threshold")]
    if None in figures:
        return plain(rule, point, hold)
    amount, window_s, threshold = (figure for figure in figures if figure is not None)
    summed, window = measure(amount, point.unit, point.resolution), _duration(window_s)
    limit = _limit(threshold, point.unit, point.resolution)
    return Text(
        f"{window.zh}内{verb.zh} {summed}(阈值 {limit})", f"{verb.en} {summed} in {window.en} (threshold {limit})"
    )


def _profile(rule: Rule, point: Point, hold: Hold) -> Text:
    zh, en = ("高于", "above") if hold.score > 0 else ("低于", "below")
    return Text(
        f"{zh}往常同时段{_usual(point, hold).zh}", f"is {en} what is usual at this hour{_usual(point, hold).en}"
    )


def _profile_over(rule: Rule, point: Point, hold: Hold) -> Text:
    return Text(
        f"已恢复到往常同时段水平{_usual(point, hold).zh}",
        f"is back at what is usual at this hour{_usual(point, hold).en}",
    )


def _usual(point: Point, hold: Hold) -> Text:
    now, usual, sigma = _now(point, hold), hold.figures.get("usual"), hold.figures.get("usual_sigma")
    if usual is None or sigma is None:
        return now
    around = f"{_fixed(usual, _digits(point.resolution))} ± {measure(sigma, point.unit, point.resolution)}"
    return Text(f"{now.zh},往常 {around}", f"{now.en}, usually {around}")


def _creep(rule: Rule, point: Point, hold: Hold) -> Text:
    angle = f"{hold.score:.1f}°"
    beyond, speeds = _beyond(rule, hold, angle, f"{hold.limit:.1f}°"), _speeds(point, hold)
    return Text(
        f"切线角为 {angle}{beyond.zh}{speeds.zh}{_failure(hold).zh}",
        f"has a tangent angle of {angle}{beyond.en}{speeds.en}{_failure(hold).en}",
    )


def _creep_over(rule: Rule, point: Point, hold: Hold) -> Text:
    limit, speeds = _limit_of(hold, f"{hold.limit:.1f}°"), _speeds(point, hold)
    return Text(
        f"切线角已恢复为 {hold.score:.1f}°{limit.zh}{speeds.zh}",
        f"is back at a tangent angle of {hold.score:.1f}°{limit.en}{speeds.en}",
    )


def _speeds(point: Point, hold: Hold) -> Text:
    rate, steady = hold.figures.get("rate_per_day"), hold.figures.get("steady_per_day")
    if rate is None or steady is None:
        return Text("", "")
    now, before = _figure(rate, f"{point.unit}/d"), _figure(steady, f"{point.unit}/d")
    return Text(f",速率 {now}(匀速阶段 {before})", f", moving at {now} (steady {before})")


def _failure(hold: Hold) -> Text:
    names = ("minutes_failure", "minutes_early", "minutes_late")
    minutes = [hold.figures[name] for name in names if name in hold.figures]
    if len(minutes) < len(names):
        return Text("", "")
    expected, early, late = (_duration(each * SECONDS_PER_MINUTE) for each in minutes)
    return Text(
        f",按速度倒数法预计 {expected.zh}后失稳({early.zh}~{late.zh})",
        f", failure expected in {expected.en} by inverse velocity ({early.en} to {late.en})",
    )


def _spike(rule: Rule, point: Point, hold: Hold) -> Text:
    height, readings = hold.figures.get("height"), hold.figures.get("readings")
    if height is None or readings is None:
        return _score(rule, point, hold)
    size, score = measure(abs(height), point.unit, point.resolution), _figure(hold.score, rule.unit)
    zh, en = ("尖峰", "spike") if height > 0 else ("下跌尖峰", "dip")
    beyond, now = _beyond(rule, hold, score, _figure(hold.limit, rule.unit)), _now(point, hold)
    many = "s" if readings > 1 else ""
    return Text(
        f"出现{zh},幅度 {size},持续 {readings:.0f} 个读数({score}){beyond.zh}{now.zh}",
        f"showed a {en} of {size} for {readings:.0f} reading{many} ({score}){beyond.en}{now.en}",
    )


def _spike_over(rule: Rule, point: Point, hold: Hold) -> Text:
    now = _now(point, hold)
    return Text(f"未再出现尖峰{now.zh}", f"shows no further spike{now.en}")


def _spread(rule: Rule, point: Point, hold: Hold) -> Text:
    ratio = _figure(hold.score, "")
    beyond, now = _beyond(rule, hold, ratio, _figure(hold.limit, "")), _now(point, hold)
    wide, usual = hold.figures.get("now"), hold.figures.get("usual")
    told = Text("", "")
    if wide is not None and usual is not None:
        first, second = _figure(wide, point.unit), _figure(usual, point.unit)
        told = Text(f"(标准差 {first},平时 {second})", f" (standard deviation {first}, usually {second})")
    return Text(
        f"波动为平时的 {ratio} 倍{told.zh}{beyond.zh}{now.zh}",
        f"scatters {ratio} times as much as usual{told.en}{beyond.en}{now.en}",
    )


def _spread_over(rule: Rule, point: Point, hold: Hold) -> Text:
    ratio, limit, now = _figure(hold.score, ""), _limit_of(hold, _figure(hold.limit, "")), _now(point, hold)
    return Text(
        f"波动已恢复为平时的 {ratio} 倍{limit.zh}{now.zh}",
        f"is back to scattering {ratio} times as much as usual{limit.en}{now.en}",
    )


def _shift(rule: Rule, point: Point, hold: Hold) -> Text:
    reference, shift = hold.figures.get("reference"), hold.figures.get("shift")
    if reference is None or shift is None:
        return _score(rule, point, hold)
    level, score = measure(reference, point.unit, point.resolution), _figure(hold.score, rule.unit)
    size = _figure(abs(shift), point.unit)
    zh, en = ("上移", "up") if shift > 0 else ("下移", "down")
    beyond, now = _beyond(rule, hold, score, _figure(hold.limit, rule.unit)), _now(point, hold)
    return Text(
        f"较基准 {level} {zh}约 {size}({score}){beyond.zh}{now.zh}",
        f"has shifted {en} by about {size} from {level} ({score}){beyond.en}{now.en}",
    )


def _shift_over(rule: Rule, point: Point, hold: Hold) -> Text:
    now = _now(point, hold)
    return Text(f"已回到基准,或已稳定在新水平{now.zh}", f"is back, or steady at its new level{now.en}")


def _stuck(rule: Rule, point: Point, hold: Hold) -> Text:
    still_s, usual_s = hold.figures.get("still_s"), hold.figures.get("usual_s")
    if still_s is None or usual_s is None:
        return _score(rule, point, hold)
    still, usual = _duration(still_s), _duration(usual_s)
    now = _now(point, hold)
    return Text(
        f"已 {still.zh}没有变化(平时最长 {usual.zh},为其 {hold.score:.3g} 倍){now.zh}",
        f"has not changed for {still.en} ({hold.score:.3g} times its usual longest pause of {usual.en}){now.en}",
    )


def _stuck_over(rule: Rule, point: Point, hold: Hold) -> Text:
    now = _now(point, hold)
    return Text(f"已恢复变化{now.zh}", f"changes again{now.en}")


def _fault(rule: Rule, point: Point, hold: Hold) -> Text:
    now = _now(point, hold)
    if hold.score >= FAULT_SCORE:
        return Text(f"报告设备故障{now.zh}", f"reports a device fault{now.en}")
    return Text(f"超出量程{now.zh}", f"is out of its range{now.en}")


def _fault_over(rule: Rule, point: Point, hold: Hold) -> Text:
    now = _now(point, hold)
    return Text(f"设备恢复正常{now.zh}", f"is in order again{now.en}")


VIEWS = {
    "jump": Text("跳变", "a jump"),
    "level": Text("水平", "its level"),
    "course": Text("走势", "its course"),
    "scatter": Text("波动", "its scatter"),
}
"""What may be rare of a signal, by the name of the figure that says how much."""


def _novelty(rule: Rule, point: Point, hold: Hold) -> Text:
    known = [view for view in VIEWS if view in hold.figures]
    if not known:
        return _score(rule, point, hold)
    rarest, score = VIEWS[max(known, key=hold.figures.__getitem__)], _figure(hold.score, rule.unit)
    beyond, now = _beyond(rule, hold, score, _figure(hold.limit, rule.unit)), _now(point, hold)
    return Text(
        f"表现为历史罕见,主要是{rarest.zh}({score}){beyond.zh}{now.zh}",
        f"does what it rarely or never did before, above all {rarest.en} ({score}){beyond.en}{now.en}",
    )


def _novelty_over(rule: Rule, point: Point, hold: Hold) -> Text:
    now = _now(point, hold)
    return Text(f"已不再罕见{now.zh}", f"is nothing rare any more{now.en}")


Phrase = Callable[[Rule, Point, Hold], Text]

FINDINGS: Mapping[str, Phrase] = {
    "value": _value,
    "rate": _rate,
    "forecast": _forecast,
    "stale": _stale,
    "accumulate": _accumulate,
    "profile": _profile,
    "creep": _creep,
    "spike": _spike,
    "spread": _spread,
    "shift": _shift,
    "stuck": _stuck,
    "fault": _fault,
    "novelty": _novelty,
}
"""What a rule of each kind found; a kind that is not here tells its score."""

ENDINGS: Mapping[str, Phrase] = {
    "value": _value_over,
    "rate": _rate_over,
    "forecast": _forecast_over,
    "stale": _stale_over,
    "accumulate": _accumulate_over,
    "profile": _profile_over,
    "creep": _creep_over,
    "spike": _spike_over,
    "spread": _spread_over,
    "shift": _shift_over,
    "stuck": _stuck_over,
    "fault": _fault_over,
    "novelty": _novelty_over,
}
"""That it is over."""

UNIT_FINDINGS: Mapping[str, UnitPhrase] = {**GROUP_FINDINGS, "joint": joint, "fence": fence}
"""What a rule of each kind that judges several points as one found."""

UNIT_ENDINGS: Mapping[str, UnitPhrase] = {**GROUP_ENDINGS, "joint": joint_over, "fence": fence_over}
"""That it is over."""
