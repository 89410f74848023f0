"""Rules as written + catalogue -> ganzhi.records.Rule, for all points of a rule at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from config.amount import Amount
from config.judgement import order_fault, unit_stem
from config.kind import UNIT, Model
from config.model import match, models_of
from config.nearest import did_you_mean
from config.reading import in_force
from config.ruletable import COLOUR_NAMES, SelectTable, Written
from config.subject import units, unplaced
from config.unit import canonical
from ganzhi.errors import Fault
from ganzhi.records import COLOURS, AlarmClass, Catalogue, Floats, Int32s, Point, Rule, Text, Unit

SINGULAR = {"tags": "tag", "points": "id"}
ROUNDING = 1e-9
"""Part of a range by which "100 %" of it may miss its end."""
NAMED = ("enterprise", "source", "tags", "points")
"""Keys of select that name things of one site; what they name and nothing has is worth a warning."""


@dataclass(slots=True)
class Columns:
    """The points of a catalogue in columns, made when first asked for."""

    catalogue: Catalogue
    _codes: dict[str, tuple[dict[str, int], Int32s]] = field(default_factory=dict)
    _ranges: Floats | None = None

    def codes(self, key: str) -> tuple[dict[str, int], Int32s]:
        """value -> code, and the code of each point, for a key of select or "unit"."""
        if key not in self._codes:
            index: dict[str, int] = {}
            values = map(self._reader(key), self.catalogue.points)
            codes = [index.setdefault(value, len(index)) for value in values]
            self._codes[key] = index, np.array(codes, np.int32)
        return self._codes[key]

    def _reader(self, key: str) -> Callable[[Point], str]:
        sources = self.catalogue.sources
        readers: Mapping[str, Callable[[Point], str]] = {
            "quantity": lambda point: point.quantity,
            "sector": lambda point: sources[point.source].sector,
            "enterprise": lambda point: point.enterprise,
            "source": lambda point: point.source,
            "tags": lambda point: point.tag,
            "points": lambda point: point.id,
            "unit": lambda point: canonical(point.unit) or point.unit,
        }
        return readers[key]

    def ranges(self, points: Int32s) -> tuple[Floats, Floats]:
        """low and high of these points, float64 (m,)."""
        if self._ranges is None:
            ranges = [(point.low, point.high) for point in self.catalogue.points]
            self._ranges = np.array(ranges, np.float64).reshape(-1, 2)
        low, high = self._ranges[points].T
        return low, high

    def select(self, select: SelectTable) -> Int32s:
        """The indices of the points that fit every key given."""
        chosen: NDArray[np.bool_] = np.ones(len(self.catalogue.points), np.bool_)
        for key in sorted(select.model_fields_set):
            index, codes = self.codes(key)
            wanted = [index[name] for name in getattr(select, key) if name in index]
            chosen &= np.isin(codes, wanted)
        return np.flatnonzero(chosen).astype(np.int32)


def resolve(
    written: Iterable[Written], catalogue: Catalogue, faults: list[Fault], warnings: list[Fault]
) -> tuple[Rule, ...]:
    """The rules that watch at least one point; a fault for each that does not fit its points."""
    columns = Columns(catalogue)
    written = list(written)
    _check_suppressors(written, columns, faults, warnings)
    found = (_Resolving(rule, columns, faults, warnings).rule() for rule in written)
    return in_force([rule for rule in found if rule is not None], written, warnings)


def _check_suppressors(
    written: Sequence[Written], columns: Columns, faults: list[Fault], warnings: list[Fault]
) -> None:
    """What a rule says it is suppressed by should be there: what is not suppresses nothing, and silently."""
    known = {rule.table.id for rule in written}
    for each in written:
        when = each.table.suppress_when
        if when is None:
            continue
        if when.rule and when.rule not in known:
            place = each.place("suppress_when", "rule")
            faults.append(Fault(place, f"there is no rule {when.rule!r}", did_you_mean(when.rule, known)))
        for key, name, codes in (("tag", when.tag, "tags"), ("quantity", when.quantity, "quantity")):
            names = columns.codes(codes)[0]
            if name and name not in names:
                place = each.place("suppress_when", key)
                warnings.append(Fault(place, f"no point has {key} {name!r}", did_you_mean(name, names)))


@dataclass(slots=True)
class _Resolving:
    """One rule on its way."""

    written: Written
    columns: Columns
    faults: list[Fault]
    warnings: list[Fault]
    points: Int32s = field(init=False)
    units: tuple[Unit, ...] = ()

    def rule(self) -> Rule | None:
        table, kind = self.written.table, self.written.kind
        self.points = self.columns.select(table.select)
        self._warn()
        if not len(self.points):
            return None
        before = len(self.faults)
        self.units = self._units()
        unit = self._unit()
        low, high = self.columns.ranges(self._subjects())
        scaled = Amount.at if kind.reading else Amount.across
        limits = np.full((len(low), len(COLOUR_NAMES)), np.nan)
        for colour, limit in table.limits.given().items():
            limits[:, COLOUR_NAMES.index(colour)] = scaled(limit, low, high)
        if kind.colours:
            limits[:] = COLOURS
        self._check_order(limits)
        deadband = table.deadband.across(low, high)
        low, high = self.columns.ranges(self.points)
        options: dict[str, object] = {}
        for name, value in self.written.options.items():
            options[name] = value.at(low, high) if isinstance(value, Amount) else value
            if isinstance(value, Mapping) and len(self.faults) == before:
                options[name] = tuple(value[unit.id] for unit in self.units)
            if isinstance(value, Amount):
                self._check_range(value.at(low, high), value, low, high, ("options", name))
        if kind.reading:
            for colour, limit in table.limits.given().items():
                self._check_range(limits[:, COLOUR_NAMES.index(colour)], limit, low, high, ("limits", colour))
        if len(self.faults) > before:
            return None
        return Rule(
            id=table.id,
            name=table.name.text(),
            kind=table.kind,
            points=self.points,
            limits=limits,
            side=self.written.side,
            deadband=deadband,
            unit=unit,
            on_delay_s=table.on_delay,
            off_delay_s=table.off_delay,
            repeat_s=table.repeat,
            latch=table.latch,
            condition=table.condition or table.id,
            alarm_class=AlarmClass(table.alarm_class),
            options=MappingProxyType(options),
            basis=table.basis,
            advice=Text(table.advice.zh, table.advice.en),
            suppress_when=None if table.suppress_when is None else table.suppress_when.resolved(),
            units=self.units,
        )

    def _subjects(self) -> Int32s:
        return np.array([unit.point for unit in self.units], np.int32) if self.units else self.points

    def _units(self) -> tuple[Unit, ...]:
        written, catalogue = self.written, self.columns.catalogue
        if written.per == "neighbours" and (nowhere := unplaced(catalogue, self.points)):
            problem = f"nobody knows where {nowhere[0].id} is{_more(len(nowhere) - 1)}"
            self._fault(problem, "give it lon and lat in points.csv, or select others", "per")
            return ()
        found = units(catalogue, self.points, written.per, written.table.distance_m or 0.0)
        for name, models in models_of(written.options, written.kind).items():
            found = tuple(self._as_modelled(unit, name, models) for unit in found)
        return tuple(map(self._in_order, found)) if written.kind.members else found

    def _as_modelled(self, unit: Unit, option: str, models: Mapping[str, Model]) -> Unit:
        """The unit with its points in the order of its model; else a fault."""
        matched = match(unit, models, self.columns.catalogue)
        if isinstance(matched, Unit):
            return matched
        self._fault(matched.problem, matched.remedy, "options", option)
        return unit

    def _in_order(self, unit: Unit) -> Unit:
        """The unit with one point of each quantity that the kind asks for, in its order; else a fault."""
        wanted = self.written.kind.members
        index, codes = self.columns.codes("quantity")
        held = codes[unit.members]
        rows = [np.flatnonzero(held == index.get(quantity, -1)) for quantity in wanted]
        wrong = [(name, len(row)) for name, row in zip(wanted, rows, strict=True) if len(row) != 1]
        if wrong or len(held) != len(wanted):
            counts = " and ".join(f"{count} of {name}" for name, count in wrong) or f"{len(held)} points"
            remedy = f"select one of each of {', '.join(wanted)}"
            self._fault(f"{self.written.per} {unit.id} has {counts}", remedy, "select")
            return unit
        members = unit.members[np.concatenate(rows)]
        return replace(unit, point=int(members[0]), members=members)

    def _warn(self) -> None:
        select = self.written.table.select
        unknown = [
            (key, name)
            for key in SelectTable.model_fields
            for name in getattr(select, key)
            if name not in self.columns.codes(key)[0] and (key in NAMED or not len(self.points))
        ]
        place = self.written.place("select")
        if not len(self.points):
            why = "".join(f"; none has {SINGULAR.get(key, key)} {name!r}" for key, name in unknown)
            remedies = (did_you_mean(name, self.columns.codes(key)[0]) for key, name in unknown[:1])
            self.warnings.append(Fault(place, f"the rule watches no point of this catalogue{why}", "".join(remedies)))
            return
        for key, name in unknown:
            remedy = did_you_mean(name, self.columns.codes(key)[0])
            self.warnings.append(Fault(place, f"no point has {SINGULAR.get(key, key)} {name!r}", remedy))

    def _unit(self) -> str:
        """The unit of the score, in the spelling of the first point; a fault where the points do not agree."""
        table, kind = self.written.table, self.written.kind
        by_point = UNIT in kind.unit
        plain = any(isinstance(value, Amount) and not value.share for value in self.written.options.values())
        if not by_point and not plain:
            return kind.unit
        index, codes = self.columns.codes("unit")
        names = list(index)
        present = codes[self.points]
        first = self._point(0)
        stem = unit_stem(table.unit, kind) if by_point and table.unit else None
        expected = (canonical(stem) if stem else None) or names[present[0]]
        others = np.flatnonzero(present != index.get(expected, -1))
        if len(others):
            other = self._point(int(others[0]))
            subject = f"the rule is in {expected}" if stem else f"point {first.id} is in {first.unit}"
            problem = f"{subject}, but point {other.id} is in {other.unit}{_more(len(others) - 1)}"
            self._fault(
                problem, "select points of one unit, and write a rule for each unit", "unit" if stem else "select"
            )
        return kind.unit.replace(UNIT, first.unit)

    def _check_order(self, limits: Floats) -> None:
        """Limits of which some are numbers and some shares are in order only point by point."""
        given = self.written.table.limits.given()
        if len({limit.share for limit in given.values()}) <= 1:
            return
        columns = [COLOUR_NAMES.index(colour) for colour in given]
        steps = np.diff(limits[:, columns], axis=1) * (1 if self.written.side == "high" else -1)
        wrong = np.flatnonzero((steps <= 0).any(axis=1))
        if len(wrong):
            values = dict(zip(given, (float(limits[wrong[0], column]) for column in columns), strict=True))
            listed = ", ".join(f"{colour} = {value:g}" for colour, value in values.items())
            problem = (
                f"the limits of {self._point(wrong[0]).id} are in the wrong order: {listed}{_more(len(wrong) - 1)}"
            )
            self._fault(problem, order_fault(values, self.written.side), "limits")

    def _check_range(self, values: Floats, said: Amount, low: Floats, high: Floats, keys: Sequence[str]) -> None:
        slack = ROUNDING * (high - low)
        outside = np.flatnonzero((values < low - slack) | (values > high + slack))
        if len(outside):
            point = self._point(int(outside[0]))
            span = f"{point.low:g} to {point.high:g} {point.unit}"
            problem = f"{said} is outside the range of {point.id}, {span}{_more(len(outside) - 1)}"
            self._fault(problem, 'write a value within it, or a share such as "85 %"', *keys)

    def _point(self, row: int) -> Point:
        return self.columns.catalogue.points[int(self.points[row])]

    def _fault(self, problem: str, remedy: str, *keys: str) -> None:
        self.faults.append(Fault(self.written.place(*keys), problem, remedy))


def _more(count: int) -> str:
    return f", and so for {count} further point{'s' * (count > 1)}" if count else ""
