from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from config import load_catalogue, load_rules
from ganzhi.errors import ConfigError, Fault
from ganzhi.records import AlarmClass, Catalogue, Enterprise, Point, Rule, Source, SuppressWhen, Text, Tier
from tests.config.site import KINDS, RULES, sentences, write_site

NAN = np.nan

FULL = """
[[rule]]
id = "level.forecast"
name = { zh = "液位将达上限", en = "Level will reach its limit" }
kind = "forecast"
select = { quantity = "level", sector = ["tank_farm", "other"] }
limits = { blue = 60, yellow = 30.5 }
deadband = 5
unit = "min"
on_delay = "10s"
off_delay = "1min"
repeat = "1h"
latch = true
condition = "level.high"
class = "device"
options = { target = "90 %", direction = "high", window_s = 120 }
basis = "a paper"
advice = { zh = "停止进料", en = "Stop the inflow" }
"""


def rules_of(folder: Path, text: str) -> tuple[tuple[Rule, ...], tuple[Fault, ...]]:
    write_site(folder, rules=text)
    return load_rules([folder / "rules.toml"], load_catalogue(folder), KINDS)


def rule_of(folder: Path, text: str) -> Rule:
    (rule,), warnings = rules_of(folder, text)
    assert warnings == ()
    return rule


def test_every_key_arrives_when_a_rule_is_resolved(tmp_path: Path) -> None:
    (rule,), warnings = rules_of(tmp_path, FULL)
    assert [str(warning) for warning in warnings] == []
    assert (rule.id, rule.name, rule.kind) == (
        "level.forecast",
        Text("液位将达上限", "Level will reach its limit"),
        "forecast",
    )
    assert rule.points.dtype == np.int32
    assert rule.points.tolist() == [0, 1]
    np.testing.assert_array_equal(rule.limits, [[60, 30.5, NAN, NAN]] * 2)
    assert rule.limits.dtype == rule.deadband.dtype == np.float64
    assert rule.deadband.tolist() == [5.0, 5.0]
    assert (rule.side, rule.unit, rule.condition) == ("low", "min", "level.high")
    assert (rule.on_delay_s, rule.off_delay_s, rule.repeat_s, rule.latch) == (10.0, 60.0, 3600.0, True)
    assert rule.alarm_class is AlarmClass.DEVICE
    assert set(rule.options) == {"target", "direction", "window_s"}
    np.testing.assert_allclose(np.asarray(rule.options["target"]), [14.4, 11.0])
    assert (rule.options["direction"], rule.options["window_s"]) == ("high", 120.0)
    assert (rule.basis, rule.advice) == ("a paper", Text("停止进料", "Stop the inflow"))


def test_defaults_hold_when_a_rule_says_little(tmp_path: Path) -> None:
    rule = rule_of(tmp_path, RULES)
    assert (rule.on_delay_s, rule.off_delay_s, rule.repeat_s, rule.latch) == (0.0, 0.0, 0.0, False)
    assert (rule.condition, rule.alarm_class, rule.advice) == ("level.high", AlarmClass.PROCESS, Text("", ""))
    assert rule.deadband.tolist() == [0.0, 0.0]
    assert rule.options == {}
    assert rule.unit == "m"


def test_limits_differ_by_point_when_they_are_shares_of_differing_ranges(tmp_path: Path) -> None:
    text = RULES.replace('red = "90 %" }', 'red = "100%" }\ndeadband = "1 %"')
    rule = rule_of(tmp_path, text)
    np.testing.assert_allclose(rule.limits, [[NAN, NAN, 13.6, 16.0], [NAN, NAN, 10.5, 12.0]])
    np.testing.assert_allclose(rule.deadband, [0.16, 0.1])


def test_share_is_a_difference_when_the_score_is_a_change(tmp_path: Path) -> None:
    text = RULES.replace('"value"', '"rate"').replace('orange = "85 %", red = "90 %"', 'blue = "1 %", yellow = 1')
    rule = rule_of(tmp_path, text + 'unit = "米/min"\n')
    np.testing.assert_allclose(rule.limits, [[0.16, 1, NAN, NAN], [0.1, 1, NAN, NAN]])
    assert rule.unit == "m/min"


@pytest.mark.parametrize(
    ("select", "points"),
    [
        ("{}", [0, 1, 2, 3]),
        ('{ quantity = ["level", "pressure"] }', [0, 1, 2]),
        ('{ sector = "gas_detection" }', [3]),
        ('{ enterprise = "acme" }', [0, 1, 2]),
        ('{ source = ["tanks", "shop"], quantity = "pressure" }', [2]),
        ('{ tags = "LT-1" }', [0, 3]),
        ('{ tags = ["LT-1", "PT-1"], enterprise = "acme" }', [0, 2]),
        ('{ points = ["bravo.LT-1", "acme.LT-2"] }', [1, 3]),
    ],
)
def test_points_are_those_that_fit_every_key_when_a_rule_selects(
    tmp_path: Path, select: str, points: list[int]
) -> None:
    text = f"""
    [[rule]]
    id = "silent"
    name = {{ zh = "无数据", en = "Silent" }}
    kind = "stale"
    select = {select}
    limits = {{ blue = 3 }}
    basis = "engineering default"
    """
    rule = rule_of(tmp_path, text)
    assert rule.points.tolist() == points
    assert (rule.unit, rule.side) == ("periods", "high")


