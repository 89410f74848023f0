from __future__ import annotations

from pathlib import Path

import pytest

from config import secret
from ganzhi.errors import ConfigError


def test_secret_is_read_when_a_file_or_variable_holds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text(" pass word \r\n", encoding="utf-8")
    monkeypatch.setenv("GANZHI_TEST_TOKEN", "t")
    assert secret("") == ""
    assert secret(str(tmp_path / "token")) == " pass word "
    assert secret("env:GANZHI_TEST_TOKEN") == "t"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "the secret cannot be read: No such file or directory"),
        (b"\n", "the secret's file is empty"),
        (b"\xff\xfe", "the secret is not UTF-8 text"),
    ],
)
def test_sentence_is_raised_when_the_file_holds_no_secret(tmp_path: Path, content: bytes | None, problem: str) -> None:
    if content is not None:
        (tmp_path / "token").write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        secret(str(tmp_path / "token"))
    (fault,) = caught.value.faults
    assert (fault.place, fault.problem) == (str(tmp_path / "token"), problem)


def test_sentence_is_raised_when_the_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GANZHI_TEST_TOKEN", raising=False)
    with pytest.raises(
        ConfigError, match="env:GANZHI_TEST_TOKEN: the environment variable GANZHI_TEST_TOKEN is not set"
    ):
        secret("env:GANZHI_TEST_TOKEN")
