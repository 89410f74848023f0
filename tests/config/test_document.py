from __future__ import annotations

from pathlib import Path

import pytest

from config.document import read_document
from ganzhi.errors import Fault

TEXT = """\
top = 1

[[enterprise]]
id = "a"
name.zh = "甲"  # a dotted key

[[enterprise.source]] # nested
id = "s"

[[enterprise]]
id = "b"
"quoted key" = [
  1,
]

[[enterprise.source]]
id = "t"

[mqtt]
url = "x"
"""


def test_line_is_found_when_a_key_is_looked_up(tmp_path: Path) -> None:
    path = tmp_path / "some.toml"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    faults: list[Fault] = []
    document = read_document(path, faults, missing="")
    assert document is not None
    assert faults == []
    assert document.place(("top",)) == "some.toml:1: top"
    assert document.place(("enterprise", 0, "name", "zh")) == "some.toml:5: enterprise[1].name.zh"
    assert document.place(("enterprise", 0, "name", "en")) == "some.toml:5: enterprise[1].name.en"
    assert document.place(("enterprise", 0, "source", 0, "id")) == "some.toml:8: enterprise[1].source[1].id"
    assert document.place(("enterprise", 1, "quoted key")) == "some.toml:12: enterprise[2].quoted key"
    assert document.place(("enterprise", 1, "source", 0, "sector")) == "some.toml:16: enterprise[2].source[1].sector"
    assert document.place(("mqtt", "url")) == "some.toml:20: mqtt.url"
    assert document.place(("nowhere",)) == "some.toml: nowhere"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a = 1\nb = \n", "some.toml:2: not valid TOML: invalid value (correct the syntax there)"),
        (b"a = [", "some.toml: not valid TOML: invalid value at the end of the file (correct the syntax there)"),
        (b"a = 1\na = 2\n", "some.toml:2: not valid TOML: cannot overwrite a value (correct the syntax there)"),
        ("a = '甲'".encode("gb18030"), "some.toml: the file is not UTF-8 text (save it as UTF-8)"),
    ],
)
def test_fault_is_told_when_the_file_is_no_toml(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "some.toml").write_bytes(content)
    faults: list[Fault] = []
    assert read_document(tmp_path / "some.toml", faults, missing="") is None
    assert [str(fault) for fault in faults] == [expected]


def test_fault_is_told_when_the_path_is_a_folder(tmp_path: Path) -> None:
    faults: list[Fault] = []
    assert read_document(tmp_path, faults, missing="name a file") is None
    assert [str(fault) for fault in faults] == [f"{tmp_path.name}: Is a directory: {tmp_path} (name a file)"]
