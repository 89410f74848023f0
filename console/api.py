"""The console's HTTP API over a Backend, and the page itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
from fastapi import FastAPI, Header, Query
from fastapi.responses import Response, StreamingResponse
from fastapi.staticfiles import StaticFiles

from console.alarm_api import add_alarms
from console.alarm_shape import AlarmShape, Surroundings
from console.answer import JsonResponse, Refusal, answer_refusals, unavailable
from console.backend import NEVER, Backend
from console.case_api import add_cases
from console.feed import Feed
from console.guard import Guard
from console.handling_shape import Shape
from console.shape import ms
from console.site import Site
from console.stream import Values, stream
from console.telling import add_telling
from console.upkeep import add_upkeep
from console.warning_api import add_warnings
from console.work_api import add_works
from ganzhi.clock import NS_PER_MS, NS_PER_S, Clock, wall_clock
from ganzhi.errors import Unavailable
from ganzhi.records import Tier

WEB = Path(__file__).parent / "web"
BODY_BYTES = 16_384
LATEST_MS = 9_223_372_036_854
"""The last millisecond that int64 nanoseconds can hold."""
MONTH_MINUTES = 44_640.0

Minutes = Annotated[float, Query(gt=0, le=MONTH_MINUTES)]
Moment = Annotated[int | None, Query(ge=0, le=LATEST_MS)]
Most = Annotated[int, Query(ge=2, le=20_000)]
Id = Annotated[int | None, Query()]
LastEventId = Annotated[str | None, Header(alias="Last-Event-ID")]


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
    shape = backend.shape or _shape(backend, clock)
    add_alarms(app, backend, shape, feed, clock)
    add_works(app, backend.alarm, shape)
    _add_points(app, backend, site, clock)
    add_upkeep(app, backend, feed, clock)
    if backend.desk is not None:
        desk = backend.desk
        handling = Shape(desk.people, desk.case_actions, desk.warning_actions)
        add_cases(app, desk, handling, clock)
        add_warnings(app, desk, handling, clock)
    add_telling(app, backend, clock)

    @app.get("/api/events")
    async def events(source: str | None = None, after: Id = None, last_event_id: LastEventId = None) -> Response:
        """Server-sent events: alarm, colour, flood, work, resync; with `source` also its values once a second."""
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


def _shape(backend: Backend, clock: Clock) -> AlarmShape:
    """Of a backend that brings none."""
    return AlarmShape(
        Surroundings(
            catalogue=backend.catalogue,
            measured=len(backend.catalogue.points),
            rules={rule.id: rule for rule in backend.rules},
            around=lambda alarm: [],
            quality=lambda point: int(backend.latest(np.array([point], np.int32))[2][0]),
            trend=lambda point: (0, []),
            comment_from=None,
            clock=clock,
        )
    )


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
