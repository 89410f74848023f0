"""A settings file and all that it names -> Configuration, or every fault of every file at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from config.catalogue import read_catalogue
from config.kind import Kind
from config.nearest import did_you_mean
from config.pack import read_packs
from config.responsibility import check_people
from config.rule import resolve
from config.settings import Settings, read_settings, read_settings_document, site_folders
from ganzhi.errors import ConfigError, Fault
from ganzhi.records import Catalogue, Rule

PLATFORM, PLATFORM_SOURCE, PLATFORM_SECTOR = "_platform", "_platform/ganzhi", "platform"
"""What the platform's alarms about itself belong to; no catalogue has it."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the service runs on; `warnings` are worth a look but keep nothing from starting."""

    settings: Settings
    catalogue: Catalogue
    rules: tuple[Rule, ...]
    warnings: tuple[Fault, ...] = ()


def load(path: Path, kinds: Mapping[str, Kind], *, codecs: Collection[str] = ()) -> Configuration:
    """The configuration of a settings file. Raises ConfigError with every fault of every file.

    kinds   what rules may say, by the name of their kind; codecs: those that routes may name, none: any
    """
    faults: list[Fault] = []
    warnings: list[Fault] = []
    document = read_settings_document(path, faults)
    if document is None:
        raise ConfigError(faults)
    settings = read_settings(document, faults)
    if settings is None:
        folder, packs = site_folders(document)
    else:
        folder, packs = settings.site.catalogue, list(settings.site.packs)
        _check_codecs(document.name, settings, codecs, faults)
        if not packs:
            problem, remedy = "no rule pack is named, so nothing can raise an alarm", 'write packs = ["tank_farm"]'
            warnings.append(Fault(f"{document.name}: site.packs", problem, remedy))
    catalogue = None if folder is None else read_catalogue(folder, faults)
    if settings is not None:
        faults.extend(_people(document.name, settings, catalogue))
    written = read_packs(packs, kinds, faults)
    rules = () if catalogue is None else resolve(written, catalogue, faults, warnings)
    if settings is not None and catalogue is not None:
        _check_notify(document.name, settings, catalogue, faults)
    if faults or settings is None or catalogue is None:
        raise ConfigError(faults)
    return Configuration(settings, catalogue, rules, tuple(warnings))


def _people(name: str, settings: Settings, catalogue: Catalogue | None) -> Iterator[Fault]:
    return check_people(
        name,
        settings.cases,
        roles=settings.role,
        persons=settings.person,
        authority=settings.authority,
        catalogue=catalogue,
    )


def _check_codecs(name: str, settings: Settings, codecs: Collection[str], faults: list[Fault]) -> None:
    for position, route in enumerate(settings.mqtt.routes, 1):
        if codecs and route.codec not in codecs:
            place = f"{name}: mqtt.routes[{position}].codec"
            faults.append(Fault(place, f"unknown codec {route.codec!r}", did_you_mean(route.codec, codecs)))


def _check_notify(name: str, settings: Settings, catalogue: Catalogue, faults: list[Fault]) -> None:
    """Every name that a route or an inhibition asks for must be in the catalogue, or nothing would ever fit it."""
    sources = catalogue.sources.values()
    known = {
        "enterprises": {PLATFORM, *catalogue.enterprises},
        "sources": {PLATFORM_SOURCE, *catalogue.sources},
        "districts": {enterprise.district for enterprise in catalogue.enterprises.values()} - {""},
        "sectors": {PLATFORM_SECTOR, *(source.sector for source in sources)},
    }
    notify = settings.notify
    matches = [(f"notify.route[{position}]", route) for position, route in enumerate(notify.route, 1)]
    for position, inhibit in enumerate(notify.inhibit, 1):
        matches += [(f"notify.inhibit[{position}].{end}", getattr(inhibit, end)) for end in ("source", "target")]
    faults.extend(
        Fault(f"{name}: {place}.{key}", f"{wanted!r} is not in the catalogue", did_you_mean(wanted, sorted(names)))
        for place, match in matches
        for key, names in known.items()
        for wanted in getattr(match, key)
        if wanted not in names
    )
