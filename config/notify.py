"""[notify] who is told of what: receivers, routes to them, and what silences what."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from config.duration import Duration, PositiveDuration
from config.explain import Finding, Wrong, shown
from config.nearest import did_you_mean
from config.section import Section
from config.value import SecretRef
from ganzhi.records import AlarmClass, Tier

COLOURS: Mapping[str, Tier] = {tier.name.lower(): tier for tier in Tier if tier}
ALARMS = tuple(alarm_class.value for alarm_class in AlarmClass)
CLASSES = (*ALARMS, "case", "proposal", "warning")
HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")
MINUTES_PER_HOUR = 60
LONGEST_TIMEOUT_S = 60.0
"""A receiver that needs longer is down; the service waits for a message under way when it stops."""


def _hours(value: object) -> tuple[int, int] | None:
    """First and last minute of the day."""
    if value is None or value == "":
        return None
    found = HOURS.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise Wrong(f"{shown(value)} are not hours of a day", 'write "22:00-07:00", or leave the key out')
    numbers = [int(number) for number in found.groups()]
    first, last = (hour * MINUTES_PER_HOUR + minute for hour, minute in (numbers[:2], numbers[2:]))
    if first == last:
        raise Wrong(f"{shown(value)} begin and end at once", "leave the key out for the whole day")
    return first, last


def _known(words: Sequence[str]) -> Any:
    def check(value: str) -> str:
        if value not in words:
            raise Wrong(f"{shown(value)} is not known here", did_you_mean(str(value), words))
        return value

    return BeforeValidator(check)


Hours = Annotated[tuple[int, int] | None, BeforeValidator(_hours)]
"""Minutes of the day, written "22:00-07:00"."""
Names = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(strict=False)]
Colours = Annotated[tuple[Annotated[str, _known(tuple(COLOURS))], ...], Field(strict=False)]
Classes = Annotated[tuple[Annotated[str, _known(CLASSES)], ...], Field(strict=False)]
FIELDS = ("enterprise", "source", "sector", "district", "condition", "rule", "class", "subject")
Fields = Annotated[tuple[Annotated[str, _known(FIELDS)], ...], Field(strict=False)]


class Match(Section):
    """What a message must be; a key that is left out lets every one pass, but for cases and warnings."""

    tiers: Colours = ()
    classes: Classes = ALARMS
    sectors: Names = ()
    districts: Names = ()
    enterprises: Names = ()
    sources: Names = ()
    conditions: Names = ()
    roles: Names = ()


class Receiver(Section):
    """[[notify.receiver]] somebody who is told, and how he is reached."""

    name: Annotated[str, Field(min_length=1)]
    kind: Literal["apprise", "mqtt"] = "apprise"
    url_file: SecretRef = ""
    language: Literal["zh", "en", "both"] = "zh"
    form: Literal["long", "short"] = "long"
    most: Annotated[int, Field(ge=0)] = 0
    quiet: Hours = None
    simulated: bool = False
    drills: bool = False
    timeout: Annotated[PositiveDuration, Field(le=LONGEST_TIMEOUT_S)] = 10.0
    give_up: PositiveDuration = 86_400.0

    @classmethod
    def across(cls, given: Mapping[str, Any]) -> list[Finding]:
        kind = given.get("kind", "apprise")
        if kind == "apprise" and not given.get("url_file"):
            remedy = 'add url_file, a path or "env:NAME" that holds the address'
            return [Finding("the receiver has no address", remedy, "url_file")]
        if kind == "mqtt" and given.get("url_file"):
            return [Finding("kind 'mqtt' uses the broker of [mqtt]", "remove it", "url_file")]
        return []


class Route(Match):
    """[[notify.route]] which messages go to which receivers, and how they are gathered."""

    name: str = ""
    receivers: Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
    hours: Hours = None
    group_by: Fields = ("source",)
    wait: Duration = 10.0
    interval: Duration = 300.0
    repeat: Duration = 3600.0
    last: bool = False


class Inhibit(Section):
    """[[notify.inhibit]] while an alarm that fits `source` is active, those that fit `target` are not told."""

    source: Match
    target: Match
    equal: Fields = ("source",)


class Notify(Section):
    """[notify] telling people outside the console."""

    receiver: Annotated[tuple[Receiver, ...], Field(strict=False)] = ()
    route: Annotated[tuple[Route, ...], Field(strict=False)] = ()
    inhibit: Annotated[tuple[Inhibit, ...], Field(strict=False)] = ()

    @classmethod
    def across(cls, given: Mapping[str, Any]) -> list[Finding]:
        receivers, routes = _tables(given, "receiver"), _tables(given, "route")
        names = [_name(receiver) for receiver in receivers]
        found = [*_twice("receiver", names), *_twice("route", [_name(route) for route in routes])]
        led = dict.fromkeys(name for route in routes for name in _led_to(route))
        return found + [
            Finding(f"a route leads to {name!r}, which is no receiver", did_you_mean(name, names), "route")
            for name in led
            if name not in names
        ]


def _tables(given: Mapping[str, Any], key: str) -> Sequence[object]:
    """Models or, where something else was wrong, tables as written."""
    found = given.get(key, ())
    return found if isinstance(found, (list, tuple)) else ()


def _twice(what: str, names: Sequence[str]) -> list[Finding]:
    return [
        Finding(f"two {what}s are called {name!r}", "give each a name of its own", what)
        for name in sorted({name for name in names if name and names.count(name) > 1})
    ]


def _name(table: object) -> str:
    name = table.get("name", "") if isinstance(table, dict) else getattr(table, "name", "")
    return name if isinstance(name, str) else ""


def _led_to(table: object) -> list[str]:
    found = table.get("receivers", ()) if isinstance(table, dict) else getattr(table, "receivers", ())
    return [name for name in found if isinstance(name, str)] if isinstance(found, (list, tuple)) else []
