"""Group robots of WeCom and DingTalk. They refuse with status 200 and an `errcode`, which apprise takes for success."""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Callable, Mapping
from typing import Any

import requests

from ganzhi.clock import NS_PER_MS

MOST_WORDS = 200
Robot = Callable[[str], str]
"""Posts a text; "" when it was taken, or why not."""


def wecom(service: Any, base: str, timeout_s: float) -> Robot:
    """企业微信: `service` is apprise's reading of the address, `base` another host than the public one (政务微信)."""
    url = f"{base or 'https://qyapi.weixin.qq.com'}/cgi-bin/webhook/send"
    return lambda text: _post(service, url, {"key": service.key}, _text(text), timeout_s)


def dingtalk(service: Any, base: str, timeout_s: float) -> Robot:
    """钉钉, signed where the address has a secret."""
    url = f"{base or 'https://oapi.dingtalk.com'}/robot/send"

    def send(text: str) -> str:
        query = {"access_token": service.token, **(signature(service.secret) if service.secret else {})}
        at = {"at": {"atMobiles": service.targets, "isAtAll": False}}
        return _post(service, url, query, {**_text(text), **at}, timeout_s)

    return send


def signature(secret: str, now_ms: int | None = None) -> dict[str, str]:
    """`timestamp` and `sign` of DingTalk's 加签; the caller's URL encoding is the only one they need."""
    stamp = str(time.time_ns() // NS_PER_MS if now_ms is None else now_ms)
    code = hmac.digest(secret.encode(), f"{stamp}\n{secret}".encode(), "sha256")
    return {"timestamp": stamp, "sign": base64.b64encode(code).decode()}


ROBOTS: Mapping[str, Callable[[Any, str, float], Robot]] = {"wecombot": wecom, "dingtalk": dingtalk}
"""By the scheme of the address."""


def _text(text: str) -> dict[str, object]:
    return {"msgtype": "text", "text": {"content": text}}


def _post(service: Any, url: str, query: Mapping[str, str], body: Mapping[str, object], timeout_s: float) -> str:
    service.throttle()
    try:
        answer = requests.post(url, params=query, json=body, timeout=timeout_s, allow_redirects=False)
        found = answer.json() if answer.status_code == requests.codes.ok else {}
    except requests.RequestException as error:
        return f"no answer from the robot: {type(error).__name__}"
    if answer.status_code != requests.codes.ok:
        return f"the robot answers with status {answer.status_code}"
    code = found.get("errcode") if isinstance(found, dict) else None
    return "" if code == 0 else f"the robot refuses: errcode {code}, {str(found.get('errmsg', ''))[:MOST_WORDS]}"
