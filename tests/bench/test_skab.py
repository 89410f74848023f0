"""SKAB: rows counted by hand, and what the README of the recordings says of "always anomalous"."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.detection import Missing, skab
from bench.detection.unit import counts, ticking
from bench.quality import OPTIONS, data_folder
from tests.bench.recording import options

FOLDER = data_folder() / "SKAB"
HEADER = "datetime;a;b;anomaly;changepoint"


def write(path: Path, anomalous: slice, rows: int = 1000) -> None:
    """Two channels that follow each other, and part in the anomalous rows."""
    random = np.random.default_rng(3)
    a = random.normal(0, 1, rows)
    b = a + random.normal(0, 0.1, rows)
    label = np.zeros(rows, int)
    label[anomalous] = 1
    b[anomalous] += 3
    lines = [f"2020-03-09 10:{k // 60:02}:{k % 60:02};{a[k]};{b[k]};{label[k]}.0;0.0" for k in range(rows)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")


def test_rows_are_counted_after_the_learning_rows_of_all_experiments_together() -> None:
    label, said = np.zeros(405, bool), np.zeros(405, bool)
    label[[399, 401, 402]] = True  # the first of them is within the learning rows
    said[[0, 402, 404]] = True
    found = counts([said, said], [label, label], skab.LEARNING_ROWS)
    assert (found.hit, found.false, found.missed, found.quiet) == (2, 2, 2, 4)
    assert [found.f1, found.far, found.mar] == pytest.approx([0.5, 1 / 3, 0.5])


def test_a_clock_flags_as_many_rows_in_as_many_alarms() -> None:
    said = np.zeros(500, bool)
    said[[410, 411, 480]] = True
    ticks = ticking(said, skab.LEARNING_ROWS)
    assert (ticks.sum(), np.diff(ticks.astype(int)).clip(0).sum()) == (3, 2)
    assert not ticks[: skab.LEARNING_ROWS].any()


def test_experiments_are_found_by_their_columns(tmp_path: Path) -> None:
    write(tmp_path / "data" / "valve9" / "7.csv", slice(450, 550))
    (tmp_path / "data" / "free.csv").write_text("datetime;a;b\n2020-03-09 10:00:00;1;2\n", encoding="utf-8")
    judged = skab.judge(tmp_path, options(OPTIONS, "skab"), short=False)
    values = {figure.name: figure.value for figure in judged.figures}
    assert values["skab_f1"] is not None
    assert values["skab_f1"] > 0.75
    assert values["skab_far"] is not None
    assert values["skab_far"] < 0.4
    assert any(line.startswith("valve9/7") for line in judged.details)
    assert {"skab_f1_clock", "skab_far_clock", "skab_mar"} <= values.keys()


def test_a_folder_without_experiments_is_missing(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="no experiment"):
        skab.judge(tmp_path, options(OPTIONS, "skab"), short=False)


@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"there are no recordings in {FOLDER}")
def test_always_anomalous_scores_what_the_readme_says() -> None:
    _, labels = skab.experiments(FOLDER)
    always = counts([np.ones_like(label) for label in labels], labels, skab.LEARNING_ROWS)
    assert round(always.f1, 2) == 0.70
    assert always.far == 1
