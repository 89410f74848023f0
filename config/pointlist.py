"""points.csv, the 点表: one row a point, checked column by column, so that 100,000 rows take about a second."""

from __future__ import annotations

import contextlib
import gc
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from config.duration import DURATION_REMEDY, seconds
from config.explain import shown
from config.ident import REMEDY, all_fit, ident_fault
from config.nearest import did_you_mean
from config.sheet import Saying, Sheet, read_sheet
from config.unit import canonical, suggestion
from ganzhi.errors import Fault
from ganzhi.records import Point

MOST_NUMBER = 1e15
"""No instrument shows more, and differences of such numbers are still exact enough to be limits."""


def read_points(
    path: Path, enterprises: Collection[str] | None, owners: Mapping[str, str] | None, faults: list[Fault]
) -> tuple[Point, ...]:
    """The points of a file, UTF-8 or GB18030; none of them where there is a fault.

    enterprises  ids that are known; owners: source -> its enterprise; None: not known, so not checked
    """
    before = len(faults)
    with _collection_paused():
        sheet = read_sheet(path, faults)
        if sheet is None:
            return ()
        numbers = _check(sheet, enterprises, owners)
        faults.extend(fault for _, fault in sorted(sheet.found, key=lambda entry: entry[0]))
        return () if len(faults) > before else _points(sheet, numbers)


