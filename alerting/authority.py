"""Who a person is, what he may do, and where: names, PINs, roles, and the colours that a role may release."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Iterable, Sequence

from ganzhi.clock import NS_PER_S, Clock
from ganzhi.errors import Refused
from ganzhi.handling import Person, Responsibility
from ganzhi.records import Text, Tier

MOST_WRONG = 5
LOCKED_S = 300.0
"""So many wrong PINs within so long lock a person out until the oldest of them is so old (engineering default)."""


class Authority:
    """Answers for the configured people. May be called from any thread.

    A PIN that is not asked for proves nothing: whoever reaches the console may then act in that name.
    """

    def __init__(self, responsibility: Responsibility, clock: Clock) -> None:
        self._of = responsibility
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong: dict[str, list[int]] = {}

    def identify(self, person_id: str, pin: str) -> Person:
        """The person, if the list has him and the PIN is his. Raises Refused."""
        if not person_id:
            raise Refused("请选择人员。", "Say who you are.", forbidden=True)
        person = self._of.persons.get(person_id)
        if person is None:
            raise Refused(
                f"人员名单中没有 {person_id}。", f"{person_id} is not on the list of persons.", forbidden=True
            )
        if person.pin:
            self._check(person, pin)
        return person

    def role(self, person: Person, roles: Sequence[str], *, enterprise: str, district: str) -> str | None:
        """The first of these roles that the person has, there; None where he has none."""
        if person.enterprise not in ("", enterprise) or person.district not in ("", district):
            return None
        return next((role for role in roles if role in person.roles), None)

    def require(self, person: Person, roles: Sequence[str], what: Text, *, enterprise: str, district: str) -> str:
        """The role in which a person does `what`. Raises Refused, naming those who may."""
        role = self.role(person, roles, enterprise=enterprise, district=district)
        if role is not None:
            return role
        if any(held in roles for held in person.roles):
            zh = f"{person.name}不负责该企业或区域,无权{what.zh}。"
            raise Refused(zh, f"{person.name} may not {what.en} there: it is not his to see to.", forbidden=True)
        may = self.named(roles)
        raise Refused(
            f"{person.name}无权{what.zh};应由{may.zh}办理。",
            f"{person.name} may not {what.en} here; it takes: {may.en}.",
            forbidden=True,
        )

    def releasing(self, colour: Tier) -> tuple[str, ...]:
        """Roles that may release a warning of that colour, in the order in which they are asked."""
        return tuple(role for role, colours in self._of.authority.items() if colour in colours)

    def named(self, roles: Iterable[str]) -> Text:
        """Roles in words."""
        names = [self._of.roles.get(role, Text(role, role)) for role in roles]
        return Text("、".join(name.zh for name in names), ", ".join(name.en for name in names))

    def _check(self, person: Person, pin: str) -> None:
        with self._lock:
            now = self._clock()
            wrong = [at for at in self._wrong.get(person.id, []) if now - at < LOCKED_S * NS_PER_S]
            if len(wrong) >= MOST_WRONG:
                raise Refused(
                    "口令多次错误,请五分钟后再试。", "Too many wrong PINs; wait five minutes.", forbidden=True
                )
            if hmac.compare_digest(person.pin.encode(), pin.encode("utf-8", "replace")):
                self._wrong.pop(person.id, None)
                return
            self._wrong[person.id] = [*wrong, now]
        raise Refused(
            "需要口令。" if not pin else "口令错误。", "A PIN is needed." if not pin else "Wrong PIN.", forbidden=True
        )
