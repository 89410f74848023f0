"""Routes on cases, on the people who handle them, and on the journal of all that was done."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import FastAPI, Query
from fastapi.responses import Response

from console.answer import JsonResponse
from console.desk import Desk
from console.handling_body import CaseSaid, Report, answer
from console.handling_shape import Shape
from console.shape import Json, ms
from ganzhi.clock import Clock
from ganzhi.errors import Refused
from ganzhi.handling import Case, HandlingEvent

Limit = Annotated[int, Query(ge=1, le=1000)]
State = Literal["open", "closed", "all"]
OPEN: dict[State, bool | None] = {"open": True, "closed": False, "all": None}
CaseAct = Literal["accept", "start", "feedback", "verify", "return", "close", "reopen", "supervise"]
MOST_SEARCHED = 1000


def add_cases(app: FastAPI, desk: Desk, shape: Shape, clock: Clock) -> None:
    """Add the routes to `app`."""
    _add_lists(app, desk, shape, clock)
    _add_actions(app, desk, shape, clock)
    _add_journal(app, desk, shape)


def _add_lists(app: FastAPI, desk: Desk, shape: Shape, clock: Clock) -> None:
    book = desk.book

    @app.get("/api/cases")
    def cases(
        state: State = "open", enterprise: str = "", source: str = "", alarm: str = "", limit: Limit = 200
    ) -> Response:
        """Cases: open ones worst and longest due first, others newest first."""

        def listed() -> Json:
            seq, now = book.last_seq(), clock()  # before the list: a line in between is applied twice, never missed
            most = MOST_SEARCHED if alarm else limit
            found = book.cases(open=OPEN[state], limit=most, enterprise=enterprise, source=source)
            wanted = [case for case in found if not alarm or alarm in case.alarms]
            return {"now": ms(now), "seq": seq, "cases": [shape.case(case, now) for case in wanted[:limit]]}

        return answer(listed)

    @app.get("/api/cases/{case_id}")
    def case(case_id: str) -> Response:
        """A case, and every line about it, oldest first."""

        def found() -> Json:
            lines = book.of(case_id)
            if not lines or not isinstance(newest := lines[-1].matter, Case):
                raise Refused(f"没有工单 {case_id}。", f"There is no case {case_id}.", missing=True)
            now = clock()
            history = [shape.line(line) for line in lines]
            return {"now": ms(now), "case": shape.case(newest, now), "history": history}

        return answer(found)


def _add_actions(app: FastAPI, desk: Desk, shape: Shape, clock: Clock) -> None:
    def told(line: HandlingEvent) -> Json:
        return shape.event(line, clock())[1]

    @app.post("/api/cases", status_code=201)
    def report(body: Report) -> Response:
        """Report a hazard in a person's name."""
        return answer(lambda: told(desk.report(body.hazard(), body.deed())), 201)

    @app.post("/api/cases/{case_id}/{action}")
    def act(case_id: str, action: CaseAct, body: CaseSaid) -> Response:
        """Take a case one step further in a person's name."""
        return answer(lambda: told(desk.case(case_id, action, body.deed())))


def _add_journal(app: FastAPI, desk: Desk, shape: Shape) -> None:
    @app.get("/api/persons")
    def persons() -> Response:
        """Who may act, and who may release which colour."""
        listed = [shape.person(person) for person in desk.people.persons.values()]
        return JsonResponse({"persons": listed, "roles": shape.roles()})

    @app.get("/api/handling")
    def handling(after: Annotated[int, Query(ge=0)] = 0, limit: Limit = 100, newest: bool = False) -> Response:
        """The journal of cases and warnings after a seq, oldest first; or its newest lines, newest first."""

        def lines() -> Json:
            seq = desk.book.last_seq()
            found = desk.book.newest(limit) if newest else desk.book.after(after, limit)
            return {"seq": seq, "lines": [shape.line(line) for line in found]}

        return answer(lines)
