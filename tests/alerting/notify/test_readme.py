"""The part of alerting/README.md on telling people: its modules, its kinds, and its sample."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import alerting
from alerting import notify
from console.telling import REASONS

ROOT = Path(alerting.__file__).parents[1]
README = (ROOT / "alerting" / "README.md").read_text(encoding="utf-8").partition("## notify")[2]


def test_every_module_is_on_the_page() -> None:
    modules = {path.name for path in Path(notify.__file__).parent.glob("*.py")} - {"__init__.py"}
    assert set(re.findall(r"`notify/(\w+\.py)`", README)) == modules


def test_every_kind_is_on_the_page() -> None:
    assert set(re.findall(r"^\| `(\w+)` \| `\w+\(", README, re.MULTILINE)) == set(notify.KINDS)


def test_sample_prints_what_the_page_says_when_run() -> None:
    sample = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    output = re.search(r"```text\n(.*?)```", README, re.DOTALL)
    assert sample is not None
    assert output is not None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(sample[1], "README.md", "exec"), {"__name__": "readme"})
    assert printed.getvalue() == output[1]


def test_every_reason_is_explained_to_people() -> None:
    page = (ROOT / "docs" / "notify.md").read_text(encoding="utf-8")
    for reason in REASONS:
        assert not reason or f"`{reason}`" in page, reason
