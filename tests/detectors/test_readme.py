"""The README's samples print what it says, and it has a section for each kind."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

from detectors import KINDS

README = (Path(__file__).parents[2] / "detectors" / "README.md").read_text(encoding="utf-8")


def test_every_sample_prints_what_the_page_says() -> None:
    samples = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", README, re.DOTALL)
    assert len(samples) == README.count("```python") == len(KINDS)
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
