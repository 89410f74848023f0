"""Where Grafana is, how to sign in there, and what to say when it does not do what was asked."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
from grafana_api.grafana_face import GrafanaFace

from ganzhi.errors import Refused

TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class GrafanaServer:
    """A Grafana to push to.

    url         as a browser opens it, with the path prefix of a reverse proxy: `http://host:3000/grafana`
    credential  a service account token, or `user:password`
    ca_file     certificate authority of an https address that is not in the system's store
    """

    url: str
    credential: str = field(repr=False)
    timeout_s: float = TIMEOUT_S
    ca_file: str = ""

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"the address of Grafana must read http://host:port, not {self.url!r}")
        if not self.credential:
            raise ValueError("Grafana needs a service account token, or user:password")
        if self.timeout_s <= 0:
            raise ValueError(f"timeout_s must be positive, not {self.timeout_s!r}")

    @property
    def base(self) -> str:
        """The address without a slash at its end."""
        return self.url.rstrip("/")

    @property
    def basic(self) -> tuple[str, str] | None:
        """User and password, or None where the credential is a token (which has no colon)."""
        user, colon, password = self.credential.partition(":")
        return (user, password) if colon else None

    def client(self) -> httpx.Client:
        """A client for what grafana-api cannot send; the caller closes it."""
        headers = {} if self.basic else {"Authorization": f"Bearer {self.credential}"}
        verify: ssl.SSLContext | bool = ssl.create_default_context(cafile=self.ca_file) if self.ca_file else True
        return httpx.Client(base_url=self.base, auth=self.basic, headers=headers, timeout=self.timeout_s, verify=verify)

    def face(self) -> GrafanaFace:
        """grafana-api's view of the server; it follows no redirect, for a redirected POST arrives as a GET."""
        parts = urlsplit(self.base)
        prefix = parts.path.strip("/")
        face = GrafanaFace(
            auth=self.basic or self.credential,
            host=f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname,
            port=parts.port,
            url_path_prefix=f"{prefix}/" if prefix else "",
            protocol=parts.scheme,
            verify=self.ca_file or True,
            timeout=self.timeout_s,
        )
        face.api.s.max_redirects = 0
        return face


def unreachable(url: str, reason: object) -> str:
    """The sentence for a server that does not answer."""
    return f"Grafana at {url} does not answer ({reason}); is it running, and is the address right?"


def wrong_address(url: str) -> Refused:
    """The refusal for an address where something answers that is not Grafana's API."""
    return Refused(
        f"{url} 处应答的不是 Grafana 接口：请检查地址，经反向代理时须写上路径前缀",
        f"what answers at {url} is not Grafana's API: check the address, with the path prefix of a reverse proxy",
    )


def refusal(status: int, url: str, message: str) -> Refused:
    """The refusal for a status of 400 to 499, and what would help."""
    if status == httpx.codes.UNAUTHORIZED:
        return Refused(
            f"Grafana（{url}）不接受该令牌或密码：请在 Grafana 中新建服务账号令牌并写入配置",
            f"Grafana at {url} does not accept the token or password: create a service account token and configure it",
        )
    if status == httpx.codes.FORBIDDEN:
        return Refused(
            f"该令牌在 Grafana（{url}）中权限不足：推送需要 Admin 角色，发送报警需要 Editor 角色（{message}）",
            f"the token may not do this in Grafana at {url}: push needs role Admin, alarms need Editor ({message})",
        )
    if status == httpx.codes.NOT_FOUND:
        return wrong_address(url)
    return Refused(
        f"Grafana（{url}）拒绝了请求（{status}）：{message}",
        f"Grafana at {url} refused the request ({status}): {message}",
    )
