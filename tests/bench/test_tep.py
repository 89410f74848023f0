"""TEP: which rows are found, which are false, on a process small enough to see through."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.detection import Missing, tep
from bench.quality import OPTIONS
from tests.bench.recording import options


def write(path: Path, rows: int, *, seed: int, fault: bool = False) -> None:
    """Two channels that follow each other, until a fault parts them at row 160."""
    random = np.random.default_rng(seed)
    a = random.normal(0, 1, rows)
    values = np.stack([a, a + random.normal(0, 0.1, rows)], axis=1)
    if fault:
        values[tep.FAULT_ROW :, 1] += 3
    lines = [",".join(map(str, row)) for row in values]
    path.write_text("\n".join(["X1,X2", *lines]) + "\n", encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "d00_train_normal.csv", 500, seed=1)
    write(tmp_path / "d00_te_normal_rows0-479.csv", 480, seed=2)
    write(tmp_path / "d22_te.csv", 960, seed=3, fault=True)
    return tmp_path


def test_detection_is_the_share_of_the_rows_after_the_fault_began(folder: Path) -> None:
    judged = tep.judge(folder, options(OPTIONS, "tep"), short=False)
    values = {figure.name: figure.value or 0.0 for figure in judged.figures}
    assert values["tep_detection"] > 0.99
    assert values["tep_far"] < 0.02
    assert values["tep_detection_clock"] < values["tep_detection"]
    assert judged.details[1].split()[0] == "d22_te"


def test_normal_rows_that_set_no_limit_count_as_normal(folder: Path) -> None:
    write(folder / "d00_te_normal_rows480-959.csv", 480, seed=5, fault=True)  # all of it is said to be normal
    judged = tep.judge(folder, options(OPTIONS, "tep"), short=False)
    values = {figure.name: figure.value or 0.0 for figure in judged.figures}
    assert values["tep_far"] == pytest.approx(320 / (160 + 480), abs=0.02)


def test_means_are_over_faults_and_rates_over_rows() -> None:
    def flags(normal: int, fault: int, rows: int = 360) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        found = np.zeros(rows, bool)
        found[:normal] = True
        found[tep.FAULT_ROW : tep.FAULT_ROW + fault] = True
        return found

    found = [flags(16, 200), flags(0, 100), np.array([True, False, False, False])]
    values = [figure.value for figure in tep._figures(found, found, 2)]
    assert values[0] == 0.75  # of 200 rows each: all, and half
    assert values[2] == pytest.approx(17 / (160 + 160 + 4))


def test_a_folder_without_its_parts_is_missing(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="needs d00_train"):
        tep.judge(tmp_path, options(OPTIONS, "tep"), short=False)
