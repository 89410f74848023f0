"""pydantic's errors as faults: the place a person can find, what is wrong, and what would be right."""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from config.document import Step
from config.nearest import did_you_mean
from ganzhi.errors import Fault

MOST_SHOWN = 60
"""Characters of a wrong value that a sentence repeats."""


class Finding(NamedTuple):
    """One thing that a validator found; `key` is below the place of the validator."""

    problem: str
    remedy: str = ""
    key: str = ""


class Wrong(ValueError):
    """Raised by validators with what is wrong and what would be right; pydantic carries it to `explain`."""

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem)
        self.findings: tuple[Finding, ...] = (Finding(problem, remedy),)

    @classmethod
    def several(cls, findings: Sequence[Finding]) -> Wrong:
        """All of several findings as one exception."""
        wrong = cls("; ".join(finding.problem for finding in findings))
        wrong.findings = tuple(findings)
        return wrong


TYPES: Mapping[str, str] = {
    "int_type": "is not a whole number",
    "int_from_float": "is not a whole number",
    "float_type": "is not a number",
    "bool_type": "is neither true nor false",
    "string_type": "is not a text",
    "tuple_type": "is not a list",
    "list_type": "is not a list",
    "model_type": "is not a table",
    "model_attributes_type": "is not a table",
    "dict_type": "is not a table",
    "string_too_short": "is empty",
    "finite_number": "is not a finite number",
}
"""pydantic's error type -> the end of the sentence that begins with the value."""

REMEDIES: Mapping[str, str] = {
    "string_type": 'write a text in quotes, such as "text"',
    "int_type": "write it without quotes, such as 8600",
    "float_type": "write it without quotes, such as 1.5",
    "bool_type": "write true or false without quotes",
    "string_too_short": "write a text, or leave the key out",
    "tuple_type": 'write a list, such as ["one", "two"]',
}


def explain(error: ValidationError, model: type[BaseModel], place: Callable[[Sequence[Step]], str]) -> list[Fault]:
    """Every error as faults; `place` turns a key path into the text that names file and key."""
    return [fault for one in error.errors(include_url=False) for fault in _faults(one, model, place)]


def _faults(error: Any, model: type[BaseModel], place: Callable[[Sequence[Step]], str]) -> list[Fault]:
    keys: tuple[Step, ...] = tuple(error["loc"])
    wrong = error.get("ctx", {}).get("error")
    if isinstance(wrong, Wrong):
        return [
            Fault(place((*keys, finding.key) if finding.key else keys), finding.problem, finding.remedy)
            for finding in wrong.findings
        ]
    return [Fault(place(keys), *_sentence(error, keys, model))]


def _sentence(error: Any, keys: tuple[Step, ...], model: type[BaseModel]) -> tuple[str, str]:
    kind, value, context = str(error["type"]), error["input"], error.get("ctx", {})
    if kind in ("extra_forbidden", "missing"):
        known = _keys(model, keys[:-1])
        if kind == "missing":
            return "is missing", f"add the key {keys[-1]!r}"
        return f"unknown key {keys[-1]!r}", did_you_mean(str(keys[-1]), known)
    if kind == "literal_error":
        return f"{shown(value)} is not known here", f"write {context['expected']}"
    if kind in TYPES:
        return f"{shown(value)} {TYPES[kind]}", REMEDIES.get(kind, "")
    bounds = (("ge", "at least"), ("gt", "above"), ("le", "at most"), ("lt", "below"))
    for name, words in bounds:
        if name in context:
            return f"{shown(value)} is out of bounds", f"it must be {words} {context[name]:g}"
    return f"{shown(value)}: {error['msg']}", ""


def shown(value: object) -> str:
    """A value as a sentence repeats it, cut short."""
    text = "true" if value is True else "false" if value is False else repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"


def _keys(model: type[BaseModel], path: Sequence[Step]) -> list[str]:
    """The keys that are known at a path of the model."""
    for step in path:
        if isinstance(step, int):
            continue
        field = next((f for name, f in model.model_fields.items() if step in (name, f.alias)), None)
        inner = None if field is None else _model(field.annotation)
        if inner is None:
            return []
        model = inner
    return [field.alias or name for name, field in model.model_fields.items()]


def _model(annotation: object) -> type[BaseModel] | None:
    """The model within an annotation such as `tuple[Route, ...]` or `Limits | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model(part) for part in typing.get_args(annotation))
    return next((model for model in found if model is not None), None)
