"""Plots from recorded data, see bench/detection: one function a kind. Grey: what whoever recorded it has labelled."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from bench.detection import skab
from bench.detection.feed import Recording
from bench.detection.runs import runs
from bench.detection.unit import Flags, Table, fitted, samples
from bench.plot.chart import Chart, Panel
from bench.plot.run import NONE, Readings, announced, changes, rule, scores
from detectors import KINDS
from ganzhi.clock import NS_PER_S
from ganzhi.records import Floats, Tier

HOUR, DAY = 3600.0, 86_400.0
BLUE, YELLOW, ORANGE = Tier.BLUE, Tier.YELLOW, Tier.ORANGE

Marks = Sequence[tuple[float, str]]


def _of(recording: Recording, channel: int, rows: slice = slice(None)) -> Readings:
    resolution = float(recording.resolution[channel])
    value = recording.values[rows, channel : channel + 1]
    return Readings(recording.time[rows], value, recording.period_s, resolution)


def _clock(readings: Readings, unit_s: float, step_s: float, form: str) -> tuple[Floats, Marks]:
    # The readings' places on an axis in units from the first on, and the whole steps of local time on it.
    start = int(readings.time[0])
    place = (readings.time - start) / NS_PER_S / unit_s
    first = -(-start // round(step_s * NS_PER_S)) * round(step_s * NS_PER_S)
    moments = np.arange(first, int(readings.time[-1]) + 1, round(step_s * NS_PER_S))
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    texts = [(epoch + timedelta(seconds=moment // NS_PER_S)).strftime(form) for moment in moments.tolist()]
    return place, list(zip(((moments - start) / NS_PER_S / unit_s).tolist(), texts, strict=True))


def _labelled(panel: Panel, place: Floats, label: Flags) -> None:
    for run in runs(label):
        panel.shade(float(place[run.start]), float(place[min(run.stop, len(place) - 1)]))


def _rig(folder: Path, experiment: str, channel: str) -> tuple[Readings, Flags, Floats, Marks]:
    table = Table.read(folder / "SKAB" / "data" / f"{experiment}.csv", ";")
    names = [name for name in table.columns if name not in skab.NOT_CHANNELS]
    recording = Recording(
        experiment, table.times("datetime", skab.TIME), table.numbers(names), np.full(len(names), 1e-6)
    )
    readings = _of(recording, names.index(channel))
    return readings, table.numbers(["anomaly"])[:, 0] > 0, *_clock(readings, 60.0, 180.0, "%H:%M")


def profile(folder: Path) -> Chart:
    """Taxi passengers in New York, half an hour a reading (NAB): the marathon and the holidays of the year's end."""
    table = Table.read(folder / "NAB" / "data" / "realKnownCause" / "nyc_taxi.csv")
    time = table.times("timestamp", "%Y-%m-%d %H:%M:%S")
    recording = Recording("nyc_taxi", time, table.numbers(["value"]) / 1000, np.array([0.001]))
    readings = _of(recording, 0)
    usual = rule("profile", [6, 8, NONE, NONE], deadband=2, options={"utc_offset_s": 0.0}, name="more")
    less = rule("profile", [-6, -8, NONE, NONE], side="low", deadband=2, options={"utc_offset_s": 0.0}, name="less")
    _, (score, middle, sigma) = scores(usual, readings, "usual", "usual_sigma")
    first = int(np.searchsorted(time, round(datetime(2014, 10, 27, tzinfo=UTC).timestamp()) * NS_PER_S))
    last = int(np.searchsorted(time, round(datetime(2014, 12, 8, tzinfo=UTC).timestamp()) * NS_PER_S))
    shown = _of(recording, 0, slice(first, last))
    place, marks = _clock(shown, DAY, 7 * DAY, "%b %d")
    part = slice(first, last)
    chart = Chart(0, float(place[-1]), "2014, Thursdays marked", marks)
    panel = chart.panel("passengers, thousands", 0, 42, 130)
    panel.between(place, (middle - 3 * sigma)[part], (middle + 3 * sigma)[part]).line(place, shown.value[:, 0])
    chart.panel("deviation, sigma", -15, 20).line(place, score[part], "score").limit(6, BLUE).limit(8, YELLOW).limit(
        -6, BLUE
    ).limit(-8, YELLOW)
    found = announced([usual, less], readings)
    for name in ("more", "less"):
        moved = changes(found, name, DAY, start=int(shown.time[0]))
        held = [change for change in moved if change[0] < 0][-1:]
        chart.band(name, [(0.0, held[0][1])] * bool(held) + [c for c in moved if 0 <= c[0] <= place[-1]])
    return chart


