"""The one form of figures."""

from __future__ import annotations

import json
from pathlib import Path

from ganzhi.figure import Figure, at_least, at_most, machine, table, write_json


def test_file_has_the_agreed_form_when_written(tmp_path: Path) -> None:
    figures = [at_least("fast", 30.0, "1/s", 25), at_most("slow", None, "ms", 200), Figure("plain", 1.5, "MB")]
    write_json(tmp_path / "f.json", "pipeline", figures)
    assert json.loads((tmp_path / "f.json").read_text()) == {
        "bench": "pipeline",
        "machine": machine(),
        "figures": [
            {"name": "fast", "value": 30.0, "unit": "1/s", "aim": ">= 25 1/s", "met": True},
            {"name": "slow", "value": None, "unit": "ms", "aim": "<= 200 ms", "met": False},
            {"name": "plain", "value": 1.5, "unit": "MB", "aim": None, "met": None},
        ],
    }


def test_table_says_no_when_an_aim_is_missed() -> None:
    lines = table("t", [at_least("fast", 3.0, "1/s", 25)]).splitlines()
    assert lines[-1].split() == ["fast", "3", "1/s", ">=", "25", "1/s", "NO"]
