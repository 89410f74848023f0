"""The command: recordings of the layout that is expected, made up here, and folders where they are missing."""

from __future__ import annotations

import csv
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from bench import quality
from bench.detection.nearby import MOVED, moved

BEGIN = datetime(2024, 3, 1, tzinfo=UTC)


def stamp(minutes: float) -> str:
    return f"{BEGIN + timedelta(minutes=minutes):%Y-%m-%d %H:%M:%S}"


def write(path: Path, header: list[str], rows: list[list[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def make_nab(folder: Path) -> None:
    """Two series of a folder that the benchmark does not have; in the first something happens at row 900."""
    rng = np.random.default_rng(1)
    windows = {}
    for name, height in (("made/step.csv", 3.0), ("made/quiet.csv", 0.0)):
        value = rng.normal(10, 0.2, 1200)
        value[900:] += height
        write(folder / "data" / name, ["timestamp", "value"], [[stamp(5 * k), float(x)] for k, x in enumerate(value)])
        windows[name] = [[stamp(5 * 880) + ".000000", stamp(5 * 990) + ".000000"]] if height else []
    (folder / "labels").mkdir()
    (folder / "labels" / "combined_windows.json").write_text(json.dumps(windows), encoding="utf-8")


def make_gecco(folder: Path) -> None:
    """Three days of a works, the redox potential 20 lower for half an hour on the last; a sensor says NA at times."""
    rng = np.random.default_rng(2)
    columns = ["", "Time", "Tp", "Cl", "pH", "Redox", "Leit", "Trueb", "Cl_2", "Fm", "Fm_2", "EVENT"]
    rows: list[list[object]] = []
    for k in range(4320):
        wrong = 4000 <= k < 4030
        redox = 750 + rng.integers(-2, 3) - 25 * wrong
        chlorine = "NA" if k % 500 == 3 else 0.17 + 0.01 * rng.integers(0, 2)
        flow = 1600 + rng.integers(0, 300)
        rows.append([k, stamp(k), 6.5, chlorine, 8.36, redox, 211, 0.02, 0.11, flow, 700, str(wrong).upper()])
    write(folder / "part.csv", columns, rows)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["quality", *arguments])
    return quality.main()


def test_what_is_missing_is_told_with_where_to_obtain_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "GECCO2018").mkdir()
    monkeypatch.setenv("GANZHI_BENCH_DATA", str(tmp_path))
    assert run(monkeypatch, "--json", str(tmp_path / "figures.json")) == 1
    said = capsys.readouterr().out
    assert (
        f"nab: there is no folder {tmp_path / 'NAB'}; obtain data/ and labels/ of https://github.com/numenta/NAB"
        in said
    )
    assert "gecco: " in said
    assert "holds no file with columns Time, " in said
    assert json.loads((tmp_path / "figures.json").read_text())["figures"] == []
    for name, data in quality.SETS.items():
        assert f"{name}: " in said
        assert data.source in said


def test_figures_of_what_is_there_are_told_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_nab(tmp_path / "NAB")
    make_gecco(tmp_path / "GECCO2018")
    out = tmp_path / "figures.json"
    assert run(monkeypatch, "--short", "--data", str(tmp_path), "--only", "nab,gecco", "--json", str(out)) == 0
    figures = {figure["name"]: figure["value"] for figure in json.loads(out.read_text())["figures"]}
    assert figures["nab_standard"] > 70
    assert figures["nab_standard"] <= figures["nab_standard_optimised"] <= 100
    assert figures["gecco_f1"] > 0.9
    assert figures["gecco_events_found"] == 1
    assert figures["gecco_false_runs_per_day"] == 0
    aims = [name for name in figures if f"{name}_clock" in figures]
    assert {"nab_standard", "nab_low_fp", "nab_low_fn", "gecco_f1"} <= set(aims)
    said = capsys.readouterr().out
    assert "made/step.csv" in said
    assert "made/quiet.csv" in said


def test_an_unknown_data_set_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run(monkeypatch, "--data", str(tmp_path), "--only", "nab,nap")
    assert "there is no data set nap; there are nab, " in capsys.readouterr().err


def test_every_data_set_has_its_options() -> None:
    options = quality.options()
    assert options.keys() == quality.SETS.keys()


def test_an_option_is_moved_and_the_others_stay() -> None:
    chosen = quality.options()["nab"]
    changed = moved(chosen, "novelty.pace", 20)
    assert changed["novelty"] == {**chosen["novelty"], "pace": 20}
    assert moved(chosen, "half_life", chosen["half_life"]) == chosen
    with pytest.raises(KeyError, match=r"novelty\.paces"):
        moved(chosen, "novelty.paces", 20)
    for name, (_, moves) in MOVED.items():
        for path in moves:
            moved(quality.options()[name], path, 1)
