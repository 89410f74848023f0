"""Routes on the platform itself: its health, its metrics, where every reading went, and a change of configuration."""

from __future__ import annotations

import threading
from typing import Annotated, Literal

from fastapi import FastAPI, Header, Query
from fastapi.responses import Response

from console.answer import JsonResponse, Refusal, unavailable
from console.backend import Backend
from console.feed import Feed
from console.metrics import Metrics
from console.reconciliation import csv_name, rows_csv, rows_json, since
from console.shape import ms
from ganzhi.clock import Clock
from ganzhi.errors import Unavailable

Hours = Annotated[int, Query(ge=1, le=168)]
Accept = Annotated[str, Header()]


def add_upkeep(app: FastAPI, backend: Backend, feed: Feed, clock: Clock) -> None:
    """Add the routes to `app`."""
    _add_health(app, backend, feed)
    _add_reconciliation(app, backend, clock)
    _add_reload(app, backend)


def _add_health(app: FastAPI, backend: Backend, feed: Feed) -> None:
    metrics = Metrics(backend.health, feed)

    @app.get("/api/health")
    def health() -> Response:
        """Counters that must close, what is wrong with the platform, gateways, consumers, log, snapshot, open pages."""
        pages = {"subscribers": feed.subscribers, "published": feed.published, "resyncs": feed.resyncs}
        return JsonResponse({**backend.health(), "feed": pages})

    @app.get("/metrics")
    def scrape(accept: Accept = "") -> Response:
        """The same figures for Prometheus, as text."""
        text, content_type = metrics.exposition(accept)
        return Response(text, headers={"Content-Type": content_type, "Cache-Control": "no-store"})


def _add_reconciliation(app: FastAPI, backend: Backend, clock: Clock) -> None:
    @app.get("/api/reconciliation")
    def reconciliation(
        hours: Hours = 24, format: Literal["json", "csv"] = "json", language: Literal["zh", "en"] | None = None
    ) -> Response:
        """What came of the readings of the last `hours`, the present one included, by hour and enterprise;
        `format=csv` is for a spreadsheet, in the language of the site or the one named."""
        now = clock()
        try:
            rows = backend.reconciliation(since(now, hours))
        except Unavailable as down:
            raise unavailable(
                down, "对账数据暂不可用，稍后自动重试。", f"No reconciliation for now; try again. ({down})"
            ) from down
        if format == "csv":
            head = {
                "Content-Type": "text/csv; charset=utf-8",
                "Content-Disposition": f'attachment; filename="{csv_name(now, backend.zone)}"',
                "Cache-Control": "no-store",
            }
            return Response(rows_csv(rows, backend.catalogue, backend.zone, language or backend.language), headers=head)
        closes = all(row.closes for row in rows)
        listed = rows_json(rows, backend.catalogue)
        return JsonResponse({"now": ms(now), "hours": hours, "rows": listed, "closes": closes})


def _add_reload(app: FastAPI, backend: Backend) -> None:
    busy = threading.Lock()

    @app.post("/api/reload", status_code=202)
    def reload() -> Response:
        """Read settings, points and rules anew: 202, or 422 with every fault, and the old ones stay in force."""
        if not busy.acquire(blocking=False):
            raise Refusal(409, "正在重新加载，请稍候。", "A reload is under way; wait for it.")
        try:
            faults = list(backend.reload())
        finally:
            busy.release()
        if not faults:
            return JsonResponse({"faults": []}, 202)
        zh = f"新配置有 {len(faults)} 处错误，没有生效；原配置继续运行。"
        en = f"Not accepted: {len(faults)} faults in the new configuration. The old one stays in force."
        return JsonResponse({"faults": faults, "message": {"zh": zh, "en": en}}, 422)
