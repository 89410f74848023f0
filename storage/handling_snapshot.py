"""A case or a warning as JSON, without loss."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from ganzhi.handling import Case, CaseKind, CaseState, Matter, PublicWarning, Scope, WarningState
from ganzhi.records import Text, Tier

CASE, WARNING = "case", "warning"


def _text(record: Mapping[str, str]) -> Text:
    return Text(record["zh"], record["en"])


def _optional_tier(value: int | None) -> Tier | None:
    return None if value is None else Tier(value)


CASE_TYPES: Mapping[str, Callable[[Any], Any]] = {
    "kind": CaseKind,
    "state": CaseState,
    "tier": Tier,
    "title": _text,
    "text": _text,
    "advice": _text,
    "chain": tuple,
    "alarms": tuple,
    "photos": tuple,
}
WARNING_TYPES: Mapping[str, Callable[[Any], Any]] = {
    "scope": Scope,
    "name": _text,
    "state": WarningState,
    "tier": Tier,
    "proposed": _optional_tier,
    "needs": Tier,
    "reason": _text,
    "chain": tuple,
    "declined": Tier,
}
"""What JSON has no type for; every other field is as JSON gives it."""


def to_json(matter: Matter) -> str:
    """The whole of it as one line of JSON."""
    record = {"matter": CASE if isinstance(matter, Case) else WARNING, **asdict(matter)}
    return json.dumps(record, ensure_ascii=False)


def from_json(text: str) -> Matter:
    """The case or warning again. Raises KeyError, TypeError or ValueError for what none was."""
    record = json.loads(text)
    case = record.pop("matter") == CASE
    types = CASE_TYPES if case else WARNING_TYPES
    found: dict[str, Any] = {name: types[name](value) if name in types else value for name, value in record.items()}
    return Case(**found) if case else PublicWarning(**found)
