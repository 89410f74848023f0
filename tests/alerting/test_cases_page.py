"""docs/cases.md: the printed tables and the formula are those of the code, and its settings are read."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from alerting import case_state, risk, warning_state
from alerting.state_table import printed
from config.settings import Settings
from ganzhi.handling import Act, CaseState, WarningState

PAGE = (Path(__file__).parents[2] / "docs" / "cases.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("risk", risk.markdown()),
        ("cases", printed(case_state.TABLE, CaseState, case_state.CaseAction)),
        ("warnings", printed(warning_state.TABLE, WarningState, warning_state.WarningAction)),
    ],
)
def test_the_page_prints_what_the_code_has(name: str, table: str) -> None:
    found = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", PAGE, re.DOTALL)
    assert found is not None
    assert found[1] == table


def test_the_page_names_every_act_and_state() -> None:
    for word in [*Act, *CaseState, *WarningState]:
        assert re.search(rf"\b{word}\b", PAGE.split("### JSON")[1]), word


def test_the_settings_on_the_page_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    found = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    settings = Settings.model_validate(tomllib.loads(found[1]))
    assert (settings.person[0].roles, settings.role[0].name.zh) == (("duty_officer",), "园区管委会值班负责人")


def test_a_table_has_a_row_a_state_and_a_reason_a_refusal() -> None:
    lines = printed(case_state.TABLE, CaseState, case_state.CaseAction).split("\n")
    assert len([line for line in lines if line.startswith("| **")]) == len(CaseState)
    assert lines[0].count("|") == len(case_state.CaseAction) + 2
    assert lines[-1].startswith("9. refused: ") or ". refused: " in lines[-1]
