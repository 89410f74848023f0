"""Who answers for what: defaults of the domain, and every fault between the tables."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from config import load, load_settings
from config.duration import DURATION_REMEDY
from config.responsibility import ROLES, case_policy, responsibility, warning_policy
from config.settings import Settings
from ganzhi.errors import ConfigError
from ganzhi.handling import Deadlines, Scope
from ganzhi.records import COLOURS, AlarmClass, Tier
from tests.config.site import KINDS, sentences

GOOD = Path(__file__).parents[2] / "config" / "examples" / "demo"
MINUTE, HOUR = 60.0, 3600.0


def settings_of(folder: Path, text: str) -> Settings:
    path = folder / "ganzhi.toml"
    path.write_text(f'[site]\ncatalogue = "{GOOD}"\npacks = ["tank_farm"]\n{text}', encoding="utf-8")
    return load_settings(path)


def faults_of(folder: Path, text: str) -> list[str]:
    path = folder / "ganzhi.toml"
    path.write_text(f'[site]\ncatalogue = "{GOOD}"\npacks = ["tank_farm"]\n{text}', encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path, KINDS)
    return [sentence.removeprefix("ganzhi.toml: ") for sentence in sentences(caught.value)]


def test_the_domains_chain_and_deadlines_hold_when_nothing_is_said() -> None:
    policy = case_policy(Settings().cases)
    blue = ("shift_leader", "safety_officer")
    assert policy.chains == {
        Tier.BLUE: blue,
        Tier.YELLOW: (*blue, "principal", "town_office"),
        Tier.ORANGE: (*blue, "principal", "town_office", "district_bureau"),
        Tier.RED: (*blue, "principal", "town_office", "district_bureau", "city_bureau", "command_post"),
    }
    assert policy.deadlines == {
        Tier.BLUE: Deadlines(30 * MINUTE, 24 * HOUR, 24 * HOUR),
        Tier.YELLOW: Deadlines(15 * MINUTE, 8 * HOUR, 8 * HOUR),
        Tier.ORANGE: Deadlines(10 * MINUTE, 2 * HOUR, 2 * HOUR),
        Tier.RED: Deadlines(5 * MINUTE, 30 * MINUTE, 30 * MINUTE),
    }
    assert (policy.open_at, policy.classes, policy.second_person) == (
        Tier.YELLOW,
        frozenset({AlarmClass.PROCESS}),
        True,
    )


def test_a_worse_colour_has_less_time_and_a_longer_chain_when_nothing_is_said() -> None:
    policy, decide = case_policy(Settings().cases), warning_policy(Settings().warnings).decide_s
    for milder, worse in pairwise(COLOURS):
        assert policy.chains[worse][: len(policy.chains[milder])] == policy.chains[milder]
        assert policy.deadlines[worse].accept_s < policy.deadlines[milder].accept_s
        assert policy.deadlines[worse].feedback_s < policy.deadlines[milder].feedback_s
        assert decide[worse] < decide[milder]


def test_roles_stand_for_people_and_have_the_domains_authority_when_nothing_is_said() -> None:
    settings = Settings()
    found = responsibility(settings.role, settings.person, settings.authority)
    assert set(found.persons) == set(found.roles) == set(ROLES)
    low = {Tier.BLUE, Tier.YELLOW}
    assert found.authority == {"duty_officer": low, "command_post": {*COLOURS}, "government": {*COLOURS}}
    assert list(found.authority) == ["duty_officer", "command_post", "government"]


def test_everything_that_is_said_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LI_PIN", "2468")
    settings = settings_of(
        tmp_path,
        """
        [cases]
        open_at = ""
        classes = ["process", "device"]
        second_person = false
        [cases.chain]
        red = ["park"]
        [cases.deadlines.red]
        accept = "1min"
        feedback = "2min"
        verify = "3min"
        [warnings]
        source = ""
        enterprise = "yellow"
        alarm = "red"
        calm = "0s"
        again = "5min"
        [warnings.decide]
        red = "1min"
        [[role]]
        id = "park"
        name.zh = "园区"
        name.en = "Park"
        [[person]]
        id = "li"
        name = "李"
        roles = ["park", "duty_officer"]
        enterprise = "haihe-storage"
        pin_file = "env:LI_PIN"
        [[authority]]
        role = "park"
        colours = ["blue", "yellow", "orange", "red"]
        """,
    )
    cases, warnings = case_policy(settings.cases), warning_policy(settings.warnings)
    assert (cases.open_at, cases.second_person, cases.chains[Tier.RED]) == (Tier.NONE, False, ("park",))
    assert cases.classes == {AlarmClass.PROCESS, AlarmClass.DEVICE}
    assert cases.deadlines[Tier.RED] == Deadlines(60.0, 120.0, 180.0)
    assert warnings.propose_at == {Scope.SOURCE: Tier.NONE, Scope.ENTERPRISE: Tier.YELLOW, Scope.DISTRICT: Tier.RED}
    assert (warnings.alarm_at, warnings.calm_s, warnings.again_s, warnings.decide_s[Tier.RED]) == (Tier.RED, 0, 300, 60)
    people = responsibility(settings.role, settings.person, settings.authority)
    assert (list(people.persons), people.persons["li"].pin, people.roles["park"].en) == (["li"], "2468", "Park")
    assert people.authority == {"park": {*COLOURS}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '[cases.chain]\nblue = ["shift_leadr"]',
            ["cases.chain.blue: there is no role 'shift_leadr' (did you mean 'shift_leader'?, or add a [[role]])"],
        ),
        (
            "[cases.chain]\nblue = []",
            ['cases.chain.blue: the chain is empty (name at least one role, such as ["shift_leader"])'],
        ),
        (
            '[cases.deadlines.red]\naccept = "1min"\nverify = "0s"',
            [
                "cases.deadlines.red.feedback: is missing (add the key 'feedback')",
                f"cases.deadlines.red.verify: '0s' must be above 0 ({DURATION_REMEDY})",
            ],
        ),
        (
            """
            [[person]]
            id = "a"
            name = "甲"
            roles = ["duty_officer"]
            enterprise = "haihe-storag"
            district = "x"
            [[person]]
            id = "a"
            name = "乙"
            roles = []
            """,
            [
                "person[1].enterprise: there is no enterprise 'haihe-storag' (did you mean 'haihe-storage'?)",
                "person[1].district: no enterprise is in 'x' (known: 示范市滨海区)",
                "person[2].id: 'a' is there twice (give each its own id)",
            ],
        ),
        (
            """
            [[authority]]
            role = "duty_officer"
            colours = ["blue"]
            [[authority]]
            role = "duty_officer"
            colours = ["red"]
            """,
            [
                "authority[2].role: 'duty_officer' is there twice (write all its colours in one [[authority]])",
                "authority: nobody may release a warning in yellow (add the colour to one role's colours)",
                "authority: nobody may release a warning in orange (add the colour to one role's colours)",
            ],
        ),
        (
            '[warnings]\nsource = "green"',
            ["warnings.source: 'green' is not known here (write '', 'blue', 'yellow', 'orange' or 'red')"],
        ),
    ],
)
def test_every_fault_is_told_when_the_tables_do_not_fit(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert faults_of(tmp_path, text) == expected


def test_no_people_are_invented_when_the_examples_are_read() -> None:
    for example in (GOOD, GOOD.parent / "skab"):
        assert load_settings(example / "ganzhi.toml").person == ()
