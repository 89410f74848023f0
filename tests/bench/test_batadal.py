"""BATADAL: S by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from bench.detection import Missing, batadal
from bench.quality import OPTIONS
from tests.bench.recording import options

START = datetime(2016, 7, 4, tzinfo=UTC)


def flags(*hours: slice, n: int = 100) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    found = np.zeros(n, bool)
    for part in hours:
        found[part] = True
    return found


ATTACKS = flags(slice(10, 20), slice(60, 100))


@pytest.mark.parametrize(
    ("said", "s_ttd", "s"),
    [
        (ATTACKS, 1.0, 1.0),
        (flags(), 0.0, 0.25),  # nothing is found, and TNR is 1
        (flags(slice(0, 100)), 1.0, 0.75),  # everything is, and TPR is 1
        # One attack seen after 5 of 10 hours, the other never; TPR 5 / 50, TNR 1.
        (flags(slice(15, 20)), 0.25, 0.5 * 0.25 + 0.25 * (0.1 + 1)),
        # Both seen, after 0 and 10 of 40 hours; 5 false hours of 50; TPR 40 / 50.
        (flags(slice(5, 20), slice(70, 100)), 0.875, 0.5 * 0.875 + 0.25 * (0.8 + 0.9)),
    ],
)
def test_s_is_half_time_to_detection_and_half_hours(
    said: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], s_ttd: float, s: float
) -> None:
    assert batadal.timeliness(said, ATTACKS) == pytest.approx(s_ttd)
    assert batadal.score(said, ATTACKS) == pytest.approx(s)


def write(path: Path, hours: int, *, seed: int, attack: slice = slice(0), no_attack: int = 0) -> None:
    """A level that follows a flow, but not during the attack."""
    random = np.random.default_rng(seed)
    flow = random.normal(50, 5, hours)
    level = flow / 10 + random.normal(0, 0.05, hours)
    label = np.full(hours, no_attack)
    label[attack], level[attack] = 1, 5.0
    times = [(START + timedelta(hours=k)).strftime("%d/%m/%y %H") for k in range(hours)]
    lines = [f"{t},{a:.2f},{b:.2f},{y}" for t, a, b, y in zip(times, flow, level, label, strict=True)]
    path.write_text("\n".join(["DATETIME, F_PU1, L_T1, ATT_FLAG", *lines]) + "\n", encoding="utf-8")


def test_files_are_told_apart_by_their_labels(tmp_path: Path) -> None:
    write(tmp_path / "anything.csv", 2000, seed=1)
    write(tmp_path / "other.csv", 600, seed=2, attack=slice(300, 360), no_attack=-999)
    judged = batadal.judge(tmp_path, options(OPTIONS, "batadal"), short=False)
    values = {figure.name: figure.value or 0.0 for figure in judged.figures}
    assert values["batadal_s"] > 0.9
    assert values["batadal_s_clock"] < values["batadal_s"]
    assert judged.details[0].startswith("other: 1 of 1 attacks seen")


def test_a_folder_without_attacks_is_missing(tmp_path: Path) -> None:
    write(tmp_path / "normal.csv", 100, seed=1)
    with pytest.raises(Missing, match="one without attacks and one with some"):
        batadal.judge(tmp_path, options(OPTIONS, "batadal"), short=False)
