"""Rule packs: TOML -> rules, checked one by one as far as that goes without a catalogue, then resolved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from config.document import Document, KeyPath, Step, read_document
from config.explain import explain
from config.judgement import check_limits, check_per, check_unit, read_options
from config.kind import Kind
from config.nearest import did_you_mean
from config.reading import check_reading
from config.rule import resolve
from config.ruletable import PackTable, RuleTable, Written, rule_place
from ganzhi.errors import ConfigError, Fault
from ganzhi.records import Catalogue, Rule

BASIS_REMEDY = 'say where the limits come from: a clause, a paper, or "engineering default"'


def load_rules(
    packs: Sequence[Path], catalogue: Catalogue, kinds: Mapping[str, Kind]
) -> tuple[tuple[Rule, ...], tuple[Fault, ...]]:
    """The rules of packs, resolved against the catalogue, and warnings. Raises ConfigError with every fault."""
    faults: list[Fault] = []
    warnings: list[Fault] = []
    rules = resolve(read_packs(packs, kinds, faults), catalogue, faults, warnings)
    if faults:
        raise ConfigError(faults)
    return rules, tuple(warnings)


def read_packs(packs: Sequence[Path], kinds: Mapping[str, Kind], faults: list[Fault]) -> list[Written]:
    """Every rule without a fault; a fault for everything that is wrong with the others."""
    seen: dict[str, str] = {}
    written: list[Written] = []
    for path in packs:
        remedy = "correct the path in site.packs, or name one of the packs that come with Ganzhi"
        document = read_document(path, faults, missing=remedy)
        if document is None:
            continue
        try:
            pack = PackTable.model_validate(document.table)
        except ValidationError as error:
            faults.extend(explain(error, PackTable, document.place))
            continue
        if not pack.rule:
            faults.append(Fault(document.name, "it holds no rule", "add a [[rule]]"))
        for position, row in enumerate(pack.rule):
            keys: KeyPath = ("rule", position)
            found = _read_rule(document, keys, row, kinds, faults)
            name = row.get("id")
            if isinstance(name, str) and name in seen:
                problem = f"the id {name!r} is already at {seen[name]}"
                faults.append(Fault(rule_place(document, keys, name, ("id",)), problem, "give each rule its own id"))
            elif isinstance(name, str):
                seen[name] = document.where(keys)
                written += [found] if found else []
    check_reading(written, seen, faults)
    return written


def _read_rule(
    document: Document, keys: KeyPath, row: Mapping[str, Any], kinds: Mapping[str, Kind], faults: list[Fault]
) -> Written | None:
    before = len(faults)

    def fault(problem: str, remedy: str, *rest: Step) -> None:
        faults.append(Fault(rule_place(document, keys, row.get("id"), rest), problem, remedy))

    table = None
    try:
        table = RuleTable.model_validate(row)
    except ValidationError as error:
        faults.extend(explain(error, RuleTable, lambda rest: rule_place(document, keys, row.get("id"), rest)))
    basis, name = row.get("basis"), row.get("kind")
    if "limits" not in row and not (isinstance(name, str) and name in kinds and kinds[name].colours):
        fault("is missing", "add the key 'limits'", "limits")
    if basis is None or (isinstance(basis, str) and not basis.strip()):
        fault("the basis is missing", BASIS_REMEDY, "basis")
    if not isinstance(name, str) or not name:
        return None
    if name not in kinds:
        fault(f"unknown kind {name!r}", did_you_mean(name, kinds), "kind")
        return None
    kind = kinds[name]
    options = read_options(row.get("options", {}), name, kind, document.path.parent, fault)
    side = kind.side or row.get("side")
    if side is None:
        fault("the side is missing", 'write side = "high" where more is worse, "low" where less is', "side")
    elif row.get("side", side) != side and row["side"] in ("high", "low"):
        fault(f"the side of kind {name!r} is {kind.side!r}", f'write side = "{kind.side}", or leave it out', "side")
    check_limits(row, kind, side, fault)
    check_unit(row.get("unit", ""), kind, fault)
    check_per(row, name, kind, fault)
    if table is None or len(faults) > before:
        return None
    return Written(table, kind, str(side), table.per or kind.per[0], options, document, keys)
