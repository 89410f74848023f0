"""Plots from made signals, each with what its score is for: one function a kind."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from bench.plot.chart import Chart
from bench.plot.run import NONE, Readings, announced, changes, rule, scores
from ganzhi.records import Floats, Tier

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
BLUE, YELLOW, ORANGE, RED = Tier.BLUE, Tier.YELLOW, Tier.ORANGE, Tier.RED


def marks(end: float, step: float, shown: str = "{:g}") -> Sequence[tuple[float, str]]:
    """Places on the axis from 0 to its end."""
    return [(k * step, shown.format(k * step)) for k in range(round(end / step) + 1)]


def noise(seed: int, n: int, sigma: float) -> Floats:
    """White noise."""
    return np.random.default_rng(seed).normal(0, sigma, n)


def value() -> Chart:
    """A tank is filled too far, twice back and forth at its limit, and drawn down."""
    second = np.arange(0, 3600.0)
    wave = 0.06 * np.sin(2 * np.pi * second / 240)
    level = np.interp(second, [0, 900, 1500, 2100, 2700, 3600], [12.6, 13.55, 13.65, 14.6, 13.9, 12.6]) + wave
    readings = Readings.every(1.0, np.round(level + noise(1, len(level), 0.01), 3), resolution=0.001)
    high = rule("value", [13.6, 14.4], deadband=0.2, on_delay_s=5)
    chart = Chart(0, 60, "minutes", marks(60, 10))
    chart.panel("level, m", 12.4, 15, 170).line(second / 60, readings.value[:, 0]).limit(13.6, ORANGE).limit(14.4, RED)
    chart.band("value", changes(announced([high], readings), "value", MINUTE))
    return chart


def rate() -> Chart:
    """A reaction runs away: no limit of the temperature is near when the rate gives it away."""
    second = np.arange(0, 2400.0)
    heat = 80 + 0.4 * np.exp(np.maximum(second - 900, 0) / 345) - 0.4
    readings = Readings.every(1.0, np.round(heat + noise(2, len(heat), 0.15), 1), resolution=0.1)
    rise = rule("rate", [1.0, 3.0], deadband=0.3, options={"window_s": 60.0})
    _, (score,) = scores(rise, readings)
    chart = Chart(0, 40, "minutes", marks(40, 5))
    chart.panel("temperature, °C", 75, 115).line(second / 60, readings.value[:, 0])
    chart.panel("rate, °C/min", -1, 5).line(second / 60, score, "score").limit(1, ORANGE).limit(3, RED)
    chart.band("rate", changes(announced([rise], readings), "rate", MINUTE))
    return chart


def forecast() -> Chart:
    """A tank fills, for a while slowly. Minutes left: green at the rule's probability, grey at even chances."""
    second = np.arange(0, 5400.0)
    level = np.interp(second, [0, 600, 2100, 3000, 5400], [12, 12, 12.9, 13.2, 14.6]) + noise(3, len(second), 0.004)
    readings = Readings.every(1.0, np.round(level, 3), resolution=0.001)
    options = {"target": np.array([14.4]), "direction": "high"}
    overfill = rule("forecast", [60, 30, NONE, NONE], side="low", deadband=5, options=options)
    _, (score, early, late, even) = scores(overfill, readings, "minutes_early", "minutes_late", "minutes_expected")
    shown = np.where(score <= 120, score, np.nan)
    known = ~np.isnan(shown)
    chart = Chart(0, 90, "minutes", marks(90, 15))
    chart.panel("level, m", 11.8, 14.8).line(second / 60, readings.value[:, 0]).limit(14.4, RED)
    left = chart.panel("minutes left", 0, 100).limit(60, BLUE).limit(30, YELLOW)
    left.between(second[known] / 60, early[known], late[known]).line(second / 60, shown, "score")
    left.line(second / 60, np.where(even <= 120, even, np.nan), "other")
    chart.band("forecast", changes(announced([overfill], readings), "forecast", MINUTE))
    return chart


