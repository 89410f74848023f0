"""What the console asks of those who keep cases and warnings: a record of callables that `ganzhi.app` supplies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ganzhi.handling import (
    Case,
    CaseState,
    Deed,
    HandlingEvent,
    Hazard,
    PublicWarning,
    Responsibility,
    Risk,
    Scope,
    WarningState,
)
from ganzhi.records import Tier


class Book(Protocol):
    """The journal of cases and warnings read back; every method may raise Unavailable."""

    def find(self, name: str) -> HandlingEvent | None: ...
    def of(self, id: str) -> list[HandlingEvent]: ...
    def after(self, seq: int, limit: int) -> list[HandlingEvent]: ...
    def newest(self, limit: int) -> list[HandlingEvent]: ...
    def last_seq(self) -> int: ...
    def cases(self, *, open: bool | None, limit: int, enterprise: str = ..., source: str = ...) -> list[Case]: ...
    def warnings(self, *, open: bool | None, limit: int) -> list[PublicWarning]: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """Callables are called from worker threads, several at once. Those that change something raise Refused.

    book             open (True) cases worst first, closed (False) and all (None) newest first
    risks            the colour of every source, enterprise and district, with reasons
    case             (id, action, what a person says) -> the journal line
    report           a hazard -> the line that opens its case
    warning          (id, action, what a person says, the colour of a release or proposal) -> the line
    propose          (scope, subject, colour, what a person says) -> the line that begins a warning
    case_actions     what people may do to a case in that state; `warning_actions` to a warning
    """

    people: Responsibility
    book: Book
    risks: Callable[[], list[Risk]]
    case: Callable[[str, str, Deed], HandlingEvent]
    report: Callable[[Hazard, Deed], HandlingEvent]
    warning: Callable[[str, str, Deed, Tier | None], HandlingEvent]
    propose: Callable[[Scope, str, Tier, Deed], HandlingEvent]
    case_actions: Callable[[CaseState], Sequence[str]]
    warning_actions: Callable[[WarningState], Sequence[str]]
