"""The console's HTTP API over a Backend, and the page itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
from fastapi import FastAPI, Header, Query
from fastapi.responses import Response, StreamingResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict

from console.answer import JsonResponse, Refusal, answer_refusals, unavailable
from console.backend import NEVER, Backend
from console.case_api import add_cases
from console.feed import Feed
from console.guard import Guard
from console.handling_shape import Shape
from console.shape import alarm_json, colour_json, event_json, ms
from console.site import Site
from console.stream import Values, stream
from console.upkeep import add_upkeep
from console.warning_api import add_warnings
from ganzhi.clock import NS_PER_MS, NS_PER_S, Clock, wall_clock
from ganzhi.errors import Refused, Unavailable
from ganzhi.records import Tier

WEB = Path(__file__).parent / "web"
PERSON_LENGTH = 64
COMMENT_LENGTH = 500
BODY_BYTES = 16_384
LATEST_MS = 9_223_372_036_854
"""The last millisecond that int64 nanoseconds can hold."""
MONTH_MINUTES = 44_640.0

Minutes = Annotated[float, Query(gt=0, le=MONTH_MINUTES)]
Moment = Annotated[int | None, Query(ge=0, le=LATEST_MS)]
Most = Annotated[int, Query(ge=2, le=20_000)]
Limit = Annotated[int, Query(ge=1, le=1000)]
Id = Annotated[int | None, Query()]
LastEventId = Annotated[str | None, Header(alias="Last-Event-ID")]


class Acknowledgement(BaseModel):
    """Who acknowledges an alarm, and what they say of it."""

    model_config = ConfigDict(extra="forbid")
    person: str = ""
    comment: str = ""


def create_app(
    backend: Backend,
    feed: Feed,
    *,
    clock: Clock = wall_clock,
    values_s: float = 1.0,
    heartbeat_s: float = 15.0,
) -> FastAPI:
    """The console as an ASGI application; `app.state.feed` is the feed, for the Server to end its streams."""
    app = FastAPI(title="Ganzhi console", docs_url=None, redoc_url=None, max_body_size=BODY_BYTES)
    app.state.feed = feed
    site = Site(backend)
    answer_refusals(app)
    _add_site(app, site, clock)
    _add_alarms(app, backend, feed, clock)
    _add_points(app, backend, site, clock)
    add_upkeep(app, backend, feed, clock)
    if backend.desk is not None:
        desk = backend.desk
        shape = Shape(desk.people, desk.case_actions, desk.warning_actions)
        add_cases(app, desk, shape, clock)
        add_warnings(app, desk, shape, clock)

    @app.get("/api/events")
    async def events(source: str | None = None, after: Id = None, last_event_id: LastEventId = None) -> Response:
        """Server-sent events: alarm, colour, resync; with `source` also its values once a second."""
        if source is not None and site.source(source) is None:
            raise _no_source(source)
        values = None if source is None else Values(backend, source, site.rows(source))
        last_id = int(last_event_id) if last_event_id and last_event_id.isdecimal() else after
        frames = stream(feed, values, last_id=last_id, clock=clock, values_s=values_s, heartbeat_s=heartbeat_s)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(frames, media_type="text/event-stream", headers=headers)

    app.mount("/", StaticFiles(directory=WEB, html=True))
    app.add_middleware(Guard)
    return app


def _add_site(app: FastAPI, site: Site, clock: Clock) -> None:
    @app.get("/api/site")
    def describe() -> Response:
        """Site name, language, time zone, enterprises and their sources."""
        return JsonResponse(site.json(clock()))


def _add_alarms(app: FastAPI, backend: Backend, feed: Feed, clock: Clock) -> None:
    catalogue = backend.catalogue

    @app.get("/api/alarms")
    def alarms() -> Response:
        """Active alarms, worst first, and the colour of every source; `seq` is the newest event published."""
        newest = feed.newest  # before the state: an event in between is then applied twice, never missed
        return JsonResponse(
            {
                "now": ms(clock()),
                "seq": newest,
                "alarms": [alarm_json(catalogue, alarm) for alarm in backend.alarms()],
                "colours": [colour_json(colour) for colour in backend.colours()],
            }
        )

    @app.get("/api/alarms/history")
    def history(limit: Limit = 100) -> Response:
        """The newest lines of the journal, newest first."""
        return JsonResponse({"events": [event_json(catalogue, event) for event in backend.history(limit)]})

    @app.post("/api/alarms/{alarm_id:path}/acknowledge")
    def acknowledge(alarm_id: str, body: Acknowledgement) -> Response:
        """Acknowledge an alarm in a person's name; answers with the journal line."""
        person, comment = " ".join(body.person.split()), " ".join(body.comment.split())
        if not person:
            raise Refusal(422, "请填写确认人姓名。", "Say who acknowledges: person is empty.")
        if len(person) > PERSON_LENGTH or len(comment) > COMMENT_LENGTH:
            zh = f"姓名最多 {PERSON_LENGTH} 字，附言最多 {COMMENT_LENGTH} 字。"
            raise Refusal(422, zh, f"At most {PERSON_LENGTH} characters of name and {COMMENT_LENGTH} of comment.")
        try:
            return JsonResponse(event_json(catalogue, backend.acknowledge(alarm_id, person, comment)))
        except Refused as refused:
            raise Refusal(404 if refused.missing else 409, refused.zh, refused.en) from refused


