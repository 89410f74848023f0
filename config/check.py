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
