"""The README's samples print what it says, and it has a section for each kind."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

from detectors import GROUPS, KINDS
from detectors.grade import markdown

README = (Path(__file__).parents[2] / "detectors" / "README.md").read_text(encoding="utf-8")


def test_every_sample_prints_what_the_page_says() -> None:
    samples = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", README, re.DOTALL)
    assert len(samples) == README.count("```python") == len(KINDS) + 1
    namespace: dict[str, object] = {}
    for code, expected in samples:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(code, namespace)
        assert printed.getvalue() == expected


def test_every_kind_has_a_module_a_section_and_its_options() -> None:
    for kind, spec in KINDS.items():
        assert spec.score.__module__ == f"detectors.{kind}"
        section = README.split(f"\n### {kind}\n")[1].split("\n### ")[0]
        assert all(f"`{option}`" in section for option in spec.options)
        assert "Cost" in section or kind == "value"
        assert "Source" in section


def test_every_kind_of_group_and_its_options_are_in_the_table() -> None:
    section = README.split("\n## Group rules\n")[1]
    for kind, spec in GROUPS.items():
        row = next(line for line in section.splitlines() if line.startswith(f"| `{kind}` |"))
        assert all(f"`{option}`" in row for option in spec.options - {"rules"})


def test_the_table_of_counting_is_the_printed_one() -> None:
    found = re.search(r"<!-- counts -->\n(.*?)\n<!-- /counts -->", README, re.DOTALL)
    assert found is not None
    assert found[1] == markdown()
