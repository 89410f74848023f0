"""The few exceptions that callers handle; anything else is a bug and ends the service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in the settings, the catalogue or a rule pack.

    `place` names the file and the line or key path; `problem` says what is wrong; `remedy` what would be right.
    """

    place: str
    problem: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}" + (f" ({self.remedy})" if self.remedy else "")


class ConfigError(Exception):
    """Raised at start only, with every fault found, so that one round of corrections is enough."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


class BadPayload(Exception):
    """A payload that cannot be read; counted by `reason`, one sample kept, and the stream goes on."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unavailable(Exception):
    """The far side is down; the caller tries again after `retry_after_s` with jitter and a ceiling."""

    def __init__(self, message: str, *, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Refused(Exception):
    """What a person asked for cannot be done; carries the sentence to show them, Chinese and English.

    missing    there is no such thing; forbidden: there is, but not for this person
    """

    def __init__(self, zh: str, en: str, *, missing: bool = False, forbidden: bool = False) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en
        self.missing = missing
        self.forbidden = forbidden