@contextlib.contextmanager
def _collection_paused() -> Iterator[None]:
    """Nothing made here refers back to itself; looking for cycles in millions of cells doubles the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _check(
    sheet: Sheet, enterprises: Collection[str] | None, owners: Mapping[str, str] | None
) -> dict[str, list[float]]:
    """Gather every fault of the cells; the columns of numbers, NaN where a cell is empty or bad."""
    cells = sheet.cells
    for column in ("id", "enterprise", "source", "tag", "quantity"):
        if not all_fit(cells[column]):
            bad = {value for value in set(cells[column]) if ident_fault(value)}
            sheet.refuse_values(column, bad, lambda value: (ident_fault(value), REMEDY))
    _check_unique(sheet)
    if enterprises is not None and owners is not None:
        _check_owner(sheet, enterprises, owners)
    sheet.refuse_values("unit", {value for value in set(cells["unit"]) if canonical(value) is None}, _unknown_unit)
    numbers = {name: _numbers(sheet, name, empty=False) for name in ("low", "high", "resolution")}
    numbers |= {name: _numbers(sheet, name, empty=True) for name in ("lon", "lat") if name in cells}
    numbers["period"] = _periods(sheet)
    low, high = numbers["low"], numbers["high"]
    order = "low must be below high"
    reversed_ = (row for row, pair in enumerate(zip(low, high, strict=True)) if pair[0] >= pair[1])
    sheet.refuse(reversed_, "low", lambda row: (f"low {low[row]:g} is not below high {high[row]:g}", order))
    negative = (row for row, value in enumerate(numbers["resolution"]) if value < 0)
    sheet.refuse(
        negative,
        "resolution",
        lambda row: (f"{numbers['resolution'][row]:g} is negative", "write 0 where it is not known"),
    )
    for name, most in (("lon", 180.0), ("lat", 90.0)):
        _check_bounds(sheet, name, numbers.get(name, []), most)
    return numbers


def _unknown_unit(value: str) -> Saying:
    return f"unknown unit {shown(value)}" if value else "the unit is empty", suggestion(value)


def _check_bounds(sheet: Sheet, name: str, values: Sequence[float], most: float) -> None:
    outside = (row for row, value in enumerate(values) if abs(value) > most)
    remedy = f"write degrees from -{most:g} to {most:g}"
    sheet.refuse(outside, name, lambda row: (f"{values[row]:g} is out of range", remedy))


def _check_unique(sheet: Sheet) -> None:
    ids, tags = sheet.cells["id"], list(zip(sheet.cells["enterprise"], sheet.cells["tag"], strict=True))
    if len(set(ids)) < len(ids):
        again = {row: first for row, first in _repeats(ids).items() if ids[row]}
        remedy = "give each point its own id"
        sheet.refuse(again, "id", lambda row: (f"{ids[row]!r} is already on line {sheet.lines[again[row]]}", remedy))
    if len(set(tags)) < len(tags):
        twice = {row: first for row, first in _repeats(tags).items() if tags[row][1]}
        sheet.refuse(
            twice,
            "tag",
            lambda row: (
                f"enterprise {tags[row][0]!r} has the tag {tags[row][1]!r} already on line {sheet.lines[twice[row]]}",
                "a tag names one point of its enterprise",
            ),
        )


def _repeats(keys: Sequence[object]) -> dict[int, int]:
    """row -> the first row with the same key, for every row after that one."""
    first: dict[object, int] = {}
    found = ((row, first.setdefault(key, row)) for row, key in enumerate(keys))
    return {row: earlier for row, earlier in found if earlier != row}


def _check_owner(sheet: Sheet, enterprises: Collection[str], owners: Mapping[str, str]) -> None:
    cells = sheet.cells
    strangers = {value for value in set(cells["enterprise"]) if value and value not in enterprises}
    sheet.refuse_values("enterprise", strangers, lambda value: _unknown("enterprise", value, enterprises))
    lost = {value for value in set(cells["source"]) if value and value not in owners}
    sheet.refuse_values("source", lost, lambda value: _unknown("source", value, owners))
    pairs = list(zip(cells["source"], cells["enterprise"], strict=True))
    foreign = {
        (source, enterprise)
        for source, enterprise in set(pairs)
        if source in owners and enterprise in enterprises and owners[source] != enterprise
    }
    sheet.refuse(
        (row for row, pair in enumerate(pairs) if pair in foreign) if foreign else (),
        "source",
        lambda row: (
            f"source {pairs[row][0]!r} belongs to {owners[pairs[row][0]]!r}, not to {pairs[row][1]!r}",
            "correct the source or the enterprise",
        ),
    )


def _unknown(what: str, value: str, known: Collection[str]) -> Saying:
    return f"there is no {what} {shown(value)}", did_you_mean(value, known) or "add it to enterprises.toml"


def _numbers(sheet: Sheet, column: str, *, empty: bool) -> list[float]:
    cells = sheet.cells[column]
    try:
        values = list(map(float, cells))
    except ValueError:
        values = [_number(cell) for cell in cells]
    bad = [
        row
        for row, value in enumerate(values)
        if (not abs(value) <= MOST_NUMBER and (cells[row] or not empty)) or "_" in cells[row]
    ]
    sheet.refuse(bad, column, lambda row: _no_number(cells[row]))
    for row in bad:
        values[row] = math.nan
    return values


def _no_number(cell: str) -> Saying:
    if not cell:
        return "the cell is empty", "write a number, such as 12.5"
    beyond = math.isfinite(_number(cell)) and "_" not in cell
    return f"{shown(cell)} is {'beyond any instrument' if beyond else 'not a number'}", "write a number, such as 12.5"


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan


def _periods(sheet: Sheet) -> list[float]:
    cells = sheet.cells["period"]
    known: dict[str, float] = {}
    for value in set(cells):
        try:
            known[value] = seconds(value)
        except ValueError:
            known[value] = math.nan
    bad = {value for value, period_s in known.items() if not period_s > 0}
    sheet.refuse_values("period", bad, lambda value: (f"{shown(value)} is not a sampling period", DURATION_REMEDY))
    return [known[value] for value in cells]


def _points(sheet: Sheet, numbers: Mapping[str, list[float]]) -> tuple[Point, ...]:
    cells, rows = sheet.cells, len(sheet.lines)
    nowhere: list[float | None] = [None] * rows

    def place(name: str) -> list[float | None]:
        return [None if math.isnan(value) else value for value in numbers[name]] if name in numbers else nowhere

    texts = [cells[name] for name in ("id", "enterprise", "source", "tag", "quantity", "unit")]
    ranges = [numbers[name] for name in ("low", "high", "resolution", "period")]
    names = cells.get("name", [""] * rows)
    return tuple(map(Point, *texts, *ranges, place("lon"), place("lat"), names))