def spike(folder: Path) -> Chart:
    """Turbidity of drinking water, a minute a reading (GECCO 2018)."""
    table = Table.read(folder / "GECCO2018" / "water_quality.csv")
    turbid = table.numbers(["Trueb"])[:1100]
    recording = Recording("gecco", table.times("Time", "%Y-%m-%d %H:%M:%S")[:1100], turbid, np.array([0.001]))
    readings = _of(recording, 0)
    glitch = rule("spike", [6, 20, NONE, NONE], off_delay_s=600)
    place, marks = _clock(readings, HOUR, 3 * HOUR, "%H:%M")
    time, (score,) = scores(glitch, readings)
    at = (time - readings.time[0]) / NS_PER_S / HOUR
    chart = Chart(0, float(place[-1]), "local time", marks)
    chart.panel("turbidity, NTU", 0, 0.06).line(place, readings.value[:, 0])
    chart.panel("spike, sigma", 0, 40).line(at, score, "score").limit(6, BLUE).limit(20, YELLOW)
    chart.band("spike", changes(announced([glitch], readings), "spike", HOUR, start=int(readings.time[0])))
    return chart


def spread(folder: Path) -> Chart:
    """Vibration of a pump, about a second a reading (SKAB, other/5): it rises and scatters in the labelled time."""
    readings, label, place, marks = _rig(folder, "other/5", "Accelerometer2RMS")
    wider = rule("spread", [1.75, 2.5, NONE, NONE], deadband=0.3, options={"reference_s": 600.0})
    _, (score,) = scores(wider, readings)
    chart = Chart(0, float(place[-1]), "time of day", marks)
    low, high = np.nanpercentile(readings.value, [0.5, 99.5]).tolist()
    panel = chart.panel("vibration, g", low - 0.05, high + 0.05)
    _labelled(panel, place, label)
    panel.line(place, readings.value[:, 0])
    chart.panel("spread, ratio", 0, 3).line(place, score, "score").limit(1.75, BLUE).limit(2.5, YELLOW)
    chart.band("spread", changes(announced([wider], readings), "spread", 60.0, start=int(readings.time[0])))
    return chart


def shift(folder: Path) -> Chart:
    """Flow in a loop, about a second a reading (SKAB, valve2/2): a valve closes in the labelled time."""
    readings, label, place, marks = _rig(folder, "valve2/2", "Volume Flow RateRMS")
    offset = rule("shift", [12, 20, NONE, NONE], deadband=4)
    _, (score, reference) = scores(offset, readings, "reference")
    chart = Chart(0, float(place[-1]), "time of day", marks)
    panel = chart.panel("flow, L/min", 29, 34)
    _labelled(panel, place, label)
    panel.line(place, readings.value[:, 0]).line(place, reference, "other")
    chart.panel("certainty, sigma", 0, 60).line(place, score, "score").limit(12, BLUE).limit(20, YELLOW)
    chart.band("shift", changes(announced([offset], readings), "shift", 60.0, start=int(readings.time[0])))
    return chart


def stuck(folder: Path) -> Chart:
    """Flow of a pump, an hour a reading (BATADAL): an attack holds it still."""
    table = Table.read(folder / "BATADAL" / "dataset04.csv")
    time, label = table.times("DATETIME", "%d/%m/%y %H"), table.numbers(["ATT_FLAG"])[:, 0] > 0
    recording = Recording("batadal", time, table.numbers(["F_PU7"]), np.array([0.01]))
    still = rule("stuck", [4, 12, NONE, NONE])
    _, (score,) = scores(still, _of(recording, 0))
    part = slice(3600, 3950)
    shown = _of(recording, 0, part)
    place, marks = _clock(shown, DAY, 2 * DAY, "%b %d")
    chart = Chart(0, float(place[-1]), "2016", marks)
    panel = chart.panel("flow, L/s", 0, 60)
    _labelled(panel, place, label[part])
    panel.line(place, shown.value[:, 0])
    chart.panel("still, usual pauses", 0, 8).line(place, score[part], "score").limit(4, BLUE)
    moved = changes(announced([still], _of(recording, 0)), "stuck", DAY, start=int(shown.time[0]))
    chart.band("stuck", [c for c in moved if 0 <= c[0] <= place[-1]])
    return chart