def _add_points(app: FastAPI, backend: Backend, site: Site, clock: Clock) -> None:
    @app.get("/api/sources/{source_id:path}/points")
    def points(source_id: str) -> Response:
        """Every point of a source: what it is, its latest value, its limits, the worst alarm on it."""
        source = site.source(source_id)
        if source is None:
            raise _no_source(source_id)
        rows = site.rows(source_id)
        tiers: dict[int, Tier] = {}
        for alarm in backend.alarms():  # one of a withdrawn point has index -1, which is nobody's
            tiers[alarm.point] = max(alarm.tier, tiers.get(alarm.point, Tier.NONE))
        listed = site.points_json(rows, backend.latest(rows), tiers)
        return JsonResponse({"now": ms(clock()), "source": site.source_json(source_id, source), "points": listed})

    @app.get("/api/points/{point_id:path}/curve")
    def curve(
        point_id: str, minutes: Minutes = 30.0, start: Moment = None, end: Moment = None, most: Most = 1000
    ) -> Response:
        """Readings of a point in a window, at most `most` rows; without `end` the window ends now,
        or at the point's last reading where that is older than the window or ahead of our clock."""
        index = backend.catalogue.index.get(point_id)
        if index is None:
            raise Refusal(404, f"没有这个测点：{point_id}", f"No such point: {point_id}")
        span_ns = round(minutes * 60 * NS_PER_S)
        end_ns = end * NS_PER_MS if end is not None else _window_end(backend, index, span_ns, clock())
        start_ns = start * NS_PER_MS if start is not None else end_ns - span_ns
        if start_ns >= end_ns:
            raise Refusal(422, "开始时间必须早于结束时间。", "start must be before end.")
        try:
            time, value, quality = backend.curve(index, start_ns, end_ns, most)
        except Unavailable as down:
            raise unavailable(
                down,
                "历史曲线暂不可用：时序数据库没有应答，恢复后自动补齐；实时值与报警不受影响。",
                "No curve for now: the telemetry store does not answer; live values and alarms go on. "
                f"It will catch up by itself. ({down})",
            ) from down
        return JsonResponse(
            {
                "point": point_id,
                "start": ms(start_ns),
                "end": ms(end_ns),
                "time": (time // NS_PER_MS).tolist(),
                "value": value.tolist(),
                "quality": quality.tolist(),
            }
        )


def _window_end(backend: Backend, index: int, span_ns: int, now: int) -> int:
    latest = int(backend.latest(np.array([index], np.int32))[0][0])
    outside = latest != NEVER and (latest >= now or latest < now - span_ns)
    return latest + NS_PER_MS if outside else now


def _no_source(source_id: str) -> Refusal:
    return Refusal(404, f"没有这个危险源：{source_id}", f"No such source: {source_id}")
