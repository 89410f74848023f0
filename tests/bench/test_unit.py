"""Recordings as units of one joint rule."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.detection import Missing
from bench.detection.feed import Recording
from bench.detection.unit import Table, fitted, flagged, samples

S = 1_000_000_000


def recording(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]], name: str = "one") -> Recording:
    time = np.arange(1, len(values) + 1) * S
    return Recording(name, time, values, np.zeros(values.shape[1]))


def pair(n: int, seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    random = np.random.default_rng(seed)
    a = random.normal(0, 1, n)
    return np.stack([a, a + random.normal(0, 0.1, n)], axis=1)


def test_rows_are_flagged_while_the_rule_holds_a_tier() -> None:
    normal = recording(pair(500, 1))
    model = fitted(
        normal, samples(normal, slice(0, 300)), samples(normal, slice(300, None)), {"lags": 0, "weight": 0.0}
    )
    quiet, apart = pair(60, 2), pair(60, 3)
    apart[20:30, 1] += 5
    apart[40, 1] = np.nan
    found = flagged(
        [recording(quiet, "quiet"), recording(apart, "apart")], [model.model] * 2, {"limit": 2.0, "off_delay_s": 3}
    )
    assert not found[0].any()
    assert np.flatnonzero(found[1]).tolist() == list(range(20, 33))


def test_a_table_says_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("time, a\n2020-01-01 00:00:01,x\n2020-01-01 00:00:02,2.5\n", encoding="utf-8")
    table = Table.read(path)
    assert np.isnan(table.numbers(["a"])[0, 0])
    assert table.numbers(["a"])[1, 0] == 2.5
    assert np.diff(table.times("time", "%Y-%m-%d %H:%M:%S")).tolist() == [S]
    with pytest.raises(Missing, match="no column b"):
        table.numbers(["b"])
    with pytest.raises(Missing, match="no times"):
        table.times("a", "%Y")
    path.write_text("time,a\n1\n", encoding="utf-8")
    with pytest.raises(Missing, match="other lengths"):
        Table.read(path)
    with pytest.raises(Missing, match="no CSV file"):
        Table.read(tmp_path / "none.csv")
