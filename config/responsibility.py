"""[cases], [warnings], [[role]], [[person]], [[authority]]: who answers for what, by when, and who may release what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from config.duration import Duration, PositiveDuration
from config.explain import Wrong
from config.nearest import did_you_mean
from config.secret import secret
from config.section import Section
from config.table import Ident, Named, NameTable
from config.value import SecretRef
from ganzhi.errors import Fault
from ganzhi.handling import CasePolicy, Deadlines, Responsibility, Scope, WarningPolicy
from ganzhi.handling import Person as Somebody
from ganzhi.records import COLOURS, AlarmClass, Catalogue, Text, Tier

Colour = Literal["blue", "yellow", "orange", "red"]
ColourOrNone = Literal["", "blue", "yellow", "orange", "red"]

ROLES: Mapping[str, Text] = {
    "shift_leader": Text("当班班长", "Shift leader"),
    "safety_officer": Text("企业安全员", "Enterprise safety officer"),
    "principal": Text("企业主要负责人", "Enterprise principal"),
    "town_office": Text("镇街值班负责人", "Town office, officer on duty"),
    "district_bureau": Text("区应急局值班负责人", "District emergency bureau, officer on duty"),
    "city_bureau": Text("市应急局值班负责人", "City emergency bureau, officer on duty"),
    "duty_officer": Text("部门值班负责人", "Department, officer on duty"),
    "command_post": Text("指挥部值班负责人", "Command post, officer on duty"),
    "government": Text("政府值班负责人", "Government, officer on duty"),
}
"""Roles that need no [[role]]."""

BLUE_CHAIN = ("shift_leader", "safety_officer")
YELLOW_CHAIN = (*BLUE_CHAIN, "principal", "town_office")
ORANGE_CHAIN = (*YELLOW_CHAIN, "district_bureau")
RED_CHAIN = (*ORANGE_CHAIN, "city_bureau", "command_post")


def _some(roles: tuple[str, ...]) -> tuple[str, ...]:
    if not roles:
        raise Wrong("the chain is empty", 'name at least one role, such as ["shift_leader"]')
    return roles


Chain = Annotated[tuple[Ident, ...], Field(strict=False), AfterValidator(_some)]


class Chains(Section):
    """[cases.chain] roles by colour, nearest first; each overdue step goes one further."""

    blue: Chain = BLUE_CHAIN
    yellow: Chain = YELLOW_CHAIN
    orange: Chain = ORANGE_CHAIN
    red: Chain = RED_CHAIN


class Times(Section):
    """[cases.deadlines.COLOUR] each counted from the end of the step before."""

    accept: PositiveDuration
    feedback: PositiveDuration
    verify: PositiveDuration


def _times(accept: str, feedback: str) -> Times:
    return Times.model_validate({"accept": accept, "feedback": feedback, "verify": feedback})


class CaseDeadlines(Section):
    """[cases.deadlines]"""

    blue: Times = _times("30min", "24h")
    yellow: Times = _times("15min", "8h")
    orange: Times = _times("10min", "2h")
    red: Times = _times("5min", "30min")


class Cases(Section):
    """[cases] which alarms open a case, who answers for it, and by when."""

    open_at: ColourOrNone = "yellow"
    classes: Annotated[tuple[Literal["process", "device"], ...], Field(strict=False)] = ("process",)
    second_person: bool = True
    chain: Chains = Chains()
    deadlines: CaseDeadlines = CaseDeadlines()


class Decide(Section):
    """[warnings.decide] how long a decision on a proposal may take, by colour."""

    blue: PositiveDuration = 3600.0
    yellow: PositiveDuration = 1800.0
    orange: PositiveDuration = 900.0
    red: PositiveDuration = 600.0


class Warnings(Section):
    """[warnings] the colours from which the machine proposes a warning; "": never."""

    source: ColourOrNone = "orange"
    enterprise: ColourOrNone = ""
    district: ColourOrNone = "red"
    alarm: ColourOrNone = ""
    decide: Decide = Decide()
    calm: Duration = 1800.0
    again: Duration = 3600.0


class Role(Section):
    """[[role]] a further role, or another name for a known one."""

    id: Ident
    name: NameTable


class Person(Section):
    """[[person]] somebody who may act; without any, every role is a person of its own."""

    id: Ident
    name: Named
    roles: Annotated[tuple[Ident, ...], Field(strict=False)]
    enterprise: str = ""
    district: str = ""
    pin_file: SecretRef = ""


class Authority(Section):
    """[[authority]] the colours of warnings that a role may release; the first role with a colour is asked first."""

    role: Ident
    colours: Annotated[tuple[Colour, ...], Field(strict=False)]


AUTHORITY = (
    Authority(role="duty_officer", colours=("blue", "yellow")),
    Authority(role="command_post", colours=("blue", "yellow", "orange", "red")),
    Authority(role="government", colours=("blue", "yellow", "orange", "red")),
)


def tier(colour: str) -> Tier:
    """The colour of a name; NONE for ""."""
    return Tier[colour.upper()] if colour else Tier.NONE


def case_policy(cases: Cases) -> CasePolicy:
    """[cases] as alerting takes it."""
    times = {colour: getattr(cases.deadlines, colour.name.lower()) for colour in COLOURS}
    return CasePolicy(
        open_at=tier(cases.open_at),
        classes=frozenset(AlarmClass(name) for name in cases.classes),
        chains={colour: getattr(cases.chain, colour.name.lower()) for colour in COLOURS},
        deadlines={c: Deadlines(given.accept, given.feedback, given.verify) for c, given in times.items()},
        second_person=cases.second_person,
    )


def warning_policy(warnings: Warnings) -> WarningPolicy:
    """[warnings] as alerting takes it."""
    return WarningPolicy(
        propose_at={scope: tier(getattr(warnings, scope.value)) for scope in Scope},
        alarm_at=tier(warnings.alarm),
        decide_s={colour: getattr(warnings.decide, colour.name.lower()) for colour in COLOURS},
        calm_s=warnings.calm,
        again_s=warnings.again,
    )


def responsibility(roles: Iterable[Role], persons: Iterable[Person], authority: Iterable[Authority]) -> Responsibility:
    """The three lists as alerting takes them. Raises ConfigError for a PIN that cannot be read."""
    names = {**ROLES, **{role.id: role.name.text() for role in roles}}
    people = {
        person.id: Somebody(
            person.id, person.name, person.roles, person.enterprise, person.district, secret(person.pin_file)
        )
        for person in persons
    }
    return Responsibility(
        roles=names,
        persons=people or {role: Somebody(role, name.zh, (role,)) for role, name in names.items()},
        authority={given.role: frozenset(tier(colour) for colour in given.colours) for given in authority},
    )


def check_people(
    name: str,
    cases: Cases,
    *,
    roles: Iterable[Role],
    persons: Iterable[Person],
    authority: Iterable[Authority],
    catalogue: Catalogue | None,
) -> Iterator[Fault]:
    """What is wrong between these tables, and against the catalogue; `name` is that of the file."""
    known = {*ROLES, *(role.id for role in roles)}
    people, given = list(persons), list(authority)
    for key, role in _named_roles(cases, people, given):
        if role not in known:
            remedy = did_you_mean(role, known)
            yield Fault(f"{name}: {key}", f"there is no role {role!r}", f"{remedy}, or add a [[role]]")
    for position, person in enumerate(people, 1):
        if person.id in {before.id for before in people[: position - 1]}:
            yield Fault(f"{name}: person[{position}].id", f"{person.id!r} is there twice", "give each its own id")
        yield from _elsewhere(f"{name}: person[{position}]", person, catalogue)
    for position, grant in enumerate(given, 1):
        if grant.role in {before.role for before in given[: position - 1]}:
            place = f"{name}: authority[{position}].role"
            yield Fault(place, f"{grant.role!r} is there twice", "write all its colours in one [[authority]]")
    for colour in COLOURS:
        if not any(colour.name.lower() in grant.colours for grant in given):
            problem = f"nobody may release a warning in {colour.name.lower()}"
            yield Fault(f"{name}: authority", problem, "add the colour to one role's colours")


def _named_roles(cases: Cases, people: Iterable[Person], authority: Iterable[Authority]) -> Iterator[tuple[str, str]]:
    for colour in COLOURS:
        key = colour.name.lower()
        yield from ((f"cases.chain.{key}", role) for role in getattr(cases.chain, key))
    for position, person in enumerate(people, 1):
        yield from ((f"person[{position}].roles", role) for role in person.roles)
    yield from ((f"authority[{position}].role", grant.role) for position, grant in enumerate(authority, 1))


def _elsewhere(place: str, person: Person, catalogue: Catalogue | None) -> Iterator[Fault]:
    if catalogue is None:
        return
    districts = {enterprise.district for enterprise in catalogue.enterprises.values()}
    if person.enterprise and person.enterprise not in catalogue.enterprises:
        remedy = did_you_mean(person.enterprise, catalogue.enterprises)
        yield Fault(f"{place}.enterprise", f"there is no enterprise {person.enterprise!r}", remedy)
    if person.district and person.district not in districts:
        yield Fault(
            f"{place}.district", f"no enterprise is in {person.district!r}", did_you_mean(person.district, districts)
        )
