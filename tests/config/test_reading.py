"""Rules that read other rules, with what is in force of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from config import load_catalogue, load_rules
from ganzhi.records import Rule
from tests.config.site import KINDS, RULES, write_site

GROUPS = """
[[rule]]
id = "site"
name = { zh = "全站", en = "Site" }
kind = "worst"
per = "all"
select = {}
options = { rules = ["tanks", "level.high", "level.high", "gone"] }
basis = "engineering default"

[[rule]]
id = "tanks"
name = { zh = "罐区", en = "Tanks" }
kind = "worst"
select = { sector = "tank_farm" }
options = { rules = "level.high" }
basis = "engineering default"

[[rule]]
id = "gone"
name = { zh = "无", en = "None" }
kind = "worst"
select = { quantity = "combustible_gas" }
options = { rules = ["level.high"] }
basis = "engineering default"

[[rule]]
id = "gone.with.it"
name = { zh = "无", en = "None" }
kind = "worst"
select = {}
options = { rules = ["gone"] }
basis = "engineering default"
"""


def loaded(folder: Path, text: str) -> tuple[dict[str, Rule], list[str]]:
    write_site(folder, rules=text)
    rules, warnings = load_rules([folder / "rules.toml"], load_catalogue(folder), KINDS)
    return {rule.id: rule for rule in rules}, [str(warning) for warning in warnings]


def test_only_rules_in_force_are_read_when_some_are_left_out(tmp_path: Path) -> None:
    rules, warnings = loaded(tmp_path, GROUPS + RULES)
    assert list(rules) == ["site", "tanks", "level.high"]
    assert rules["site"].options["rules"] == ("tanks", "level.high")
    assert rules["tanks"].options["rules"] == ("level.high",)
    why = "none of the rules that it reads watches one of its points"
    assert warnings == [
        f"rules.toml:24: rule gone: options: {why}",
        f"rules.toml:32: rule gone.with.it: options: {why}",
    ]


def test_limits_are_the_colours_themselves_when_the_score_is_a_colour(tmp_path: Path) -> None:
    rules, _ = loaded(tmp_path, GROUPS + RULES)
    np.testing.assert_array_equal(rules["tanks"].limits, [[1, 2, 3, 4]])
    assert (rules["tanks"].unit, rules["tanks"].side) == ("colour", "high")
    assert [unit.members.tolist() for unit in rules["tanks"].units] == [[0, 1, 2]]
