"""The types of single settings: paths, ports, addresses and secrets, checked where they are read."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from config.explain import Wrong
from config.nearest import did_you_mean
from config.secret import ENVIRONMENT

FOLDER = "folder"
"""Key of pydantic's context: the folder of the settings file, against which relative paths are resolved."""
MOST_PORT = 65535
SQLITE = "sqlite:///"


def beside(info: ValidationInfo, text: str) -> Path:
    """A path as written, resolved against the folder of the settings file."""
    folder = (info.context or {}).get(FOLDER)
    path = Path(text).expanduser() if text.startswith("~/") else Path(text)
    return path if folder is None else Path(folder) / path


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Wrong(f"{value!r} is not a path", 'write a path in quotes, such as "data/readings.duckdb"')
    if "\0" in value:
        raise Wrong("a path cannot hold the character NUL", "remove it")
    return value


def _path(value: object, info: ValidationInfo) -> Path:
    text = str(value) if isinstance(value, Path) else _text(value)
    if not text:
        raise Wrong("the path is empty", 'write a path, such as "data", or leave the key out')
    return beside(info, text)


def _existing(value: object, info: ValidationInfo) -> Path | None:
    if value is None or value == "":
        return None
    path = _path(value, info)
    if not path.is_file():
        raise Wrong(f"there is no file {path}", "correct the path, or leave the key out")
    return path


def _secret_ref(value: object, info: ValidationInfo) -> str:
    text = _text(value)
    if not text or text.startswith(ENVIRONMENT):
        if text == ENVIRONMENT:
            raise Wrong("env: names no variable", 'write "env:NAME"')
        return text
    return str(beside(info, text))


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        remedy = did_you_mean(name, available_timezones())
        raise Wrong(f"there is no time zone {name!r}", remedy) from None
    return name


def split_url(url: str, schemes: Collection[str]) -> SplitResult:
    """The parts of a URL with host. Raises Wrong for another scheme, no host, a bad port or a password in it."""
    remedy = f"write {next(iter(schemes))}://host:port"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Wrong("the address cannot be read: " + str(error), remedy) from error
    if parts.scheme not in schemes:
        begins = f"begins with {parts.scheme}:" if parts.scheme else "has no scheme"
        raise Wrong(f"the address {begins}", f"write {' or '.join(f'{scheme}://' for scheme in schemes)} and host:port")
    if not parts.hostname or port == 0:
        raise Wrong("the address names no host" if not parts.hostname else "port 0 cannot be reached", remedy)
    if parts.password is not None or parts.username is not None:
        raise Wrong("the address holds a user or a password", "use the keys username and password_file or token_file")
    return parts


def _mqtt_url(url: str) -> str:
    parts = split_url(url, ("mqtt", "mqtts"))
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise Wrong("the broker's address has something after host and port", "write mqtt://host:port")
    return url


def _http_url(url: str) -> str:
    if url:
        split_url(url, ("http", "https"))
    return url.rstrip("/")


def _ledger_url(url: str, info: ValidationInfo) -> str:
    if "://" not in url:
        raise Wrong(f"{url!r} is not a database URL", 'write "sqlite:///data/ledger.sqlite" or "postgresql://…"')
    if ":" in url.partition("://")[2].partition("/")[0].partition("@")[0] and "@" in url:
        raise Wrong("the URL holds a password", "leave it out; PostgreSQL's client reads PGPASSFILE or PGPASSWORD")
    rest = url.removeprefix(SQLITE)
    if rest == url or not rest or rest.startswith((":memory:", "file:")):
        return url
    return SQLITE + str(beside(info, rest))


def _topic(pattern: str) -> str:
    levels = pattern.split("/")
    if "+" in pattern or "#" in pattern:
        raise Wrong("a route has a wildcard of MQTT's own", "write a named one such as {gateway} instead of + or #")
    for name in ("{enterprise}", "{gateway}"):
        if levels.count(name) != 1:
            problem = f"the route names {name} {levels.count(name)} times"
            raise Wrong(problem, "each of {enterprise} and {gateway} is one level, once")
    return pattern


SitePath = Annotated[Path, BeforeValidator(_path), Field(validate_default=True)]
"""A path, relative to the settings file."""
ExistingFile = Annotated[Path | None, BeforeValidator(_existing)]
"""A file that must be there; None where it is left out or ""."""
SecretRef = Annotated[str, BeforeValidator(_secret_ref)]
"""What `config.secret.secret` reads: a file's path, `env:NAME`, or "" for none."""
ZoneName = Annotated[str, AfterValidator(_zone)]
MqttUrl = Annotated[str, AfterValidator(_mqtt_url)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
LedgerUrl = Annotated[str, AfterValidator(_ledger_url), Field(validate_default=True)]
TopicPattern = Annotated[str, AfterValidator(_topic)]
Port = Annotated[int, Field(ge=1, le=MOST_PORT)]
