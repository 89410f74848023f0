"""Routes on what stands around alarms: maintenance windows and permits, and external events."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import FastAPI, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from console.alarm_api import answered, person_of, words_of
from console.alarm_backend import AlarmBackend, NewWork
from console.alarm_shape import AlarmShape, reportable_json, work_json
from console.answer import JsonResponse, Refusal
from ganzhi.clock import NS_PER_MS
from ganzhi.errors import Refused
from ganzhi.records import Tier, WorkKind

MOST_WORKS = 1000
LATEST_MS = 9_223_372_036_854
"""The last millisecond that int64 nanoseconds can hold."""

Moment = Annotated[int, Field(ge=0, le=LATEST_MS)]


class WorkBody(BaseModel):
    """A maintenance window or permit."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["maintenance", "permit"] = "maintenance"
    scope: Literal["enterprise", "source", "point"]
    subject: str
    start: Moment | None = None
    end: Moment
    reason: str = ""
    person: str = ""
    most: Annotated[int, Field(ge=1, le=4)] = int(Tier.ORANGE)


class Ender(BaseModel):
    """Who ends it."""

    model_config = ConfigDict(extra="forbid")
    person: str = ""


def add_works(app: FastAPI, alarms: AlarmBackend, shape: AlarmShape) -> None:
    """Add the routes to `app`."""

    @app.get("/api/works")
    def works(past: bool = False) -> Response:
        """Works on or to come, the first to start first; with `past` also those that are over, newest first."""
        with answered():
            found = alarms.past_works(MOST_WORKS) if past else alarms.works()
        return JsonResponse({"works": [work_json(work) for work in found]})

    @app.post("/api/works", status_code=201)
    def add(body: WorkBody) -> Response:
        """Enter a maintenance window or permit."""
        new = NewWork(
            kind=WorkKind(body.kind),
            scope=body.scope,
            subject=body.subject,
            start=None if body.start is None else body.start * NS_PER_MS,
            end=body.end * NS_PER_MS,
            reason=words_of(body.reason, needed=True),
            person=person_of(body.person),
            most=Tier(body.most),
        )
        with answered():
            return JsonResponse(work_json(alarms.add_work(new)), 201)

    @app.post("/api/works/{number}/end")
    def end(number: int, body: Ender) -> Response:
        """End a work now."""
        person = person_of(body.person)
        with answered():
            return JsonResponse(work_json(alarms.end_work(number, person)))

    _add_events(app, alarms, shape)


def _add_events(app: FastAPI, alarms: AlarmBackend, shape: AlarmShape) -> None:
    @app.get("/api/event-kinds")
    def kinds() -> Response:
        """What may be reported as an external event."""
        return JsonResponse({"kinds": [reportable_json(kind) for kind in alarms.reportable]})

    @app.post("/api/events/{enterprise}", status_code=201)
    async def report(enterprise: str, request: Request) -> Response:
        """Report an external event; the answer comes once the journal has it."""
        payload = await request.body()
        return await run_in_threadpool(_reported, alarms, shape, enterprise, payload)


def _reported(alarms: AlarmBackend, shape: AlarmShape, enterprise: str, payload: bytes) -> Response:
    with answered():
        try:
            event = alarms.report(enterprise, payload)
        except Refused as refused:
            raise Refusal(422, refused.zh, refused.en) from refused
    return JsonResponse({"known": True}) if event is None else JsonResponse(shape.event(event), 201)
