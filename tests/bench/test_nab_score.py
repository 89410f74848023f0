"""The score of the Numenta Anomaly Benchmark against what is known of it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.detection.nab_score import (
    OUTSIDE,
    PROFILES,
    Labels,
    Profile,
    best,
    detections,
    label,
    probation,
    score,
    sigmoid,
)

PUBLISHED = {
    # Rows, windows and detections of two detectors on two series, and the file's scores by the three profiles, as
    # NAB 1.1 publishes them in its results.
    "KNN CAD, speed_7578": (
        1127,
        [(303, 331), (740, 768), (909, 937), (945, 973)],
        [287, 322, 625, 753, 923],
        {"standard": 1.2511338982128657, "low_fp": 1.031133898212866, "low_fn": 0.2511338982128657},
    ),
    "CAD OSE, rogue_agent_key_hold": (
        1882,
        [(669, 763), (1240, 1334)],
        [75, 152, 245, 432, 1325, 1569],
        {"standard": -0.959262194153, "low_fp": -1.17926137429, "low_fn": -1.95926219415},
    ),
}


def said(rows: int, found: list[int]) -> NDArray[np.float64]:
    """Confidence 1 at these rows and 0 at all others."""
    confidence = np.zeros(rows)
    confidence[found] = 1.0
    return confidence


def labelled(rows: int, *windows: tuple[int, int]) -> Labels:
    return label(np.arange(rows), windows)


CORPUS = [labelled(1000, (400, 449), (800, 849)), labelled(2000), labelled(600, (300, 399))]


@pytest.mark.parametrize("case", PUBLISHED)
@pytest.mark.parametrize("profile", PROFILES)
def test_score_of_a_file_is_the_published_one(case: str, profile: str) -> None:
    rows, windows, found, published = PUBLISHED[case]
    chosen = PROFILES[profile]
    scaled = score([said(rows, found)], [labelled(rows, *windows)], chosen, 0.5)
    # The published figure is before scaling, on which a miss of all windows is 0 and the first row of each 100.
    raw = scaled / 100 * len(windows) * (1 + chosen.missed) - len(windows) * chosen.missed
    assert raw == pytest.approx(published[profile], abs=1e-5)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_silence_is_0_and_the_first_row_of_every_window_100(profile: Profile) -> None:
    silent = [np.full(len(labels.window), np.nan) for labels in CORPUS]
    assert score(silent, CORPUS, profile, 0.0) == 0.0
    perfect = [said(1000, [400, 800]), said(2000, []), said(600, [300])]
    assert score(perfect, CORPUS, profile, 0.5) == pytest.approx(100.0)


def test_sigmoid_is_as_the_paper_draws_it() -> None:
    found = sigmoid(np.array([-1.0, -0.5, 0.0, 0.5, 1.0, 50.0]))
    assert found == pytest.approx([0.98661, 0.84828, 0.0, -0.84828, -0.98661, -1.0], abs=1e-5)
    assert (np.diff(sigmoid(np.linspace(-3, 3, 100))) < 0).all()


def test_worth_falls_through_a_window_and_behind_it() -> None:
    labels = CORPUS[0]
    assert labels.worth[400] == 1.0
    assert (np.diff(labels.worth[400:450]) < 0).all()
    assert labels.worth[449] > 0
    assert -0.1 < labels.worth[450] < 0
    assert (np.diff(labels.worth[450:590]) < 0).all()
    assert (labels.worth[:400] == -1).all()
    assert (labels.worth[449 + 3 * 49 : 800] == -1).all()


def test_only_the_first_detection_of_a_window_counts_and_each_outside_does() -> None:
    standard = PROFILES["standard"]
    once = score([said(1000, [420])], CORPUS[:1], standard, 0.5)
    assert score([said(1000, [420, 421, 440])], CORPUS[:1], standard, 0.5) == once
    assert score([said(1000, [410, 420])], CORPUS[:1], standard, 0.5) > once
    two_false = score([said(1000, [420, 700, 710])], CORPUS[:1], standard, 0.5)
    assert two_false == pytest.approx(once - 2 * 0.11 * 100 / 4)
    assert score([said(1000, [420, 460])], CORPUS[:1], standard, 0.5) > once - 0.11 * 100 / 4  # just behind it


def test_probation_is_a_part_of_the_rows_and_750_at_most() -> None:
    assert (probation(1000), probation(4032), probation(16_000)) == (150, 604, 750)
    assert score([said(1000, [10, 149])], CORPUS[:1], PROFILES["standard"], 0.5) == 0.0
    assert score([said(1000, [150])], CORPUS[:1], PROFILES["standard"], 0.5) < 0.0
    hidden = labelled(1000, (20, 60), (400, 449))
    assert hidden.windows == 1


def test_best_threshold_is_the_best_of_all_when_tried_one_by_one() -> None:
    rng = np.random.default_rng(1)
    confidence = [np.round(rng.random(len(labels.window)), 2) for labels in CORPUS]
    for given, labels in zip(confidence, CORPUS, strict=True):
        given[labels.window != OUTSIDE] += 0.3
    for profile in PROFILES.values():
        found, threshold = best(confidence, CORPUS, profile)
        tried = [score(confidence, CORPUS, profile, float(at)) for at in np.unique(np.concatenate(confidence))]
        assert found == pytest.approx(max(0.0, *tried))
        assert score(confidence, CORPUS, profile, threshold) == pytest.approx(found)


def test_detections_are_counted_by_window() -> None:
    confidence = said(1000, [10, 200, 410, 411, 460, 805])
    assert detections(confidence, CORPUS[0], 0.5) == (2, 2, 5)
