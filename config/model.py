"""Files of models that a pack names: read, and each model given to its unit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from config.explain import Finding
from config.kind import Kind, Model, PerUnit
from ganzhi.records import Catalogue, Unit

FIT = "fit it with `ganzhi fit`"


def read_models(given: object, option: PerUnit, folder: Path) -> Path | Mapping[str, Model] | Finding:
    """The models of a file by the id of their unit, its path where it is not to be read, or what is wrong."""
    if not isinstance(given, str) or not given or "\0" in given:
        return Finding("it is no path", 'write a path in quotes, relative to the pack, such as "reactor.json"')
    path = folder / given
    if option.read is None:
        return path
    try:
        return option.read(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return Finding(f"there is no file {path}", FIT)
    except OSError as error:
        return Finding(f"{path} cannot be read: {error.strerror}", "correct its permissions")
    except (ValueError, RecursionError) as error:
        return Finding(f"{path.name}: {error}", f"{FIT} again")


def models_of(options: Mapping[str, object], kind: Kind) -> Mapping[str, Mapping[str, Model]]:
    """The options that are models by the id of their unit."""
    found = {name: value for name, value in options.items() if isinstance(kind.options[name], PerUnit)}
    return {name: value for name, value in found.items() if isinstance(value, Mapping)}


def match(unit: Unit, models: Mapping[str, Model], catalogue: Catalogue) -> Unit | Finding:
    """The unit with its members in the order of its model's channels; or why it cannot be."""
    model = models.get(unit.id)
    if model is None:
        return Finding(f"there is no model of {unit.id}, but of {_some(list(models))}", FIT)
    ids = {catalogue.points[index].id: index for index in unit.members.tolist()}
    gone = [channel for channel in model.channels if channel not in ids]
    new = [point for point in ids if point not in model.channels]
    if gone or new:
        parts = [f"has {_some(gone)}, which the rule does not select"] if gone else []
        parts += [f"does not know {_some(new)}"] if new else []
        return Finding(f"the model of {unit.id} {' and '.join(parts)}", f"select what it was fitted to, or {FIT} again")
    return replace(unit, members=np.array([ids[channel] for channel in model.channels], np.int32))


MOST_NAMED = 3


def _some(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