def stale() -> Chart:
    """A sensor falls silent for half a minute, and is slow for another: three sampling periods are the limit."""
    second = np.arange(0, 120.0)
    heard = (second < 30) | ((second > 60) & (second < 80)) | ((second >= 80) & (second % 2 == 0))
    reading = np.where(heard, 5 + noise(4, len(second), 0.1), np.nan)
    silent = rule("stale", [3, 10, NONE, NONE], deadband=0)
    fine = np.arange(0, 120, 0.1)
    last = np.maximum.accumulate(np.where(np.isin(np.round(fine, 1), second[heard]), fine, 0.0))
    chart = Chart(0, 120, "seconds", marks(120, 20))
    chart.panel("readings", 4, 6, 70).dots(second[heard], reading[heard])
    chart.panel("silence, periods", 0, 35).line(fine, fine - last, "score").limit(3, BLUE).limit(10, YELLOW)
    found = announced([silent], Readings.every(1.0, reading, resolution=0.01))
    chart.band("stale", changes(found, "stale", 1.0))
    return chart


def accumulate() -> Chart:
    """Two showers and a rainstorm; the steps are the rainstorm signals."""
    minute = np.arange(0, 36 * 60.0)
    falls = [(240, 180, 9.0), (780, 120, 14.0), (1260, 300, 130.0)]
    rain = np.zeros(len(minute))
    for start, long, amount in falls:
        rain += amount / long * np.sin(np.pi * np.clip((minute - start) / long, 0, 1)) * np.pi / 2
    readings = Readings.every(60.0, rain.clip(0).round(2), resolution=0.01)
    steps = "50 in 12h, 50 in 6h, 50 in 3h, 100 in 3h"
    storm = rule("accumulate", [1, 2, 3, 4], deadband=0.1, options={"steps": steps})
    _, (score,) = scores(storm, readings)
    hour = minute / 60
    ten = readings.value[:, 0].reshape(-1, 10).sum(axis=1)
    chart = Chart(0, 36, "hours", marks(36, 6))
    chart.panel("rain, mm in 10 min", 0, 8).bars(hour[::10], ten, 1 / 6)
    panel = chart.panel("steps of the ladder", 0, 4.5).line(hour, score, "score")
    for step, tier in enumerate((BLUE, YELLOW, ORANGE, RED), 1):
        panel.limit(step, tier)
    chart.band("accumulate", changes(announced([storm], readings), "accumulate", HOUR))
    return chart


def creep() -> Chart:
    """A slope that creeps evenly and then fails on the twentieth day; dots: the day of failure as it was foreseen."""
    hour = np.arange(0, 19.9 * 24)
    left_h = np.minimum(20 * 24 - hour, 8 * 24)
    moved = 0.08 * np.minimum(hour, 12 * 24) - 90 * np.log(left_h / (8 * 24)) + noise(5, len(hour), 0.3)
    readings = Readings.every(HOUR, moved, resolution=0.1)
    slope = rule("creep", [50, 65, 80, 85], deadband=2)
    _, (angle, failure) = scores(slope, readings, "minutes_failure")
    day = hour / 24
    foreseen = np.where(failure < 30 * 1440, day + failure / 1440, np.nan)
    every = np.flatnonzero(~np.isnan(foreseen))[::8]
    chart = Chart(0, 20, "days", marks(20, 2))
    chart.panel("displacement, mm", 0, 450).line(day, readings.value[:, 0])
    panel = chart.panel("tangent angle, °", 0, 90).line(day, angle, "score")
    for limit, tier in ((50, BLUE), (65, YELLOW), (80, ORANGE), (85, RED)):
        panel.limit(limit, tier)
    chart.panel("failure on day", 12, 28, 90).dots(day[every], foreseen[every]).limit(20, RED)
    chart.band("creep", changes(announced([slope], readings), "creep", DAY))
    return chart


def fence() -> Chart:
    """A vessel leaves its waters and comes back; it is warned 500 m before the border."""
    second = np.arange(0, 3600.0, 10)
    east = 117.75 + 0.058 * np.sin(2 * np.pi * second / 3600) + noise(6, len(second), 2e-5)
    north = 38.95 + 0.03 * np.cos(2 * np.pi * second / 2400) + noise(7, len(second), 2e-5)
    ring = ((117.70, 38.90), (117.80, 38.91), (117.795, 38.99), (117.72, 39.0), (117.70, 38.90))
    readings = Readings.every(10.0, np.stack([east, north], axis=1), resolution=1e-5)
    waters = rule("fence", [-500, 0, 500, NONE], units=[(0, 1)], options={"polygons": ((ring,),)}, deadband=50)
    _, (score,) = scores(waters, readings)
    chart = Chart(0, 60, "minutes", marks(60, 10))
    chart.panel("beyond the fence, m", -5000, 2000, 140).line(second / 60, score, "score").limit(-500, BLUE).limit(
        0, YELLOW
    ).limit(500, ORANGE)
    chart.plan([np.array(ring)], np.stack([east, north], axis=1))
    chart.band("fence", changes(announced([waters], readings), "fence", MINUTE))
    return chart


