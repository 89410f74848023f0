"""Random alarms, people, time and restarts against a model of a few lines: no deadline is lost, none passes twice."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from alerting.case_state import CaseAction
from alerting.warning_state import WarningAction
from ganzhi.errors import Refused
from ganzhi.handling import Act, Case, CaseState, HandlingEvent, PublicWarning
from ganzhi.records import AlarmEvent, Change, Tier
from storage.ledger import Ledger
from tests.alerting.office import MINUTE, MemoryHandling, Office, OfficeJournal, alarm, risk, says, told

D, A, P = CaseState.DISPATCHED, CaseState.ACCEPTED, CaseState.IN_PROGRESS
F, V, C = CaseState.FEEDBACK, CaseState.VERIFIED, CaseState.CLOSED
MOVES = {
    (D, "accept"): A, (A, "start"): P, (P, "feedback"): F, (F, "feedback"): F, (F, "verify"): V,
    (F, "return"): P, (V, "return"): P, (V, "close"): C, (C, "reopen"): D,
}  # fmt: skip
STEP = {D: 0, A: 1, P: 1, F: 2, V: 2}
MINUTES = {
    Tier.BLUE: (30, 1440, 1440), Tier.YELLOW: (15, 480, 480), Tier.ORANGE: (10, 120, 120), Tier.RED: (5, 30, 30),
}  # fmt: skip
LENGTH = {Tier.BLUE: 2, Tier.YELLOW: 4, Tier.ORANGE: 5, Tier.RED: 7}
TIERS = (Tier.NONE, Tier.BLUE, Tier.YELLOW, Tier.ORANGE, Tier.ORANGE, Tier.RED, Tier.RED)
PEOPLE = ("shift_leader", "safety_officer", "town_office")


@dataclass
class Model:
    """What must become of one case."""

    state: CaseState
    tier: Tier
    due: int
    step: int = 0
    rings: bool = True
    rung: int = 0
    feedback_by: str = ""

    def time(self) -> int:
        return MINUTES[self.tier][STEP[self.state]] * MINUTE

    def move(self, state: CaseState, now: int) -> None:
        if state == C:
            self.rings = False
        elif self.state == C or STEP[state] != STEP[self.state]:
            self.step = 0 if state == D else self.step
            self.state = state
            self.due, self.rings = now + self.time(), True
        self.state = state

    def pass_time(self, now: int) -> None:
        if self.rings and self.due <= now:
            self.rung += 1
            if self.step + 1 < LENGTH[self.tier]:
                self.step += 1
                self.due = now + self.time()
            else:
                self.rings = False


class Machine(RuleBasedStateMachine):
    """Two alarms, each with the case that it opens, and one warning."""

    def __init__(self, journal: OfficeJournal, lines: Callable[[], list[HandlingEvent]]) -> None:
        super().__init__()
        self.office = Office(journal=journal)
        self.lines = lines
        self.models: dict[int, Model] = {}
        self.events: list[AlarmEvent] = []
        self.told = 0

    @initialize(tier=st.sampled_from([Tier.YELLOW, Tier.ORANGE]))
    def an_alarm_is_raised(self, tier: Tier) -> None:
        self.alarm_changes(1, tier, False)

    @rule(number=st.sampled_from([1, 1, 2]), tier=st.sampled_from(TIERS), worse=st.booleans())
    def alarm_comes(self, number: int, tier: Tier, worse: bool) -> None:
        self.alarm_changes(number, tier, worse)

    def alarm_changes(self, number: int, tier: Tier, worse: bool) -> None:
        office, model = self.office, self.models.get(number)
        change = Change.CLEARED if tier == Tier.NONE else Change.WORSENED if worse else Change.RAISED
        office.now += 1
        about = alarm(number, tier, subject=f"haihe-storage.LT-10{number}")
        self.events.append(told(len(self.events) + 1, about, change, noted=office.now))
        office.cases.follow(self.events[-1:])
        if tier < Tier.YELLOW:
            return
        if model is None:
            self.models[number] = Model(D, tier, office.now + MINUTES[tier][0] * MINUTE)
        elif model.state == C:
            model.tier = tier
            model.move(D, office.now)
        elif tier > model.tier:
            model.tier = tier
            state = P if model.state in (F, V) else model.state
            if state != model.state:
                model.move(state, office.now)
            else:
                fresh = office.now + model.time()
                model.due, model.rings = (min(model.due, fresh) if model.rings else fresh), True

    @rule()
    def alarms_are_told_again(self) -> None:
        self.office.cases.follow(self.events)

    @rule(data=st.data(), times=st.integers(1, 6))
    def people_act(self, data: st.DataObject, times: int) -> None:
        for _ in range(times):
            self.somebody_acts(data)

    def somebody_acts(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.models)))
        model = self.models[number]
        likely = [action for state, action in MOVES if state == model.state] * 3
        action = data.draw(st.sampled_from([*likely, *(a.value for a in tuple(CaseAction)[:7])]))
        person = data.draw(st.sampled_from(PEOPLE))
        self.told += 1  # a comment of its own: else it would be a second click
        expected = MOVES.get((model.state, action))
        if person == "town_office" and model.tier < Tier.YELLOW:
            expected = None
        if action == "verify" and person == model.feedback_by:
            expected = None
        try:
            self.office.cases.act(f"C20260501-{number:06d}", CaseAction(action), says(person, f"第 {self.told} 次"))
        except Refused:
            assert expected is None
            return
        assert expected is not None
        model.move(expected, self.office.now)
        model.feedback_by = person if action == "feedback" else "" if action == "reopen" else model.feedback_by

    @rule(minutes=st.sampled_from([1, 4, 6, 9, 14, 31, 130, 500]), restart=st.booleans(), wakes=st.integers(1, 3))
    def time_goes_by(self, minutes: float, restart: bool, wakes: int) -> None:
        self.office.now += round(minutes * MINUTE)
        if restart:
            self.office.restart()
        for _ in range(wakes):
            self.office.clockwork()
        for model in self.models.values():
            model.pass_time(self.office.now)

    @rule(colour=st.sampled_from(Tier))
    def colour_changes(self, colour: Tier) -> None:
        """No danger goes without a warning that is in force or waits, unless a person has declined that lately."""
        self.office.warnings.follow([risk(colour)])
        if colour < Tier.ORANGE:
            return
        found = self.office.journal.find("source:tank-area-1")
        assert found is not None
        warning = found.matter
        assert isinstance(warning, PublicWarning)
        declined = warning.declined_at is not None and self.office.now - warning.declined_at < 60 * MINUTE
        covered = max(warning.tier, warning.proposed or Tier.NONE) >= colour
        assert covered or (declined and warning.declined >= colour)

    @rule(action=st.sampled_from(tuple(WarningAction)[1:4]), tier=st.sampled_from([None, *Tier]))
    def warning_is_decided(self, action: WarningAction, tier: Tier | None) -> None:
        found = self.office.journal.find("source:tank-area-1")
        if found is not None:
            self.told += 1
            try:
                self.office.warnings.act(found.matter.id, action, says("government", f"{self.told}"), tier)
            except Refused:
                assert not found.matter.open or tier is not None or action != WarningAction.RELEASE or (
                    isinstance(found.matter, PublicWarning) and found.matter.proposed is None
                )  # fmt: skip

    @invariant()
    def cases_stand_as_the_model_says(self) -> None:
        newest = {line.matter.id: line.matter for line in self.lines()}
        for number, model in self.models.items():
            case = newest[f"C20260501-{number:06d}"]
            assert isinstance(case, Case)
            assert (case.state, case.tier, case.overdue) == (model.state, model.tier, model.rung)
            assert case.wake_at == (model.due if model.rings else None)
            if model.state != C:
                assert case.step == model.step

    @invariant()
    def every_line_is_there_once(self) -> None:
        lines = self.lines()
        assert [line.seq for line in lines] == list(range(1, len(lines) + 1))
        assert self.office.told == lines
        keys = [line.key for line in lines if line.key is not None]
        assert len(set(keys)) == len(keys)
        opened = [line.matter.id for line in lines if line.act == Act.OPENED]
        assert len(opened) == len(set(opened)) == len(self.models)

    @invariant()
    def no_deadline_is_lost(self) -> None:
        self.office.clockwork()
        for model in self.models.values():
            model.pass_time(self.office.now)
        assert self.office.journal.due(self.office.now) == []

    @invariant()
    def one_warning_is_open_and_only_people_put_it_in_force(self) -> None:
        warnings = [line for line in self.lines() if isinstance(line.matter, PublicWarning)]
        newest = {line.matter.id: line.matter for line in warnings}
        assert sum(matter.open for matter in newest.values()) <= 1
        for line in warnings:
            assert isinstance(line.matter, PublicWarning)
            assert bool(line.actor) or line.matter.tier == line.before


def test_cases_and_warnings_agree_with_the_model_in_memory() -> None:
    def machine() -> Machine:
        journal = MemoryHandling()
        return Machine(journal, lambda: list(journal.lines))

    run_state_machine_as_test(machine, settings=settings(max_examples=40, stateful_step_count=40, deadline=None))  # type: ignore[arg-type]


@pytest.mark.timeout(120)
def test_cases_and_warnings_agree_with_the_model_in_the_ledger() -> None:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        count = iter(range(10_000))

        def machine() -> Machine:
            path = Path(folder) / f"{next(count)}.sqlite"
            ledger = stack.enter_context(Ledger(f"sqlite:///{path}"))
            return Machine(ledger.handling, lambda: ledger.handling_after(0, 10_000))

        few = settings(max_examples=4, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
        run_state_machine_as_test(machine, settings=few)  # type: ignore[arg-type]
