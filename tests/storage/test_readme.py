"""The README's samples print what it says, and it has a section for each kind."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

from storage import KINDS

README = (Path(__file__).parents[2] / "storage" / "README.md").read_text(encoding="utf-8")


def test_every_sample_prints_what_the_page_says() -> None:
    samples = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", README, re.DOTALL)
    assert len(samples) == README.count("```python")
    namespace: dict[str, object] = {}
    for code, expected in samples:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(code, namespace)
        assert printed.getvalue() == expected


def test_every_kind_has_a_module_and_a_section() -> None:
    folder = Path(__file__).parents[2] / "storage"
    for kind in KINDS:
        assert (folder / f"{kind}.py").exists()
        assert f"\n### {kind}\n" in README
        assert f'KINDS["{kind}"]' in README


def test_every_module_is_in_the_table() -> None:
    folder = Path(__file__).parents[2] / "storage"
    named = set(re.findall(r"`(\w+\.py)`", README.split("## The log")[0]))
    assert named == {path.name for path in folder.glob("*.py")} - {"__init__.py"}
