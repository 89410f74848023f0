"""The site catalogue: a folder with enterprises.toml and points.csv -> Catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from config.credit import credit_code_fault
from config.document import Document, KeyPath, read_document
from config.explain import Wrong, explain
from config.nearest import did_you_mean
from config.pointlist import read_points
from config.table import STRICT, Ident, NameTable
from ganzhi.errors import ConfigError, Fault
from ganzhi.records import Catalogue, Enterprise, Source

ENTERPRISES = "enterprises.toml"
POINTS = "points.csv"
COPY = "copy the file of config/examples/demo and change it"


def _credit_code(code: str) -> str:
    fault = credit_code_fault(code) if code else ""
    if fault:
        raise Wrong(f"{code!r} {fault}", "correct it, or leave it out")
    return code


class NestedSourceTable(BaseModel):
    """[[enterprise.source]]"""

    model_config = STRICT
    id: Ident
    name: NameTable
    sector: Ident
    level: Annotated[int, Field(ge=0, le=4)] = 0
    lon: Annotated[float | None, Field(ge=-180, le=180)] = None
    lat: Annotated[float | None, Field(ge=-90, le=90)] = None

    def source(self, enterprise: str) -> Source:
        return Source(self.id, enterprise, self.name.text(), self.sector, self.level, self.lon, self.lat)


class SourceTable(NestedSourceTable):
    """[[source]], which says itself whose it is."""

    enterprise: str


class EnterpriseTable(BaseModel):
    """[[enterprise]]"""

    model_config = STRICT
    id: Ident
    name: NameTable
    credit_code: Annotated[str, AfterValidator(_credit_code)] = ""
    district: str = ""
    source: Annotated[tuple[NestedSourceTable, ...], Field(strict=False)] = ()

    def enterprise(self) -> Enterprise:
        return Enterprise(self.id, self.name.text(), self.credit_code, self.district)


class SiteTable(BaseModel):
    """enterprises.toml"""

    model_config = STRICT
    enterprise: Annotated[tuple[EnterpriseTable, ...], Field(strict=False)] = ()
    source: Annotated[tuple[SourceTable, ...], Field(strict=False)] = ()


def load_catalogue(folder: Path) -> Catalogue:
    """The catalogue of a folder. Raises ConfigError with every fault of both files."""
    faults: list[Fault] = []
    catalogue = read_catalogue(folder, faults)
    if catalogue is None or faults:
        raise ConfigError(faults)
    return catalogue


def read_catalogue(folder: Path, faults: list[Fault]) -> Catalogue | None:
    """The catalogue, or None with a fault for everything that is wrong."""
    before = len(faults)
    document = read_document(folder / ENTERPRISES, faults, missing=COPY)
    enterprises: dict[str, Enterprise] = {}
    sources: dict[str, Source] = {}
    if document is None:
        points = read_points(folder / POINTS, None, None, faults)
    else:
        site = _read_site(document, faults)
        if site is not None:
            enterprises = {row.id: row.enterprise() for row in site.enterprise}
            sources = {row.id: row.source(owner.id) for owner in site.enterprise for row in owner.source}
            sources |= {row.id: row.source(row.enterprise) for row in site.source}
        known, owners = _known_ids(document, faults)
        points = read_points(folder / POINTS, known, owners, faults)
    if len(faults) > before:
        return None
    return Catalogue(enterprises, sources, points)


def _read_site(document: Document, faults: list[Fault]) -> SiteTable | None:
    try:
        site = SiteTable.model_validate(document.table)
    except ValidationError as error:
        faults.extend(explain(error, SiteTable, document.place))
        return None
    if not site.enterprise:
        remedy = "add an [[enterprise]] with id, name.zh and name.en"
        faults.append(Fault(document.name, "it lists no enterprise", remedy))
    return site


def _rows(table: object, name: str) -> list[tuple[int, Mapping[str, Any]]]:
    """The tables of a list with their positions, as far as they are tables: also of a document with faults."""
    rows = table.get(name) if isinstance(table, dict) else None
    return [(i, row) for i, row in enumerate(rows) if isinstance(row, dict)] if isinstance(rows, list) else []


def _known_ids(document: Document, faults: list[Fault]) -> tuple[set[str], dict[str, str]]:
    """Ids of enterprises, and source -> enterprise, of rows good or bad, so that one fault does not bring others."""
    enterprises: dict[str, KeyPath] = {}
    sources: dict[str, KeyPath] = {}
    owners: dict[str, str] = {}

    def remember(seen: dict[str, KeyPath], row: Mapping[str, Any], keys: KeyPath) -> str:
        name = row.get("id")
        if not isinstance(name, str):
            return ""
        if name in seen:
            problem = f"the id {name!r} is already at {document.where(seen[name])}"
            faults.append(Fault(document.place((*keys, "id")), problem, "give each its own id"))
        seen.setdefault(name, keys)
        return name

    for i, row in _rows(document.table, "enterprise"):
        owner = remember(enterprises, row, ("enterprise", i))
        for j, inner in _rows(row, "source"):
            owners.setdefault(remember(sources, inner, ("enterprise", i, "source", j)), owner)
    for i, row in _rows(document.table, "source"):
        source, named = remember(sources, row, ("source", i)), row.get("enterprise")
        if isinstance(named, str):
            owners.setdefault(source, named)
            if named not in enterprises:
                place = document.place(("source", i, "enterprise"))
                faults.append(Fault(place, f"there is no enterprise {named!r}", did_you_mean(named, enterprises)))
    return set(enterprises), owners
