"""The README's sample runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest


def test_sample_when_run_writes_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = Path(__file__).parents[2].joinpath("grafana", "README.md").read_text(encoding="utf-8")
    samples = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    assert samples
    monkeypatch.chdir(tmp_path)
    for sample in samples:
        exec(compile(sample, "README.md", "exec"), {})
    assert (tmp_path / "out" / "dashboards" / "ganzhi-overview.json").exists()
