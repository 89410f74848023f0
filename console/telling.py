"""What people were told: every delivery, and why what was not sent was not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import orjson
from fastapi import FastAPI, Query
from fastapi.responses import Response

from console.answer import JsonResponse, unavailable
from console.backend import Backend
from console.shape import Json, ms, ms_or_none, text_json
from ganzhi.clock import Clock
from ganzhi.errors import Unavailable
from ganzhi.records import Delivery, Outcome, Text, Unsent

Limit = Annotated[int, Query(ge=1, le=1000)]
Wanted = Annotated[str, Query(max_length=200)]

REASONS: Mapping[Unsent, Text] = {
    Unsent.DUE: Text("", ""),
    Unsent.NO_ROUTE: Text("没有路由匹配", "no route fits it"),
    Unsent.LATE: Text("来自补传数据,只列出不通知", "found in late data, which is listed and not told"),
    Unsent.SIMULATED: Text("模拟数据,接收方未要求", "simulated readings, which the receiver does not ask for"),
    Unsent.DRILL: Text("演练,接收方未要求", "a drill, which the receiver does not ask for"),
    Unsent.NOT_WORSE: Text("没有变得更严重", "it has not become worse"),
    Unsent.GROUPED: Text("合并到同组的其他消息", "told with others of its group"),
    Unsent.QUIET_HOURS: Text("免打扰时段", "quiet hours"),
    Unsent.INHIBITED: Text("被另一条报警抑制", "another alarm speaks for it"),
    Unsent.SHELVED: Text("报警已搁置或被抑制", "the alarm is shelved, or suppressed otherwise"),
    Unsent.FOLDED: Text("合并到同一事件", "folded into the incident of its source"),
    Unsent.ACKNOWLEDGED: Text("已确认或已恢复,不再重复", "acknowledged or over, so not repeated"),
    Unsent.NOT_TOLD: Text("此前未通知过该接收方", "the receiver was never told that it began"),
    Unsent.TOO_OLD: Text("过时太久", "it is too old"),
    Unsent.QUEUE_FULL: Text("等待发送的消息过多", "too many wait for the receiver"),
    Unsent.RECEIVER_DOWN: Text("接收方没有应答", "the receiver does not answer"),
    Unsent.RECEIVER_GONE: Text("接收方已从配置中移除", "the receiver is no longer in the settings"),
}
"""Why something was not sent, or waits."""


def add_telling(app: FastAPI, backend: Backend, clock: Clock) -> None:
    """Add the route to `app`."""

    @app.get("/api/deliveries")
    def deliveries(
        limit: Limit = 100, subject: Wanted = "", receiver: Wanted = "", outcome: Outcome | None = None
    ) -> Response:
        """What was told to whom, when, and why not, newest first; of one alarm, receiver or outcome where named."""
        named = {"subject": subject, "receiver": receiver, "outcome": outcome.value if outcome else ""}
        try:
            rows = backend.deliveries(limit, {name: value for name, value in named.items() if value})
        except Unavailable as down:
            raise unavailable(
                down, "通知记录暂不可用,请稍后再试。", f"No deliveries for now; try again. ({down})"
            ) from down
        return JsonResponse({"now": ms(clock()), "deliveries": [delivery_json(row) for row in rows]})


def delivery_json(row: Delivery) -> Json:
    """A delivery as the page and programs read it; `title` and `text` are the line's own."""
    message = orjson.loads(row.message) if row.message else {}
    return {
        "id": row.id,
        "stream": row.stream,
        "seq": row.seq,
        "again": row.again,
        "receiver": row.receiver,
        "route": row.route,
        "subject": row.subject,
        "happening": row.happening,
        "tier": int(row.tier),
        "title": message.get("title"),
        "text": message.get("text"),
        "simulated": bool(message.get("simulated")),
        "drill": bool(message.get("drill")),
        "noted": ms(row.noted),
        "outcome": row.outcome.value,
        "reason": row.reason.value,
        "why": text_json(REASONS[row.reason]),
        "due": ms(row.due),
        "attempts": row.attempts,
        "tried": ms_or_none(row.tried_at),
        "sent": ms_or_none(row.sent_at),
        "notice": row.notice,
        "error": row.error,
    }
