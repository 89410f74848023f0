"""The sample of the package's README runs and prints what it says; the tables name what is there."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

import console
from console.metrics import FAMILIES
from tests.console.test_case_api import http, staffed

__all__ = ["http", "staffed"]

FOLDER = Path(console.__file__).parent
ALARMS = (FOLDER.parent / "docs" / "alarms.md").read_text("utf-8")
README = (FOLDER / "README.md").read_text("utf-8")


def test_the_sample_runs_and_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    sample = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    promised = re.search(r"^prints `(.*)`\.$", README, re.MULTILINE)
    assert sample is not None
    assert promised is not None
    exec(compile(sample[1], "README.md", "exec"), {"__name__": "sample"})
    assert capsys.readouterr().out.strip() == promised[1]


def test_every_module_is_in_the_table() -> None:
    modules = {path.name for path in FOLDER.glob("*.py")} - {"__init__.py"}
    assert set(re.findall(r"^\| `(\w+\.py)`", README, re.MULTILINE)) == modules


def test_every_route_is_in_the_table(http: httpx.Client) -> None:
    paths = http.get("/openapi.json").json()["paths"]
    served = {re.sub(r"\{(\w+_id|number)\}", "{id}", path) for path in paths}
    pages = README + ALARMS
    listed = {
        path.partition("?")[0] for path in re.findall(r"^(?:\| `|## )(?:GET|POST) (/[^`\s]+)", pages, re.MULTILINE)
    }
    assert listed - {"/openapi.json", "/"} == served - {"/"}


def test_every_metric_is_in_the_table() -> None:
    names = {f"{family.name}_total" if family.kind == "counter" else family.name for family in FAMILIES}
    assert set(re.findall(r"`(ganzhi_\w+)`", README)) == names
