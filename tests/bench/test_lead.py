"""Lead time: what is measured on signals whose answer is known, and a small run of the whole."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from bench.early import network, simulated
from bench.early.rival import beyond, limit_share, line, line_share, share
from bench.early.series import Kind, accidents, ordinary
from bench.early.warning import Warnings, intervals, ours
from bench.lead import OPTIONS, Found, figures, judge
from ganzhi.errors import ConfigError

LITTLE = simulated.Size(
    tanks=10, tank_days=0.1, overfills=4, areas=1, gas_days=0.02, leaks=1, dams=1, clogs=1, slopes=2, failures=4
)
FORECAST = {
    "kind": "forecast", "limit": 60, "deadband": 5, "on_delay_s": 60, "off_delay_s": 60,
    "options": {"window_s": 600},
}  # fmt: skip


def ramps() -> Kind:
    """Two hours of noise, or of noise and then a fill of three hours that reaches 10 m: at 1 m, a reading a minute."""
    random = np.random.default_rng(3)
    calm = 1 + random.normal(0, 0.01, (5, 600))
    fill = 1 + 9 / 180 * np.maximum(np.arange(600) - 120, 0) + random.normal(0, 0.01, (4, 600))
    normal, filled = (
        ordinary(60.0, 0.001, value, np.full(len(value), 10.0), np.ones(len(value))) for value in (calm, fill)
    )
    return Kind("ramp", normal, accidents(filled, np.full(4, 120)))


def test_the_share_is_what_the_first_warning_leaves() -> None:
    given = ramps().accident
    assert given.over.tolist() == pytest.approx([300] * 4, abs=2)
    found = Warnings(np.array([0, 1, 0, 2]), np.array([60, 210, 210, 120]))  # before the onset none counts
    left = share(given, found)
    assert left == pytest.approx([0.5, 0.5, 1.0, 0.0], abs=0.01)


def test_a_forecast_leaves_its_hour_of_a_straight_fill_and_its_interval_holds() -> None:
    kind = ramps()
    warned = ours(kind.accident, [FORECAST])
    assert share(kind.accident, warned) == pytest.approx([50 / 180] * 4, abs=0.03)
    assert len(ours(kind.normal, [FORECAST]).row) == 0
    held, asked = intervals(kind.accident, FORECAST, warned.first(kind.accident), 10)
    assert asked == 40
    assert held >= 34


def test_rivals_are_set_as_mildly_as_the_normal_signals_permit() -> None:
    kind = ramps()
    assert limit_share(kind, FORECAST, 1.0) > 0.9
    assert line_share(kind, FORECAST, 1.0) > 0.8


def test_a_line_arrives_when_it_does() -> None:
    given = ordinary(60.0, 0.001, np.arange(100.0)[np.newaxis], np.full(1, 159.0), np.zeros(1))
    rate = line(given, 8)
    assert rate[0, :7].tolist() == [0.0] * 7
    assert rate[0, 99] == pytest.approx(1.0)  # 60 m to go at 1 m a minute


def test_delays_and_the_way_back_are_kept() -> None:
    score = np.array([[0, 5, 0, 5, 5, 5, 4.6, 5, 0, 5, 0, 0, 0, 5, 5, 5.0]])
    [found] = beyond(score, np.array([5.0]), np.array([4.5]), on=1, off=2)
    assert found.row.tolist() == [4, 14]
    [at_once] = beyond(score, np.array([5.0]), np.array([4.5]), on=0, off=0)
    assert at_once.row.tolist() == [1, 3, 9, 13]


def recording(folder: Path, name: str, level: list[float]) -> None:
    (folder / "BATADAL").mkdir(exist_ok=True)
    lines = ["DATETIME,L_T1,P_J1", *(f"{i},{value},{20 + i % 2}" for i, value in enumerate(level))]
    (folder / "BATADAL" / name).write_text("\n".join(lines), encoding="utf-8")


def test_a_crossing_of_the_normal_range_is_an_accident_with_its_approach(tmp_path: Path) -> None:
    usual = [2.0, 3.0, 4.0, 3.0] * 30
    recording(tmp_path, "dataset03.csv", usual)
    recording(tmp_path, "dataset04.csv", [*usual, 2.0, 2.5, 3.5, 4.5, 5.0, *usual, 9.0, *usual])
    (level, pressure), jumps = network.kinds(tmp_path)
    assert (level.accident.over - level.accident.onset).tolist() == [3]
    assert level.accident.target.tolist() == pytest.approx([4.02])
    assert jumps == 1
    assert len(pressure.accident.value) == 0


def test_recordings_that_are_not_there_are_named_with_where_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"dataset03\.csv.*www\.batadal\.net"):
        network.kinds(tmp_path)


def test_a_small_run_of_every_accident_says_something() -> None:
    options = tomllib.loads(OPTIONS.read_text(encoding="utf-8"))
    kinds = [make(LITTLE, 3) for make in (simulated.tank, simulated.gas, simulated.dam, simulated.slope)]
    found = [judge(kind, options[kind.name]) for kind in kinds]
    assert {kind.name for kind in kinds} | {"batadal_level", "batadal_pressure"} == options.keys()
    assert all(f.accidents and f.share > 0.3 for f in found)
    shown = {figure.name: figure.value for figure in figures(found)}
    assert shown["lead_share"] == pytest.approx(np.mean([f.share for f in found]))
    assert simulated.slope(LITTLE, 3).accident.value.tolist() == kinds[3].accident.value.tolist()


def test_the_share_is_the_mean_of_all_kinds_and_false_warnings_those_of_the_worst() -> None:
    def found(name: str, share: float, false: float) -> Found:
        return Found(name, 3, 60.0, share, 0.0, 0.0, false, 10.0, 9, 10)

    shown = figures([found("slope_creep", 0.8, 0.1), found("batadal_level", 0.0, 0.7)])
    values = {figure.name: figure.value for figure in shown}
    assert values["lead_share"] == pytest.approx(0.4)
    assert values["lead_share_simulated"] == pytest.approx(0.8)
    assert values["false_per_point_month"] == pytest.approx(0.7)
    assert values["interval_coverage"] == pytest.approx(0.9)
