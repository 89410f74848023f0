from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import config
from config.settings import packs_known, sections

README = (Path(config.__file__).parent / "README.md").read_text(encoding="utf-8")


def test_sample_prints_what_the_readme_says_when_run() -> None:
    source = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    printed = re.search(r"```text\n(.*?)```", README, re.DOTALL)
    assert source
    assert printed
    root = Path(config.__file__).parents[1]
    run = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", source[1]], capture_output=True, encoding="utf-8", cwd=root, check=True
    )
    assert run.stdout == printed[1]


def test_every_key_has_its_place_in_the_readme_when_read() -> None:
    named = set(re.findall(r"`([a-z]+\.[a-z_]+)`", README))
    for name, section in sections().items():
        keys = {f"{name}.{key}" for key in section.model_fields} - {"mqtt.routes"}
        assert keys <= named, keys - named
    assert {"role", "person", "authority"} <= set(re.findall(r"`\[\[([a-z]+)\]\]`", README))


def test_every_module_and_pack_has_its_place_in_the_readme_when_read() -> None:
    modules = {path.name for path in Path(config.__file__).parent.glob("*.py")} - {"__init__.py"}
    assert modules <= set(re.findall(r"`([a-z]+\.py)`", README))
    assert set(packs_known()) <= set(re.findall(r"`([a-z_]+)`", README))
