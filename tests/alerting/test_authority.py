"""Who may do what: lists, roles, ranges and PINs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerting.authority import LOCKED_S, MOST_WRONG, Authority
from config.responsibility import Person
from ganzhi.clock import NS_PER_S
from ganzhi.errors import Refused
from ganzhi.records import COLOURS, Text, Tier
from tests.alerting.office import people
from tests.alerting.site import START


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return self.now


def with_pin(pin: str) -> tuple[Authority, Clock]:
    of = people(Person(id="li", name="李", roles=("duty_officer",)))
    clock = Clock()
    return Authority(replace(of, persons={"li": replace(of.persons["li"], pin=pin)}), clock), clock


def test_blue_and_yellow_are_the_departments_and_the_rest_the_governments_when_nothing_is_said() -> None:
    authority = Authority(people(), Clock())
    assert {colour.name: authority.releasing(colour) for colour in COLOURS} == {
        "BLUE": ("duty_officer", "command_post", "government"),
        "YELLOW": ("duty_officer", "command_post", "government"),
        "ORANGE": ("command_post", "government"),
        "RED": ("command_post", "government"),
    }


def test_every_role_is_a_person_when_none_are_listed() -> None:
    person = Authority(people(), Clock()).identify("shift_leader", "")
    assert (person.name, person.roles) == ("当班班长", ("shift_leader",))


def test_only_listed_people_are_known_when_some_are_listed() -> None:
    authority = Authority(people(Person(id="li", name="李", roles=("duty_officer",))), Clock())
    assert authority.identify("li", "").name == "李"
    for nobody in ("shift_leader", ""):
        with pytest.raises(Refused) as refused:
            authority.identify(nobody, "")
        assert refused.value.forbidden


def test_a_pin_is_asked_for_when_the_person_has_one() -> None:
    authority, _ = with_pin("2468")
    assert authority.identify("li", "2468").id == "li"
    for pin, why in (
        ("", "A PIN is needed"),
        ("1234", "Wrong PIN"),
        ("２４６８", "Wrong PIN"),
        ("\ud800", "Wrong PIN"),
    ):
        with pytest.raises(Refused, match=why):
            authority.identify("li", pin)


def test_guessing_a_pin_is_stopped_for_a_while() -> None:
    authority, clock = with_pin("2468")
    for _ in range(MOST_WRONG):
        with pytest.raises(Refused, match="Wrong PIN"):
            authority.identify("li", "0")
    with pytest.raises(Refused, match="Too many"):
        authority.identify("li", "2468")
    clock.now += round(LOCKED_S * NS_PER_S)
    assert authority.identify("li", "2468").id == "li"


def test_a_pin_is_in_no_text_about_a_person() -> None:
    of = people(Person(id="li", name="李", roles=("duty_officer",)))
    assert "2468" not in repr(replace(of.persons["li"], pin="2468"))


@pytest.mark.parametrize(
    ("enterprise", "district", "may"),
    [("e", "d", True), ("e", "other", False), ("other", "d", False), ("", "d", False)],
)
def test_a_role_holds_only_in_its_range(enterprise: str, district: str, may: bool) -> None:
    of = people(Person(id="li", name="李", roles=("duty_officer", "command_post"), enterprise="e", district="d"))
    authority = Authority(of, Clock())
    found = authority.role(of.persons["li"], ("command_post", "duty_officer"), enterprise=enterprise, district=district)
    assert found == ("command_post" if may else None)


def test_the_refusal_tells_a_wrong_place_from_a_wrong_role() -> None:
    of = people(Person(id="li", name="李", roles=("duty_officer",), enterprise="e"))
    authority, li = Authority(of, Clock()), of.persons["li"]
    what = Text("签发", "release")
    with pytest.raises(Refused, match="not his to see to"):
        authority.require(li, authority.releasing(Tier.BLUE), what, enterprise="x", district="")
    with pytest.raises(Refused, match="it takes: Command post"):
        authority.require(li, authority.releasing(Tier.RED), what, enterprise="e", district="")