def joint(folder: Path) -> Chart:
    """Eight channels of a rig (SKAB, valve1/1), fitted to the first 400 rows: a valve closes in the labelled time."""
    table = Table.read(folder / "SKAB" / "data" / "valve1" / "1.csv", ";")
    names = [name for name in table.columns if name not in skab.NOT_CHANNELS]
    time, values = table.times("datetime", skab.TIME), table.numbers(names)
    recording = Recording("valve1/1", time, values, np.zeros(len(names)))
    learning = samples(recording, slice(0, skab.LEARNING_ROWS))
    model = fitted(recording, learning, learning, {}).model
    readings = Readings(time, values, recording.period_s, 0.0)
    away = rule("joint", [1, 2, NONE, NONE], units=[range(len(names))], options={"model": (model,)}, off_delay_s=10)
    at, (score,) = scores(away, readings)
    place, marks = _clock(readings, 60.0, 180.0, "%H:%M")
    start = int(time[0])
    chart = Chart(0, float(place[-1]), "time of day", marks)
    panel = chart.panel("channels, standardised", -6, 6)
    _labelled(panel, place, table.numbers(["anomaly"])[:, 0] > 0)
    usual = values[: skab.LEARNING_ROWS]
    for k in range(len(names)):
        panel.line(place, (values[:, k] - usual[:, k].mean()) / max(usual[:, k].std(), 1e-9), "other")
    chart.panel("control limits", 0, 5).line((at - start) / NS_PER_S / 60, score, "score").limit(1, BLUE).limit(
        2, YELLOW
    )
    chart.band("joint", changes(announced([away], readings), "joint", 60.0, start=start))
    return chart


def novelty(folder: Path) -> Chart:
    """Temperature in an office, an hour a reading (NAB), about which nobody had said anything before it failed."""
    series = "realKnownCause/ambient_temperature_system_failure"
    table = Table.read(folder / "NAB" / "data" / f"{series}.csv")
    recording = Recording(
        series, table.times("timestamp", "%Y-%m-%d %H:%M:%S"), table.numbers(["value"]), np.array([0.01])
    )
    readings = _of(recording, 0)
    unlike = rule("novelty", [3.5, 5, NONE, NONE], deadband=1.0, off_delay_s=12 * HOUR)
    _, (score,) = scores(unlike, readings)
    place, marks = _clock(readings, DAY, 28 * DAY, "%b %d")
    windows = json.loads((folder / "NAB" / "labels" / "combined_windows.json").read_bytes())[f"{series}.csv"]
    chart = Chart(0, float(place[-1]), "2013 and 2014", marks)
    panel = chart.panel("temperature, °F", 55, 90)
    for window in windows:
        start, end = (_moment(text) for text in window)
        panel.shade(*((each - int(readings.time[0])) / NS_PER_S / DAY for each in (start, end)))
    panel.line(place, readings.value[:, 0])
    chart.panel("novelty, decades", 0, 7).line(place, score, "score").limit(3.5, BLUE).limit(5, YELLOW)
    chart.band("novelty", changes(announced([unlike], readings), "novelty", DAY, start=int(readings.time[0])))
    return chart


def _moment(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * NS_PER_S


_DRAWN: Mapping[str, Callable[[Path], Chart]] = {
    "profile": profile,
    "spike": spike,
    "spread": spread,
    "shift": shift,
    "stuck": stuck,
    "joint": joint,
    "novelty": novelty,
}

PLOTS = {kind: plot for kind, plot in _DRAWN.items() if kind in KINDS}
"""By kind, of those that the detectors have."""
