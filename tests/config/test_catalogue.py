from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import load_catalogue
from config.sheet import COLUMNS, HEADER, MOST_OF_A_KIND
from ganzhi.errors import ConfigError
from ganzhi.records import Enterprise, Point, Source, Text
from tests.config.site import ENTERPRISES, POINTS, sentences, write_site

POINT_ROW = "acme.LT-{i},acme,tanks,LT-{i},level,m,0,16,0.001,1s,117.7,38.98,测点{i}\n"


def test_catalogue_is_exact_when_the_files_are_good(tmp_path: Path) -> None:
    write_site(tmp_path)
    catalogue = load_catalogue(tmp_path)
    assert catalogue.enterprises == {
        "acme": Enterprise("acme", Text("甲公司", "Acme")),
        "bravo": Enterprise("bravo", Text("乙公司", "Bravo")),
    }
    assert catalogue.sources == {
        "tanks": Source("tanks", "acme", Text("罐区", "Tanks"), "tank_farm", 2, 117.7, 38.98),
        "shop": Source("shop", "bravo", Text("车间", "Shop"), "gas_detection"),
    }
    place = (117.7, 38.98)
    assert catalogue.points == (
        Point("acme.LT-1", "acme", "tanks", "LT-1", "level", "m", 0.0, 16.0, 0.001, 1.0, *place, "一号罐液位"),
        Point("acme.LT-2", "acme", "tanks", "LT-2", "level", "m", 2.0, 12.0, 0.001, 0.5),
        Point("acme.PT-1", "acme", "tanks", "PT-1", "pressure", "kPa", -5.0, 20.0, 0.01, 60.0, *place),
        Point("bravo.LT-1", "bravo", "shop", "LT-1", "combustible_gas", "%LEL", 0.0, 100.0, 0.1, 1.0, *place),
    )
    assert catalogue.index == {"acme.LT-1": 0, "acme.LT-2": 1, "acme.PT-1": 2, "bravo.LT-1": 3}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_points_are_the_same_when_a_spreadsheet_saved_them(tmp_path: Path, encoding: str) -> None:
    write_site(tmp_path)
    expected = load_catalogue(tmp_path)
    text = POINTS.replace("\n", "\r\n").replace("m,0,16", "米, 0 ,16") + ",,,,,,,,,,,,\r\n"
    (tmp_path / "points.csv").write_bytes(text.encode(encoding))
    found = load_catalogue(tmp_path)
    assert found.points[0].name == "一号罐液位"
    assert [point.unit for point in found.points[:2]] == ["米", "m"]
    assert found.points[1:] == expected.points[1:]


def test_points_are_read_by_name_when_columns_are_in_another_order(tmp_path: Path) -> None:
    write_site(tmp_path)
    expected = load_catalogue(tmp_path)
    rows = [line.split(",") for line in POINTS.splitlines()]
    turned = "\n".join(",".join(reversed(row)) for row in rows)
    (tmp_path / "points.csv").write_text(turned, encoding="utf-8")
    assert load_catalogue(tmp_path) == expected


def test_place_and_name_may_be_left_out_when_they_are_not_known(tmp_path: Path) -> None:
    rows = [",".join(line.split(",")[:10]) for line in POINTS.splitlines()]
    write_site(tmp_path, points="\n".join(rows))
    assert {(point.lon, point.lat, point.name) for point in load_catalogue(tmp_path).points} == {(None, None, "")}


def test_each_point_is_there_when_the_list_has_100_000(tmp_path: Path) -> None:
    count = 100_000
    write_site(tmp_path, points=HEADER + "\n" + "".join(POINT_ROW.format(i=i) for i in range(count)))
    catalogue = load_catalogue(tmp_path)
    assert len(catalogue.points) == count
    assert catalogue.points[99_999] == Point(
        "acme.LT-99999", "acme", "tanks", "LT-99999", "level", "m", 0.0, 16.0, 0.001, 1.0, 117.7, 38.98, "测点99999"
    )
    assert catalogue.index["acme.LT-12345"] == 12_345


def test_faults_are_counted_when_every_line_has_the_same(tmp_path: Path) -> None:
    rows = "".join(POINT_ROW.format(i=i).replace(",0,16", ",16,0").replace(",m,", ",mtr,") for i in range(1000))
    write_site(tmp_path, points=HEADER + "\n" + rows)
    with pytest.raises(ConfigError) as caught:
        load_catalogue(tmp_path)
    found = sentences(caught.value)
    assert found[0] == "points.csv:2: unit: unknown unit 'mtr', here and on 999 further lines (did you mean 'm'?)"
    assert found[1] == "points.csv:2: low: low 16 is not below high 0 (low must be below high)"
    rest = 1000 - MOST_OF_A_KIND
    assert found[-1] == f"points.csv:{2 + MOST_OF_A_KIND}: low: from here on {rest} further lines like those above"
    assert len(found) == 1 + MOST_OF_A_KIND + 1


def test_points_are_checked_when_the_enterprises_cannot_be_read(tmp_path: Path) -> None:
    write_site(tmp_path, enterprises="id = \n", points=POINTS.replace(",m,", ",mtr,", 1))
    with pytest.raises(ConfigError) as caught:
        load_catalogue(tmp_path)
    assert sentences(caught.value) == [
        "enterprises.toml:1: not valid TOML: invalid value (correct the syntax there)",
        "points.csv:2: unit: unknown unit 'mtr' (did you mean 'm'?)",
    ]


def test_file_is_refused_when_it_is_no_text(tmp_path: Path) -> None:
    write_site(tmp_path)
    (tmp_path / "points.csv").write_bytes(POINTS.encode("utf-16"))
    with pytest.raises(ConfigError) as caught:
        load_catalogue(tmp_path)
    assert sentences(caught.value) == ["points.csv: the file is neither UTF-8 nor GB18030 text (save it as CSV UTF-8)"]


cells = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["acme", "tanks", "LT-1", "m", "0", "16", "1s", "nan", "-inf", "1e999", '"', '""', ",", "\0", "\r"]
    ),
)
rows = st.lists(st.lists(cells, max_size=14).map(",".join), max_size=6).map("\n".join)
sheets = st.one_of(
    st.text(max_size=200).map(str.encode),
    st.binary(max_size=200),
    rows.map(lambda text: f"{HEADER}\n{text}".encode("utf-8", "surrogatepass")),
    st.permutations(COLUMNS).flatmap(lambda names: rows.map(lambda text: f"{','.join(names)}\n{text}".encode())),
)


@given(sheets)
def test_nothing_but_faults_is_raised_when_the_point_list_is_noise(sheet: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "enterprises.toml").write_text(ENTERPRISES, encoding="utf-8")
        (folder / "points.csv").write_bytes(sheet)
        try:
            catalogue = load_catalogue(folder)
        except ConfigError as error:
            assert error.faults
        else:
            assert catalogue.points


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_nothing_but_faults_is_raised_when_the_enterprises_are_noise(table: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "enterprises.toml").write_bytes(table)
        (folder / "points.csv").write_text(POINTS, encoding="utf-8")
        with pytest.raises(ConfigError):
            load_catalogue(folder)
