"""Routes on risk colours and on warnings."""

from __future__ import annotations

from typing import Literal

from fastapi import FastAPI
from fastapi.responses import Response

from console.answer import JsonResponse
from console.case_api import OPEN, Limit, State
from console.desk import Desk
from console.handling_body import Proposal, WarningSaid, answer
from console.handling_shape import Shape, risk_json
from console.shape import Json, ms
from ganzhi.clock import Clock
from ganzhi.errors import Refused
from ganzhi.handling import HandlingEvent, PublicWarning, Scope

WarningAct = Literal["propose", "release", "decline", "lift"]


def add_warnings(app: FastAPI, desk: Desk, shape: Shape, clock: Clock) -> None:
    """Add the routes to `app`."""
    _add_lists(app, desk, shape, clock)
    _add_actions(app, desk, shape, clock)


def _add_lists(app: FastAPI, desk: Desk, shape: Shape, clock: Clock) -> None:
    book = desk.book

    @app.get("/api/risk")
    def risk(scope: Scope | None = None) -> Response:
        """The colour of every source, enterprise and district, worst first, with reasons."""
        found = [risk for risk in desk.risks() if scope is None or risk.scope == scope]
        worst_first = sorted(found, key=lambda risk: -risk.tier)
        return JsonResponse({"now": ms(clock()), "risks": [risk_json(risk) for risk in worst_first]})

    @app.get("/api/warnings")
    def warnings(state: State = "open", limit: Limit = 200) -> Response:
        """Warnings in force or to be decided, worst first; those that have ended, newest first."""

        def listed() -> Json:
            seq, now = book.last_seq(), clock()
            found = book.warnings(open=OPEN[state], limit=limit)
            return {"now": ms(now), "seq": seq, "warnings": [shape.warning(warning, now) for warning in found]}

        return answer(listed)

    @app.get("/api/warnings/{warning_id}")
    def warning(warning_id: str) -> Response:
        """A warning, and every line about it, oldest first."""

        def found() -> Json:
            lines = book.of(warning_id)
            if not lines or not isinstance(newest := lines[-1].matter, PublicWarning):
                raise Refused(f"没有预警 {warning_id}。", f"There is no warning {warning_id}.", missing=True)
            now = clock()
            history = [shape.line(line) for line in lines]
            return {"now": ms(now), "warning": shape.warning(newest, now), "history": history}

        return answer(found)


def _add_actions(app: FastAPI, desk: Desk, shape: Shape, clock: Clock) -> None:
    def told(line: HandlingEvent) -> Json:
        return shape.event(line, clock())[1]

    @app.post("/api/warnings", status_code=201)
    def propose(body: Proposal) -> Response:
        """Propose a warning in a person's name."""
        return answer(lambda: told(desk.propose(body.scope, body.subject, body.tier, body.deed())), 201)

    @app.post("/api/warnings/{warning_id}/{action}")
    def act(warning_id: str, action: WarningAct, body: WarningSaid) -> Response:
        """Decide on a warning, or change it, in a person's name."""
        return answer(lambda: told(desk.warning(warning_id, action, body.deed(), body.tier)))
