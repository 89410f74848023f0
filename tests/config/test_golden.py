"""Folders with faults and the sentences they must give, word for word; a new case needs no code."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import load
from ganzhi.errors import ConfigError
from tests.config.site import KINDS, sentences

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(path.name for path in GOLDEN.iterdir())


@pytest.mark.parametrize("case", CASES)
def test_every_fault_is_told_at_once_when_a_site_is_wrong(case: str) -> None:
    folder = GOLDEN / case
    with pytest.raises(ConfigError) as caught:
        load(folder / "ganzhi.toml", KINDS)
    expected = (folder / "expected.txt").read_text(encoding="utf-8").replace("{folder}", str(folder))
    assert sentences(caught.value) == expected.splitlines()
