"""What every response must carry and what no foreign page may ask: the console's outermost layer."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.shape import dumps

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FOREIGN = {
    "message": {
        "zh": "拒绝：请求来自其他网站。请在本页面内操作；如经反向代理访问，请让代理原样传递 Host。",
        "en": "Refused: the request comes from another site. Use this page itself; a reverse proxy must pass Host on.",
    }
}


class Guard:
    """ASGI layer: security headers on every response; methods that change something only from our own pages."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = POLICY
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
                headers.setdefault("Cache-Control", "no-cache")
            await send(message)

        if scope["method"] in SAFE_METHODS or same_origin(Headers(scope=scope)):
            await self._app(scope, receive, send_guarded)
        else:
            body = dumps(FOREIGN)
            head = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
            await send_guarded({"type": "http.response.start", "status": 403, "headers": head})
            await send_guarded({"type": "http.response.body", "body": body})


def same_origin(headers: Headers) -> bool:
    """Whether a browser's request comes from a page of this host; programs send neither header and pass.

    The scheme is not compared: behind a proxy that ends TLS the page is https and we are http.
    """
    origin = headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc.lower() == headers.get("host", "").lower() != ""
    return headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}
