"""`ganzhi fit`: recorded readings of normal running -> the file of models that a joint rule names."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from config import Configuration
from detectors.jointfit import FitOptions, Fitted, fit, sampled
from detectors.jointmodel import JointModel, file_table, read_models
from detectors.rows import Rows
from ganzhi.clock import NS_PER_MS, NS_PER_S
from ganzhi.errors import ConfigError, Fault
from ganzhi.records import QUALITY_MASK, Catalogue, Int32s, Quality, ReadingBlock, Rule, Unit
from simulators.recording import Recording
from simulators.replay import ReplayMap

MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Written:
    """What was fitted, in words, and the file it was written to."""

    path: Path
    lines: Sequence[str]


def joint_rule(configuration: Configuration, name: str) -> Rule:
    """The joint rule of this id, read without its models. Raises ConfigError where there is none."""
    rules = {rule.id: rule for rule in configuration.rules if rule.kind == "joint"}
    if name not in rules:
        known = ", ".join(rules) or "none"
        raise ConfigError([Fault(name, "is no rule of kind joint that watches a point here", f"known: {known}")])
    return rules[name]


def recorded(files: Sequence[Path], map_file: Path, catalogue: Catalogue) -> ReadingBlock:
    """The readings of wide CSV files, as `ganzhi replay` reads them."""
    chart = ReplayMap.load(map_file)
    index = {point.tag: at for at, point in enumerate(catalogue.points) if point.enterprise == chart.enterprise}
    unknown = [column.tag for column in chart.columns.values() if column.tag not in index]
    if len(unknown) == len(chart.columns):
        problem = f"none of its tags is a point of enterprise {chart.enterprise!r}: {', '.join(unknown[:MOST_NAMED])}"
        raise ConfigError([Fault(f"{map_file}: columns", problem, "correct enterprise or tags")])
    times, points, values = [], [], []
    for row in Recording(files, chart):
        for tag, value in row.values.items():
            if tag in index:
                times.append(row.time_ms)
                points.append(index[tag])
                values.append(value)
    time = np.array(times, np.int64) * NS_PER_MS
    order = np.argsort(time, kind="stable")
    n = len(order)
    return ReadingBlock(
        np.array(points, np.int32)[order], time[order], np.array(values)[order], np.zeros(n, np.uint8), time[order], 0
    )


def fit_rule(
    rule: Rule, readings: ReadingBlock, catalogue: Catalogue, *, options: FitOptions, only: str = ""
) -> Written:
    """Fit a model to each unit of a rule, or to one of them, and write the file that the rule names.

    Models of other units that the file holds stay. Raises ConfigError with every unit that cannot be fitted.
    """
    path = rule.options["model"]
    assert isinstance(path, Path)
    chosen = [unit for unit in rule.units if only in ("", unit.id)]
    if not chosen:
        known = ", ".join(unit.id for unit in rule.units[:MOST_NAMED])
        raise ConfigError([Fault(only, f"is no unit of rule {rule.id}", f"known: {known}")])
    models, faults, lines = dict(_present(path)), [], []
    for unit in chosen:
        try:
            found = _fit(unit, readings, catalogue, options)
        except ValueError as error:
            faults.append(Fault(unit.id, str(error), "name a longer time of normal running, or other options"))
            continue
        models[unit.id] = found.model
        lines += _report(unit, found, options)
    if faults:
        raise ConfigError(faults)
    _write(path, models)
    return Written(path, lines)


def _fit(unit: Unit, readings: ReadingBlock, catalogue: Catalogue, options: FitOptions) -> Fitted:
    points = [catalogue.points[index] for index in unit.members.tolist()]
    rows = _rows(unit.members, readings)
    if silent := [point.id for column, point in enumerate(points) if not (rows.slot == column).any()]:
        more = f" and {len(silent) - MOST_NAMED} more" if len(silent) > MOST_NAMED else ""
        raise ValueError(f"there is no good reading of {', '.join(silent[:MOST_NAMED])}{more}")
    period_s = max(point.period_s for point in points)
    samples, steps = sampled(len(points), period_s, rows), np.array([point.resolution for point in points])
    found = fit([point.id for point in points], period_s, samples, options=options, resolution=steps)
    about = {
        "from": _day(rows.time.min()),
        "to": _day(rows.time.max()),
        "samples": found.samples,
        "held_back": found.held_back,
        "beyond": found.beyond,
        "ridge": options.ridge,
        "wander": options.wander,
    }
    return replace(found, model=replace(found.model, fitted=about))


def _rows(members: Int32s, readings: ReadingBlock) -> Rows:
    column = np.full(max(int(members.max()), int(readings.point.max(initial=0))) + 1, -1, np.intp)
    column[members] = np.arange(len(members))
    slot = column[readings.point]
    use = np.flatnonzero((slot >= 0) & ((readings.quality & QUALITY_MASK) <= Quality.UNCERTAIN))
    every = Rows(slot, readings.time, readings.value, readings.quality, [0, len(slot)], 0, 0)
    return every.one_round(use)


def _report(unit: Unit, found: Fitted, options: FitOptions) -> list[str]:
    model = found.model
    span = f"{model.fitted['from']} to {model.fitted['to']} UTC"
    lines = [
        f"{unit.id} {unit.name.zh}: {len(model.channels)} channels every {model.period_s:g} s, {span}",
        f"  {found.samples} samples fitted, {found.held_back} held back for the limits",
    ]
    for name, space in (("now", model.now), ("lasting", model.lasting)):
        if space is not None:
            before = f"with {model.lags} before" if name == "now" else f"mean of about {2 / model.weight - 1:.0f}"
            lines.append(
                f"  {name} ({before}): {space.main} of {space.whiten.shape[1]} components hold "
                f"{options.variance:.0%} of the variance; limits T² {space.t2_limit:.4g}, SPE {space.spe_limit:.4g}"
            )
    lines.append(f"  beyond a limit: {found.beyond:.2%} of the samples held back, wanted {options.false_alarms:.2%}")
    return lines


def _present(path: Path) -> Mapping[str, JointModel]:
    try:
        return read_models(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        problem = f"holds something else, which is not overwritten: {error}"
        raise ConfigError([Fault(str(path), problem, "move it away, or name another file")]) from error


def _write(path: Path, models: Mapping[str, JointModel]) -> None:
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(json.dumps(file_table(models), ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    fresh.replace(path)


def _day(time: int) -> str:
    return datetime.fromtimestamp(int(time) // NS_PER_S, UTC).strftime("%Y-%m-%d %H:%M:%S")
