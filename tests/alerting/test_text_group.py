"""The sentences about several points at once, word for word, and the names they use."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from alerting.hold import Hold
from alerting.text import sentence
from alerting.text_group import GROUP_ENDINGS, GROUP_FINDINGS
from detectors import GROUPS
from ganzhi.records import Rule, Text, Tier, Unit
from tests.alerting.site import GAS_1, HIGH, LEVEL, SILENT, START, TANK, ZONE, MemoryJournal, alarms, moved, rule

WHEN = "(2026-05-01 08:00:00)"
NAME = Text("一", "one")
UNIT = Text("一号尾矿库", "Dam 1")
MEMBERS = [Text("浸润线1号", "PZ-01"), Text("浸润线2号", "PZ-02"), Text("干滩", "BL-01")]
COUNTS = {"blue": 1.0, "yellow": 2.0, "orange": 0.0, "red": 0.0, "points": 14.0, "worst_1": 0.0, "worst_2": 1.0}


def of_kind(kind: str, options: Mapping[str, object]) -> Rule:
    return replace(rule("g", kind, "colour", name=NAME), options={"rules": ("a",), **options})


Case = tuple[str, Mapping[str, object], Tier, float, Mapping[str, float], str, str]


@pytest.mark.parametrize(
    "case",
    [
        (
            "at_least",
            {"tier": "yellow"},
            Tier.ORANGE,
            2.0,
            {},
            "14 个测点中有 2 个达到黄色或更重(黄色 2、蓝色 1):浸润线1号、浸润线2号",
            "has 2 of 14 points in yellow or worse (2 yellow, 1 blue): PZ-01, PZ-02",
        ),
        (
            "counting",
            {},
            Tier.ORANGE,
            3.0,
            {"yellow": 3.0, "blue": 0.0, "worst_3": 2.0},
            "综合判定为橙色,共 14 项(黄色 3):浸润线1号、浸润线2号、干滩",
            "is orange as a whole, of 14 items (3 yellow): PZ-01, PZ-02, BL-01",
        ),
        (
            "worst",
            {},
            Tier.YELLOW,
            2.0,
            {"worst_2": 7.0},
            "综合判定为黄色,共 14 项(黄色 2、蓝色 1):浸润线1号",
            "is yellow as a whole, of 14 items (2 yellow, 1 blue): PZ-01",
        ),
        (
            "raised",
            {},
            Tier.ORANGE,
            3.0,
            {"own": 2.0},
            "相邻测点同时报警,由黄色升级为橙色,共 14 个测点(黄色 2、蓝色 1):浸润线1号、浸润线2号",
            "is raised from yellow to orange by its neighbours, of 14 points (2 yellow, 1 blue): PZ-01, PZ-02",
        ),
        (
            "worst",
            {},
            Tier.NONE,
            0.0,
            {},
            "已不再构成综合报警(黄色 2、蓝色 1)",
            "is no longer in alarm as a whole (2 yellow, 1 blue)",
        ),
        (
            "counting",
            {},
            Tier.NONE,
            0.0,
            dict.fromkeys(COUNTS, 0.0),
            "已不再构成综合报警",
            "is no longer in alarm as a whole",
        ),
        (
            "raised",
            {},
            Tier.NONE,
            0.0,
            {"yellow": 0.0},
            "相邻测点已不再同时报警(蓝色 1)",
            "is no longer raised by its neighbours (1 blue)",
        ),
    ],
)
def test_sentence_is_word_for_word_when_several_are_judged(case: Case) -> None:
    kind, options, tier, score, figures, zh, en = case
    held = Hold(tier, START, math.nan, score, float(tier), figures={**COUNTS, **figures})
    told = sentence(of_kind(kind, options), LEVEL, TANK, held, ZONE, unit=UNIT, members=MEMBERS)
    assert told == Text(f"一号尾矿库 {zh}{WHEN}", f"Dam 1 {en} {WHEN}")


def test_every_kind_of_group_has_its_words() -> None:
    assert GROUP_FINDINGS.keys() == GROUP_ENDINGS.keys() == GROUPS.keys()


def test_any_other_kind_goes_by_the_name_of_its_unit_when_it_has_one() -> None:
    held = Hold(Tier.BLUE, START, math.nan, 6.0, 5.0)
    told = sentence(rule("j", "other", "sigma", name=NAME), LEVEL, TANK, held, ZONE, unit=UNIT)
    assert told.zh.startswith("一号尾矿库 评分为 6.00 sigma")


def test_kinds_of_item_go_by_their_rules_when_they_are_counted() -> None:
    dam = replace(
        rule("dam", "counting", "colour", name=Text("综合", "Together")),
        options={"rules": (SILENT.id, HIGH.id), "items": True},
        units=(Unit(TANK.id, TANK.name, 0, np.array([0, 1], np.int32)),),
    )
    told = alarms(MemoryJournal(), rules=[HIGH, SILENT, dam])
    [event] = told.apply([moved(dam, 0, Tier.YELLOW, evidence={"yellow": 1.0, "points": 2.0, "worst_1": 1.0})])
    assert event.alarm.text.zh.startswith("一号罐区 综合判定为黄色,共 2 项(黄色 1):液位高(")


def test_members_go_by_the_rule_that_stands_behind_them_when_groups_are_read() -> None:
    members = np.array([0, 1], np.int32)
    tank = replace(
        rule("tank", "counting", "colour", name=Text("液位综合", "Levels together")),
        options={"rules": (HIGH.id,)},
        units=(Unit(TANK.id, TANK.name, 0, members),),
    )
    site = replace(
        rule("site", "worst", "colour", points=(0, 1, 2), name=Text("全站", "Site")),
        options={"rules": ("tank", HIGH.id)},
        units=(Unit("all", Text("全站", "The whole site"), 0, np.array([0, 1, 2], np.int32)),),
    )
    journal = MemoryJournal()
    told = alarms(journal, rules=[HIGH, tank, site])
    figures = {"orange": 2.0, "points": 2.0, "worst_1": 0.0, "worst_2": 1.0, "own": 3.0}
    moves = [moved(tank, 0, Tier.ORANGE, evidence=figures), moved(site, 1, Tier.ORANGE, evidence=figures)]
    first, second = told.apply(moves)
    assert first.alarm.text.zh.startswith("一号罐区 综合判定为橙色,共 2 项(橙色 2):LT-101、LT-102(")
    assert second.alarm.text.zh.startswith("全站 综合判定为橙色,共 2 项(橙色 2):液位综合、LT-102(")
    assert (first.alarm.subject, second.alarm.subject) == (LEVEL.id, LEVEL.id)
    assert GAS_1.id not in {line.alarm.subject for line in journal.lines}
