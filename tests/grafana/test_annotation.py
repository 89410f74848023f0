"""An alarm as an annotation."""

from __future__ import annotations

from dataclasses import replace

from ganzhi.clock import NS_PER_MS
from ganzhi.records import Change, Text, Tier
from grafana.annotation import MOST_TAG_BYTES, annotation, tags
from tests.grafana.city import MINUTE, NOW, alarm, changed, raised

RAISED = raised(alarm(2, "binhai-chem.GD-03", "gas.high", Tier.YELLOW, NOW))
NOW_MS = NOW // NS_PER_MS


def test_annotation_when_raised_is_a_point_with_the_tags_of_the_alarm() -> None:
    assert annotation(RAISED.alarm, "zh") == {
        "time": NOW_MS,
        "tags": [
            *("ganzhi", "yellow", "alarm:A0002", "source:gas-area-1", "enterprise:binhai-chem"),
            *("condition:gas.high", "point:binhai-chem.GD-03", "simulated"),
        ],
        "text": "【黄】【模拟】可燃气体浓度高 binhai-chem.GD-03\nbinhai-chem.GD-03 可燃气体浓度高，达到三级",
    }


def test_annotation_when_cleared_is_a_region_in_the_worst_colour_it_had() -> None:
    worse = changed(RAISED, 2, Change.WORSENED, Tier.RED)
    cleared = changed(changed(worse, 1, Change.ACKNOWLEDGED, Tier.RED), 7, Change.CLEARED, Tier.NONE).alarm
    body = annotation(cleared, "en")
    assert (body["time"], body["timeEnd"]) == (NOW_MS, NOW_MS + 10 * MINUTE // NS_PER_MS)
    assert tags(cleared)[:2] == ["ganzhi", "red"]
    assert body["text"] == (
        "[Red, simulated] Combustible gas high binhai-chem.GD-03\n"
        "binhai-chem.GD-03: Combustible gas high, back to normal\nacknowledged by 值班员\ncleared"
    )


def test_annotation_when_a_text_has_markup_shows_it_as_text() -> None:
    marked = replace(RAISED.alarm, text=Text("压力 <0.1 & 下降", ""), simulated=False)
    assert str(annotation(marked, "zh")["text"]).endswith("\n压力 &lt;0.1 &amp; 下降")


def test_annotation_when_retrospective_says_so() -> None:
    late = replace(RAISED.alarm, retrospective=True)
    assert tags(late)[-1] == "retrospective"
    assert str(annotation(late, "zh")["text"]).startswith("【黄】【模拟】【补报】")


def test_tags_when_names_are_long_keep_what_finds_the_alarm_and_fit() -> None:
    long = replace(RAISED.alarm, enterprise="企" * 99, source="s" * 300, subject="点" * 99, condition="c" * 99)
    kept = tags(long)
    assert kept == ["ganzhi", "yellow", "alarm:A0002", f"source:{'s' * 100}", f"enterprise:{'企' * 99}"]
    assert 2 + sum(len(tag.encode()) + 3 for tag in kept) <= MOST_TAG_BYTES