def test_rule_is_left_out_with_a_warning_when_it_watches_no_point(tmp_path: Path) -> None:
    rules, warnings = rules_of(
        tmp_path, RULES.replace('quantity = "level"', 'quantity = "levle", sector = "tank_farm"')
    )
    assert rules == ()
    (warning,) = warnings
    assert warning.place == "rules.toml:6: rule level.high: select"
    assert warning.problem == "the rule watches no point of this catalogue; none has quantity 'levle'"
    assert warning.remedy == "did you mean 'level'?"


def test_warning_is_given_when_a_named_point_is_not_there(tmp_path: Path) -> None:
    text = RULES.replace(
        'quantity = "level"', 'quantity = ["level", "depth"], tags = ["LT-1", "LT-3"], source = "tanks"'
    )
    (rule,), warnings = rules_of(tmp_path, text)
    assert rule.points.tolist() == [0]
    assert [str(warning) for warning in warnings] == [
        "rules.toml:6: rule level.high: select: no point has tag 'LT-3' (did you mean 'LT-2'?)"
    ]


def test_id_is_refused_when_two_packs_have_it(tmp_path: Path) -> None:
    write_site(tmp_path)
    (tmp_path / "more.toml").write_text("\n\n" + RULES, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_rules([tmp_path / "rules.toml", tmp_path / "more.toml"], load_catalogue(tmp_path), KINDS)
    assert sentences(caught.value) == [
        "more.toml:5: rule level.high: id: the id 'level.high' is already at rules.toml:2 (give each rule its own id)"
    ]


def test_rules_are_resolved_at_once_when_points_are_many(tmp_path: Path) -> None:
    count = 100_000
    names = Text("甲", "A")
    points = tuple(
        Point(f"a.p{i}", "a", "s", f"p{i}", "level", "m", 0.0, float(1 + i % 7), 0.001, 1.0) for i in range(count)
    )
    catalogue = Catalogue({"a": Enterprise("a", names)}, {"s": Source("s", "a", names, "tank_farm")}, points)
    (tmp_path / "rules.toml").write_text(FULL + RULES, encoding="utf-8")
    (forecast, high), warnings = load_rules([tmp_path / "rules.toml"], catalogue, KINDS)
    assert warnings == ()
    assert forecast.points.tolist() == high.points.tolist() == list(range(count))
    np.testing.assert_allclose(high.limits[:, 3], 0.9 * (1 + np.arange(count) % 7))


def suppressed_by(when: str) -> str:
    return RULES + f"suppress_when = {when}\n" + RULES.replace("level.high", "level.other")


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ('{ rule = "level.other", tier = "orange" }', SuppressWhen("level.other", Tier.ORANGE)),
        ('{ tag = "PT-1", below = 0.5 }', SuppressWhen(tag="PT-1", below=0.5)),
        ('{ quantity = "pressure", above = 1, below = 2.5 }', SuppressWhen(quantity="pressure", above=1, below=2.5)),
    ],
)
def test_what_suppresses_a_rule_is_read(tmp_path: Path, when: str, expected: SuppressWhen) -> None:
    (high, other), warnings = rules_of(tmp_path, suppressed_by(when))
    assert (high.suppress_when, other.suppress_when, warnings) == (expected, None, ())


@pytest.mark.parametrize(
    ("when", "problem"),
    [
        ("{ below = 0.5 }", "it needs one of rule, tag and quantity"),
        ('{ rule = "level.other", tag = "PT-1" }', "it needs one of rule, tag and quantity"),
        ('{ tag = "PT-1" }', "there is no bound of the reading"),
        ('{ rule = "level.other", below = 1 }', "another rule has no reading to bound"),
        ('{ rule = "level.othre" }', "there is no rule 'level.othre' (did you mean 'level.other'?)"),
    ],
)
def test_what_suppresses_a_rule_is_refused_when_it_does_not_fit(tmp_path: Path, when: str, problem: str) -> None:
    with pytest.raises(ConfigError) as error:
        rules_of(tmp_path, suppressed_by(when))
    (found,) = sentences(error.value)
    assert problem in found
    assert "level.high: suppress_when" in found


def test_what_suppresses_a_rule_is_warned_of_when_no_point_has_it(tmp_path: Path) -> None:
    _, warnings = rules_of(tmp_path, suppressed_by('{ tag = "PT-9", below = 0.5 }'))
    assert ["no point has tag 'PT-9'" in str(warning) for warning in warnings] == [True]
