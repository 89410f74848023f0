"""How the API answers: JSON that no cache keeps, and refusals with a sentence in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from console.shape import dumps, text_json
from ganzhi.errors import Unavailable
from ganzhi.records import Text


class JsonResponse(Response):
    """JSON that no cache may keep."""

    media_type = "application/json"

    def __init__(self, content: object, status_code: int = 200, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(dumps(content), status_code, {"Cache-Control": "no-store", **(headers or {})})


class Refusal(Exception):
    """A request that gets a status and a sentence instead of data."""

    def __init__(self, status: int, zh: str, en: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(en)
        self.status = status
        self.text = Text(zh, en)
        self.headers = headers


def unavailable(down: Unavailable, zh: str, en: str) -> Refusal:
    """503, and when to try again."""
    return Refusal(503, zh, en, {"Retry-After": str(max(1, round(down.retry_after_s)))})


def answer_refusals(app: FastAPI) -> None:
    """Let every refusal of `app`, its own and the framework's, be `{"message": {"zh", "en"}}`."""

    @app.exception_handler(Refusal)
    async def refused(_: Request, refusal: Refusal) -> Response:
        return JsonResponse({"message": text_json(refusal.text)}, refusal.status, refusal.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        found = "; ".join(f"{'.'.join(str(part) for part in e['loc'][1:])}: {e['msg']}" for e in error.errors())
        text = Text(f"请求参数有误：{found}", f"The request does not fit: {found}")
        return JsonResponse({"message": text_json(text)}, 422)

    @app.exception_handler(HTTPException)
    async def failed(_: Request, error: HTTPException) -> Response:
        text = Text(f"请求未能完成：{error.status_code} {error.detail}", f"{error.status_code} {error.detail}")
        return JsonResponse({"message": text_json(text)}, error.status_code, error.headers)
