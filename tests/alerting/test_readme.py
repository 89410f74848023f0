"""README.md: the printed table is the table, and the sample prints what it says."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import alerting
from alerting.state import markdown

README = (Path(alerting.__file__).parent / "README.md").read_text(encoding="utf-8")


def test_table_of_states_is_the_printed_one() -> None:
    found = re.search(r"<!-- states -->\n(.*?)\n<!-- /states -->", README, re.DOTALL)
    assert found is not None
    assert found[1] == markdown()


def test_sample_prints_what_the_page_says_when_run() -> None:
    sample = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    output = re.search(r"```text\n(.*?)```", README, re.DOTALL)
    assert sample is not None
    assert output is not None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(sample[1], "README.md", "exec"), {"__name__": "readme"})
    assert printed.getvalue() == output[1]


def test_every_module_is_on_the_page() -> None:
    modules = {path.name for path in Path(alerting.__file__).parent.glob("*.py")} - {"__init__.py"}
    assert set(re.findall(r"^\| `(\w+\.py)`", README, re.MULTILINE)) == modules
