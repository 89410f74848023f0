"""A plant whose cases and warnings are the real ones, in a real ledger."""

from __future__ import annotations

from dataclasses import replace

from alerting import CaseAction, WarningAction, case_state, warning_state
from config.responsibility import Person
from console.backend import Backend
from console.desk import Desk
from console.handling_shape import Shape
from ganzhi.handling import HandlingEvent, Responsibility, Risk
from storage.ledger import Ledger
from tests.alerting.office import Office, people
from tests.console.plant import NOW, Plant


def staff() -> Responsibility:
    """The default roles, one person each, of whom the command post has a PIN."""
    found = people()
    post = replace(found.persons["command_post"], pin="2468")
    return replace(found, persons={**found.persons, post.id: post})


class Staffed:
    """The office behind a plant's console: what it writes, the plant's feed publishes."""

    def __init__(self, plant: Plant, ledger: Ledger, of: Responsibility | None = None) -> None:
        self.plant = plant
        self.ledger = ledger
        self.office = Office(journal=ledger.handling, people=of or staff(), now=NOW)
        self.shape = Shape(self.office.people, case_state.allowed, warning_state.allowed)
        self.risks: list[Risk] = []
        self.office.told = _Published(plant, self.shape)  # type: ignore[assignment]
        self.office.restart()

    def backend(self) -> Backend:
        """The plant's, with a desk."""
        office = self.office
        return replace(
            self.plant.backend(),
            desk=Desk(
                people=office.people,
                book=self.ledger.handling,
                risks=lambda: self.risks,
                case=lambda id, action, deed: office.cases.act(id, CaseAction(action), deed),
                report=office.cases.report,
                warning=lambda id, action, deed, tier: office.warnings.act(id, WarningAction(action), deed, tier),
                propose=office.warnings.propose,
                case_actions=case_state.allowed,
                warning_actions=warning_state.allowed,
            ),
        )


class _Published:
    def __init__(self, plant: Plant, shape: Shape) -> None:
        self._plant = plant
        self._shape = shape

    def append(self, line: HandlingEvent) -> None:
        self._plant.feed.publish(*self._shape.event(line, self._plant.now))


def person(id: str, name: str, *roles: str) -> Person:
    """Somebody of a site's list."""
    return Person(id=id, name=name, roles=roles)
