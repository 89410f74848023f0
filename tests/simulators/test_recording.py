"""Maps and recordings: what is read, what is left out and counted, and which faults are told."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ganzhi.errors import ConfigError
from simulators.recording import Column, Recording, ReplayMap

MAP = """
delimiter = ";"
time_column = "when"
time_zone = "Asia/Shanghai"
enterprise = "rig"
gateway = "gw"
max_gap = "90s"

[columns]
Pressure = { tag = "PT-1", scale = 1000 }
"Flow rate" = "FI-1"
"""


COLUMNS_REMEDY = 'write [columns] and lines such as Pressure = "PT-1" or Pressure = { tag = "PT-1", scale = 1000 }'


def chart(folder: Path, text: str = MAP) -> ReplayMap:
    path = folder / "map.toml"
    path.write_text(text, encoding="utf-8")
    return ReplayMap.load(path)


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        chart(folder, text)
    return [str(fault).removeprefix(f"{folder / 'map.toml'}: ") for fault in caught.value.faults]


def csv_file(folder: Path, text: str, name: str = "rec.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode("utf-8-sig"))
    return path


def test_map_is_read_from_toml(tmp_path: Path) -> None:
    assert chart(tmp_path) == ReplayMap(
        time_column="when",
        enterprise="rig",
        gateway="gw",
        columns={"Pressure": Column("PT-1", 1000.0), "Flow rate": Column("FI-1")},
        time_zone=ZoneInfo("Asia/Shanghai"),
        delimiter=";",
        max_gap_s=90.0,
    )


def test_every_fault_of_a_map_is_told(tmp_path: Path) -> None:
    told = faults(
        tmp_path,
        'time_colum = "t"\ndelimiter = ";;"\nenterprise = 5\ngateway = "g"\ntime_zone = "Mars"\nmax_gap = "soon"\n'
        'encoding = "morse"\n'
        '[columns]\na = { tag = "T", scal = 2 }\nb = "T"\nc = { scale = 1 }\nd = { tag = "D", scale = 0 }\ne = 7\n',
    )
    assert told == [
        "time_colum: unknown key (did you mean 'time_column'?)",
        "time_column: is missing",
        "enterprise: 5 is not a text",
        "columns.a.scal: unknown key (did you mean 'scale'?)",
        "columns.b: 'T' is the tag of another column too",
        f"columns.c.tag: None is not a tag ({COLUMNS_REMEDY})",
        "columns.d.scale: 0 is not a number other than 0",
        f"columns.e: 7 is neither a tag nor a table ({COLUMNS_REMEDY})",
        'time_zone: \'Mars\' is not a time zone (write "UTC" or "Asia/Shanghai")',
        'max_gap: \'soon\' is not a duration above 0 (write "10s" or "5min")',
        'delimiter: \';;\' is not one character (write ";" or "\\t")',
        'encoding: \'morse\' is not known (write "utf-8" or "gb18030")',
    ]  # fmt: skip


def test_map_that_is_missing_or_not_toml_or_empty_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        ReplayMap.load(tmp_path / "none.toml")
    assert faults(tmp_path, "a = = 1")[0].startswith("is not TOML")
    assert "columns: no column is named" in faults(tmp_path, "")[-1]


@pytest.mark.parametrize(
    ("form", "text", "ms"),
    [
        ("%Y-%m-%d %H:%M:%S", "2024-05-01 08:00:00", 1_714_521_600_000),
        ("%Y-%m-%dT%H:%M:%S.%f%z", "2024-05-01T00:00:00.250+0000", 1_714_521_600_250),
        ("unix_s", "1714521600.125", 1_714_521_600_125),
        ("unix_ms", "1714521600125", 1_714_521_600_125),
    ],
)
def test_time_is_read_as_the_map_says(tmp_path: Path, form: str, text: str, ms: int) -> None:
    assert chart(tmp_path, f'time_format = "{form}"\n{MAP}').milliseconds(text) == ms


def test_rows_are_read_and_what_cannot_be_read_is_left_out_and_counted(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path,
        "when;Flow rate;Pressure;other\r\n"
        "2024-05-01 08:00:00;1.5;0.25;x\r\n"
        "yesterday;1;1;x\r\n"
        "2024-05-01 08:00:01;;n/a;x\r\n"
        "\r\n"
        "2024-05-01 08:00:02;nan;1e400;x\r\n"
        "2024-05-01 08:00:03;2\r\n"
        ";;;\r\n"
        "2024-05-01 08:00:04;3;4;x;more",
    )
    recording = Recording([path], chart(tmp_path))
    rows = list(recording)
    start = 1_714_521_600_000
    assert [(row.time_ms - start, dict(row.values)) for row in rows] == [
        (0, {"PT-1": 250.0, "FI-1": 1.5}),
        (1000, {}),
        (2000, {}),
        (3000, {"FI-1": 2.0}),
        (4000, {"PT-1": 4000.0, "FI-1": 3.0}),
    ]
    assert (recording.done, recording.total) == (7, 8)
    assert recording.losses.rows == 2
    assert recording.losses.values == {"Pressure": 3, "Flow rate": 2}
    assert recording.losses.samples == [
        "rec.csv:3: when 'yesterday' is no time",
        "rec.csv:4: Pressure 'n/a' is no number",
        "rec.csv:4: Flow rate is empty",
        "rec.csv:6: Pressure '1e400' is no number",
        "rec.csv:6: Flow rate 'nan' is no number",
        "rec.csv:7: Pressure is empty",
        "rec.csv:8: when '' is no time",
    ]
    assert list(recording) == rows
    assert recording.losses.rows == 2


def test_files_are_read_one_after_the_other(tmp_path: Path) -> None:
    files = [
        csv_file(tmp_path, f"Pressure;Flow rate;when\n{n};{n};2024-05-01 08:00:0{n}\n", f"{n}.csv") for n in (1, 0, 2)
    ]
    recording = Recording(files, chart(tmp_path))
    assert [row.values["FI-1"] for row in recording] == [1.0, 0.0, 2.0]
    assert recording.total == recording.done == 3


def test_recording_of_another_encoding_is_read_when_the_map_names_it(tmp_path: Path) -> None:
    path = tmp_path / "gb.csv"
    path.write_bytes("时间,压力\n2024-05-01 08:00:00,7\n".encode("gb18030"))
    mapped = chart(
        tmp_path, 'time_column="时间"\nencoding="gb18030"\nenterprise="e"\ngateway="g"\n[columns]\n"压力"="P"'
    )
    assert [dict(row.values) for row in Recording([path], mapped)] == [{"P": 7.0}]


def test_every_file_that_does_not_fit_is_told_at_once(tmp_path: Path) -> None:
    other = csv_file(tmp_path, "When;pressure;Flow rate\n", "other.csv")
    empty = csv_file(tmp_path, "", "empty.csv")
    with pytest.raises(ConfigError) as caught:
        Recording([tmp_path / "gone.csv", other, empty, tmp_path], chart(tmp_path))
    assert [str(fault) for fault in caught.value.faults] == [
        f"{tmp_path}/gone.csv: cannot be read: No such file or directory",
        f"{other}:1: has no column 'when' (did you mean 'When'?)",
        f"{other}:1: has no column 'Pressure' (did you mean 'pressure'?)",
        f"{empty}: is empty (its first line must name the columns)",
        f"{tmp_path}: cannot be read: Is a directory",
    ]
    with pytest.raises(ConfigError, match="no recording is named"):
        Recording([], chart(tmp_path))