def raised() -> Chart:
    """Gas drifts over detectors 15 m apart. One of them alone is yellow; with two neighbours it is orange."""
    second = np.arange(0, 1200.0, 5)
    places = [(x, y) for y in (0, 15, 30) for x in (0, 15, 30)]
    gas = np.zeros((len(second), len(places)))
    for k, (x, y) in enumerate(places):
        away = math.hypot(x - 15, y - 12)
        late = np.clip((second - 240 - 12 * away) / 240, 0, 1) * np.clip((1020 - second) / 120, 0, 1)
        gas[:, k] = 48 * math.exp(-away / 28) * late
    gas = (gas + np.random.default_rng(8).normal(0, 0.3, gas.shape)).clip(0).round(1)
    readings = Readings.every(5.0, gas, resolution=0.1)
    points = range(len(places))
    high = rule("value", [25, NONE, 50], points=points, deadband=2, name="high")
    near = [[b for b, q in enumerate(places) if math.dist(p, q) <= 25] for p in places]
    options = {"rules": ("high",), "tier": "yellow", "agree": 2}
    agree = rule("raised", [1, 2, 3, 4], units=[[a, *(b for b in near[a] if b != a)] for a in points], options=options)
    found = announced([high, agree], readings)
    chart = Chart(0, 20, "minutes", marks(20, 2))
    panel = chart.panel("gas, %LEL", 0, 50, 150).limit(25, YELLOW)
    for k in points:
        panel.line(second / 60, gas[:, k], "other")
    panel.line(second / 60, gas[:, 4], "signal")
    chart.band("alone", changes(found, "high", MINUTE, point=4))
    chart.band("raised", changes(found, "raised", MINUTE, point=4))
    return chart


def counting() -> Chart:
    """The water rises in a dam: piezometers near the surface, a short beach, and movement, counted item by item."""
    second = np.arange(0, 3600.0, 5)
    rise = np.clip((second - 300) / 2400, 0, 1)
    depth = np.stack([20 - 9.5 * np.clip(1.25 * rise - 0.05 * k, 0, 1) for k in range(6)], axis=1)
    beach = np.stack([200 - 62 * np.clip(1.6 * rise - 0.45 - 0.05 * k, 0, 1) for k in range(4)], axis=1)
    moved = np.stack([20 + 80 * np.clip(2.2 * rise - 1.05 - 0.05 * k, 0, 1) for k in range(4)], axis=1)
    readings = Readings.every(5.0, np.concatenate([depth, beach, moved], axis=1), resolution=0.001)
    items = [
        rule("value", [12, 10, 8, 6], points=range(6), side="low", deadband=0.4, name="depth"),
        rule("value", [150, 140, 130, 120], points=range(6, 10), side="low", deadband=4, name="beach"),
        rule("value", [80, 110, 140, 170], points=range(10, 14), deadband=2, name="moved"),
    ]
    names = tuple(item.id for item in items)
    whole = [
        rule(
            "counting",
            [1, 2, 3, 4],
            units=[tuple(item.points.tolist())],
            options={"rules": (item.id,)},
            name=f"{item.id} item",
        )
        for item in items
    ]
    dam = rule("counting", [1, 2, 3, 4], units=[range(14)], options={"rules": names, "items": True}, name="dam")
    found = announced([*items, *whole, dam], readings)
    chart = Chart(0, 60, "minutes", marks(60, 10))
    panel = chart.panel("depth, m", 9, 21, 110).limit(12, BLUE).limit(10, YELLOW)
    for k in range(6):
        panel.line(second / 60, depth[:, k], "other")
    for item in whole:
        chart.band(item.id, changes(found, item.id, MINUTE))
    chart.band("dam", changes(found, "dam", MINUTE))
    return chart


PLOTS: Mapping[str, Callable[[], Chart]] = {
    "value": value,
    "rate": rate,
    "forecast": forecast,
    "stale": stale,
    "accumulate": accumulate,
    "creep": creep,
    "fence": fence,
    "raised": raised,
    "counting": counting,
}
